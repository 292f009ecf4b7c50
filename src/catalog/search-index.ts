// Which of many thousand capabilities a request may need: BM25 over weighted fields, postings in typed arrays. Source of
// the ranking: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009).
import { createGrowingFloats, createGrowingInts } from './growing-array.ts'
import { nearTerms } from './near-terms.ts'
import { createPace } from './pace.ts'
import { STOP_WORDS, scanWords, stemWord } from './tokenize.ts'
import { createTopK } from './top-k.ts'

export interface SearchDocument {
  /** Breaks ties, so that equal documents always come in the same order. */
  readonly id: string
  readonly name: string
  /** Empty where it says no more than the name. */
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

/** What a word counts for, by where it stands. These three were chosen by measuring: bench/retrieval.ts. */
export const FIELD_WEIGHTS = { name: 3, component: 2, description: 1, parameters: 0.5, tags: 1 } as const
/** How soon more of the same word stops to count. High, since a weighted name alone counts like three mentions. */
export const K1 = 2.5
/** How much longer documents are discounted. */
export const B = 0.85

/** Words before others have their turn: a few ms. */
const WORDS_PER_TURN = 20_000
/** Distinct words of a query that are looked up, and how many unknown ones are guessed at. */
const MAX_QUERY_TERMS = 64
const MAX_GUESSED_TERMS = 4
/** What a guess counts for, against a word that is there. */
const GUESS_WEIGHT = 0.5

/** Documents by term: which words each has, and how much. */
interface Forward {
  readonly ids: string[]
  readonly terms: ReadonlyMap<string, number>
  /** Documents that have the term, by term. */
  readonly frequencies: Int32Array
  /** Where each document's entries begin; one more than there are documents. */
  readonly starts: Int32Array
  readonly entryTerms: Int32Array
  readonly entryWeights: Float32Array
  /** Sum of the weights of a document. */
  readonly lengths: Float32Array
}

/** Counts the words of one document after the other; terms get their numbers in the order in which they are met. */
function createTermCounter() {
  const terms = new Map<string, number>()
  // A word is stemmed once, however often it stands somewhere.
  const termOfWord = new Map<string, number>()
  const frequencies: number[] = []
  // Of the document at hand: the weight of each term, and which terms it has.
  const weights: number[] = []
  const present: number[] = []
  let weight = 1
  let words = 0

  const numberOf = (word: string): number => {
    const stem = stemWord(word)
    let term = terms.get(stem)
    if (term === undefined) {
      term = terms.size
      terms.set(stem, term)
      weights.push(0)
      frequencies.push(0)
    }
    termOfWord.set(word, term)
    return term
  }
  const onWord = (word: string): void => {
    words++
    const term = termOfWord.get(word) ?? numberOf(word)
    const sum = weights[term] ?? 0
    if (sum === 0) present.push(term)
    weights[term] = sum + weight
  }
  return {
    terms,
    frequencies,
    add(text: string, fieldWeight: number): void {
      weight = fieldWeight
      scanWords(text, onWord)
    },
    /** Gives each term of the document with its weight, forgets them, and says how many words there were. */
    finish(onTerm: (term: number, weight: number) => void): number {
      for (const term of present) {
        onTerm(term, weights[term] ?? 0)
        weights[term] = 0
        frequencies[term] = (frequencies[term] ?? 0) + 1
      }
      present.length = 0
      const read = words
      words = 0
      return read
    },
  }
}

async function readDocuments(documents: Iterable<SearchDocument>): Promise<Forward> {
  const pace = createPace(WORDS_PER_TURN)
  const counter = createTermCounter()
  const ids: string[] = []
  const starts = createGrowingInts()
  const entryTerms = createGrowingInts()
  const entryWeights = createGrowingFloats()
  const lengths = createGrowingFloats()
  for (const document of documents) {
    ids.push(document.id)
    starts.push(entryTerms.length)
    counter.add(document.name, FIELD_WEIGHTS.name)
    counter.add(document.component, FIELD_WEIGHTS.component)
    counter.add(document.description, FIELD_WEIGHTS.description)
    for (const parameter of document.parameters) counter.add(parameter, FIELD_WEIGHTS.parameters)
    for (const tag of document.tags) counter.add(tag, FIELD_WEIGHTS.tags)
    let length = 0
    const words = counter.finish((term, weight) => {
      entryTerms.push(term)
      entryWeights.push(weight)
      length += weight
    })
    lengths.push(length)
    const turn = pace(words + 8)
    if (turn !== undefined) await turn
  }
  starts.push(entryTerms.length)
  return {
    ids,
    terms: counter.terms,
    frequencies: Int32Array.from(counter.frequencies),
    starts: starts.view(),
    entryTerms: entryTerms.view(),
    entryWeights: entryWeights.view(),
    lengths: lengths.view(),
  }
}

/** Terms by document turned round: documents by term, each with what it adds to a score. */
interface Postings {
  /** Where each term's postings begin; one more than there are terms. */
  readonly starts: Int32Array
  readonly documents: Int32Array
  readonly impacts: Float32Array
}

const inverseFrequency = (documents: number, having: number): number =>
  Math.log(1 + (documents - having + 0.5) / (having + 0.5))

async function turnRound(forward: Forward): Promise<Postings> {
  const { frequencies, lengths, entryTerms, entryWeights } = forward
  const pace = createPace(WORDS_PER_TURN * 4)
  const size = lengths.length
  const starts = new Int32Array(frequencies.length + 1)
  const rarity = new Float64Array(frequencies.length)
  for (const [term, having] of frequencies.entries()) {
    starts[term + 1] = (starts[term] ?? 0) + having
    rarity[term] = inverseFrequency(size, having)
  }
  const average = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, size)
  const documents = new Int32Array(entryTerms.length)
  const impacts = new Float32Array(entryTerms.length)
  const next = starts.slice()
  for (let document = 0; document < size; document++) {
    const from = forward.starts[document] ?? 0
    const to = forward.starts[document + 1] ?? from
    const discount = K1 * (1 - B + (B * (lengths[document] ?? 0)) / Math.max(average, 1e-9))
    for (let i = from; i < to; i++) {
      const term = entryTerms[i] ?? 0
      const weight = entryWeights[i] ?? 0
      const place = next[term] ?? 0
      next[term] = place + 1
      documents[place] = document
      impacts[place] = ((rarity[term] ?? 0) * weight * (K1 + 1)) / (weight + discount)
    }
    const turn = pace(to - from + 1)
    if (turn !== undefined) await turn
  }
  return { starts, documents, impacts }
}

