// A request in the terms of one version of an index: which of its words are there, and which others look like them.
import { compareText } from '../util/text.ts'
import type { IndexVersion } from './index-version.ts'
import type { RequestWords } from './request-words.ts'

/** A word of the request as this index knows it. */
export interface Asked {
  readonly term: number
  readonly shown: string
  readonly factor: number
}

export interface Question {
  readonly exact: ReadonlyMap<number, Asked>
  readonly alike: ReadonlyMap<number, Asked>
  /** Terms by wish; all of them when there is one wish. */
  readonly wishes: readonly (readonly number[])[]
}

/** Unknown words that are taken for misspellings: each is compared with the whole dictionary. */
const MAX_GUESSED = 8
/**
 * Documents that are looked at, word by word: in a very large catalog a long request of common words must not hold everyone
 * else. The rarest words, which tell most, come first.
 */
const MAX_POSTINGS = 300_000

function findExact({ dictionary, frequencies }: IndexVersion, words: RequestWords['words']): Map<number, Asked> {
  const found = words.flatMap(({ stem, shown }) => {
    const term = dictionary.find(stem)
    const having = term === undefined ? 0 : (frequencies[term] ?? 0)
    return term === undefined || having === 0 ? [] : [{ term, stem, shown, having }]
  })
  found.sort((a, b) => a.having - b.having || compareText(a.stem, b.stem))
  const exact = new Map<number, Asked>()
  let left = MAX_POSTINGS
  for (const { term, shown, having } of found) {
    left -= having
    if (left < 0 && exact.size > 0) break
    exact.set(term, { term, shown, factor: 1 })
  }
  return exact
}

function findAlike(
  { dictionary, frequencies }: IndexVersion,
  words: RequestWords['words'],
  exact: ReadonlyMap<number, Asked>,
): Map<number, Asked> {
  const alike = new Map<number, Asked>()
  let left = MAX_POSTINGS
  let guessed = 0
  for (const { stem } of words) {
    const term = dictionary.find(stem)
    const isKnown = term !== undefined && (frequencies[term] ?? 0) > 0
    if (!isKnown) guessed++
    for (const like of dictionary.like(stem, frequencies, !isKnown && guessed <= MAX_GUESSED)) {
      if (exact.has(like.term) || (alike.get(like.term)?.factor ?? 0) >= like.likeness) continue
      const having = frequencies[like.term] ?? 0
      if (having > left) continue
      left -= having
      alike.set(like.term, { term: like.term, shown: dictionary.textOf(like.term), factor: like.likeness })
    }
  }
  return alike
}

export function askIndex(version: IndexVersion, { words, clauses }: RequestWords): Question {
  const exact = findExact(version, words)
  const alike = findAlike(version, words, exact)
  const wishes = clauses
    .map((clause) =>
      clause.flatMap((place) => {
        const term = version.dictionary.find(words[place]?.stem ?? '')
        return term !== undefined && exact.has(term) ? [term] : []
      }),
    )
    .filter(({ length }) => length > 0)
  return { exact, alike, wishes: wishes.length > 0 ? wishes : [[...exact.keys()]] }
}
