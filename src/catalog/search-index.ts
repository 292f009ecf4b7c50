// Which of many thousand capabilities a request may need: an index of a few segments that changes with the catalog. What is
// added becomes a segment, what is removed is marked, and once a quarter is gone all is copied together, so that a changed
// index answers exactly as one built anew. Every version is left as it was for those who still search it.

import { createPace } from '../util/pace.ts'
import type { IndexVersion, VersionPart } from './index-version.ts'
import { createRanker, type RankedHit } from './rank-documents.ts'
import type { SearchDocument } from './search-document.ts'
import { createForward, finishSegment, readSegment, type Segment } from './search-segment.ts'
import { createTermDictionary, type TermDictionary } from './term-dictionary.ts'

export interface SearchIndex {
  readonly size: number
  /** At most `limit` hits, best first; equal scores by id. */
  search(request: string, limit: number): RankedHit[]
}

export interface IndexChange {
  readonly added: Iterable<SearchDocument>
  /** By id. An id that is also added is replaced. */
  readonly removed: Iterable<string>
}

export interface ChangingIndex {
  /** As of the last change that is complete. */
  readonly current: SearchIndex
  /** Distinct words that are held: also some that no document has any more, until all is copied together. */
  readonly words: number
  /** One at a time; gives way to other work every few ms. An index whose change failed must not be changed again. */
  change(change: IndexChange): Promise<void>
}

/** More are copied together: each costs a look per word. */
const MAX_SEGMENTS = 16
/** Places whose document is gone, as a share of all, before all is copied together. */
const MAX_GONE_SHARE = 0.25
/** Entries before others have their turn: a few ms. */
const ENTRIES_PER_TURN = 100_000

/** What one change works on; nobody else sees it before it is complete. */
interface Draft {
  dictionary: TermDictionary
  segments: { readonly segment: Segment; gone: Uint8Array | undefined; isOwn: boolean }[]
  frequencies: Int32Array
  size: number
  /** Over all documents. */
  weightSum: number
  countSum: number
}

const emptyDraft = (): Draft => ({
  dictionary: createTermDictionary(),
  segments: [],
  frequencies: new Int32Array(0),
  size: 0,
  weightSum: 0,
  countSum: 0,
})

function sharesOf(sums: Int32Array, average: number): Float64Array {
  const shares = new Float64Array(sums.length)
  for (let i = 0; i < sums.length; i++) shares[i] = (sums[i] as number) / Math.max(average, 1e-9)
  return shares
}

function publish(draft: Draft): IndexVersion {
  const documents = Math.max(1, draft.size)
  let base = 0
  const parts = draft.segments.map(({ segment, gone }): VersionPart => {
    const weighedLengths = sharesOf(segment.weightSums, draft.weightSum / documents)
    const countedLengths = sharesOf(segment.countSums, draft.countSum / documents)
    const part = { segment, gone, weighedLengths, countedLengths, base }
    base += segment.keys.length
    return part
  })
  const { dictionary, frequencies, size } = draft
  return { dictionary, parts, frequencies, size, capacity: base }
}

/** Which segment has a document, and where. */
type Places = Map<string, { readonly segment: Segment; readonly document: number }>

/** Takes a document out of the draft, and says how many entries it had. */
function markGone(draft: Draft, places: Places, id: string): number {
  const place = places.get(id)
  if (place === undefined) return 0
  places.delete(id)
  const { segment, document } = place
  const held = draft.segments.find((one) => one.segment === segment)
  if (held === undefined) return 0
  // Older versions keep their marks.
  if (!held.isOwn || held.gone === undefined) held.gone = held.gone?.slice() ?? new Uint8Array(segment.keys.length)
  held.isOwn = true
  held.gone[document] = 1
  const from = segment.starts[document] as number
  const to = segment.starts[document + 1] as number
  for (let i = from; i < to; i++) {
    const term = segment.entryTerms[i] as number
    draft.frequencies[term] = (draft.frequencies[term] as number) - 1
  }
  draft.weightSum -= segment.weightSums[document] as number
  draft.countSum -= segment.countSums[document] as number
  draft.size--
  return to - from
}