/** The query's terms with what each counts for. Stop words count only when there is nothing else. */
function queryTerms(query: string, terms: ReadonlyMap<string, number>, frequencies: Int32Array): Map<number, number> {
  const words = new Set<string>()
  const idle = new Set<string>()
  scanWords(query, (word) => {
    const set = STOP_WORDS.has(word) ? idle : words
    if (set.size < MAX_QUERY_TERMS) set.add(stemWord(word))
  })
  const wanted = new Map<number, number>()
  let guesses = 0
  for (const word of words.size > 0 ? words : idle) {
    const term = terms.get(word)
    if (term !== undefined) {
      wanted.set(term, 1)
    } else if (guesses < MAX_GUESSED_TERMS) {
      guesses++
      for (const near of nearTerms(word, terms, frequencies)) if (!wanted.has(near)) wanted.set(near, GUESS_WEIGHT)
    }
  }
  return wanted
}

/**
 * Builds the index, giving way to other work every few milliseconds.
 * Words unknown to every document are taken for beginnings or misspellings of known ones.
 */
export async function buildSearchIndex(documents: Iterable<SearchDocument>): Promise<SearchIndex> {
  const forward = await readDocuments(documents)
  const { ids, terms, frequencies } = forward
  const postings = await turnRound(forward)
  // Used by one search at a time, which is synchronous, and left as it was found.
  const scores = new Float64Array(ids.length)
  const touched = new Int32Array(ids.length)
  const isBetter = (a: number, b: number): boolean => {
    const difference = (scores[a] ?? 0) - (scores[b] ?? 0)
    return difference > 0 || (difference === 0 && ((ids[a] ?? '') < (ids[b] ?? '') || (ids[a] === ids[b] && a < b)))
  }
  return {
    size: ids.length,
    search(query, limit) {
      let count = 0
      for (const [term, factor] of queryTerms(query, terms, frequencies)) {
        const to = postings.starts[term + 1] ?? 0
        for (let i = postings.starts[term] ?? 0; i < to; i++) {
          const document = postings.documents[i] as number
          const score = scores[document] as number
          if (score === 0) touched[count++] = document
          scores[document] = score + factor * (postings.impacts[i] as number)
        }
      }
      const best = createTopK(Math.min(limit, count), isBetter)
      for (let i = 0; i < count; i++) best.offer(touched[i] as number)
      const hits = best.take().map((position) => ({ position, score: scores[position] as number }))
      for (let i = 0; i < count; i++) scores[touched[i] as number] = 0
      return hits
    },
  }
}
