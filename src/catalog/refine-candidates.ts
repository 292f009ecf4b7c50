// The closer look at the best documents: how much of a name is asked for, and what the best have in common (pseudo-relevance
// feedback: Rocchio, "Relevance Feedback in Information Retrieval", 1971). And in words, why each was found.
import { compareText } from '../util/text.ts'
import type { Question } from './ask-index.ts'
import type { IndexVersion } from './index-version.ts'
import { type Candidate, FIRST_WEIGHTS } from './pick-candidates.ts'
import { FIELDS, fieldsOf, weightOf } from './search-segment.ts'
import { rarityOf, saturate, WEIGHED } from './term-weights.ts'
import { createTopK } from './top-k.ts'

const CLOSER_WEIGHTS = { names: 0.3, feedback: 0.2 } as const
/** What a document has that is best in every view. */
const TOTAL_WEIGHT = [...Object.values(FIRST_WEIGHTS), ...Object.values(CLOSER_WEIGHTS)].reduce((a, b) => a + b, 0)
const FEEDBACK_DOCUMENTS = 8
const FEEDBACK_TERMS = 20

/** Calls back with every word of a document. */
function eachEntry({ part, document }: Candidate, onEntry: (term: number, mark: number) => void): void {
  const { starts, entryTerms, entryMarks } = part.segment
  const own = document - part.base
  const to = starts[own + 1] as number
  for (let i = starts[own] as number; i < to; i++) onEntry(entryTerms[i] as number, entryMarks[i] as number)
}

/** The words that tell the best documents from others, with what each counts for. */
function feedbackTerms(version: IndexVersion, candidates: readonly Candidate[]): Map<number, number> {
  const sums = new Map<number, number>()
  const best = candidates[0]?.first ?? 1
  for (const candidate of candidates.slice(0, FEEDBACK_DOCUMENTS)) {
    const length = candidate.part.segment.weightSums[candidate.document - candidate.part.base] as number
    const factor = candidate.first / best / Math.max(1, length)
    eachEntry(candidate, (term, mark) => {
      const rarity = rarityOf(version, term)
      sums.set(term, (sums.get(term) ?? 0) + factor * weightOf(mark) * rarity)
    })
  }
  const textOf = (term: number): string => version.dictionary.textOf(term)
  const kept = createTopK<readonly [number, number]>(
    FEEDBACK_TERMS,
    (a, b) => a[1] > b[1] || (a[1] === b[1] && compareText(textOf(a[0]), textOf(b[0])) < 0),
  )
  for (const entry of sums) kept.offer(entry)
  const terms = kept.take()
  const most = terms[0]?.[1] ?? 1
  return new Map(terms.map(([term, sum]) => [term, sum / most]))
}

/** Looks at the candidates more closely, and orders them anew. */
export function refineCandidates(
  version: IndexVersion,
  { exact }: Question,
  candidates: Candidate[],
  limit: number,
): Candidate[] {
  const feedback = feedbackTerms(version, candidates)
  let bestNames = 1e-9
  let bestFeedback = 1e-9
  for (const candidate of candidates) {
    const length = candidate.part.weighedLengths[candidate.document - candidate.part.base] as number
    let inName = 0
    let asked = 0
    eachEntry(candidate, (term, mark) => {
      const isName = (fieldsOf(mark) & FIELDS.name.bit) !== 0
      const factor = feedback.get(term)
      if (!isName && factor === undefined) return
      const rarity = rarityOf(version, term)
      if (isName) {
        inName += rarity
        if (exact.has(term)) asked += rarity
      }
      if (factor !== undefined) candidate.feedback += factor * rarity * saturate(WEIGHED, weightOf(mark), length)
    })
    if (inName > 0) candidate.names = asked / inName
    bestNames = Math.max(bestNames, candidate.names)
    bestFeedback = Math.max(bestFeedback, candidate.feedback)
  }
  const scoreOf = ({ first, names, feedback: common }: Candidate): number =>
    first + (CLOSER_WEIGHTS.names * names) / bestNames + (CLOSER_WEIGHTS.feedback * common) / bestFeedback
  const scored = candidates.map((candidate) => ({ ...candidate, first: scoreOf(candidate) / TOTAL_WEIGHT }))
  return scored.sort((a, b) => b.first - a.first || compareText(a.key.id, b.key.id)).slice(0, limit)
}

const MAX_WHY_WORDS = 4
const FIELD_NAMES = [
  [FIELDS.name.bit, 'name'],
  [FIELDS.component.bit, 'component'],
  [FIELDS.parameters.bit, 'inputs'],
  [FIELDS.tags.bit, 'tags'],
  [FIELDS.examples.bit, 'examples'],
  [FIELDS.description.bit, 'description'],
] as const

/** The words that count most, each with the first field that has it. */
export function explainCandidate(version: IndexVersion, { exact, alike }: Question, candidate: Candidate): string {
  const found: { readonly text: string; readonly impact: number }[] = []
  const length = candidate.part.weighedLengths[candidate.document - candidate.part.base] as number
  eachEntry(candidate, (term, mark) => {
    const asked = exact.get(term) ?? alike.get(term)
    if (asked === undefined) return
    const rarity = rarityOf(version, term)
    const field = FIELD_NAMES.find(([bit]) => (fieldsOf(mark) & bit) !== 0)?.[1] ?? 'text'
    const text = `${exact.has(term) ? '' : 'like '}${asked.shown} (${field})`
    found.push({ text, impact: asked.factor * rarity * saturate(WEIGHED, weightOf(mark), length) })
  })
  found.sort((a, b) => b.impact - a.impact || compareText(a.text, b.text))
  return found
    .slice(0, MAX_WHY_WORDS)
    .map(({ text }) => text)
    .join(', ')
}
