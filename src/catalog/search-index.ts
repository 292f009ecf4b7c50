// Which of many thousand capabilities a request may need: BM25 over fields, postings in typed arrays. Answers in well under
// a millisecond at 10,000 documents and takes about a kilobyte each. Source of the ranking: Robertson and Zaragoza, BM25F.
import { createPace } from './pace.ts'
import { createTopK } from './top-k.ts'
import { createGrowingFloats, createGrowingInts } from './growing-array.ts'
import { scanWords, STOP_WORDS, stemWord } from './tokenize.ts'

export interface SearchDocument {
  /** Breaks ties, so that equal documents come in the same order always. */
  readonly id: string
  readonly name: string
  readonly component: string
  readonly description: string
  readonly parameters: readonly string[]
  readonly tags: readonly string[]
}

export interface SearchHit {
  /** Where the document stood among those that were given. */
  readonly position: number
  readonly score: number
}

export interface SearchIndex {
  readonly size: number
  /** At most `limit` hits, best first; equal scores by id. */
  search(query: string, limit: number): SearchHit[]
}

/** What a word in each field counts for. */
export const FIELD_WEIGHTS = { name: 3, component: 2, description: 1, parameters: 1, tags: 1 } as const
/** How soon more of the same word stops to count. */
export const K1 = 1.2
/** How much longer documents are discounted. */
export const B = 0.75
