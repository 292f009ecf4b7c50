// What a coercion did beyond bringing types together: another spelling that became the legal one, a measure that became a number.
// Found by comparing before and after, so that coercion itself carries no account of it.
import type { JsonValue } from '../../contracts/json.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import { type Path, pointerOf } from '../issue.ts'

export interface SchemaRepair {
  /** JSON pointer into the value. */
  readonly pointer: string
  readonly from: JsonValue
  readonly to: JsonValue
}

/** A number as text ends in a digit. */
const isMeasure = (text: string): boolean => /[\p{L}%]\s*$/u.test(text)

/** `"42"` for 42 is the same value in another type, and is not told. */
export function findRepairs(from: JsonValue, to: JsonValue, path: Path = []): readonly SchemaRepair[] {
  if (from === to) return []
  if (typeof from === 'string') {
    const isTold = typeof to === 'string' || ((typeof to === 'number' || typeof to === 'bigint') && isMeasure(from))
    return isTold ? [{ pointer: pointerOf(path), from, to }] : []
  }
  if (isJsonList(from) && isJsonList(to)) {
    return from.flatMap((item, i) => findRepairs(item, to[i] ?? null, [...path, i]))
  }
  if (!isJsonObject(from) || !isJsonObject(to)) return []
  return Object.entries(from).flatMap(([key, item]) => findRepairs(item, to[key] ?? null, [...path, key]))
}