async function addSegment(draft: Draft, places: Places, segment: Segment): Promise<void> {
  const pace = createPace(ENTRIES_PER_TURN)
  const frequencies = new Int32Array(draft.dictionary.size)
  frequencies.set(draft.frequencies)
  for (let term = 0; term + 1 < segment.postingStarts.length; term++) {
    const having = (segment.postingStarts[term + 1] as number) - (segment.postingStarts[term] as number)
    frequencies[term] = (frequencies[term] as number) + having
  }
  draft.frequencies = frequencies
  draft.segments.push({ segment, gone: undefined, isOwn: true })
  for (const [document, { id }] of segment.keys.entries()) {
    // The last of an id stays.
    const entries = markGone(draft, places, id)
    places.set(id, { segment, document })
    draft.weightSum += segment.weightSums[document] as number
    draft.countSum += segment.countSums[document] as number
    draft.size++
    const turn = pace(entries + 40)
    if (turn !== undefined) await turn
  }
}

function sumOf(numbers: Int32Array): number {
  let sum = 0
  for (const one of numbers) sum += one
  return sum
}

/** All that is there in one segment, over a dictionary of nothing but its words. */
async function compact(draft: Draft, places: Places): Promise<void> {
  const pace = createPace(ENTRIES_PER_TURN)
  const dictionary = createTermDictionary()
  const forward = createForward(draft.size, sumOf(draft.frequencies))
  for (const { segment, gone } of draft.segments) {
    const renumbered = new Int32Array(segment.postingStarts.length).fill(-1)
    for (const [document, key] of segment.keys.entries()) {
      if (gone?.[document] === 1) continue
      const to = segment.starts[document + 1] as number
      forward.keys.push(key)
      forward.starts.push(forward.terms.length)
      forward.weightSums.push(segment.weightSums[document] as number)
      forward.countSums.push(segment.countSums[document] as number)
      let work = 40
      for (let i = segment.starts[document] as number; i < to; i++) {
        const old = segment.entryTerms[i] as number
        let term = renumbered[old] as number
        if (term < 0) {
          term = dictionary.addStem(draft.dictionary.textOf(old))
          renumbered[old] = term
          work += 20
        }
        forward.terms.push(term)
        forward.marks.push(segment.entryMarks[i] as number)
        work++
      }
      const turn = pace(work)
      if (turn !== undefined) await turn
    }
  }
  const segment = await finishSegment(forward, dictionary)
  Object.assign(draft, { ...emptyDraft(), dictionary })
  places.clear()
  await addSegment(draft, places, segment)
}

export function createSearchIndex(): ChangingIndex {
  const places: Places = new Map()
  const rank = createRanker()
  let draft = emptyDraft()
  const indexOf = (version: IndexVersion): SearchIndex => ({
    size: version.size,
    search: (request, limit) => rank(version, request, limit),
  })
  let current = indexOf(publish(draft))

  return {
    get current() {
      return current
    },
    get words() {
      return draft.dictionary.size
    },
    async change({ added, removed }) {
      const next: Draft = {
        ...draft,
        segments: draft.segments.map((held) => ({ ...held, isOwn: false })),
        frequencies: draft.frequencies.slice(),
      }
      const pace = createPace(ENTRIES_PER_TURN)
      for (const id of removed) {
        const turn = pace(markGone(next, places, id) + 40)
        if (turn !== undefined) await turn
      }
      const segment = await readSegment(added, next.dictionary)
      if (segment.keys.length > 0) await addSegment(next, places, segment)
      const capacity = next.segments.reduce((sum, one) => sum + one.segment.keys.length, 0)
      const isWorn = capacity - next.size > MAX_GONE_SHARE * capacity
      if (isWorn || next.segments.length > MAX_SEGMENTS) await compact(next, places)
      draft = next
      current = indexOf(publish(next))
    },
  }
}

/** An index of these documents. */
export async function buildSearchIndex(documents: Iterable<SearchDocument>): Promise<SearchIndex> {
  const index = createSearchIndex()
  await index.change({ added: documents, removed: [] })
  return index.current
}
