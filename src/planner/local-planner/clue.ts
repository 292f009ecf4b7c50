// What stands around a value tells which input it is meant for: the input's own name, a preposition, the word behind it.
import type { RequestText } from './text.ts'
import type { Token } from './tokens.ts'
import type { Value } from './values.ts'
import type { Wish } from './wish.ts'
import { STOP_WORDS, splitName, stem } from './words.ts'

/** How far before a value its name may stand. */
const MAX_LABEL = 15
const NAMED: ReadonlySet<string> = new Set(['named', 'called', 'titled'])
const TARGET_WORDS = ['to', 'target', 'destination', 'arrival', 'end', 'final']
const SOURCE_WORDS = ['from', 'source', 'origin', 'departure', 'start', 'base', 'initial']
/** Which inputs a preposition speaks of. */
export const PREPOSITIONS: Readonly<Record<string, readonly string[]>> = {
  to: TARGET_WORDS,
  into: TARGET_WORDS,
  from: SOURCE_WORDS,
  by: ['by', 'author', 'artist'],
  since: ['from', 'since', 'start'],
  until: ['to', 'until', 'end'],
}
const PLACE_PREPOSITIONS: ReadonlySet<string> = new Set(['in', 'at', 'near', 'around', 'for', 'of', 'to'])
const ALL_PREPOSITIONS: ReadonlySet<string> = new Set([
  ...Object.keys(PREPOSITIONS),
  ...PLACE_PREPOSITIONS,
  'about',
  'on',
  'with',
])
const FILLERS: ReadonlySet<string> = new Set([
  'is',
  'of',
  ':',
  '=',
  'the',
  'a',
  'an',
  'with',
  'as',
  'named',
  'called',
  'are',
])
export interface Clue {
  readonly score: number
  /** The input's own name stands beside the value. */
  readonly isNamed: boolean
  readonly preposition: string
}

export function readClue(
  value: Value,
  wish: Wish,
  { tokens, values }: RequestText,
  speaksOf: (word: string) => boolean,
): Clue {
  const first = value.list === undefined ? value : (values.find((other) => other.list === value.list) ?? value)
  const before = tokens.slice(Math.max(0, first.from - 5), first.from).map((token) => token.lower)
  const near = [...before].reverse().filter((word) => !FILLERS.has(word))
  const next = tokens[value.to]
  const after = next?.kind === 'word' ? next.lower : ''
  const telling = near[0] ?? ''
  const preposition =
    [...before]
      .reverse()
      .slice(0, 2)
      .find((word) => ALL_PREPOSITIONS.has(word)) ?? ''
  const says = (word: string): boolean => word !== '' && (wish.words.has(word) || wish.words.has(stem(word)))
  const isNamed =
    says(telling) || (says(after) && !ALL_PREPOSITIONS.has(after)) || isToldBefore(first, wish, tokens, values)
  const isCalled = wish.kinds.has('name') && NAMED.has(before.at(-1) ?? '')
  const isMeant = (PREPOSITIONS[preposition] ?? []).some((word) => wish.words.has(word))
  let score = (isNamed ? 4 : isCalled ? 2 : 0) + (isMeant ? 4 : 0)
  if (wish.kinds.has('place') && !isMeant) {
    if (preposition === 'from') score -= 1.5
    else if (PLACE_PREPOSITIONS.has(preposition)) score += 1.5
  }
  if (after !== '' && !STOP_WORDS.has(after) && value.kind !== 'quoted') score += speaksOf(after) ? 1 : -1
  return { score, isNamed: isNamed || isMeant, preposition }
}

/** "The concentration difference of the substance is 29.7": the whole name, since the value before and in the same sentence. */
function isToldBefore(value: Value, wish: Wish, tokens: readonly Token[], values: readonly Value[]): boolean {
  const words = splitName(wish.name)
  const previous = values[values.indexOf(value) - 1]
  const told = new Set<string>()
  for (let i = value.from - 1; i >= Math.max(previous?.to ?? 0, value.from - MAX_LABEL); i--) {
    const token = tokens[i]
    if (token === undefined || /^[.?!;,\n]$/u.test(token.text)) break
    told.add(stem(token.lower))
  }
  return words.length > 1 && words.every((word) => told.has(stem(word)))
}

/** `city1` and `city2`, `pointA` and `pointB`, `from` and `to`. */
export function areSiblings(a: string, b: string): boolean {
  const [one, other] = [a, b].map((name) => splitName(name.replace(/\d+/g, ' ')).filter((word) => word.length > 1))
  if (one === undefined || other === undefined) return false
  const isEnd = (words: readonly string[]): boolean =>
    words.some((word) => TARGET_WORDS.includes(word) || SOURCE_WORDS.includes(word))
  return one.some((word) => other.includes(word)) || (isEnd(one) && isEnd(other))
}
