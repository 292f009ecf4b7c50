// Values that fit a JSON Schema, made up from it: every property, or only what is required.
import type { JsonObject, JsonValue } from '../../src/contracts/json.ts'
import { isJsonObject } from '../../src/util/json.ts'

const at = (root: JsonObject, reference: string): JsonValue | undefined =>
  reference
    .slice(2)
    .split('/')
    .reduce<JsonValue | undefined>((value, key) => (isJsonObject(value) ? value[key] : undefined), root)

export function makeValue(schema: JsonValue | undefined, root: JsonObject, random: () => number, depth = 0): JsonValue {
  if (!isJsonObject(schema)) return 'any'
  const { $ref, enum: values, oneOf, anyOf, allOf, type } = schema
  const again = (inner: JsonValue | undefined) => makeValue(inner, root, random, depth + 1)
  if (typeof $ref === 'string') return again(at(root, $ref))
  if ('const' in schema) return schema['const'] ?? null
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
  if (Array.isArray(values)) return pick((values as readonly JsonValue[]).filter((one) => one !== null)) ?? null
  if (Array.isArray(oneOf) && schema['properties'] === undefined) return again((oneOf as readonly JsonValue[])[0])
  if (Array.isArray(allOf)) {
    const parts = (allOf as readonly JsonValue[]).map(again)
    return parts.every(isJsonObject) ? Object.assign({}, ...parts) : (parts[0] ?? null)
  }
  const kind = Array.isArray(type) ? (type as readonly string[]).find((one) => one !== 'null') : type
  if (kind === undefined && Array.isArray(anyOf) && schema['properties'] === undefined)
    return again((anyOf as readonly JsonValue[])[0])
  if (kind === 'object' || schema['properties'] !== undefined) return makeObject(schema, root, random, depth)
  if (kind === 'array') {
    const count = typeof schema['minItems'] === 'number' ? Math.max(1, schema['minItems']) : 1
    return Array.from({ length: count }, () => again(schema['items']))
  }
  if (kind === 'integer' || kind === 'number') return Math.max(1, Number(schema['minimum'] ?? 1))
  if (kind === 'boolean') return random() < 0.5
  if (kind === 'null') return null
  return makeText(schema)
}

const listOf = (value: JsonValue | undefined): readonly string[] => (Array.isArray(value) ? (value as string[]) : [])

function makeObject(schema: JsonObject, root: JsonObject, random: () => number, depth: number): JsonObject {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {}
  // One of several lists of names is required: the first is met, and of the others nothing is there.
  const { anyOf, oneOf } = schema
  const branches = [anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? (list as readonly JsonValue[]) : []))
  const [own = [], ...others] = branches.map((branch) => listOf(isJsonObject(branch) ? branch['required'] : undefined))
  const required = new Set([...listOf(schema['required']), ...own])
  const left = new Set(others.flat().filter((name) => !required.has(name)))
  const names = Object.keys(properties).filter(
    (name) => required.has(name) || (depth < 3 && !left.has(name) && random() < 0.6),
  )
  return Object.fromEntries(names.map((name) => [name, makeValue(properties[name], root, random, depth + 1)]))
}

/** Texts for the patterns that there are. */
const MATCHES = [
  'dGV4dA==',
  '1.2.3',
  `sha256:${'a'.repeat(64)}`,
  'a'.repeat(40),
  'refs/heads/main',
  'ssh-rsa AAAA',
  '2026-11-21',
]

function makeText(schema: JsonObject): string {
  const { format, minLength, maxLength, pattern } = schema
  const known = typeof pattern === 'string' ? MATCHES.find((text) => new RegExp(pattern).test(text)) : undefined
  if (known !== undefined) return known
  if (format === 'date') return '2026-11-21'
  if (format === 'date-time') return '2026-11-21T04:00:00Z'
  if (format === 'uri') return 'https://example.org/a'
  // With what must be encoded: a space, a slash, an umlaut.
  const text = format === undefined && maxLength === undefined && minLength === undefined ? 'a b/ü&=' : 'text'
  const length = Math.max(Number(minLength ?? 0), 1)
  return text.padEnd(length, 'x').slice(0, Number(maxLength ?? 1_000))
}
