// What one word of a document counts for: rare words more than common ones, the tenth mention less than the first, and a
// mention in a short text more than one in a long text (BM25).
import type { IndexVersion } from './index-version.ts'

/** What a word tells by being rare. */
const inverseFrequency = (documents: number, having: number): number =>
  Math.log(1 + (documents - having + 0.5) / (having + 0.5))

/** The same for a term of a version. */
export const rarityOf = (version: IndexVersion, term: number): number =>
  inverseFrequency(version.size, version.frequencies[term] ?? 0)

/** How soon more of the same word stops to count, and how much longer documents are discounted. */
export interface Curve {
  /** Whether fields have their weights, or a word counts alike wherever it stands. */
  readonly isWeighed: boolean
  readonly top: number
  readonly flat: number
  readonly slope: number
}

const curveOf = (k1: number, b: number, unit: number): Omit<Curve, 'isWeighed'> => ({
  top: k1 + 1,
  flat: unit * k1 * (1 - b),
  slope: unit * k1 * b,
})
/** Weights are in quarters; a word in a name counts like several mentions. */
export const WEIGHED: Curve = { isWeighed: true, ...curveOf(1.5, 0.75, 4) }
/** Another opinion of the same words: that one is there says more than where and how often. */
export const COUNTED: Curve = { isWeighed: false, ...curveOf(1.2, 0.75, 1) }

/** What a term adds to a document, without the term's rarity. `length` is a multiple of the average. */
export const saturate = ({ top, flat, slope }: Curve, weight: number, length: number): number =>
  (weight * top) / (weight + flat + slope * length)
