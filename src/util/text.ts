// Words near a word, for "did you mean", and texts cut to a length.

/** Longer words are compared by their beginning; the time is the product of both lengths. */
const MAX_COMPARED = 64

/** Edits (insert, delete, replace, swap of neighbours) from one word to the other, in three rows of memory. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1)
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (
        i > 1 &&
        j > 1 &&
        a.charCodeAt(i - 1) === b.charCodeAt(j - 2) &&
        a.charCodeAt(i - 2) === b.charCodeAt(j - 1)
      ) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1)
      }
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}

const wordsOf = (name: string): string[] =>
  name
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')

interface Wanted {
  readonly text: string
  readonly words: ReadonlySet<string>
}

const wantedOf = (word: string): Wanted => ({
  text: word.slice(0, MAX_COMPARED).toLowerCase(),
  words: new Set(wordsOf(word.slice(0, MAX_COMPARED))),
})

/** 0 is the same but for case; larger is further. A shared beginning, part or word brings a name nearer than its letters do. */
function distanceTo(wanted: Wanted, candidate: string): number {
  const text = candidate.slice(0, MAX_COMPARED).toLowerCase()
  if (text === wanted.text) return 0
  const length = Math.max(text.length, wanted.text.length, 1)
  let distance = editDistance(wanted.text, text) / length
  const isPart = (part: string, whole: string): boolean => part.length >= 3 && whole.includes(part)
  if (isPart(wanted.text, text) || isPart(text, wanted.text)) {
    distance *= text.startsWith(wanted.text) || wanted.text.startsWith(text) ? 0.4 : 0.5
  } else {
    const words = wordsOf(candidate.slice(0, MAX_COMPARED))
    const shared = words.filter((word) => word.length > 1 && wanted.words.has(word)).length
    distance *= 1 - (0.5 * shared) / Math.max(words.length, wanted.words.size, 1)
  }
  return distance
}

/** Whether the candidate may well have been meant: worth a "did you mean". */
export function resembles(word: string, candidate: string): boolean {
  const wanted = wantedOf(word)
  if (distanceTo(wanted, candidate) <= 0.5) return true
  return wordsOf(candidate).some(
    (part) => part === wanted.text || (part.length >= 3 && distanceTo(wanted, part) <= 0.35),
  )
}

/** The candidates closest to the word, nearest first, without regard to case; equal ones in the order of their characters. */
export function nearest(word: string, candidates: Iterable<string>, max = 5): string[] {
  const wanted = wantedOf(word)
  return shortlist(word, [...new Set(candidates)])
    .map((name) => ({ name, distance: distanceTo(wanted, name) }))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, Math.max(0, max))
    .map(({ name }) => name)
}

/** More than these are not compared letter by letter: a catalog may have a hundred thousand names. */
const MOST_NAMES = 2_000

/** Of very many names those that begin alike, for as many letters as it takes to have few. */
function shortlist(word: string, names: readonly string[]): readonly string[] {
  const lower = word.toLowerCase()
  let alike = names
  for (let length = 1; alike.length > MOST_NAMES && length <= lower.length; length++) {
    const start = lower.slice(0, length)
    const more = alike.filter((name) => name.slice(0, length).toLowerCase() === start)
    if (more.length === 0) break
    alike = more
  }
  return alike.slice(0, MOST_NAMES)
}

/** ` Did you mean "a"?` for the candidate that may well have been meant, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const [best] = nearest(word, candidates, 1)
  return best !== undefined && resembles(word, best) ? ` Did you mean "${best}"?` : ''
}

/** `1 capability`, `2 capabilities`. */
export const counted = (count: number, noun: string): string =>
  count === 1 ? `1 ${noun}` : `${count} ${noun.replace(/y$/, 'ie')}s`

/** At most `maxChars` UTF-16 units; what is cut ends in `…`, never inside a character. */
export function truncateText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  if (maxChars < 1) return ''
  const cut = text.slice(0, maxChars - 1)
  const last = cut.charCodeAt(cut.length - 1)
  return `${last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut}…`
}

/** The order of code units, the same on every machine. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
