// One order of several: what the index says, what was learnt, and what other views (embeddings) say. The index gives scores of
// 1; a view counts by its order alone, since nobody knows its scale (reciprocal rank fusion: Cormack, Clarke, Büttcher, 2009).
import { compareText } from '../util/text.ts'
import type { LearntHit } from './learnt-words.ts'
import type { RankedHit } from './rank-documents.ts'
import { type DocumentKey, documentId } from './search-document.ts'

export interface FusedHit {
  readonly component: string
  readonly action: string
  readonly score: number
  readonly why: () => string
}

/** What another view found, best first. */
export interface ViewRanking {
  readonly name: string
  readonly keys: readonly DocumentKey[]
}

export interface HitsToFuse {
  readonly ranked: readonly RankedHit[]
  readonly learnt: readonly LearntHit[]
  readonly rankings: readonly ViewRanking[]
  readonly limit: number
}

/** What a view counts for, against the index, and how soon its later places count for less. */
const VIEW_WEIGHT = 1
const RANK_OFFSET = 20
const LEARNT_WEIGHT = 0.6

interface Fusing {
  readonly id: string
  readonly component: string
  readonly action: string
  score: number
  readonly reasons: (() => string)[]
}

export function fuseHits({ ranked, learnt, rankings, limit }: HitsToFuse): FusedHit[] {
  const hits = new Map<string, Fusing>()
  const add = (component: string, action: string, score: number, reason: () => string): void => {
    const id = documentId(component, action)
    const hit = hits.get(id)
    if (hit === undefined) {
      hits.set(id, { id, component, action, score, reasons: [reason] })
    } else {
      hit.score += score
      hit.reasons.push(reason)
    }
  }
  for (const { key, score, why } of ranked) add(key.component, key.name, score, why)
  for (const { name, keys } of rankings) {
    for (const [place, key] of keys.entries()) {
      const score = (VIEW_WEIGHT * RANK_OFFSET) / (RANK_OFFSET + place)
      add(key.component, key.name, score, () => `number ${place + 1} by ${name}`)
    }
  }
  for (const { component, action, score } of learnt) {
    add(component, action, LEARNT_WEIGHT * score, () => 'it served such requests')
  }
  const whole = 1 + VIEW_WEIGHT * rankings.length
  return [...hits.values()]
    .sort((a, b) => b.score - a.score || compareText(a.id, b.id))
    .slice(0, limit)
    .map(({ component, action, score, reasons }) => ({
      component,
      action,
      score: Math.min(1, score / whole),
      why: () => reasons.map((reason) => reason()).join('; '),
    }))
}
