// What one step over local HTTP costs beside a bare undici pool that sends and parses the same JSON; and what breakers and limits add.
// `node --expose-gc bench/http.ts`: prints one JSON line. The component runs in a process of its own; the figures are of this one.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'
import { createHttpInvoker } from '../src/connectors/http/http-invoker.ts'
import { createOrchestrator, type Orchestrator, type Source } from '../src/index.ts'

/** CPU and wall time of one call, µs. */
interface Cost {
  readonly cpu: number
  readonly wall: number
}
export interface HttpResult {
  readonly concurrency: number
  readonly bare: Cost
  readonly tutti: Cost
  /** Without breakers, and with limits that nothing reaches. */
  readonly unguarded: Cost
}

const CALLS = Number(process.env.CALLS ?? 2_000)
const ROUNDS = Number(process.env.ROUNDS ?? 7)
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

async function startServer(): Promise<{ port: number; stop(): void }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./http-server.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { port: Number(line.toString()), stop: () => void child.kill() }
}

/** As many workers as calls at once, each with one call after the other. */
function createBare(port: number): { run(concurrency: number): Promise<void>; close(): Promise<void> } {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 100 })
  const call = async (index: number): Promise<void> => {
    const { statusCode, body } = await pool.request({
      path: '/api/capabilities/get',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ index }),
    })
    const answer = (await body.json()) as { value: number }
    if (statusCode !== 200 || answer.value !== 42) throw new Error('a wrong answer')
  }
  return {
    async run(concurrency) {
      let next = 0
      const work = async (): Promise<void> => {
        while (next < CALLS) await call(next++)
      }
      await Promise.all(Array.from({ length: concurrency }, work))
    },
    close: () => pool.close(),
  }
}

const remote = (port: number): Source => ({
  discovery: {
    name: 'http',
    fixed: true,
    load: async () => [
      {
        name: 'remote',
        kind: 'tool',
        source: 'http',
        trust: 'configured',
        capabilities: [
          {
            name: 'get',
            description: 'Gets.',
            inputSchema: { type: 'object', properties: { index: { type: 'integer' } }, required: ['index'] },
            effect: 'read',
          },
        ],
        instances: [{ id: 'remote-1', address: `http://127.0.0.1:${port}`, health: 'healthy' }],
      },
    ],
  },
  invoker: createHttpInvoker({ privateAddresses: true }),
})

/** One run of independent steps; so many of them at once. */
async function createTutti(
  port: number,
  breaker: boolean,
): Promise<{ run(concurrency: number): Promise<void>; orchestrator: Orchestrator }> {
  const orchestrator = createOrchestrator({
    sources: [remote(port)],
    breaker: { enabled: breaker },
    executor: { componentConcurrency: breaker ? 100 : 100_000, ...(!breaker && { adaptive: 'off' as const }) },
    runs: { keepEnded: 2 },
  })
  const prepared = await orchestrator.prepare({
    steps: Array.from({ length: CALLS }, (_, index) => ({
      name: `n${index}`,
      type: 'call' as const,
      component: 'remote',
      action: 'get',
      inputs: { index },
      dependsOn: [],
    })),
  })
  return {
    orchestrator,
    async run(concurrency) {
      const { status } = await orchestrator.execute(prepared, {}, { maxConcurrency: concurrency })
      if (status !== 'succeeded') throw new Error(`the run ended as ${status}`)
    },
  }
}

async function measure(run: () => Promise<void>): Promise<Cost> {
  globalThis.gc?.()
  const cpu = process.cpuUsage()
  const begun = performance.now()
  await run()
  const wall = ((performance.now() - begun) * 1000) / CALLS
  const used = process.cpuUsage(cpu)
  return { cpu: (used.user + used.system) / CALLS, wall }
}

const server = await startServer()
const bare = createBare(server.port)
const guarded = await createTutti(server.port, true)
const unguarded = await createTutti(server.port, false)
const results: HttpResult[] = []
for (const concurrency of [1, 10, 100]) {
  const costs: Record<'bare' | 'tutti' | 'unguarded', Cost[]> = { bare: [], tutti: [], unguarded: [] }
  const contenders = { bare, tutti: guarded, unguarded }
  // The first round warms up. In turn, so that what else the machine does falls on all alike.
  for (let round = 0; round <= ROUNDS; round++)
    for (const name of ['bare', 'tutti', 'unguarded'] as const) {
      const cost = await measure(() => contenders[name].run(concurrency))
      if (round > 0) costs[name].push(cost)
    }
  const middle = (all: readonly Cost[]): Cost => ({
    cpu: median(all.map(({ cpu }) => cpu)),
    wall: median(all.map(({ wall }) => wall)),
  })
  results.push({
    concurrency,
    bare: middle(costs.bare),
    tutti: middle(costs.tutti),
    unguarded: middle(costs.unguarded),
  })
}
await bare.close()
await guarded.orchestrator.close()
await unguarded.orchestrator.close()
server.stop()
console.log(JSON.stringify(results))
