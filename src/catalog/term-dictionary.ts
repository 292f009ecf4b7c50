// The words of a catalog with a number each, and which of them look alike. It only grows, so that an older index may go on
// reading while a newer one adds to it; compacting an index makes a new one of what is still in use.
import { compareText } from '../util/text.ts'
import { isOneEdit, letterMask, mayBeOneEdit } from './near-terms.ts'
import { stemWord } from './tokenize.ts'

export interface LikeTerm {
  readonly term: number
  /** Of 1: how much of the letters they share. */
  readonly likeness: number
}

export interface TermDictionary {
  readonly size: number
  /** The number of a word as it was written; it gets one if it has none. */
  add(word: string): number
  /** The number of a word that is stemmed already. */
  addStem(stem: string): number
  find(stem: string): number | undefined
  textOf(term: number): string
  /** Other words that share most of their letters in order, or are one edit away if misspellings count; most alike first. */
  like(stem: string, frequencies: Int32Array, withEdits: boolean): LikeTerm[]
}

const GRAM = 4
/** Shorter words have too many neighbours to guess at. */
const MIN_LENGTH = 4
/** Longer ones are no words. */
const MAX_LENGTH = 32
const MIN_LIKENESS = 0.41
const MAX_LIKE = 8
/** What a misspelling counts for: two letters of a short word are half of its grams. */
const EDIT_LIKENESS = 0.5

/** Calls back with a number for each run of four letters of `_word_`; different runs rarely share one. */
function eachGram(word: string, onGram: (gram: number) => void): void {
  const { length } = word
  const at = (i: number): number => (i === 0 || i > length ? 95 : word.charCodeAt(i - 1))
  for (let i = 0; i + GRAM <= length + 2; i++) {
    onGram(((at(i) * 131 + at(i + 1)) * 131 + at(i + 2)) * 131 + at(i + 3))
  }
}

/** A piece of a long text keeps the whole of it in memory; short pieces are copies anyway. */
const detach = (word: string): string => (word.length < 13 ? word : Buffer.from(word, 'utf16le').toString('utf16le'))

const gramsIn = (word: string): number => word.length + 3 - GRAM

export function createTermDictionary(): TermDictionary {
  const terms = new Map<string, number>()
  const texts: string[] = []
  const masks: number[] = []
  // A word is stemmed once, however often it stands somewhere.
  const termOfWord = new Map<string, number>()
  const termsOfGram = new Map<number, number[]>()
  // Of one question: how many grams each term shares. Left as it was found.
  let shared = new Uint8Array(1024)

  const addStem = (stem: string): number => {
    const known = terms.get(stem)
    if (known !== undefined) return known
    const term = texts.length
    terms.set(stem, term)
    texts.push(stem)
    masks.push(letterMask(stem))
    if (stem.length >= MIN_LENGTH) {
      eachGram(stem, (gram) => {
        const list = termsOfGram.get(gram)
        if (list === undefined) termsOfGram.set(gram, [term])
        else list.push(term)
      })
    }
    return term
  }

  const collectAlike = (stem: string, own: number | undefined, frequencies: Int32Array): LikeTerm[] => {
    if (shared.length < texts.length) shared = new Uint8Array(2 * texts.length)
    const touched: number[] = []
    eachGram(stem, (gram) => {
      for (const term of termsOfGram.get(gram) ?? []) {
        const count = shared[term] as number
        if (count === 0) touched.push(term)
        shared[term] = count + 1
      }
    })
    const found: LikeTerm[] = []
    const grams = gramsIn(stem)
    for (const term of touched) {
      const likeness = Math.min(1, (2 * (shared[term] as number)) / (grams + gramsIn(texts[term] as string)))
      shared[term] = 0
      if (likeness >= MIN_LIKENESS && term !== own && (frequencies[term] ?? 0) > 0) found.push({ term, likeness })
    }
    return found
  }

  const collectEdits = (stem: string, found: LikeTerm[], frequencies: Int32Array): void => {
    const mask = letterMask(stem)
    for (let term = 0; term < masks.length; term++) {
      if (!mayBeOneEdit(mask, masks[term] as number) || (frequencies[term] ?? 0) === 0) continue
      if (!isOneEdit(stem, texts[term] as string)) continue
      const place = found.findIndex((like) => like.term === term)
      const likeness = Math.max(EDIT_LIKENESS, found[place]?.likeness ?? 0)
      if (place < 0) found.push({ term, likeness })
      else found[place] = { term, likeness }
    }
  }

  return {
    get size() {
      return texts.length
    },
    add(word) {
      const known = termOfWord.get(word)
      if (known !== undefined) return known
      const stem = stemWord(word)
      const term = addStem(detach(stem.length > MAX_LENGTH ? stem.slice(0, MAX_LENGTH) : stem))
      if (word.length <= MAX_LENGTH) termOfWord.set(detach(word), term)
      return term
    },
    addStem,
    find: (stem) => terms.get(stem.length > MAX_LENGTH ? stem.slice(0, MAX_LENGTH) : stem),
    textOf: (term) => texts[term] ?? '',
    like(stem, frequencies, withEdits) {
      if (stem.length < MIN_LENGTH || stem.length > MAX_LENGTH || /^\d+$/.test(stem)) return []
      const own = terms.get(stem)
      const found = collectAlike(stem, own, frequencies)
      if (withEdits) collectEdits(stem, found, frequencies)
      const textOf = ({ term }: LikeTerm): string => texts[term] as string
      found.sort((a, b) => b.likeness - a.likeness || compareText(textOf(a), textOf(b)))
      return found.slice(0, MAX_LIKE)
    },
  }
}
