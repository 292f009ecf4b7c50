// Values too large to be written out or shown: they stand as a reference with a digest, and the value itself is passed on
// by reference. Whether one is large is found out by a walk that stops at the limit, and only where something is written.
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import { shortenValue } from './digest.ts'
import { byteLengthOf, isJsonList, isJsonObject } from './json.ts'

/** Where `executor.large_output_bytes` says nothing else. */
export const LARGE_BYTES = 65_536
/** JSON text of the digest inside a reference. */
const DIGEST_CHARS = 2_000
const LEAST_DIGEST_CHARS = 100

/**
 * About how many bytes the value takes as JSON text; once that is more than `limit`, the walk ends and the result is only
 * known to be above it.
 */
export function jsonBytes(value: JsonValue, limit = Infinity): number {
  const stack: JsonValue[] = [value]
  let bytes = 0
  for (let next = stack.pop(); next !== undefined && bytes <= limit; next = stack.pop()) {
    if (typeof next === 'string') bytes += 2 + (bytes + next.length > limit ? next.length : byteLengthOf(next))
    else if (typeof next !== 'object' || next === null) bytes += typeof next === 'boolean' ? 5 : String(next).length
    else if (isJsonList(next)) {
      bytes += 2 + Math.max(0, next.length - 1)
      if (bytes > limit) break
      for (const item of next) stack.push(item)
    } else {
      const keys = Object.keys(next)
      bytes += 2 + keys.length * 4
      if (bytes > limit) break
      for (const key of keys) {
        bytes += key.length
        const item = next[key]
        if (item !== undefined) stack.push(item)
      }
    }
  }
  return bytes
}

export const isLarge = (value: JsonValue, limitBytes = LARGE_BYTES): boolean =>
  jsonBytes(value, limitBytes) > limitBytes

interface Shown {
  readonly bytes: number
  readonly digest: JsonValue
}

/** Objects are measured and shortened once, however often they are written. */
const known = new Map<number, WeakMap<object, Shown>>()

/**
 * What stands for a value larger than `limitBytes`: `{"$ref": ..., "bytes": ..., "digest": ...}`, itself well below the limit.
 * `bytes` is about the size of the value as JSON text.
 */
export function referTo(ref: string, value: JsonValue, limitBytes = LARGE_BYTES): JsonObject {
  const digestChars = Math.max(LEAST_DIGEST_CHARS, Math.min(DIGEST_CHARS, Math.floor(limitBytes / 8)))
  let bySize = known.get(digestChars)
  if (bySize === undefined) known.set(digestChars, (bySize = new WeakMap()))
  const isObject = typeof value === 'object' && value !== null
  const shown = (isObject ? bySize.get(value) : undefined) ?? {
    bytes: jsonBytes(value),
    digest: shortenValue(value, digestChars),
  }
  if (isObject) bySize.set(value, shown)
  return { $ref: ref, ...shown }
}

/** The reference that stands for a value; undefined for any other value. */
export function refOf(value: JsonValue | undefined): string | undefined {
  if (!isJsonObject(value) || typeof value['$ref'] !== 'string') return undefined
  return Object.keys(value).every((key) => key === '$ref' || key === 'bytes' || key === 'digest')
    ? value['$ref']
    : undefined
}
