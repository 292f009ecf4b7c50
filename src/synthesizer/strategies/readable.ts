// Values of any component as people read them: the most telling first, keys as words, long things cut. Knows no component.
import type { JsonValue } from '../../contracts/json.ts'
import { digestValue } from '../../util/digest.ts'
import { isJsonList, isJsonObject, stringifyJson } from '../../util/json.ts'
import { truncateText } from '../../util/text.ts'

const MAX_PAIRS = 5
const MAX_INLINE = 4
const MAX_ITEMS = 5
const MAX_KEYS = 200
const MAX_KEY = 40
const MAX_TEXT = 200
const MAX_VALUE = 64
/** Lines stay within a terminal of 80 columns where the values allow it. */
const LINE_CHARS = 76

/** Speaks for itself, without its key before it. */
const TELLING = /^(display_?|full_?)?(name|title|headline|summary|text|message|answer|description|content)$/i
/** For machines: shown when there is room. */
const TECHNICAL =
  /(^|_)(id|uuid|guid|symbol|code|key|slug|hash|version|timestamp|url|uri|href|link|icon|image|logo|flag)$/i
const COUNTING = /(^|_)(total|count|length|size|number)(_|$)/i
const TITLED = /title|name|headline/i

export interface Reading {
  /** Words of the request, lower case: what was asked for comes first. */
  readonly wanted: ReadonlySet<string>
  /** What the step was given, lower case: to repeat it tells nothing. */
  readonly given: ReadonlySet<string>
}

interface Pair {
  readonly key: string
  readonly value: JsonValue
  readonly rank: number
}

const isListOfObjects = (value: JsonValue): boolean =>
  isJsonList(value) && value.some((item) => typeof item === 'object' && item !== null)
const isAddress = (value: JsonValue): boolean => typeof value === 'string' && /^(https?:|data:)/i.test(value)

/** Foreign text must not steer the reader's terminal. */
export const oneLine = (text: string, maxChars: number): string =>
  truncateText(
    text
      .slice(0, maxChars * 4)
      .toWellFormed()
      .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
      .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
      .trim(),
    maxChars,
  )

/** `current_price` and `currentPrice` are "current price"; `USD` stays. */
function wordsOf(key: string): string {
  const text = oneLine(key, MAX_KEY)
  const words = text
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .trim()
  if (words === '') return text
  return /\p{Ll}/u.test(words) ? words.replace(/\p{Lu}\p{Ll}+/gu, (word) => word.toLowerCase()) : words
}

/** From a million on digits stand in groups; digits nobody reads are rounded; what does not fit a number stays. */
function showNumber(value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value) || size >= 1e13 || (size > 0 && size < 1e-4)) return String(value)
  const text = String(size >= 1 ? Number(value.toFixed(4)) : Number(value.toPrecision(4)))
  if (size < 1e6) return text
  const [whole = '', fraction] = text.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** A plain value as text. Numbers under a technical key keep their digits: they are names. */
export function showScalar(value: JsonValue, key = '', maxChars = MAX_TEXT): string {
  if (typeof value === 'number') return TECHNICAL.test(key) ? String(value) : showNumber(value)
  if (typeof value !== 'string') return stringifyJson(value)
  const moment = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.exec(value)
  if (moment !== null) return `${moment[1]} ${moment[2]} ${moment[3] === 'Z' ? 'UTC' : (moment[3] ?? '')}`
  return oneLine(value, maxChars)
}

/** The lines of one output, without indent; none when there is nothing to show. */
export function readValue(value: JsonValue, reading: Reading): string[] {
  if (isJsonList(value)) return readList(value)
  if (!isJsonObject(value)) return value === null || value === '' ? [] : readText(value)
  const entries = Object.entries(value)
    .slice(0, MAX_KEYS)
    .filter(([, inner]) => !isEmpty(inner))
  const [only] = entries
  // A single text is the answer itself, not one of many facts.
  if (entries.length === 1 && only !== undefined && TELLING.test(only[0])) return readText(only[1])
  const lists = entries.filter(([, inner]) => isListOfObjects(inner))
  const lengths = new Set(lists.flatMap(([, inner]) => (isJsonList(inner) ? [inner.length] : [])))
  const facts = entries.filter(
    ([key, inner]) =>
      !isListOfObjects(inner) && !(COUNTING.test(key) && typeof inner === 'number' && lengths.has(inner)),
  )
  const lines = readFacts(facts, reading, Math.max(0, Object.keys(value).length - MAX_KEYS))
  for (const [key, inner] of lists) {
    const items = isJsonList(inner) ? readList(inner) : []
    lines.push(...(lists.length === 1 ? items : [`${wordsOf(key)}:`, ...items.map((item) => `  ${item}`)]))
  }
  return lines
}

const isEmpty = (value: JsonValue): boolean =>
  value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)

function readText(value: JsonValue): string[] {
  if (typeof value !== 'string') return [inline(value)]
  const lines = value
    .slice(0, 8_000)
    .split(/\r?\n/)
    .map((line) => oneLine(line, 2_000))
    .filter((line, i, all) => line !== '' || (i > 0 && all[i - 1] !== ''))
  return lines.length > 40 || value.length > 8_000 ? [...lines.slice(0, 40), '…'] : lines
}

