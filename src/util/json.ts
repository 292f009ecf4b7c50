// JSON without loss: integers beyond 2^53 are bigint on the way in and digits on the way out, so that an id passes from one
// component's bytes to the next's unchanged. Keys that would set a prototype never get in.
import { TuttiError } from '../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'

declare global {
  // In Node since 21; not yet in the library that the compiler is told of.
  interface JSON {
    rawJSON(text: string): unknown
  }
}

/** Deeper input is refused: later walks over the value are recursive. */
export const MAX_JSON_DEPTH = 512
/** A longer run of digits is refused; turning it into a number takes more than linear time. */
const MAX_DIGITS = 1024

const LONG_DIGITS = /\d{16}/
/** Smaller exponents cannot take a number beyond what a double holds, unless its digits are many. */
const LARGE_EXPONENT = /\d[eE]\+?\d{3}/
const INTEGER = /^-?\d+$/
// Also spelled with escapes: the characters of the word lie between U+005F and U+0074.
const MAYBE_PROTO = /__proto__|\\u00[5-7]/

/** Whether brackets nest deeper than `limit`, outside of strings. Jumps from quote to quote, so long texts cost little. */
export function isDeeperThan(text: string, limit: number): boolean {
  if (text.length <= limit) return false
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 123 || code === 91) {
      depth++
      if (depth > limit) return true
    } else if (code === 125 || code === 93) {
      depth--
    } else if (code === 34) {
      i = endOfString(text, i)
    }
  }
  return false
}

/** The place of the closing quote of the string that begins at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === 92) slashes++
    if (slashes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
  return text.length
}

function readNumber(value: number, source: string | undefined): number | bigint {
  if (source === undefined || Number.isSafeInteger(value)) return value
  if (!INTEGER.test(source)) {
    if (Number.isFinite(value)) return value
    throw new SyntaxError('A number is larger than any that can be held.')
  }
  if (source.length > MAX_DIGITS) throw new SyntaxError(`A number has more than ${MAX_DIGITS} digits.`)
  return BigInt(source)
}

function reviveLossless(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (key === '__proto__') return undefined
  return typeof value === 'number' ? readNumber(value, context?.source) : value
}

const dropProto = (key: string, value: unknown): unknown => (key === '__proto__' ? undefined : value)

/**
 * Parses JSON. Integers beyond `Number.MAX_SAFE_INTEGER` become bigint, other numbers stay doubles; `__proto__` keys are dropped.
 * @throws SyntaxError for anything that is not JSON, for numbers beyond what a double holds, and for nesting deeper than {@link MAX_JSON_DEPTH}
 */
export function parseJson(text: string): JsonValue {
  if (isDeeperThan(text, MAX_JSON_DEPTH)) {
    throw new SyntaxError(`The JSON text is nested deeper than ${MAX_JSON_DEPTH} levels.`)
  }
  if (LONG_DIGITS.test(text) || LARGE_EXPONENT.test(text)) return JSON.parse(text, reviveLossless) as JsonValue
  if (MAYBE_PROTO.test(text)) return JSON.parse(text, dropProto) as JsonValue
  return JSON.parse(text) as JsonValue
}

const writeBigint = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? JSON.rawJSON(value.toString()) : value

/**
 * Writes JSON with every digit of a bigint. What JSON cannot say goes the way of `JSON.stringify`: undefined and functions are
 * left out, NaN and infinities become null; alone they are `null`.
 * @throws TuttiError `internal` for a value that contains itself or is nested too deeply to be written
 */
export function stringifyJson(value: unknown, indent?: number): string {
  try {
    // Without a replacer this is several times faster, and bigints are rare.
    return stringifyWith(value, undefined, indent)
  } catch {
    try {
      return stringifyWith(value, writeBigint, indent)
    } catch (cause) {
      throw new TuttiError(
        'internal',
        'A value contains itself or is nested too deeply, so it cannot be written as JSON.',
        {
          cause,
        },
      )
    }
  }
}

function stringifyWith(
  value: unknown,
  replacer: ((key: string, value: unknown) => unknown) | undefined,
  indent: number | undefined,
): string {
  const text: string | undefined = JSON.stringify(value, replacer, indent)
  return text ?? 'null'
}

/** An object with keys: neither null nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list; Array.isArray does not tell a readonly one from an object. */
export function isJsonList(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** Length in bytes of UTF-8. */
export const byteLengthOf = (text: string): number => Buffer.byteLength(text, 'utf8')
