// A request as words and places: what stands fixed in it, and which spans hold a value that another request of the same form
// replaces. Deliberately narrow: a place takes only what looks like what stood there, and whatever says more than a value (a day, a
// language, "both") is fixed however it is written.
import { isCurrencyCode, STOP_WORDS } from '../local-planner/words.ts'
import { NO_NAMES } from '../no-names.ts'

export interface Word {
  readonly text: string
  readonly kind: WordKind
}
/** `title`: Seoul, `caps`: USD, `number`: 12.5, `code`: A-1234, `quoted`: "anything", with its quotes. */
export type WordKind = 'title' | 'caps' | 'number' | 'code' | 'quoted' | 'plain' | 'mark'

const MAX_WORDS = 60
const WORD =
  /"[^"\n]{1,200}"|\p{L}[\p{L}\p{M}\p{N}'’]*(?:[-_.]?[\p{L}\p{M}\p{N}]+)*|\d+(?:[.,:/-]?[\p{L}\d]+)*|[^\s\p{L}]|\S/gu
/** A capital letter behind one of these, or at the very start, says nothing. */
const SENTENCE_END = /^[.!?:;…]$/

/** Undefined for a request that is too long to be the form of another. */
export function readWords(request: string): Word[] | undefined {
  const words: Word[] = []
  for (const [text] of request.normalize('NFC').matchAll(WORD)) {
    if (words.length === MAX_WORDS) return undefined
    const before = words.at(-1)
    const kind = kindOf(text)
    const isFirst = before === undefined || SENTENCE_END.test(before.text)
    words.push({ text, kind: isFirst && kind === 'title' ? 'plain' : kind })
  }
  return words.length === 0 ? undefined : words
}

function kindOf(text: string): WordKind {
  const lower = text.toLowerCase()
  // "Seoul's" speaks of something that Seoul has.
  if (NO_NAMES.has(lower) || STOP_WORDS.has(lower) || /['’]s?$/.test(text)) return 'plain'
  // What could be read as a reference must not become a value.
  if (text.startsWith('"') && text.length > 2) return /[{}<>]/.test(text) ? 'plain' : 'quoted'
  if (/^(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text)) return 'number'
  if (/\d/.test(text)) return 'code'
  if (/^\p{Lu}{2,6}$/u.test(text)) return 'caps'
  if (/^\p{Lu}/u.test(text)) return 'title'
  return /^\p{L}/u.test(text) ? 'plain' : 'mark'
}

/** What a place takes: its kind, and the form within it, so that an order number is not taken for a date, nor a year for a count. */
export interface Place {
  readonly kind: Exclude<WordKind, 'plain' | 'mark'>
  readonly form: string
}

/** Most words of a name, such as "Rio de Janeiro" has three. */
const MAX_NAME_WORDS = 4

function formOf({ kind, text }: Word): string {
  if (kind === 'number') return /^(?:1[6-9]|20)\d\d$/.test(text) ? 'year' : ''
  if (kind === 'caps') return isCurrencyCode(text) ? 'currency' : ''
  if (kind !== 'code') return ''
  // Without letters the digits are what tells a date from another, or from a time.
  return /\p{L}/u.test(text) ? text.replace(/\p{L}/gu, 'a').replace(/\d+/g, '0') : text.replace(/\d/g, '0')
}

/** The place that begins here, as long as it goes, and how many words it takes; undefined where nothing tells a value from what is said of it. */
export function placeAt(
  words: readonly Word[],
  from: number,
): { readonly place: Place; readonly length: number } | undefined {
  const first = words[from]
  if (first === undefined || first.kind === 'plain' || first.kind === 'mark') return undefined
  const place = { kind: first.kind, form: formOf(first) }
  if (first.kind !== 'title') return { place, length: 1 }
  // A part of a name is not the name: "New York" in "New York City".
  if (words[from - 1]?.kind === 'title') return undefined
  let length = 1
  while (words[from + length]?.kind === 'title') length++
  return length > MAX_NAME_WORDS ? undefined : { place, length }
}

/** The value that stands in a place, as text. */
export const valueOf = (words: readonly Word[]): string => {
  const [first] = words
  if (first?.kind === 'quoted') return first.text.slice(1, -1)
  return words.map(({ text }) => text).join(' ')
}
