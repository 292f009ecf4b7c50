// What values mean in expressions: one JSON number type, equality by content, and text without exponents.
import type { JsonValue } from '../../contracts/json.ts'
import { isJsonList, stringifyJson } from '../../util/json.ts'
import { numberToText } from '../schema/convert-value.ts'
import type { Evaluation } from './budget.ts'
import { spendScan, spendSteps } from './budget.ts'

export const isNumber = (value: JsonValue): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint'

/** For messages: the kind of a value, never the value. */
export function describeKind(value: JsonValue): string {
  if (value === null) return 'null'
  if (isJsonList(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'string') return 'a text'
  return isNumber(value) ? 'a number' : 'a boolean'
}

/** By content; an integer equals the double of the same value, and nothing equals a value of another kind. */
export function areEqual(a: JsonValue, b: JsonValue, evaluation: Evaluation): boolean {
  if (a === b) return true
  if (isNumber(a)) return isNumber(b) && a == b
  if (typeof a === 'string') {
    if (typeof b === 'string' && a.length === b.length) spendScan(evaluation, a.length)
    return false
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (isJsonList(a) || isJsonList(b)) {
    if (!isJsonList(a) || !isJsonList(b) || a.length !== b.length) return false
    spendSteps(evaluation, a.length)
    return a.every((item, i) => areEqual(item, b[i] ?? null, evaluation))
  }
  const keys = Object.keys(a)
  spendSteps(evaluation, keys.length)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && areEqual(a[key] ?? null, b[key] ?? null, evaluation))
}

/** Below 0, 0 or above 0; undefined when the two cannot be compared. */
export function compareValues(a: JsonValue, b: JsonValue): number | undefined {
  // Numbers and bigints compare exactly.
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  return undefined
}

/** How a value reads inside text: null is `null`, lists and objects are JSON. */
export function valueToText(value: JsonValue): string {
  if (typeof value === 'string') return value
  if (isNumber(value)) return numberToText(value)
  return stringifyJson(value)
}

/** Characters of all languages, not UTF-16 units. */
export function countCharacters(text: string): number {
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0xd800 && code <= 0xdbff) {
      const next = text.charCodeAt(i + 1)
      if (next >= 0xdc00 && next <= 0xdfff) i++
    }
    count++
  }
  return count
}

/** Half away from zero in decimal: 1.005 to two digits is 1.01, as people round. */
export function roundDecimal(value: number, digits: number): number {
  const shift = (n: number, by: number): number => {
    const [mantissa = '0', exponent = '0'] = String(n).split('e')
    return Number(`${mantissa}e${Number(exponent) + by}`)
  }
  const scaled = shift(Math.abs(value), digits)
  if (!Number.isFinite(scaled)) return value
  return Math.sign(value) * shift(Math.round(scaled), -digits) || 0
}

/** A place in a list: an integral number, not below zero. */
export function toPlace(value: JsonValue): number | undefined {
  const place = typeof value === 'bigint' ? Number(value) : value
  return typeof place === 'number' && Number.isInteger(place) && place >= 0 ? place : undefined
}
