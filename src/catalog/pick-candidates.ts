// The first look at all documents: which of them have words of the request (BM25F: Robertson and Zaragoza, "The
// Probabilistic Relevance Framework: BM25 and Beyond", 2009), seen as a whole, wish by wish, and with words that look alike.
import { compareText } from '../util/text.ts'
import type { Question } from './ask-index.ts'
import type { IndexVersion, VersionPart } from './index-version.ts'
import type { DocumentKey } from './search-document.ts'
import { COUNTED, type Curve, rarityOf, saturate, WEIGHED } from './term-weights.ts'
import { createTopK } from './top-k.ts'

/** What each view counts for, measured against its own best. */
export const FIRST_WEIGHTS = { words: 0.3, wishes: 0.5, alike: 1 } as const
/** Much of one wish counts for more than a little of each. */
const WISH_POWER = 1.5
/** Documents that are looked at more closely. */
const MIN_CANDIDATES = 200

/** Sums by document, large enough for the largest index so far. Zero between searches. */
export interface Sums {
  readonly words: Float64Array
  readonly wish: Float64Array
  readonly wishes: Float64Array
  readonly alike: Float64Array
  readonly touched: Int32Array
  readonly touchedByWish: Int32Array
}

export const createSums = (capacity: number): Sums => ({
  words: new Float64Array(capacity),
  wish: new Float64Array(capacity),
  wishes: new Float64Array(capacity),
  alike: new Float64Array(capacity),
  touched: new Int32Array(capacity),
  touchedByWish: new Int32Array(capacity),
})

/** Calls back for every document that has the term, with what it adds. */
function eachPosting(
  version: IndexVersion,
  term: number,
  curve: Curve,
  onPosting: (document: number, impact: number) => void,
): void {
  const rarity = rarityOf(version, term)
  for (const { segment, gone, base, ...part } of version.parts) {
    const { postingStarts, postingDocuments } = segment
    const weights = curve.isWeighed ? segment.postingWeights : segment.postingCounts
    const lengths = curve.isWeighed ? part.weighedLengths : part.countedLengths
    const to = postingStarts[term + 1] ?? 0
    for (let i = postingStarts[term] ?? 0; i < to; i++) {
      const document = postingDocuments[i] as number
      if (gone !== undefined && gone[document] === 1) continue
      onPosting(base + document, rarity * saturate(curve, weights[i] as number, lengths[document] as number))
    }
  }
}

interface Collected {
  /** How many of `touched` are set. */
  readonly count: number
  readonly bestWords: number
  readonly bestWishes: number
  readonly bestAlike: number
}

/** Fills the sums of the first three views. */
function collect(version: IndexVersion, { exact, alike, wishes }: Question, sums: Sums): Collected {
  const { words, wish, touched, touchedByWish } = sums
  let count = 0
  const touch = (document: number): void => {
    if (words[document] === 0 && sums.alike[document] === 0) touched[count++] = document
  }
  for (const term of exact.keys()) {
    eachPosting(version, term, WEIGHED, (document, impact) => {
      touch(document)
      words[document] = (words[document] as number) + impact
    })
  }
  for (const terms of wishes) {
    let inWish = 0
    for (const term of terms) {
      eachPosting(version, term, COUNTED, (document, impact) => {
        const sum = wish[document] as number
        if (sum === 0) touchedByWish[inWish++] = document
        wish[document] = sum + impact
      })
    }
    for (let i = 0; i < inWish; i++) {
      const document = touchedByWish[i] as number
      const sum = wish[document] as number
      const grown = wishes.length > 1 ? sum ** WISH_POWER : sum
      sums.wishes[document] = (sums.wishes[document] as number) + grown
      wish[document] = 0
    }
  }
  for (const { term, factor } of alike.values()) {
    eachPosting(version, term, WEIGHED, (document, impact) => {
      touch(document)
      sums.alike[document] = (sums.alike[document] as number) + factor * impact
    })
  }
  let bestWords = 0
  let bestWishes = 0
  let bestAlike = 0
  for (let i = 0; i < count; i++) {
    const document = touched[i] as number
    const word = words[document] as number
    bestWords = Math.max(bestWords, word)
    bestWishes = Math.max(bestWishes, sums.wishes[document] as number)
    bestAlike = Math.max(bestAlike, word + (sums.alike[document] as number))
  }
  return { count, bestWords, bestWishes, bestAlike }
}

export interface Candidate {
  readonly document: number
  readonly part: VersionPart
  readonly key: DocumentKey
  /** By the first views. */
  readonly first: number
  names: number
  feedback: number
}

function partOf({ parts }: IndexVersion, document: number): VersionPart {
  let found = parts[0] as VersionPart
  for (const part of parts) if (part.base <= document) found = part
  return found
}

/** The best by the first views; leaves the sums as they were found. */
export function pickCandidates(version: IndexVersion, question: Question, sums: Sums, limit: number): Candidate[] {
  const { count, bestWords, bestWishes, bestAlike } = collect(version, question, sums)
  const { words, wishes, alike, touched } = sums
  const perWord = bestWords > 0 ? FIRST_WEIGHTS.words / bestWords : 0
  const perAlike = bestAlike > 0 ? FIRST_WEIGHTS.alike / bestAlike : 0
  const perWish = bestWishes > 0 ? FIRST_WEIGHTS.wishes / bestWishes : 0
  const keyOf = (document: number): DocumentKey => {
    const { segment, base } = partOf(version, document)
    return segment.keys[document - base] as DocumentKey
  }
  // The sums of `alike` now hold what the first views say together.
  const isBetter = (a: number, b: number): boolean => {
    const difference = (alike[a] as number) - (alike[b] as number)
    return difference > 0 || (difference === 0 && compareText(keyOf(a).id, keyOf(b).id) < 0)
  }
  const best = createTopK(Math.min(count, Math.max(limit, MIN_CANDIDATES)), isBetter)
  for (let i = 0; i < count; i++) {
    const document = touched[i] as number
    const word = words[document] as number
    alike[document] =
      word * perWord + (wishes[document] as number) * perWish + (word + (alike[document] as number)) * perAlike
    best.offer(document)
  }
  const candidates = best.take().map((document): Candidate => {
    const part = partOf(version, document)
    const key = part.segment.keys[document - part.base] as DocumentKey
    return { document, part, key, first: alike[document] as number, names: 0, feedback: 0 }
  })
  for (let i = 0; i < count; i++) {
    const document = touched[i] as number
    words[document] = 0
    wishes[document] = 0
    alike[document] = 0
  }
  return candidates
}
