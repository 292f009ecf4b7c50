// Plain lexical searches to compare with: BM25 as it is usually set up, over the same words of the same tools.
import type { SearchDocument } from '../src/catalog/search-document.ts'
import { STOP_WORDS, scanWords, stemWord } from '../src/catalog/tokenize.ts'
import { createTopK } from '../src/catalog/top-k.ts'
import type { Find } from './retrieval-data.ts'

export interface PlainSettings {
  readonly name: number
  readonly description: number
  readonly parameters: number
  readonly parameterTexts: number
  readonly k1: number
  readonly b: number
}

/** The columns of the table; what is measured must beat the best of them. */
export const PLAIN: Readonly<Record<string, PlainSettings>> = {
  'BM25, one text': { name: 1, description: 1, parameters: 1, parameterTexts: 1, k1: 1.2, b: 0.75 },
  'BM25F, names x3': { name: 3, description: 1, parameters: 0.5, parameterTexts: 0, k1: 2.5, b: 0.85 },
  'BM25F, with inputs': { name: 3, description: 1, parameters: 0.5, parameterTexts: 0.25, k1: 1.2, b: 0.75 },
}

function wordsOf(query: string): Set<string> {
  const words = new Set<string>()
  scanWords(query, (word) => {
    if (!STOP_WORDS.has(word)) words.add(stemWord(word))
  })
  return words
}

export function createPlainSearch(documents: readonly SearchDocument[], settings: PlainSettings): Find {
  const postings = new Map<string, { readonly document: number; readonly weight: number }[]>()
  const lengths = documents.map((document, i) => {
    const weights = new Map<string, number>()
    const add = (text: string, weight: number): void => {
      if (weight > 0)
        scanWords(text, (word) => weights.set(stemWord(word), (weights.get(stemWord(word)) ?? 0) + weight))
    }
    add(document.name, settings.name)
    add(document.description, settings.description)
    for (const name of document.parameters) add(name, settings.parameters)
    for (const text of document.parameterTexts ?? []) add(text, settings.parameterTexts)
    let length = 0
    for (const [word, weight] of weights) {
      length += weight
      const list = postings.get(word)
      if (list === undefined) postings.set(word, [{ document: i, weight }])
      else list.push({ document: i, weight })
    }
    return length
  })
  const average = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length)
  const { k1, b } = settings
  return (query) => {
    const scores = new Map<number, number>()
    for (const word of wordsOf(query)) {
      const list = postings.get(word) ?? []
      const rarity = Math.log(1 + (documents.length - list.length + 0.5) / (list.length + 0.5))
      for (const { document, weight } of list) {
        const discount = k1 * (1 - b + (b * (lengths[document] ?? 0)) / average)
        scores.set(document, (scores.get(document) ?? 0) + (rarity * weight * (k1 + 1)) / (weight + discount))
      }
    }
    const best = createTopK<readonly [number, number]>(20, (x, y) => x[1] > y[1] || (x[1] === y[1] && x[0] < y[0]))
    for (const entry of scores) best.offer(entry)
    return best.take().map(([document]) => documents[document]?.id ?? '')
  }
}
