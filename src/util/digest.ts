// Outputs cut to a budget while their structure stays readable: long strings lose their end, long lists their tail, deep
// objects their depth. Linear in what is kept; never half a character.
import type { JsonValue } from '../contracts/json.ts'
import { isJsonList, stringifyJson } from './json.ts'
import { truncateText } from './text.ts'

/** Rough, and the same for every vendor. */
export const CHARS_PER_TOKEN = 4

export interface Limits {
  readonly chars: number
  readonly items: number
  readonly keys: number
  readonly depth: number
}

/** From generous to terse; the first that fits is taken. */
const LEVELS: readonly Limits[] = [
  { chars: 4_000, items: 100, keys: 200, depth: 12 },
  { chars: 1_000, items: 30, keys: 60, depth: 8 },
  { chars: 300, items: 10, keys: 30, depth: 6 },
  { chars: 120, items: 5, keys: 20, depth: 5 },
  { chars: 60, items: 3, keys: 12, depth: 4 },
]

/** The value as JSON text of at most `maxChars` characters; what was left out is said where it was. */
export function digestValue(value: JsonValue, maxChars: number): string {
  let shortest = ''
  for (const limits of LEVELS) {
    const text = renderWithin(value, limits, maxChars)
    if (text === undefined) continue
    if (text.length <= maxChars) return text
    shortest = text
  }
  if (shortest === '') shortest = renderWithin(value, { chars: 60, items: 1, keys: 5, depth: 2 }, Infinity) ?? ''
  return truncateText(shortest, maxChars)
}

/** The same as a value: what was left out is said in texts and in a key `...`. At most `maxChars` as JSON text. */
export function shortenValue(value: JsonValue, maxChars: number): JsonValue {
  for (const limits of LEVELS) {
    const room = { left: maxChars * 2 + 1_000 }
    const trimmed = trim(value, limits, 0, room)
    if (room.left >= 0 && stringifyJson(trimmed).length <= maxChars) return trimmed
  }
  return digestValue(value, Math.max(2, maxChars - 2))
}

/**
 * Shares a budget fairly: what needs less than its share leaves the rest to the others.
 * @returns the texts in the order of the values
 */
export function digestAll(values: readonly JsonValue[], maxChars: number): string[] {
  // Of many values none needs the whole budget; so the first pass stays in proportion to it too.
  const first = Math.min(maxChars, Math.ceil((8 * maxChars) / Math.max(1, values.length)) + 500)
  const texts = values.map((value) => digestValue(value, first))
  let budget = maxChars
  const order = texts.map((text, index) => ({ index, length: text.length })).sort((a, b) => a.length - b.length)
  order.forEach(({ index, length }, rank) => {
    const share = Math.floor(budget / (order.length - rank))
    if (length > share) texts[index] = digestValue(values[index] ?? null, share)
    budget -= texts[index]?.length ?? 0
  })
  return texts
}

/** undefined when the text grows far beyond what is wanted: then there is no use in finishing it. */
function renderWithin(value: JsonValue, limits: Limits, maxChars: number): string | undefined {
  const room = { left: maxChars * 2 + 1_000 }
  const trimmed = trim(value, limits, 0, room)
  return room.left < 0 ? undefined : stringifyJson(trimmed)
}

function trim(value: JsonValue, limits: Limits, depth: number, room: { left: number }): JsonValue {
  if (room.left < 0) return null
  if (typeof value === 'string') {
    const text = trimText(value, limits.chars)
    room.left -= text.length + 3
    return text
  }
  if (typeof value !== 'object' || value === null) {
    room.left -= 6
    return value
  }
  if (isJsonList(value)) {
    if (depth >= limits.depth) return `[${value.length} items]`
    const kept: JsonValue[] = []
    for (let i = 0; i < value.length && i < limits.items && room.left >= 0; i++)
      kept.push(trim(value[i] ?? null, limits, depth + 1, room))
    if (kept.length < value.length) kept.push(`... ${value.length - kept.length} more of ${value.length} items`)
    return kept
  }
  return trimObject(value, limits, depth, room)
}

function trimObject(
  value: Exclude<JsonValue, string>,
  limits: Limits,
  depth: number,
  room: { left: number },
): JsonValue {
  if (typeof value !== 'object' || value === null || isJsonList(value)) return value
  const keys = Object.keys(value)
  if (depth >= limits.depth) return `{${keys.length} keys}`
  const kept: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>
  let count = 0
  for (const key of keys) {
    if (count === limits.keys || room.left < 0) break
    const shown = trimText(key, 200)
    room.left -= shown.length + 4
    kept[shown] = trim(value[key] ?? null, limits, depth + 1, room)
    count++
  }
  if (count < keys.length) kept['...'] = `${keys.length - count} more of ${keys.length} keys`
  return kept
}

/** Cut after whole characters; a lone half of one, as a foreign text may hold, is replaced. */
function trimText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text.toWellFormed()
  return `${truncateText(text, maxChars).toWellFormed()} (${text.length} characters)`
}
