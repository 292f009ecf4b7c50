// One engine, one workload, one fresh process: prints one JSON line. `node --expose-gc bench/cell.ts bench/peers/tutti.ts W1 1000`
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { Adapter, Work } from './peers/adapter.ts'
import { createNodes, createPayload, criticalPathMs, type Node, type Workload } from './workloads.ts'

/** What a cell prints. Of a batch of runs (W5) `steps` counts the steps of all of them. */
export interface CellResult {
  readonly wallMs: readonly number[]
  readonly cpuMs: readonly number[]
  readonly steps: number
  readonly criticalMs: number
}

const MAX_RUNS = 30
/** Timed runs end after so long. */
const MAX_MS = Number(process.env.CELL_MS ?? 2_000)

/** Checks what was run: every step once, none before its dependencies. */
function createWork(nodes: readonly Node[], workload: Workload): { work: Work; check(runs: number): void } {
  const payload = workload === 'W6' ? createPayload() : null
  let done = new Uint8Array(nodes.length)
  let count = 0
  let early = 0
  // Of a thousand runs at once the order is not looked at, or looking would be most of the work.
  const isOrdered = workload !== 'W5'
  const work: Work = async (i, previous) => {
    const { deps, ms } = nodes[i] as Node
    if (isOrdered) for (const d of deps) if (done[d] === 0) early++
    if (ms > 0) await sleep(ms)
    done[i] = 1
    count++
    if (payload === null) return i
    const { rows } = (i === 0 ? payload : previous) as typeof payload
    if (rows.length !== 1000) throw new Error(`the payload was lost at step ${i}`)
    return { hop: i, rows }
  }
  return {
    work,
    check(runs) {
      if (early > 0) throw new Error(`${early} steps began before their dependencies had ended`)
      if (count !== nodes.length * runs) throw new Error(`${count} steps ran instead of ${nodes.length * runs}`)
      done = new Uint8Array(nodes.length)
      count = 0
    },
  }
}

async function runCell(adapter: Adapter, workload: Workload, size: number): Promise<CellResult> {
  const nodes = createNodes(workload, size)
  const { work, check } = createWork(nodes, workload)
  await adapter.setup?.()
  let flow = await adapter.build(nodes, work, { workload })
  const runsAtOnce = workload === 'W5' ? size : 1
  const once = async (): Promise<void> => {
    await Promise.all(Array.from({ length: runsAtOnce }, () => flow.run()))
    check(runsAtOnce)
  }
  await once()
  const wallMs: number[] = []
  const cpuMs: number[] = []
  const until = performance.now() + MAX_MS
  const maxRuns = workload === 'W4' ? 2 : MAX_RUNS
  while (wallMs.length < maxRuns && (wallMs.length === 0 || performance.now() < until)) {
    if (adapter.rebuild === true) flow = await adapter.build(nodes, work, { workload })
    globalThis.gc?.()
    // The sweep that follows runs on other threads; it belongs to no run.
    await sleep(25)
    const cpu = process.cpuUsage()
    const begun = performance.now()
    await once()
    wallMs.push(performance.now() - begun)
    const used = process.cpuUsage(cpu)
    cpuMs.push((used.user + used.system) / 1000)
  }
  await Promise.race([adapter.teardown?.(), sleep(3_000)])
  return { wallMs, cpuMs, steps: nodes.length * runsAtOnce, criticalMs: criticalPathMs(nodes) }
}

const [path = '', workload = 'W1', size = '1000'] = process.argv.slice(2)
const adapter = (await import(pathToFileURL(resolve(path)).href)) as Adapter
const result = await runCell(adapter, workload as Workload, Number(size))
// Some peers print too, and some do not end.
process.stdout.write(`\n${JSON.stringify(result)}\n`, () => process.exit(0))
