// How well and how fast capabilities are found: public tool corpora, each alone and all mixed, beside plain lexical searches.
// node --expose-gc bench/retrieval.ts [DIRECTORY with retrieval-corpus.jsonl.gz and retrieval-queries.jsonl.gz]

import { fuseHits } from '../src/catalog/fuse-hits.ts'
import { createLearntWords } from '../src/catalog/learnt-words.ts'
import { readRequest } from '../src/catalog/request-words.ts'
import { buildSearchIndex } from '../src/catalog/search-index.ts'
import { type Corpus, type Find, measure, readCorpora, type Scores, showScores } from './retrieval-data.ts'
import { createPlainSearch, PLAIN } from './retrieval-plain.ts'
import { measureSpeed, replicate } from './retrieval-speed.ts'

const directory = process.argv[2] ?? process.env['TUTTI_BENCH_DATA'] ?? '../shared/data'
const MEASURES = ['R@10', 'R@20', 'all@20', 'nDCG@10']

/** Columns of the table. Another way of choosing (with what a hit requires, with embeddings) joins here. */
async function columnsOf(corpus: Corpus): Promise<Map<string, Find>> {
  const index = await buildSearchIndex(corpus.documents)
  const columns = new Map<string, Find>([['tutti', (query) => index.search(query, 20).map(({ key }) => key.id)]])
  for (const [name, settings] of Object.entries(PLAIN)) columns.set(name, createPlainSearch(corpus.documents, settings))
  return columns
}

/** What half of the requests taught, told by the other half. */
async function measureLearning(corpus: Corpus): Promise<{ readonly before: Scores; readonly after: Scores }> {
  const index = await buildSearchIndex(corpus.documents)
  const learnt = createLearntWords()
  for (const [i, { query, relevant }] of corpus.queries.entries()) {
    const used = relevant.map((id) => ({ component: id, action: '' }))
    if (i % 2 === 0) learnt.learn(readRequest(query), `principal ${i % 5}`, used)
  }
  const rest = corpus.queries.filter((_, i) => i % 2 === 1)
  const before = await measure(rest, (query) => index.search(query, 20).map(({ key }) => key.id))
  const after = await measure(rest, (query) => {
    const ranked = index
      .search(query, 100)
      .map((hit) => ({ ...hit, key: { ...hit.key, component: hit.key.id, name: '' } }))
    const hits = fuseHits({ ranked, learnt: learnt.find(readRequest(query)), rankings: [], limit: 20 })
    return hits.map(({ component }) => component)
  })
  return { before, after }
}

async function main(): Promise<void> {
  const corpora = readCorpora(directory)
  const mixed = corpora?.at(-1)
  if (corpora === undefined || mixed === undefined) {
    console.log(`No retrieval data in "${directory}": nothing measured.`)
    return
  }
  const names = ['tutti', ...Object.keys(PLAIN)]
  console.log(`each column: ${MEASURES.join(' ')}`)
  console.log(`${'set'.padEnd(16)} tools queries  ${names.map((name) => name.padEnd(25)).join('')}below the best by`)
  for (const corpus of corpora) {
    const scores: Scores[] = []
    for (const find of (await columnsOf(corpus)).values()) scores.push(await measure(corpus.queries, find))
    const [own, ...others] = scores
    const missing = MEASURES.flatMap((measured, i) => {
      const best = Math.max(...others.map((one) => one[i] ?? 0))
      const less = best - (own?.[i] ?? 0)
      return less > 5e-4 ? [`${measured} ${(100 * less).toFixed(1)}`] : []
    })
    const head = `${corpus.name.padEnd(16)} ${String(corpus.documents.length).padStart(5)} ${String(corpus.queries.length).padStart(7)}`
    console.log(`${head}  ${scores.map((one) => showScores(one).padEnd(25)).join('')}${missing.join(', ')}`)
  }
  console.log('\nlearnt from half of the requests, asked with the other half: before, after')
  for (const corpus of corpora) {
    const { before, after } = await measureLearning(corpus)
    console.log(`${corpus.name.padEnd(16)} ${showScores(before)}   ${showScores(after)}`)
  }
  for (const size of [25_000, 70_000]) await measureSpeed(replicate(mixed.documents, size), mixed.queries)
}

await main()