/** @param beyond how many more there are than are looked at */
function readFacts(
  entries: readonly (readonly [string, JsonValue])[],
  { wanted, given }: Reading,
  beyond: number,
): string[] {
  const isRepeated = (value: JsonValue): boolean =>
    typeof value !== 'object' && given.has(showScalar(value).toLowerCase())
  const pairs = entries.map(([key, value]): Pair => ({ key, value, rank: rankOf(key, value, wanted) }))
  const news = pairs.filter(({ value }) => !isRepeated(value) && !isAddress(value))
  const ranked = (news.length > 0 ? news : pairs).toSorted((a, b) => a.rank - b.rank)
  const texts: string[] = []
  let shownText = ' '
  let left = beyond
  for (const { key, value } of ranked) {
    const text = inline(value, key, MAX_VALUE)
    const plain = plainText(text)
    if (typeof value === 'string' && plain.length > 2 && shownText.includes(` ${plain} `)) continue
    if (texts.length === MAX_PAIRS) {
      left++
      continue
    }
    if (typeof value === 'string') shownText += `${plain} `
    const label = TELLING.test(key) && typeof value === 'string' ? '' : `${wordsOf(key)} `
    texts.push(`${label}${label === '' ? inline(value, key) : text}`)
  }
  if (left > 0) texts.push(`${left} more ${left === 1 ? 'value' : 'values'}`)
  return fillLines(texts)
}

const plainText = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

function rankOf(key: string, value: JsonValue, wanted: ReadonlySet<string>): number {
  if (TELLING.test(key) && typeof value === 'string') return 0
  if (
    wordsOf(key)
      .toLowerCase()
      .split(' ')
      .some((word) => word.length > 3 && wanted.has(word))
  )
    return 1
  return TECHNICAL.test(key) ? 3 : 2
}

/** As many on a line as fit. */
function fillLines(texts: readonly string[]): string[] {
  const lines: string[] = []
  for (const text of texts) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + text.length + 3 <= LINE_CHARS) lines[lines.length - 1] = `${last} · ${text}`
    else lines.push(text)
  }
  return lines
}

function readList(list: readonly JsonValue[]): string[] {
  if (!isListOfObjects(list)) return list.length === 0 ? [] : [inline(list)]
  const lines = list.slice(0, MAX_ITEMS).map((item) => `- ${itemLine(item)}`)
  return list.length > MAX_ITEMS ? [...lines, `  ${list.length - MAX_ITEMS} more`] : lines
}

/** One of a list: its title, and beside it what is short. Texts and addresses would hide the rest. */
function itemLine(item: JsonValue): string {
  if (!isJsonObject(item)) return inline(item)
  const entries = Object.entries(item)
    .slice(0, 50)
    .filter(([, value]) => !isEmpty(value) && !isAddress(value))
  const titled = entries.find(([key, value]) => typeof value === 'string' && TITLED.test(key))
  const [first] = entries
  if (titled === undefined) {
    const lead = first !== undefined && typeof first[1] === 'string' && first[1].length <= MAX_KEY ? first : undefined
    if (lead === undefined || entries.length === 1) return inline(item)
    return `${showScalar(lead[1], lead[0])}: ${inline(Object.fromEntries(entries.slice(1)))}`
  }
  const rest = entries
    .filter(([key, value]) => key !== titled[0] && typeof value !== 'object')
    .map(([key, value]) => (typeof value === 'string' ? dayOf(value) : `${wordsOf(key)} ${showScalar(value, key)}`))
    .filter((text) => text.length <= MAX_KEY)
  const beside = rest.length === 0 ? '' : ` (${rest.slice(0, MAX_INLINE).join(', ')})`
  return oneLine(`${showScalar(titled[1])}${beside}`, MAX_TEXT)
}

/** In a list the day of a moment is enough. */
const dayOf = (text: string): string =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? text.slice(0, 10) : oneLine(text, MAX_TEXT)

/** A value in one line; of an object its plain values, since those are what a reader looks for. */
function inline(value: JsonValue, key = '', maxChars = MAX_TEXT): string {
  if (typeof value !== 'object' || value === null) return showScalar(value, key, maxChars)
  if (isJsonList(value)) {
    const more = value.length > MAX_ITEMS ? `, ${value.length - MAX_ITEMS} more` : ''
    return cutWith(
      value
        .slice(0, MAX_ITEMS)
        .map((item) => (isJsonList(item) ? digestValue(item, maxChars) : inline(item)))
        .join(', '),
      more,
      maxChars,
    )
  }
  const entries = Object.entries(value)
    .slice(0, 50)
    .filter(([, inner]) => !isEmpty(inner) && typeof inner !== 'object')
  if (entries.length === 0) return oneLine(digestValue(value, maxChars), maxChars)
  // A few short texts, such as a code and its name, are read without their keys.
  const isPlain = entries.length <= 3 && entries.every(([, inner]) => typeof inner === 'string' && inner.length <= 30)
  const texts = entries
    .slice(0, MAX_INLINE)
    .map(([name, inner]) =>
      isPlain || (typeof inner === 'string' && TITLED.test(name))
        ? showScalar(inner, name)
        : `${wordsOf(name)} ${showScalar(inner, name)}`,
    )
  const more = entries.length > MAX_INLINE ? `, ${entries.length - MAX_INLINE} more` : ''
  return cutWith(texts.join(', '), more, maxChars)
}

/** The end, which says how much is left out, stays. */
const cutWith = (text: string, end: string, maxChars: number): string =>
  `${oneLine(text, Math.max(8, maxChars - end.length))}${end}`
