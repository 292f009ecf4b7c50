// A schema reduced to what it demands: descriptions and the order of keys come and go without a plan having to change.
import { hash } from 'node:crypto'
import type { JsonSchema } from '../../contracts/json.ts'
import { canonicalJson } from '../../util/canonical-json.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import { compareText } from '../../util/text.ts'
import { inputsOf } from '../capability-inputs.ts'

const ANNOTATIONS: ReadonlySet<string> = new Set([
  '$comment',
  '$id',
  '$schema',
  'deprecated',
  'description',
  'example',
  'examples',
  'title',
])
/** Their values are schemas by name; the names are not ours. */
const MAPS: ReadonlySet<string> = new Set([
  '$defs',
  'definitions',
  'dependentSchemas',
  'patternProperties',
  'properties',
])
const SCHEMAS: ReadonlySet<string> = new Set([
  'additionalItems',
  'additionalProperties',
  'allOf',
  'anyOf',
  'contains',
  'else',
  'if',
  'items',
  'not',
  'oneOf',
  'prefixItems',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
])
/** Lists in which the order says nothing. */
const SETS: ReadonlySet<string> = new Set(['enum', 'required', 'type'])

/** The schema without what only people read. Its values are never renamed: an input may be called "description". */
function plainSchema(schema: unknown): unknown {
  if (isJsonList(schema)) return schema.map(plainSchema)
  if (!isJsonObject(schema)) return schema
  const plain: [string, unknown][] = []
  for (const [key, value] of Object.entries(schema)) {
    if (ANNOTATIONS.has(key)) continue
    if (MAPS.has(key) && isJsonObject(value))
      plain.push([key, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plainSchema(inner)]))])
    else if (SCHEMAS.has(key)) plain.push([key, plainSchema(value)])
    else if (SETS.has(key) && isJsonList(value)) {
      // An empty list of required names says the same as none.
      if (key !== 'required' || value.length > 0) plain.push([key, sorted(value)])
    } else plain.push([key, value])
  }
  return Object.fromEntries(plain)
}

const sorted = (list: readonly unknown[]): unknown =>
  list.toSorted((a, b) => compareText(canonicalJson(a), canonicalJson(b)))

export const sha256 = (text: string): string => hash('sha256', text, 'hex')

export const hashSchema = (schema: unknown): string => sha256(canonicalJson(plainSchema(schema)))

/** Each property in short, by name: `string`, `number!` (required), `object:1f3a99c2` (and more rules, by their hash). */
export function printProperties(schema: JsonSchema): Readonly<Record<string, string>> {
  const { properties, required } = inputsOf({ inputSchema: schema })
  const isRequired = new Set(required)
  return Object.fromEntries(
    [...properties]
      .map(([name, property]): [string, string] => [name, printProperty(property) + (isRequired.has(name) ? '!' : '')])
      .sort(([a], [b]) => compareText(a, b)),
  )
}

function printProperty(schema: JsonSchema): string {
  const plain = plainSchema(schema)
  if (!isJsonObject(plain)) return 'any'
  const { type } = plain
  const name = isJsonList(type) ? type.map(String).join('|') : typeof type === 'string' ? type : 'any'
  const rules = Object.keys(plain).filter((key) => key !== 'type' && key !== 'required')
  return rules.length === 0 ? name : `${name}:${hashSchema(schema).slice(0, 8)}`
}
