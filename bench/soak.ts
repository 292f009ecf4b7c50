// Many runs against local and HTTP components: the heap returns, every promise settles, and after close() nothing keeps the
// process. Everything that could remember something is switched on: breakers, limits, rates, budgets, notices. By hand:
// `node --expose-gc bench/soak.ts`; SEQUENTIAL and AT_ONCE change the numbers.
import { createServer } from 'node:http'
import { createHttpInvoker } from '../src/connectors/http/http-invoker.ts'
import { createOrchestrator, tool } from '../src/index.ts'

const SEQUENTIAL = Number(process.env.SEQUENTIAL ?? 10_000)
const AT_ONCE = Number(process.env.AT_ONCE ?? 500)
/** What may stay: ended runs are kept up to a number, and caches fill once. */
const MAY_GROW_MB = 20

const component = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    response.setHeader('content-type', 'application/json')
    // Each tenth call fails, so that errors, retries and breakers are part of it.
    response.statusCode = Math.random() < 0.1 ? 503 : 200
    response.end('{"value": 42}')
  })
})
await new Promise<void>((resolve) => component.listen(0, '127.0.0.1', resolve))
const address = component.address()
const port = typeof address === 'object' && address !== null ? address.port : 0

const local = tool({
  name: 'local',
  description: 'Adds one.',
  input: { type: 'object' },
  effect: 'read',
  execute: ({ n }) => ({ n: Number(n ?? 0) + 1 }),
})
const orchestrator = createOrchestrator({
  tools: [local],
  recovery: { initialWaitMs: 1, semanticEnabled: false },
  breaker: { resetMs: 20, volume: 5, errorPercentage: 90 },
  executor: { processConcurrency: 400, keyConcurrency: 300, adaptive: 'latency' },
  resources: { inventory: { gpu: 200 } },
  components: {
    remote: {
      maxConcurrency: 100,
      rateLimit: { requests: 1_000_000, perMs: 1_000 },
      cost: 0.001,
      resources: { gpu: 1 },
    },
  },
  quotas: { default: { maxConcurrency: 200, weight: 2 } },
  budget: { componentCalls: 100, cost: 10, wallTimeMs: 60_000 },
  notify: {
    targets: { webhook: { url: `http://127.0.0.1:${port}/hook`, on: ['breaker', 'recovery-failed', 'run-failed'] } },
  },
  runs: { keepEnded: 100 },
  sources: [
    {
      discovery: {
        name: 'http',
        fixed: true,
        load: async () => [
          {
            name: 'remote',
            kind: 'tool',
            source: 'http',
            trust: 'configured',
            capabilities: [{ name: 'get', description: 'Gets.', inputSchema: { type: 'object' }, effect: 'read' }],
            instances: [{ id: 'remote-1', address: `http://127.0.0.1:${port}`, health: 'healthy' }],
          },
        ],
      },
      invoker: createHttpInvoker({ privateAddresses: true }),
    },
  ],
})
const plan = await orchestrator.prepare({
  inputs: { n: 'integer' },
  steps: [
    { name: 'a', component: 'local', inputs: { n: 1 } },
    {
      name: 'b',
      component: 'remote',
      action: 'get',
      inputs: { n: '${steps.a.output.n}' },
      concurrency: { key: '${inputs.n}', limit: 1 },
    },
    { name: 'c', component: 'local', inputs: { n: '${steps.b.output.value}' } },
  ],
})

const statuses = new Map<string, number>()
let asked = 0
const run = async (): Promise<void> => {
  // Other keys each time: what is made for a key must not outlive it.
  const n = asked++
  const { status } = await orchestrator.execute(plan, { n }, { key: `team-${n % 10}/user-${n}`, priority: 'high' })
  statuses.set(status, (statuses.get(status) ?? 0) + 1)
}
const heapMb = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 1e6
}
const atOnce = (): Promise<unknown> => Promise.all(Array.from({ length: AT_ONCE }, run))

for (let i = 0; i < 500; i++) await run()
const before = heapMb()
const begun = performance.now()
for (let i = 0; i < SEQUENTIAL; i++) await run()
const sequentialMs = performance.now() - begun
const between = heapMb()
for (let i = 0; i < 5; i++) await atOnce()
const after = heapMb()
console.log(
  `${SEQUENTIAL} in sequence: ${Math.round(sequentialMs)} ms, heap ${before.toFixed(1)} -> ${between.toFixed(1)} MB; 5 x ${AT_ONCE} at once: -> ${after.toFixed(1)} MB`,
)
console.log('ended as', Object.fromEntries(statuses))
await orchestrator.close()
component.closeAllConnections()
component.close()
if (globalThis.gc === undefined) console.log('the heap was not collected: run with --expose-gc')
else if (after - before > MAY_GROW_MB) {
  console.log(`FAILS  the heap grew by more than ${MAY_GROW_MB} MB`)
  process.exitCode = 1
} else console.log('holds  the heap returns')
// Without a call of exit: whatever is left over keeps the process, and this tells what.
setTimeout(() => {
  console.log('FAILS  the process is kept by', process.getActiveResourcesInfo())
  process.exit(1)
}, 5_000).unref()
