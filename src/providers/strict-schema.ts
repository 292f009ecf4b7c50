// Which JSON Schemas the vendors hold a model to strictly, and the form they want them in. What does not fit is asked for in
// words: a schema is never changed so that an answer by the new one would not fit the old one.
import type { JsonSchema } from '../contracts/json.ts'
import { isJsonObject, stringifyJson } from '../util/json.ts'

export type Dialect = 'openai' | 'anthropic'

const STRUCTURE: ReadonlySet<string> = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'anyOf',
  'enum',
  'const',
  'title',
  'description',
])
/** Narrow a value without changing its shape. Anthropic takes none of them, OpenAI these. */
const OPENAI_LIMITS: ReadonlySet<string> = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'pattern',
  'minItems',
  'maxItems',
])
/** What a vendor does not take goes into the description. */
const LIMITS: ReadonlySet<string> = new Set([
  ...OPENAI_LIMITS,
  'minLength',
  'maxLength',
  'uniqueItems',
  'format',
  'minProperties',
  'maxProperties',
])
/** Say nothing about what is valid. */
const NOTES: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$comment',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
])
const TYPES: ReadonlySet<unknown> = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'])
/** The smaller of the vendors' limits. */
const MAX_DEPTH = 10

const isLiteral = (value: unknown): boolean =>
  value === null ||
  typeof value === 'string' ||
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value))

/** The schema as the vendor's strict mode takes it; undefined when it does not fit there. */
export function strictSchema(schema: JsonSchema, dialect: Dialect): Record<string, unknown> | undefined {
  if (schema.type !== 'object' || !isJsonObject(schema.properties) || schema.anyOf !== undefined) return undefined
  return strictNode(schema, dialect, 1)
}

function strictNode(node: unknown, dialect: Dialect, depth: number): Record<string, unknown> | undefined {
  if (!isJsonObject(node) || depth > MAX_DEPTH) return undefined
  const result: Record<string, unknown> = {}
  const limits: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(node)) {
    if (NOTES.has(key)) continue
    if (LIMITS.has(key)) {
      if (dialect === 'openai' && OPENAI_LIMITS.has(key) && typeof value !== 'bigint') result[key] = value
      else limits[key] = value
    } else if (STRUCTURE.has(key)) result[key] = value
    else return undefined
  }
  if (!fitsTypes(node) || !fillObject(node, result, dialect, depth) || !fillParts(node, result, dialect, depth))
    return undefined
  if (Object.keys(limits).length > 0) {
    const words = `Must fit ${stringifyJson(limits)}.`
    result.description = typeof node.description === 'string' ? `${node.description} ${words}` : words
  }
  return result
}

function fitsTypes(node: Readonly<Record<string, unknown>>): boolean {
  const { type, anyOf, enum: choices } = node
  if (choices !== undefined && !(Array.isArray(choices) && choices.length > 0 && choices.every(isLiteral))) return false
  if (node.const !== undefined && !isLiteral(node.const)) return false
  if (type === undefined) return anyOf !== undefined || choices !== undefined || node.const !== undefined
  return Array.isArray(type) ? type.length > 0 && type.every((one) => TYPES.has(one)) : TYPES.has(type)
}

const mayBe = (node: Readonly<Record<string, unknown>>, type: string): boolean =>
  node.type === type || (Array.isArray(node.type) && node.type.includes(type))

/** Every key known and required: an optional one would have to be answered, and nobody may guess it. */
function fillObject(
  node: Readonly<Record<string, unknown>>,
  result: Record<string, unknown>,
  dialect: Dialect,
  depth: number,
): boolean {
  if (!mayBe(node, 'object')) return node.properties === undefined
  const { properties, required = [], additionalProperties = false } = node
  if (!isJsonObject(properties) || additionalProperties !== false || !Array.isArray(required)) return false
  const filled: [string, unknown][] = []
  for (const [name, value] of Object.entries(properties)) {
    const inner = strictNode(value, dialect, depth + 1)
    if (inner === undefined || !required.includes(name)) return false
    filled.push([name, inner])
  }
  result.properties = Object.fromEntries(filled)
  result.required = filled.map(([name]) => name)
  result.additionalProperties = false
  return required.length === filled.length
}

function fillParts(
  node: Readonly<Record<string, unknown>>,
  result: Record<string, unknown>,
  dialect: Dialect,
  depth: number,
): boolean {
  if (mayBe(node, 'array')) {
    result.items = strictNode(node.items, dialect, depth + 1)
    if (result.items === undefined) return false
  }
  if (node.anyOf === undefined) return true
  if (!Array.isArray(node.anyOf) || node.anyOf.length === 0) return false
  const members = node.anyOf.map((member) => strictNode(member, dialect, depth + 1))
  result.anyOf = members
  return members.every((member) => member !== undefined)
}
