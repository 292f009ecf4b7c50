// Foreign JSON Schemas made safe for ajv: only keywords we know, with values of the right shape, in today's dialect. A wrong
// keyword loses its effect instead of taking the whole schema with it; nothing is ever fetched.
import type { JsonSchema } from '../../contracts/json.ts'
import { isJsonObject } from '../../util/json.ts'
import { pathOf, valueAt } from '../issue.ts'
import { unitOfSchema } from './units.ts'

const TYPES: Readonly<Record<string, string | null>> = {
  string: 'string',
  str: 'string',
  text: 'string',
  number: 'number',
  float: 'number',
  float32: 'number',
  float64: 'number',
  double: 'number',
  decimal: 'number',
  integer: 'integer',
  int: 'integer',
  int8: 'integer',
  int16: 'integer',
  int32: 'integer',
  int64: 'integer',
  uint: 'integer',
  uint8: 'integer',
  uint16: 'integer',
  uint32: 'integer',
  uint64: 'integer',
  long: 'integer',
  boolean: 'boolean',
  bool: 'boolean',
  object: 'object',
  map: 'object',
  dict: 'object',
  json: 'object',
  struct: 'object',
  array: 'array',
  list: 'array',
  slice: 'array',
  tuple: 'array',
  null: 'null',
  nil: 'null',
  none: 'null',
}

/** Of a foreign type name: ours, or undefined when it says nothing that can be checked (`any`, `T`, a typo). */
export function typeNameOf(name: string): string | undefined {
  const word = name.trim().toLowerCase()
  if (word.startsWith('[]') || word.endsWith('[]') || word.startsWith('list<')) return 'array'
  if (word.startsWith('map[') || word.startsWith('map<')) return 'object'
  return Object.hasOwn(TYPES, word) ? (TYPES[word] ?? undefined) : undefined
}

const FORMATS = new Set([
  'date',
  'time',
  'date-time',
  'duration',
  'uri',
  'uri-reference',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
  'json-pointer',
])
const MAX_NODES = 20_000
const MAX_DEPTH = 100

const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const isFinite = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value)
const PLAIN: readonly (readonly [string, (value: unknown) => boolean])[] = [
  ['minLength', isCount],
  ['maxLength', isCount],
  ['minItems', isCount],
  ['maxItems', isCount],
  ['minProperties', isCount],
  ['maxProperties', isCount],
  ['minContains', isCount],
  ['maxContains', isCount],
  ['minimum', isFinite],
  ['maximum', isFinite],
  ['multipleOf', (value) => isFinite(value) && Number(value) > 0],
  ['format', (value) => typeof value === 'string' && FORMATS.has(value)],
]
const SINGLE = ['not', 'if', 'then', 'else', 'contains', 'propertyNames', 'additionalItems', 'unevaluatedProperties']
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems']
const MAPS = ['properties', 'dependentSchemas'] as const

/** What makes a regular expression take exponential time: a repeated group that repeats or branches inside, a back reference. */
function isRisky(pattern: string): boolean {
  if (/\\[1-9]|\\k</.test(pattern)) return true
  const plain = pattern.replace(/\\./g, '_').replace(/\[[^\]]*\]/g, '_')
  const open: number[] = []
  for (let i = 0; i < plain.length; i++) {
    if (plain[i] === '(') open.push(i)
    if (plain[i] !== ')') continue
    const inside = plain.slice((open.pop() ?? 0) + 1, i).replace(/^\?(?:[:=!]|<[=!])/, '')
    if (/^(?:[*+]|\{\d+,?\d*\})/.test(plain.slice(i + 1)) && /[*+|?{]/.test(inside)) return true
  }
  return false
}

/** A pattern as a regular expression; undefined when it is not one, or when matching foreign text with it could hang. */
export function safePattern(pattern: string): RegExp | undefined {
  if (pattern.length > 1_000 || isRisky(pattern)) return undefined
  try {
    return new RegExp(pattern, 'u')
  } catch {
    try {
      return new RegExp(pattern)
    } catch {
      return undefined
    }
  }
}

export type SafeSchema = boolean | Readonly<Record<string, unknown>>

class SchemaTooLarge extends Error {}

interface Walk {
  nodes: number
  readonly root: JsonSchema
  readonly id: string | undefined
  /** Places that are referred to, each with the name under which it stands in `$defs`. */
  readonly names: Map<string, string>
}

/** @returns undefined when the schema is too large, too deep or contains itself */
export function normaliseSchema(schema: JsonSchema): SafeSchema | undefined {
  const id = typeof schema.$id === 'string' && schema.$id !== '' ? schema.$id : undefined
  const walk: Walk = { nodes: 0, root: schema, id, names: new Map() }
  try {
    const safe = normalise(schema, 0, walk)
    if (typeof safe === 'boolean' || walk.names.size === 0) return safe
    const definitions: Record<string, SafeSchema> = {}
    // The map grows while it is walked: a definition may refer to further ones.
    for (const [pointer, name] of walk.names) definitions[name] = normalise(resolvePointer(schema, pointer), 1, walk)
    return { ...safe, $defs: definitions }
  } catch (thrown) {
    if (thrown instanceof SchemaTooLarge) return undefined
    throw thrown
  }
}

/** What stands at a place of a schema, `/$defs/x`; spelled as in a URL fragment. */
export const resolvePointer = (root: JsonSchema, pointer: string): unknown =>
  valueAt(root, pathOf(pointer).map(decodePart))

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // An odd percent sign is meant as one.
    return part
  }
}

