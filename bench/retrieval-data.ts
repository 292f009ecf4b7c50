// The public tool corpora as documents of a search, and what its answers are worth.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { SearchDocument } from '../src/catalog/search-document.ts'

interface Tool {
  readonly id: string
  readonly set: string
  readonly name: string
  readonly description: string
  readonly params?: readonly { readonly name: string; readonly description?: string }[] | null
}

export interface Query {
  readonly set: string
  readonly query: string
  readonly relevant: readonly string[]
}

/** A corpus with the requests that it can serve. */
export interface Corpus {
  readonly name: string
  readonly documents: readonly SearchDocument[]
  readonly queries: readonly Query[]
}

function readLines<T>(directory: string, file: string): T[] {
  const text = gunzipSync(readFileSync(join(directory, `${file}.jsonl.gz`))).toString('utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): T => JSON.parse(line))
}

const documentOf = ({ id, name, description, params }: Tool): SearchDocument => ({
  id,
  name,
  component: name,
  description,
  parameters: (params ?? []).map((param) => param.name),
  parameterTexts: (params ?? []).map((param) => param.description ?? ''),
  tags: [],
})

/** Each set with its own tools, and last all requests over all tools. Undefined where there is no data. */
export function readCorpora(directory: string): Corpus[] | undefined {
  if (!existsSync(join(directory, 'retrieval-corpus.jsonl.gz'))) return undefined
  const tools = readLines<Tool>(directory, 'retrieval-corpus')
  const known = new Set(tools.map(({ id }) => id))
  const queries = readLines<Query>(directory, 'retrieval-queries').filter(({ relevant }) =>
    relevant.some((id) => known.has(id)),
  )
  const corpora = [...new Set(queries.map(({ set }) => set))].map((set) => ({
    name: set,
    documents: tools.filter((tool) => tool.set === set).map(documentOf),
    queries: queries.filter((query) => query.set === set),
  }))
  return [...corpora, { name: 'mixed', documents: tools.map(documentOf), queries }]
}

/** Shares of 1: recall at 10 and 20, all that is needed among 20, and how high it stands (nDCG at 10). */
export type Scores = readonly [number, number, number, number]

function scoreOf(found: readonly string[], relevant: ReadonlySet<string>): Scores {
  const hits = (k: number): number => found.slice(0, k).filter((id) => relevant.has(id)).length
  const gain = found.slice(0, 10).reduce((sum, id, i) => sum + (relevant.has(id) ? 1 / Math.log2(i + 2) : 0), 0)
  let ideal = 0
  for (let i = 0; i < Math.min(10, relevant.size); i++) ideal += 1 / Math.log2(i + 2)
  const complete = hits(20) === relevant.size ? 1 : 0
  return [hits(10) / relevant.size, hits(20) / relevant.size, complete, gain / ideal]
}

/** Ids of the best 20. */
export type Find = (query: string) => readonly string[] | Promise<readonly string[]>

export async function measure(queries: readonly Query[], find: Find): Promise<Scores> {
  const total: [number, number, number, number] = [0, 0, 0, 0]
  for (const { query, relevant } of queries) {
    const scores = scoreOf(await find(query), new Set(relevant))
    for (const [i, score] of scores.entries()) total[i] = (total[i] ?? 0) + score / queries.length
  }
  return total
}

const percent = (share: number): string => (100 * share).toFixed(1).padStart(5)
export const showScores = (scores: Scores): string => scores.map(percent).join(' ')
