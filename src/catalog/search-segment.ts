// A part of the index that never changes: documents that came together, which words each has, and, turned round, where each
// word stands. An index is a few of these, and marks for what is gone from them.

import { createPace, nextTurn } from '../util/pace.ts'
import { createGrowingInts, type GrowingArray } from './growing-array.ts'
import type { DocumentKey, SearchDocument } from './search-document.ts'
import type { TermDictionary } from './term-dictionary.ts'
import { scanWords } from './tokenize.ts'

/** Where a word stands in a document: what it counts for there, in quarters, and the bit that remembers it. */
export const FIELDS = {
  name: { weight: 10, bit: 1 },
  component: { weight: 8, bit: 2 },
  description: { weight: 4, bit: 4 },
  parameters: { weight: 2, bit: 8 },
  parameterTexts: { weight: 2, bit: 8 },
  tags: { weight: 4, bit: 16 },
  examples: { weight: 4, bit: 32 },
} as const
type Field = (typeof FIELDS)[keyof typeof FIELDS]

/** A mark is one number: the weight of a word in a document, how often it is there, and in which fields. */
const FIELD_BITS = 6
const COUNT_BITS = 8
/** Two bytes and one, as postings have them. */
const MAX_WEIGHT = 65_535
const MAX_COUNT = 255
export const fieldsOf = (mark: number): number => mark & ((1 << FIELD_BITS) - 1)
const countOf = (mark: number): number => (mark >> FIELD_BITS) & MAX_COUNT
export const weightOf = (mark: number): number => mark >> (FIELD_BITS + COUNT_BITS)

function addToMark(mark: number, { weight, bit }: Field): number {
  const sum = Math.min(MAX_WEIGHT, weightOf(mark) + weight)
  const count = Math.min(MAX_COUNT, countOf(mark) + 1)
  return (sum << (FIELD_BITS + COUNT_BITS)) | (count << FIELD_BITS) | fieldsOf(mark) | bit
}

/** Words before others have their turn: a few ms. */
const WORDS_PER_TURN = 4_000
const ENTRIES_PER_TURN = 100_000
/** What is read of one text, and of all texts of one field: a description of a megabyte costs no more than this. */
const MAX_TEXT_CHARS = 4_000
const MAX_FIELD_CHARS = 8_000

export interface Segment {
  readonly keys: readonly DocumentKey[]
  /** By document: where its entries begin; one more than there are documents. */
  readonly starts: Int32Array
  readonly entryTerms: Int32Array
  /** What each word counts for; see {@link weightOf}, {@link countOf}, {@link fieldsOf}. */
  readonly entryMarks: Int32Array
  /** By document: the sums of its weights and counts. Whole numbers, so that sums over a changing catalog stay exact. */
  readonly weightSums: Int32Array
  readonly countSums: Int32Array
  /** By term: where its postings begin. Terms that came later stand nowhere here. */
  readonly postingStarts: Int32Array
  readonly postingDocuments: Int32Array
  readonly postingWeights: Uint16Array
  readonly postingCounts: Uint8Array
}

/** Documents by their words, while they are collected. */
export interface Forward {
  readonly keys: DocumentKey[]
  readonly starts: GrowingArray<Int32Array>
  readonly terms: GrowingArray<Int32Array>
  readonly marks: GrowingArray<Int32Array>
  readonly weightSums: GrowingArray<Int32Array>
  readonly countSums: GrowingArray<Int32Array>
}

/** Sizes are those to expect; more is no error. */
export const createForward = (documents?: number, entries?: number): Forward => ({
  keys: [],
  starts: createGrowingInts(documents === undefined ? undefined : documents + 1),
  terms: createGrowingInts(entries),
  marks: createGrowingInts(entries),
  weightSums: createGrowingInts(documents),
  countSums: createGrowingInts(documents),
})

