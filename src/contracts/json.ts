// The values that travel: what JSON can say, plus integers too large for a double, which stay exact as bigint.

/** A leaf of a JSON value; bigint for integers that a double cannot hold. */
export type JsonPrimitive = string | number | boolean | null | bigint
/** Any JSON value. Integers beyond 2^53 are bigint, with every digit. */
export type JsonValue = JsonPrimitive | JsonObject | readonly JsonValue[]
/** A JSON object. The keys are data, not names of ours. */
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** A JSON Schema (draft-07 to 2020-12) as a plain object. Foreign ones may be wrong; only `plan/schema` interprets them. */
export type JsonSchema = Readonly<Record<string, unknown>>
