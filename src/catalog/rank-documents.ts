// How near each document is to a request: several views over one index, their scores added up, each as a share of its best.
// Weights are few and stable from corpus to corpus: bench/retrieval.ts.
import { askIndex } from './ask-index.ts'
import type { IndexVersion } from './index-version.ts'
import { createSums, pickCandidates } from './pick-candidates.ts'
import { explainCandidate, refineCandidates } from './refine-candidates.ts'
import { readRequest } from './request-words.ts'
import type { DocumentKey } from './search-document.ts'

export interface RankedHit {
  readonly key: DocumentKey
  /** Of 1, which only a document that is best in every view has. */
  readonly score: number
  /** In a few words, which words of the request stand where. Made when asked for. */
  readonly why: () => string
}

/** Ranks over any version of an index; a search is one synchronous piece. */
export function createRanker() {
  let sums = createSums(0)
  return (version: IndexVersion, request: string, limit: number): RankedHit[] => {
    if (limit <= 0 || version.size === 0) return []
    // Room to grow, since every change of the catalog adds a little.
    if (sums.touched.length < version.capacity) sums = createSums(Math.ceil(1.5 * version.capacity))
    const question = askIndex(version, readRequest(request))
    const candidates = pickCandidates(version, question, sums, limit)
    return refineCandidates(version, question, candidates, limit).map((candidate) => ({
      key: candidate.key,
      score: candidate.first,
      why: () => explainCandidate(version, question, candidate),
    }))
  }
}
