// A schema as a server of others wrote it: a plain object of bounded size, without keys that would set a prototype. What a
// schema means is `plan/schema`'s to say.
import type { JsonSchema } from '../../contracts/json.ts'
import { isJsonObject, parseJson, stringifyJson } from '../../util/json.ts'

/** Larger ones would fill a prompt by themselves. */
const MAX_SCHEMA_CHARS = 200_000

export type SchemaReading =
  | { readonly schema: JsonSchema; readonly chars: number }
  /** Completes "its input schema ..." */
  | { readonly problem: string }

/** Any schema. */
export function readSchema(given: unknown): SchemaReading {
  if (!isJsonObject(given)) return { problem: 'is not an object' }
  let text: string
  try {
    text = stringifyJson(given)
    if (text.length > MAX_SCHEMA_CHARS) return { problem: `is longer than ${MAX_SCHEMA_CHARS} characters` }
    const schema = parseJson(text)
    return isJsonObject(schema) ? { schema, chars: text.length } : { problem: 'is not an object' }
  } catch {
    return { problem: 'is nested too deeply' }
  }
}

/** One of an object, as inputs always are. */
export function readObjectSchema(given: unknown): SchemaReading {
  const read = readSchema(given)
  if ('problem' in read) return read
  const { type, properties } = read.schema
  const isObject = type === undefined || type === 'object' || (Array.isArray(type) && type.includes('object'))
  if (!isObject) return { problem: `describes no object, but ${JSON.stringify(type)?.slice(0, 40)}` }
  if (properties !== undefined && !isJsonObject(properties)) return { problem: 'has "properties" that are no object' }
  return { schema: { ...read.schema, type: 'object' }, chars: read.chars }
}
