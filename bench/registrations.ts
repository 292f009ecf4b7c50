// What a storm of registrations costs: how long until all are in the catalog, and for how long the event loop stands still.
// node bench/registrations.ts [HOW MANY; default 50000]   (starts a redis-server of its own)
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { performance } from 'node:perf_hooks'
import { Redis } from 'ioredis'
import { createCatalog } from '../src/catalog/catalog.ts'
import { createRedisSource } from '../src/connectors/redis/redis-source.ts'
import type { Logger } from '../src/contracts/parts.ts'
import { createClock } from '../src/util/clock.ts'

const count = Number(process.argv[2] ?? 50_000)
const log: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (text) => console.log(text),
  error: console.error,
}

const port = await new Promise<number>((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
  })
})
const redis = spawn(
  'redis-server',
  ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
  { stdio: 'ignore' },
)
const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50 })
client.on('error', () => undefined)

const recordOf = (i: number): string =>
  JSON.stringify({
    id: `tool-${i}-0`,
    name: `tool-${i}`,
    type: 'tool',
    description: `Does the work of department ${i % 97}`,
    address: '127.0.0.1',
    port: 9,
    capabilities: [
      {
        name: `do_work_${i % 5_000}`,
        description: `Handles request type ${i % 5_000} for customers of region ${i % 31}`,
        input_summary: {
          required: [{ name: 'customer_id', type: 'string', description: 'Who it is about' }],
          optional: [{ name: 'limit', type: 'int', example: '10' }],
        },
      },
    ],
    health: 'healthy',
    last_seen: '2026-01-01T00:00:00Z',
  })

async function register(from: number, to: number, version = ''): Promise<void> {
  for (let i = from; i < to; i += 1_000) {
    const batch = client.pipeline()
    for (let j = i; j < Math.min(to, i + 1_000); j++)
      batch.set(`tutti:services:tool-${j}-0`, version === '' ? recordOf(j) : recordOf(j).replace('Does', version))
    await batch.exec()
  }
}

/** The longest time that a turn of the loop was late, ms. */
function watchLoop() {
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last - 1)
    last = now
  }, 1)
  return () => {
    clearInterval(timer)
    return longest
  }
}

async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
  const stop = watchLoop()
  const begin = performance.now()
  await work()
  const ms = performance.now() - begin
  await new Promise((resolve) => setTimeout(resolve, 20))
  console.log(`${what.padEnd(44)} ${ms.toFixed(0).padStart(6)} ms   longest pause ${stop().toFixed(0).padStart(4)} ms`)
}

const catalog = createCatalog({
  sources: [createRedisSource({ url: `redis://127.0.0.1:${port}` })],
  clock: createClock(),
  log,
  settings: { refreshMs: 0, startTimeoutMs: 30_000, loadTimeoutMs: 30_000 },
})
const { signal } = new AbortController()
await register(0, 10)
await measure('start with 10 components', () => catalog.start())
await register(0, count)
await measure(`${count} registrations at once`, () => catalog.refresh(signal))
await measure('again, nothing has changed', () => catalog.refresh(signal))
await register(0, count / 100, 'Redoes')
await measure('1 % have changed', () => catalog.refresh(signal))
await measure('first search', async () => catalog.search('handles customers of region 7', 20))
await measure('second search', async () => catalog.search('work of department 12', 20))
console.log(`${catalog.components().length} components, ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`)
await catalog.close()
client.disconnect()
redis.kill()