/** Counts the words of one document after the other. */
function createDocumentReader(dictionary: TermDictionary, forward: Forward) {
  // Of the document at hand: the mark of each term, and which terms it has.
  const marks: number[] = []
  const present: number[] = []
  let field: Field = FIELDS.name
  let words = 0

  const onWord = (word: string): void => {
    words++
    const term = dictionary.add(word)
    const mark = marks[term] ?? 0
    if (mark === 0) present.push(term)
    marks[term] = addToMark(mark, field)
  }
  const addText = (text: string, of: Field): void => {
    field = of
    scanWords(text.length > MAX_TEXT_CHARS ? text.slice(0, MAX_TEXT_CHARS) : text, onWord)
  }
  const addTexts = (texts: readonly string[], of: Field): void => {
    let left = MAX_FIELD_CHARS
    for (const text of texts) {
      if (left <= 0) return
      addText(text.length > left ? text.slice(0, left) : text, of)
      left -= text.length
    }
  }
  /** Reads a document to its end, and says how many words it had. */
  return (document: SearchDocument): number => {
    const { id, name, component } = document
    addText(name, FIELDS.name)
    if (component !== name) addText(component, FIELDS.component)
    addText(document.description, FIELDS.description)
    addTexts(document.parameters, FIELDS.parameters)
    addTexts(document.parameterTexts ?? [], FIELDS.parameterTexts)
    addTexts(document.tags, FIELDS.tags)
    addTexts(document.examples ?? [], FIELDS.examples)
    forward.keys.push({ id, name, component })
    forward.starts.push(forward.terms.length)
    let weights = 0
    let counts = 0
    for (const term of present) {
      const mark = marks[term] as number
      marks[term] = 0
      forward.terms.push(term)
      forward.marks.push(mark)
      weights += weightOf(mark)
      counts += countOf(mark)
    }
    forward.weightSums.push(weights)
    forward.countSums.push(counts)
    present.length = 0
    const read = words
    words = 0
    return read
  }
}

/** Documents by word instead of words by document. */
async function turnRound(forward: Forward, size: number): Promise<Segment> {
  const pace = createPace(ENTRIES_PER_TURN)
  const { keys } = forward
  // What has grown may be twice as large as what it holds; each copy is a turn of its own.
  const copy = async (from: GrowingArray<Int32Array>): Promise<Int32Array> => {
    await nextTurn()
    const view = from.view()
    return view.byteLength === view.buffer.byteLength ? view : view.slice()
  }
  const starts = await copy(forward.starts)
  const entryTerms = await copy(forward.terms)
  const entryMarks = await copy(forward.marks)
  const next = new Int32Array(size + 1)
  for (let from = 0; from < entryTerms.length; from += ENTRIES_PER_TURN) {
    for (const term of entryTerms.subarray(from, from + ENTRIES_PER_TURN))
      next[term + 1] = (next[term + 1] as number) + 1
    await nextTurn()
  }
  for (let term = 0; term < size; term++) next[term + 1] = (next[term + 1] as number) + (next[term] as number)
  const postingStarts = next.slice()
  const postingDocuments = new Int32Array(entryTerms.length)
  const postingWeights = new Uint16Array(entryTerms.length)
  const postingCounts = new Uint8Array(entryTerms.length)
  for (let document = 0; document < keys.length; document++) {
    const from = starts[document] as number
    const to = starts[document + 1] as number
    for (let i = from; i < to; i++) {
      const term = entryTerms[i] as number
      const place = next[term] as number
      next[term] = place + 1
      postingDocuments[place] = document
      postingWeights[place] = weightOf(entryMarks[i] as number)
      postingCounts[place] = countOf(entryMarks[i] as number)
    }
    const turn = pace(to - from + 1)
    if (turn !== undefined) await turn
  }
  const weightSums = await copy(forward.weightSums)
  const countSums = await copy(forward.countSums)
  const entries = { starts, entryTerms, entryMarks, weightSums, countSums }
  return { keys, ...entries, postingStarts, postingDocuments, postingWeights, postingCounts }
}

export function finishSegment(forward: Forward, dictionary: TermDictionary): Promise<Segment> {
  forward.starts.push(forward.terms.length)
  return turnRound(forward, dictionary.size)
}

/** Reads documents into a segment of their own, in pieces that let others run. */
export async function readSegment(documents: Iterable<SearchDocument>, dictionary: TermDictionary): Promise<Segment> {
  const pace = createPace(WORDS_PER_TURN)
  const forward = createForward()
  const read = createDocumentReader(dictionary, forward)
  for (const document of documents) {
    const turn = pace(read(document) + 8)
    if (turn !== undefined) await turn
  }
  return finishSegment(forward, dictionary)
}
