// One way of seeing which capabilities a request may need. A search asks several views and fuses their orders; a view that
// is slower or dearer than counting words (embeddings) joins in through the same door.
import type { SearchDocument } from './search-document.ts'

/** What a view found: where the document stood among those it was given, and how near it is (only the order is used). */
export interface ViewHit {
  readonly position: number
  readonly score: number
}

/** Best first, at most `limit`. A view that fails or is late is left out of the answer, and no search fails of it. */
export interface SearchView {
  readonly name: string
  rank(query: string, limit: number, signal?: AbortSignal): Promise<readonly ViewHit[]> | readonly ViewHit[]
}

/**
 * Makes views of a catalog that changes. Asked once for every version of the documents, in the course of a search, so it
 * must return at once: a view that needs time (to embed what is new) finds little at first and more later.
 */
export interface ViewFeed {
  readonly name: string
  /** The positions that the view speaks of are those in `documents`. */
  viewOf(documents: readonly SearchDocument[]): SearchView
}
