// A request as words and places: what stands fixed in it, and which spans hold a value that another request of the same form
// replaces. Deliberately narrow: a place takes only what looks like what stood there.
export interface Word {
  readonly text: string
  readonly kind: WordKind
}
/** `title`: Seoul, `caps`: USD, `number`: 12.5, `code`: A-1234, `quoted`: "anything", with its quotes. */
export type WordKind = 'title' | 'caps' | 'number' | 'code' | 'quoted' | 'plain' | 'mark'

const MAX_WORDS = 60
const WORD =
  /"[^"\n]{1,200}"|\p{L}[\p{L}\p{M}\p{N}'’]*(?:[-_.]?[\p{L}\p{M}\p{N}]+)*|\d+(?:[.,:/-]?[\p{L}\d]+)*|[^\s\p{L}\p{N}]/gu

/** Undefined for a request that is too long to be the form of another. */
export function readWords(request: string): Word[] | undefined {
  const words: Word[] = []
  for (const [text] of request.normalize('NFC').matchAll(WORD)) {
    if (words.length === MAX_WORDS) return undefined
    words.push({ text, kind: kindOf(text) })
  }
  return words.length === 0 ? undefined : words
}

/** Written with a capital letter, and no names of things. */
const CALENDAR: ReadonlySet<string> = new Set(
  'monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december today tomorrow yesterday tonight now i'.split(
    ' ',
  ),
)

function kindOf(text: string): WordKind {
  if (CALENDAR.has(text.toLowerCase())) return 'plain'
  if (text.startsWith('"') && text.length > 2) return 'quoted'
  if (/^\d+(?:\.\d+)?$/.test(text)) return 'number'
  if (/\d/.test(text)) return 'code'
  if (/^\p{Lu}{2,6}$/u.test(text)) return 'caps'
  if (/^\p{Lu}/u.test(text)) return 'title'
  return /^\p{L}/u.test(text) ? 'plain' : 'mark'
}

/** What a place takes: its kind; for codes also their form, so that an order number is not taken for a date. */
export interface Place {
  readonly kind: Exclude<WordKind, 'plain' | 'mark'>
  readonly form?: string
}

/** Most words of a name, such as "Rio de Janeiro" has three. */
const MAX_NAME_WORDS = 4
const codeForm = (text: string): string => text.replace(/\p{L}/gu, 'a').replace(/\d+/g, '0')

/** The place of which these words are an example; undefined where nothing tells a value from what is said of it. */
export function placeOf(words: readonly Word[]): Place | undefined {
  const [first] = words
  if (first === undefined || first.kind === 'plain' || first.kind === 'mark') return undefined
  if (words.length > 1) return isName(words) ? { kind: 'title' } : undefined
  return first.kind === 'code' ? { kind: 'code', form: codeForm(first.text) } : { kind: first.kind }
}

/** How many words from here on such a place may take, each a possibility, the longest first. */
export function spansFor(place: Place, words: readonly Word[], from: number): number[] {
  const first = words[from]
  if (first?.kind !== place.kind || (place.kind === 'code' && codeForm(first.text) !== place.form)) return []
  if (place.kind !== 'title') return [1]
  const lengths: number[] = []
  for (let length = Math.min(MAX_NAME_WORDS, words.length - from); length > 0; length--)
    if (isName(words.slice(from, from + length))) lengths.push(length)
  return lengths
}

const isName = (words: readonly Word[]): boolean =>
  words.length <= MAX_NAME_WORDS && words.every(({ kind }) => kind === 'title')

/** The value that stands in a place, as text. */
export const valueOf = (words: readonly Word[]): string => {
  const [first] = words
  if (first?.kind === 'quoted') return first.text.slice(1, -1)
  return words.map(({ text }) => text).join(' ')
}
