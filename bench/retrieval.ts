// How well and how fast capabilities are found: recall and rank over public tool corpora, each alone and all mixed.
// node bench/retrieval.ts [DIRECTORY with retrieval-corpus.jsonl.gz and retrieval-queries.jsonl.gz; default ../shared/data]
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { gunzipSync } from 'node:zlib'
import { buildSearchIndex, type SearchIndex } from '../src/catalog/search-index.ts'

interface Tool {
  readonly id: string
  readonly set: string
  readonly name: string
  readonly description: string
  readonly params: readonly { readonly name: string }[] | undefined
  readonly category: string | undefined
}

interface Query {
  readonly id: string
  readonly set: string
  readonly query: string
  readonly relevant: readonly string[]
}

const directory = process.argv[2] ?? process.env['TUTTI_BENCH_DATA'] ?? '../shared/data'

function readLines<T>(file: string): T[] {
  const text = gunzipSync(readFileSync(join(directory, `${file}.jsonl.gz`))).toString('utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): T => JSON.parse(line))
}

const documentOf = (tool: Tool) => ({
  id: tool.id,
  name: tool.name,
  component: '',
  description: tool.description,
  parameters: (tool.params ?? []).map(({ name }) => name),
  tags: [],
})

interface Scores {
  queries: number
  recall10: number
  recall20: number
  gain10: number
}

function scoreOf(found: readonly string[], relevant: ReadonlySet<string>): Omit<Scores, 'queries'> {
  const hits = (k: number): number => found.slice(0, k).filter((id) => relevant.has(id)).length
  const gain = found.slice(0, 10).reduce((sum, id, i) => sum + (relevant.has(id) ? 1 / Math.log2(i + 2) : 0), 0)
  let ideal = 0
  for (let i = 0; i < Math.min(10, relevant.size); i++) ideal += 1 / Math.log2(i + 2)
  return { recall10: hits(10) / relevant.size, recall20: hits(20) / relevant.size, gain10: gain / ideal }
}

function measure(index: SearchIndex, tools: readonly Tool[], queries: readonly Query[], times?: number[]): Scores {
  const total: Scores = { queries: queries.length, recall10: 0, recall20: 0, gain10: 0 }
  for (const { query, relevant } of queries) {
    const begun = performance.now()
    const found = index.search(query, 20).map(({ position }) => tools[position]?.id ?? '')
    times?.push(performance.now() - begun)
    const score = scoreOf(found, new Set(relevant))
    total.recall10 += score.recall10 / queries.length
    total.recall20 += score.recall20 / queries.length
    total.gain10 += score.gain10 / queries.length
  }
  return total
}

const percent = (share: number): string => (100 * share).toFixed(1).padStart(6)
const show = (name: string, scores: Scores): void => {
  const { queries, recall10, recall20, gain10 } = scores
  console.log(
    `${name.padEnd(18)} ${String(queries).padStart(5)} ${percent(recall10)} ${percent(recall20)} ${percent(gain10)}`,
  )
}

async function main(): Promise<void> {
  if (!existsSync(join(directory, 'retrieval-corpus.jsonl.gz'))) {
    console.log(`No retrieval data in "${directory}": nothing measured.`)
    return
  }
  const tools = readLines<Tool>('retrieval-corpus')
  const queries = readLines<Query>('retrieval-queries')
  console.log('set              queries   R@10   R@20 nDCG@10')
  for (const set of new Set(queries.map((query) => query.set))) {
    const own = tools.filter((tool) => tool.set === set)
    show(
      set,
      measure(
        await buildSearchIndex(own.map(documentOf)),
        own,
        queries.filter((query) => query.set === set),
      ),
    )
  }
  const documents = tools.map(documentOf)
  let longestBlock = 0
  let last = performance.now()
  const beat = (): void => {
    const now = performance.now()
    longestBlock = Math.max(longestBlock, now - last)
    last = now
    beating = setImmediate(beat)
  }
  let beating = setImmediate(beat)
  const begun = performance.now()
  const index = await buildSearchIndex(documents)
  const buildMs = performance.now() - begun
  clearImmediate(beating)
  const times: number[] = []
  measure(index, tools, queries.slice(0, 200))
  const known = new Set(tools.map((tool) => tool.id))
  const answerable = queries.filter((query) => query.relevant.some((id) => known.has(id)))
  show('mixed', measure(index, tools, answerable, times))
  times.sort((a, b) => a - b)
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(3)
  console.log(
    `${tools.length} tools: built in ${buildMs.toFixed(0)} ms, the loop was held ${longestBlock.toFixed(1)} ms at most`,
  )
  console.log(`query p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`)
}

await main()
