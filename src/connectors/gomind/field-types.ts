// Types as GoMind's components write them (`float64`, `[]string`, any case) as JSON Schema, and examples, which are always
// text there, as values of their type.
import type { JsonSchema, JsonValue } from '../../contracts/json.ts'
import { isJsonObject, parseJson } from '../../util/json.ts'

const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    string: [
      'text',
      'str',
      'date',
      'time',
      'datetime',
      'timestamp',
      'time.time',
      'duration',
      'uuid',
      'email',
      'url',
      'uri',
    ],
    number: ['float', 'float32', 'float64', 'double', 'decimal', 'numeric'],
    integer: [
      'int',
      'int8',
      'int16',
      'int32',
      'int64',
      'uint',
      'uint8',
      'uint16',
      'uint32',
      'uint64',
      'long',
      'short',
      'byte',
    ],
    boolean: ['bool'],
    object: ['map', 'struct', 'dict', 'json'],
    array: ['list', 'slice', 'tuple', 'set'],
    null: ['nil'],
  }).flatMap(([type, aliases]) => [[type, type] as const, ...aliases.map((alias) => [alias, type] as const)]),
)

/** The JSON Schema for a type as written; `{}` (anything) when the word is not known. */
export function readFieldType(written: unknown): JsonSchema {
  if (typeof written !== 'string') return {}
  const word = written.trim().toLowerCase().replace(/^\*/, '')
  const known = NAMES.get(word)
  if (known !== undefined) return { type: known }
  if (word.startsWith('map[')) return { type: 'object' }
  const element =
    /^\[\d*\](.+)$/.exec(word)?.[1] ?? /^(.+)\[\]$/.exec(word)?.[1] ?? /^(?:array|list)<(.+)>$/.exec(word)?.[1]
  if (element === undefined) return {}
  const items = readFieldType(element)
  return Object.keys(items).length === 0 ? { type: 'array' } : { type: 'array', items }
}

function fits(value: JsonValue, type: unknown): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint'
    case 'integer':
      return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))
    case 'boolean':
      return typeof value === 'boolean'
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isJsonObject(value)
    default:
      return true
  }
}

/** An example as a value of its type; undefined when it is none. */
export function readExample(written: JsonValue | undefined, type: unknown): JsonValue | undefined {
  if (written === undefined || written === null || written === '') return undefined
  if (typeof written !== 'string') return fits(written, type) ? written : undefined
  if (type === 'string' || type === undefined) return written
  try {
    const value = parseJson(written)
    return fits(value, type) ? value : undefined
  } catch {
    // `a, b` is how people write an example of a list.
    return type === 'array' ? written.split(',').map((part) => part.trim()) : undefined
  }
}

const MAX_DEPTH = 16
const isTyped = (schema: JsonSchema): boolean => typeof schema['type'] === 'string'

/** A foreign schema with its type words put right at every level that names properties or items. */
export function normalizeSchema(schema: JsonSchema, depth = 0): JsonSchema {
  const result: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(schema)) if (key !== '$schema' && key !== '__proto__') result[key] = value
  if (isTyped(schema)) {
    delete result['type']
    Object.assign(
      result,
      readFieldType(schema['type']),
      isJsonObject(schema['items']) ? { items: schema['items'] } : {},
    )
  }
  const written: readonly JsonValue[] = schema['examples'] instanceof Array ? schema['examples'] : []
  delete result['examples']
  const examples = written.flatMap((one) => {
    const example = readExample(one, result['type'])
    return example === undefined ? [] : [example]
  })
  if (examples.length > 0) result['examples'] = examples
  if (depth >= MAX_DEPTH) return result
  const { properties, items } = result
  if (isJsonObject(properties)) {
    const named: Record<string, unknown> = {}
    for (const [name, property] of Object.entries(properties)) {
      if (name === '__proto__') continue
      named[name] = isJsonObject(property) ? normalizeSchema(property, depth + 1) : property
    }
    result['properties'] = named
  }
  if (isJsonObject(items)) result['items'] = normalizeSchema(items, depth + 1)
  return result
}
