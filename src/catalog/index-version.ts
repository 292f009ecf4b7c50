// The index at one moment, as a search reads it: never changed, so that a search in the middle of a change sees all or nothing of it.
import type { Segment } from './search-segment.ts'
import type { TermDictionary } from './term-dictionary.ts'

/** One segment as a version sees it. */
export interface VersionPart {
  readonly segment: Segment
  /** 1 where the document is gone; absent while none is. */
  readonly gone: Uint8Array | undefined
  /** By document: its length as a multiple of the average, which changes with every version; by weights and by counts. */
  readonly weighedLengths: Float64Array
  readonly countedLengths: Float64Array
  /** Number of the first document among those of all parts. */
  readonly base: number
}

/** The index at one moment. */
export interface IndexVersion {
  readonly dictionary: TermDictionary
  readonly parts: readonly VersionPart[]
  /** By term: how many documents have it. */
  readonly frequencies: Int32Array
  /** Documents that are there, and places for documents. */
  readonly size: number
  readonly capacity: number
}
