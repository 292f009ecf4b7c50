// One engine, one workload, one fresh process: prints one JSON line. `node bench/cell.ts tutti W1 1000`
import { setTimeout as sleep } from 'node:timers/promises'
import { createOrchestrator, type PreparedPlan, tool } from '../src/index.ts'
import { createNodes, createPayload, criticalPathMs, type Node, type Workload } from './workloads.ts'

interface Engine {
  run(): Promise<unknown>
  close?(): Promise<void>
}
type Work = (index: number, previous: unknown) => Promise<unknown>

const [engineName, workload, sizeText] = process.argv.slice(2) as [string, Workload, string]
const size = Number(sizeText)
const nodes = createNodes(workload, size)
const stepsPerRun = nodes.length

/** Checks what was run: every step once, none before its dependencies. */
function createWork(): { work: Work; check(runs: number): void } {
  const payload = workload === 'W6' ? createPayload() : null
  let done = new Uint8Array(nodes.length)
  let count = 0
  let early = 0
  const ordered = workload !== 'W5'
  const begin = (i: number): void => {
    for (const d of (nodes[i] as Node).deps) if (done[d] === 0) early++
  }
  const finish = (i: number): void => {
    done[i] = 1
    count++
  }
  const work: Work = async (i, previous) => {
    if (ordered) begin(i)
    const { ms } = nodes[i] as Node
    if (ms > 0) await sleep(ms)
    finish(i)
    if (payload === null) return i
    const { rows } = (i === 0 ? payload : previous) as typeof payload
    if (rows.length !== 1000) throw new Error(`the payload was lost at step ${i}`)
    return { hop: i, rows }
  }
  return {
    work,
    check(runs) {
      if (early > 0) throw new Error(`${early} steps began before their dependencies had ended`)
      if (count !== stepsPerRun * runs) throw new Error(`${count} steps ran instead of ${stepsPerRun * runs}`)
      done = new Uint8Array(nodes.length)
      count = 0
    },
  }
}

/** The limit: hand-written promises. */
const createLimit = (work: Work): Engine => ({
  run() {
    const promises: Promise<unknown>[] = []
    const step = async (i: number): Promise<unknown> => {
      const { deps } = nodes[i] as Node
      const values = deps.length > 0 ? await Promise.all(deps.map((d) => promises[d] as Promise<unknown>)) : []
      return await work(i, values[0])
    }
    for (let i = 0; i < nodes.length; i++) promises.push(step(i))
    return Promise.all(promises)
  },
})

/** The public way: one local tool, a document, `execute`; all events on, in-memory journal. */
async function createTutti(work: Work): Promise<Engine> {
  let events = 0
  const works = tool({
    name: 'work',
    description: 'Does the work of one step.',
    input: { type: 'object', properties: { index: { type: 'integer' }, previous: {} }, required: ['index'] },
    effect: 'read',
    execute: ({ index, previous }: { index: number; previous?: unknown }) => work(index, previous),
  })
  const orchestrator = createOrchestrator({
    tools: [works],
    // As everywhere in this comparison, limits that would only queue are lifted; ten steps of a run at once is the default.
    executor: { maxSteps: 200_000, componentConcurrency: 100_000 },
    runs: { maxQueued: 100_000, concurrency: 100_000 },
    onEvent: () => {
      events++
    },
  })
  const prepared: PreparedPlan = await orchestrator.prepare({
    steps: nodes.map((n, i) => ({
      name: n.id,
      component: 'work',
      action: 'work',
      inputs: { index: i, ...(workload === 'W6' && i > 0 && { previous: `\${steps.n${i - 1}.output}` }) },
      dependsOn: n.deps.map((d) => `n${d}`),
    })),
  })
  return {
    async run() {
      const response = await orchestrator.execute(prepared)
      if (response.status !== 'succeeded')
        throw new Error(`the run ended as ${response.status}: ${JSON.stringify(response.errors?.[0])}`)
      if (events === 0) throw new Error('no events were seen')
    },
    close: () => orchestrator.close(),
  }
}

const { work, check } = createWork()
const engine = engineName === 'limit' ? createLimit(work) : await createTutti(work)
const runsAtOnce = workload === 'W5' ? size : 1
const once = async (): Promise<void> => {
  const runs: Promise<unknown>[] = Array.from({ length: runsAtOnce }, () => engine.run())
  await Promise.all(runs)
  check(runsAtOnce)
}
await once()
const wallMs: number[] = []
const cpuMs: number[] = []
const until = performance.now() + 4000
for (let i = 0; i < (workload === 'W4' ? 2 : 30) && performance.now() < until; i++) {
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
await engine.close?.()
console.log(
  JSON.stringify({
    engine: engineName,
    workload,
    size,
    steps: stepsPerRun * runsAtOnce,
    wallMs,
    cpuMs,
    criticalMs: criticalPathMs(nodes),
  }),
)
