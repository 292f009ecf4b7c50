// What helpers are worth: recall over tools that need each other (ToolLinkOS), with hits alone, with declared dependencies, and
// with those that are inferred from outputs and names.
// node bench/retrieval-closure.ts [DIRECTORY with the data; default ../shared/data]
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { gunzipSync } from 'node:zlib'
import { createSearchProvider } from '../src/catalog/capability-providers/search.ts'
import { createCatalog } from '../src/catalog/catalog.ts'
import { createClosure } from '../src/catalog/closure.ts'
import type { Capability, Component } from '../src/contracts/capability.ts'
import type { Logger, Source } from '../src/contracts/parts.ts'
import { createClock } from '../src/util/clock.ts'

interface Tool {
  readonly id: string
  readonly set: string
  readonly name: string
  readonly description: string
  readonly params: readonly { name: string; type?: string; description?: string; required?: boolean }[] | undefined
}
interface Query {
  readonly set: string
  readonly query: string
  readonly relevant: readonly string[]
  readonly main?: string
}
interface Links {
  readonly name: string
  readonly dependsOn: readonly { readonly name: string }[]
}

const SET = 'toollinkos'
const directory = process.argv[2] ?? process.env['TUTTI_BENCH_DATA'] ?? '../shared/data'
const read = <T>(file: string): T[] =>
  gunzipSync(readFileSync(join(directory, `${file}.jsonl.gz`)))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): T => JSON.parse(line))

function capabilityOf({ name, description, params = [] }: Tool, requires: readonly string[]): Capability {
  const properties = Object.fromEntries(
    params.map((one) => [one.name, { type: one.type === 'bool' ? 'boolean' : 'string', description: one.description }]),
  )
  const required = params.filter((one) => one.required === true).map((one) => one.name)
  return { name, description, effect: 'unknown', inputSchema: { type: 'object', properties, required }, requires }
}

/** Every tool is a component of its own. */
function sourceOf(tools: readonly Tool[], links: ReadonlyMap<string, readonly string[]>): Source {
  const components = tools.map(
    (tool): Component => ({
      name: tool.name,
      kind: 'tool',
      source: SET,
      trust: 'configured',
      capabilities: [capabilityOf(tool, links.get(tool.name) ?? [])],
      instances: [{ id: tool.name, health: 'healthy' }],
    }),
  )
  return {
    discovery: { name: SET, load: () => Promise.resolve(components) },
    invoker: { invoke: () => Promise.resolve({ body: null }) },
  }
}

const SILENT: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

async function main(): Promise<void> {
  if (!existsSync(join(directory, 'toollinkos-graph.jsonl.gz'))) {
    console.log(`No graph of tools in "${directory}": nothing measured.`)
    return
  }
  const tools = read<Tool>('retrieval-corpus').filter(({ set }) => set === SET)
  const queries = read<Query>('retrieval-queries').filter(({ set }) => set === SET)
  const links = new Map(read<Links>('toollinkos-graph').map((one) => [one.name, one.dependsOn.map(({ name }) => name)]))
  const signal = new AbortController().signal
  const settings = { refreshMs: 0, startTimeoutMs: 60_000, loadTimeoutMs: 60_000 }
  console.log(`${tools.length} tools, ${queries.length} requests`)
  console.log('dependencies  top_k   R@10   R@20  all@20  offered  p50 ms  p99 ms')
  for (const mode of ['off', 'declared', 'inferred'] as const) {
    // What is inferred is measured without the declarations, which would hide it.
    const source = sourceOf(tools, mode === 'inferred' ? new Map() : links)
    const catalog = createCatalog({ sources: [source], clock: createClock(), log: SILENT, settings })
    await catalog.refresh(signal)
    for (const topK of [10, 20]) {
      const provider = createSearchProvider({ catalog, topK, closure: createClosure(catalog, mode) })
      await provider.offer({ request: 'warm up', principal: 'local', signal })
      let [recall10, recall20, whole, offeredInAll] = [0, 0, 0, 0]
      const times: number[] = []
      for (const { query, relevant } of queries) {
        const begun = performance.now()
        const { offered } = await provider.offer({ request: query, principal: 'local', signal })
        times.push(performance.now() - begun)
        const found = offered.map(({ capability }) => `${SET}/${capability.name}`)
        const hits = (k: number): number => relevant.filter((id) => found.slice(0, k).includes(id)).length
        recall10 += hits(10) / relevant.length / queries.length
        recall20 += hits(20) / relevant.length / queries.length
        whole += Number(hits(20) === relevant.length) / queries.length
        offeredInAll += found.length / queries.length
      }
      times.sort((a, b) => a - b)
      const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(2).padStart(7)
      const percent = (share: number): string => (100 * share).toFixed(1).padStart(6)
      console.log(
        `${mode.padEnd(12)} ${String(topK).padStart(6)} ${percent(recall10)} ${percent(recall20)}  ${percent(whole)}  ${offeredInAll.toFixed(1).padStart(7)} ${at(0.5)} ${at(0.99)}`,
      )
    }
    await catalog.close()
  }
}

await main()
