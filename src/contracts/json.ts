// The values that travel: what JSON can say, plus integers too large for a double, which stay exact as bigint.

export type JsonPrimitive = string | number | boolean | null | bigint
export type JsonValue = JsonPrimitive | JsonObject | readonly JsonValue[]
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** A JSON Schema (draft-07 to 2020-12) as a plain object. Foreign ones may be wrong; only `plan/schema` interprets them. */
export type JsonSchema = Readonly<Record<string, unknown>>
