// Every text in a value rewritten, keys left alone: references stand in the values of a document only.
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import { isJsonList, isJsonObject } from '../util/json.ts'

type Rewrite = (text: string) => string

export function mapTexts(value: JsonValue, rewrite: Rewrite): JsonValue {
  if (typeof value === 'string') return rewrite(value)
  if (isJsonList(value)) return value.map((item) => mapTexts(item, rewrite))
  return isJsonObject(value) ? mapTextsOf(value, rewrite) : value
}

/** {@link mapTexts} for what is known to be an object. */
export const mapTextsOf = (object: JsonObject, rewrite: Rewrite): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, mapTexts(value, rewrite)]))
