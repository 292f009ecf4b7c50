// What a search costs: to build, to ask, to change by a hundredth, and how long the event loop is held meanwhile.
import { performance } from 'node:perf_hooks'
import type { SearchDocument } from '../src/catalog/search-document.ts'
import { type ChangingIndex, createSearchIndex } from '../src/catalog/search-index.ts'
import type { Query } from './retrieval-data.ts'

/** The corpus over and over, with another word in each copy's names and descriptions, until there are so many. */
export function replicate(documents: readonly SearchDocument[], size: number): SearchDocument[] {
  const copies: SearchDocument[] = []
  for (let i = 0; copies.length < size; i++) {
    const document = documents[i % documents.length] as SearchDocument
    const copy = Math.floor(i / documents.length)
    if (copy === 0) copies.push(document)
    else {
      const brand = `brand${(copy * 7919 + (i % 997)).toString(36)}`
      const name = `${brand}_${document.name}`
      copies.push({ ...document, id: `${document.id}#${copy}`, name, component: name })
    }
  }
  return copies
}

interface Cost {
  readonly wallMs: number
  readonly cpuMs: number
  /** Longest that nothing else could run: work of this thread, so that a busy machine does not count. */
  readonly heldMs: number
}

/** Work of this thread so far, ms; the system counts it in steps of some ms. */
function workedMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

async function costOf(work: () => Promise<void>): Promise<Cost> {
  let heldMs = 0
  let last = workedMs()
  let beating: NodeJS.Immediate | undefined
  const beat = (): void => {
    const now = workedMs()
    heldMs = Math.max(heldMs, now - last)
    last = now
    beating = setImmediate(beat)
  }
  beating = setImmediate(beat)
  const before = process.cpuUsage()
  const begun = performance.now()
  await work()
  const wallMs = performance.now() - begun
  const { user, system } = process.cpuUsage(before)
  // The piece that ended just now counts too.
  heldMs = Math.max(heldMs, workedMs() - last)
  clearImmediate(beating)
  return { wallMs, cpuMs: (user + system) / 1000, heldMs }
}

const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`
const showCost = ({ wallMs, cpuMs, heldMs }: Cost): string =>
  `${ms(wallMs)} (CPU ${ms(cpuMs)}), the loop held ${ms(heldMs)} at most`

/** With `--expose-gc`, MB that are in use; otherwise undefined. */
function usedMb(): number | undefined {
  if (globalThis.gc === undefined) return undefined
  globalThis.gc()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 1e6
}

/** The best of three, since a busy machine holds up one or the other. */
function timeOf(index: ChangingIndex, request: string): number {
  let best = Infinity
  for (let i = 0; i < 3; i++) {
    const begun = performance.now()
    index.current.search(request, 20)
    best = Math.min(best, performance.now() - begun)
  }
  return best
}

/** The commonest words of all descriptions, until there are ten thousand characters. */
function worstRequest(documents: readonly SearchDocument[]): string {
  const counts = new Map<string, number>()
  for (const { description } of documents.slice(0, 25_000)) {
    for (const word of new Set(description.toLowerCase().split(/[^a-z]+/)))
      counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  const words = [...counts].sort((a, b) => b[1] - a[1]).map(([word]) => word)
  return words.join(' ').slice(0, 10_000)
}

export async function measureSpeed(documents: readonly SearchDocument[], queries: readonly Query[]): Promise<void> {
  const before = usedMb()
  const index = createSearchIndex()
  const built = await costOf(() => index.change({ added: documents, removed: [] }))
  const after = usedMb()
  console.log(`\n${documents.length} capabilities`)
  console.log(`  build    ${showCost(built)}`)
  if (before !== undefined && after !== undefined) console.log(`  memory   ${(after - before).toFixed(0)} MB`)
  const times: number[] = []
  for (const { query } of queries.slice(0, 200)) index.current.search(query, 20)
  for (const { query } of queries) {
    times.push(timeOf(index, query))
  }
  times.sort((a, b) => a - b)
  const at = (share: number): string => ms(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0)
  console.log(`  search   p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}, of ${times.length}`)
  console.log(`  worst    ${ms(timeOf(index, worstRequest(documents)))}: 10,000 characters of the commonest words`)
  let changes = 0
  const change = async (): Promise<void> => {
    const every = Math.floor(documents.length / 100)
    const added = documents
      .filter((_, i) => i % 100 === changes % 100)
      .slice(0, every)
      .map((one) => ({ ...one, description: `${one.description} Revised ${changes}.` }))
    changes++
    await index.change({ added, removed: added.map(({ id }) => id) })
  }
  console.log(`  1 % new  ${showCost(await costOf(change))}`)
  const costs: Cost[] = []
  for (let i = 0; i < 30; i++) costs.push(await costOf(change))
  const worst = costs.reduce((a, b) => (b.wallMs > a.wallMs ? b : a))
  const held = Math.max(...costs.map(({ heldMs }) => heldMs))
  console.log(`  30 times that: the longest ${showCost(worst)}; of all the loop was held ${ms(held)} at most`)
}