/** `name`: of the property whose schema this is, if it is one's. */
function normalise(schema: unknown, depth: number, walk: Walk, name?: string): SafeSchema {
  if (typeof schema === 'boolean') return schema
  if (!isJsonObject(schema)) return true
  if (depth > MAX_DEPTH || ++walk.nodes > MAX_NODES) throw new SchemaTooLarge()
  const source: Readonly<Record<string, unknown>> = schema
  const out: Record<string, unknown> = {}
  const child = (value: unknown, property?: string): SafeSchema => normalise(value, depth + 1, walk, property)

  for (const [key, fits] of PLAIN) if (fits(source[key])) out[key] = source[key]
  for (const key of SINGLE) if (isSchema(source[key])) out[key] = child(source[key])
  for (const key of LISTS) {
    const list = source[key]
    if (Array.isArray(list) && list.length > 0) out[key] = list.map((item) => child(item))
  }
  for (const key of MAPS) {
    const map = source[key]
    if (!isJsonObject(map)) continue
    out[key] = Object.fromEntries(
      Object.entries(map)
        .filter(([name]) => name !== '__proto__')
        .map(([name, value]) => [name, child(value, key === 'properties' ? name : undefined)]),
    )
  }
  addType(source, out)
  addArrays(source, out, child)
  addObjects(source, out, child)
  addNumbers(source, out)
  addValues(source, out)
  const unit = unitOfSchema(source, name)
  if (unit !== undefined) out['x-tutti-unit'] = unit
  const ref = localRef(source.$ref, walk)
  if (ref !== undefined) out.$ref = ref
  return out
}

const isSchema = (value: unknown): boolean => typeof value === 'boolean' || isJsonObject(value)

function addType(source: Readonly<Record<string, unknown>>, out: Record<string, unknown>): void {
  const names: readonly unknown[] = Array.isArray(source.type) ? source.type : [source.type]
  const types = new Set<string>()
  for (const name of names) {
    if (typeof name !== 'string') continue
    const type = typeNameOf(name)
    // One alternative that says nothing makes the whole list say nothing.
    if (type === undefined) return
    types.add(type)
  }
  if (types.size === 0) return
  if (source.nullable === true) types.add('null')
  const list = [...types]
  out.type = list.length === 1 ? list[0] : list
}

function addArrays(
  source: Readonly<Record<string, unknown>>,
  out: Record<string, unknown>,
  child: (value: unknown) => SafeSchema,
): void {
  // Until 2019 a list of `items` was what `prefixItems` is now, and `additionalItems` what `items` is now.
  if (Array.isArray(source.items)) {
    if (source.items.length > 0) out.prefixItems = source.items.map((item) => child(item))
    if (isSchema(source.additionalItems)) out.items = child(source.additionalItems)
  } else if (isSchema(source.items)) out.items = child(source.items)
  delete out.additionalItems
  if (source.uniqueItems === true) out['x-tutti-unique'] = true
}

function addObjects(
  source: Readonly<Record<string, unknown>>,
  out: Record<string, unknown>,
  child: (value: unknown) => SafeSchema,
): void {
  const required = new Set<string>()
  if (Array.isArray(source.required)) {
    for (const name of source.required) if (typeof name === 'string') required.add(name)
  }
  // `required: true` on the property itself, as older drafts and hand-written schemas have it.
  if (isJsonObject(source.properties)) {
    for (const [name, property] of Object.entries(source.properties)) {
      if (isJsonObject(property) && property.required === true) required.add(name)
    }
  }
  if (required.size > 0) out.required = [...required]
  if (isJsonObject(source.patternProperties)) {
    const safe = Object.entries(source.patternProperties).filter(([pattern]) => safePattern(pattern) !== undefined)
    if (safe.length > 0) out.patternProperties = Object.fromEntries(safe.map(([p, value]) => [p, child(value)]))
    // With a pattern left out, "no other properties" would refuse what the pattern allows.
    if (safe.length < Object.keys(source.patternProperties).length) return
  }
  if (isSchema(source.additionalProperties)) out.additionalProperties = child(source.additionalProperties)
}

function addNumbers(source: Readonly<Record<string, unknown>>, out: Record<string, unknown>): void {
  for (const [exclusive, plain] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (isFinite(source[exclusive])) out[exclusive] = source[exclusive]
    else if (source[exclusive] === true && out[plain] !== undefined) {
      out[exclusive] = out[plain]
      delete out[plain]
    }
  }
}

function addValues(source: Readonly<Record<string, unknown>>, out: Record<string, unknown>): void {
  if (Array.isArray(source.enum) && source.enum.length > 0) {
    out.enum =
      source.nullable === true && !source.enum.includes(null)
        ? [...(source.enum as readonly unknown[]), null]
        : source.enum
  }
  if ('const' in source && source.const !== undefined) out.const = source.const
  if (typeof source.pattern === 'string' && safePattern(source.pattern) !== undefined) {
    out['x-tutti-pattern'] = source.pattern
  }
}

/** Only places in the same schema; anything else would have to be fetched, and says nothing, as does a place that is not there. */
function localRef(ref: unknown, { root, id, names }: Walk): string | undefined {
  if (typeof ref !== 'string') return undefined
  const local = id !== undefined && ref.startsWith(id) ? ref.slice(id.length) : ref
  if (local === '' || local === '#') return '#'
  if (!local.startsWith('#/') || !isSchema(resolvePointer(root, local))) return undefined
  const name = names.get(local) ?? `d${names.size}`
  names.set(local, name)
  return `#/$defs/${name}`
}
