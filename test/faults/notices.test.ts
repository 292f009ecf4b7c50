import { afterEach, describe, expect, it } from 'vitest'
import type { Notice } from '../../src/contracts/policy.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import type { OrchestratorOptions } from '../../src/orchestrator-options.ts'
import { renderPrometheus } from '../../src/telemetry/prometheus.ts'
import { startHttpServer, startRawServer, type TestServer } from '../support/http-servers.ts'
import { describeWithRedis, eventually, startRedisServer } from '../support/redis-server.ts'
import { FAST, honest, LIE, sourceAt, watchProcess } from './support.ts'

watchProcess()

const opened: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})
async function keep(starting: Promise<TestServer>): Promise<TestServer> {
  const server = await starting
  opened.push(() => server.close())
  return server
}
const startBroken = (status = 503, headers: Record<string, string> = {}): Promise<TestServer> =>
  keep(startHttpServer((_seen, _request, response) => void response.writeHead(status, headers).end('{}')))
function orchestrate(origin: string, more: OrchestratorOptions) {
  const orchestrator = createOrchestrator({ ...FAST, tools: [honest], sources: [sourceAt(origin)], ...more })
  opened.push(() => orchestrator.close())
  return orchestrator
}
const targetAt = (url: string, more: object = {}) => ({ notify: { targets: { hook: { url, ...more } } } })

describe('a webhook', () => {
  const misbehaviours: readonly [string, () => Promise<TestServer>][] = [
    ['hangs', () => startRawServer(() => undefined)],
    ['cuts every connection', () => startRawServer((socket) => void socket.destroy())],
    ['answers garbage', () => startRawServer((socket) => void socket.end('\u0000\u0001'))],
    ['fails', () => startHttpServer((_seen, _request, response) => void response.writeHead(500).end())],
  ]
  it.each(misbehaviours)(
    'that %s is not noticed by a run, and holds up the end by two seconds at most',
    async (_what, start) => {
      const [broken, webhook] = [await startBroken(), await keep(start())]
      const orchestrator = orchestrate(
        broken.origin,
        targetAt(`${webhook.origin}/?key=SECRET`, { on: ['recovery-failed'] }),
      )
      const response = await orchestrator.execute(LIE)
      expect(response.status).toBe('partial')
      expect(response.timings.totalMs).toBeLessThan(1_000)
      const begun = performance.now()
      await orchestrator.close()
      expect(performance.now() - begun).toBeLessThan(2_500)
      expect(orchestrator.metrics().notices).toMatchObject({ sent: 0 })
    },
  )

  it('hears of a breaker that opens; so do the listener, the status, the health and the metrics', async () => {
    const [broken, webhook] = [
      await startBroken(),
      await keep(startHttpServer((_seen, _request, response) => void response.writeHead(204).end())),
    ]
    const heard: Notice[] = []
    const orchestrator = orchestrate(broken.origin, {
      ...targetAt(webhook.origin),
      breaker: { volume: 3 },
      onNotice: (notice) => {
        heard.push(notice)
        throw new Error('a listener must not matter')
      },
    })
    for (let i = 0; i < 4; i++) await orchestrator.execute(LIE)
    expect(orchestrator.status().breakers).toMatchObject([
      { component: 'liar', instance: 'liar-1', state: 'open', share: 0 },
    ])
    const health = await orchestrator.health()
    expect([health.status, health.checks['breakers']?.status]).toEqual(['degraded', 'degraded'])
    expect(health.checks['breakers']?.message).toContain('"liar"')
    expect(renderPrometheus(orchestrator.metrics())).toContain(
      'tutti_breaker_state{component="liar",instance="liar-1"} 2',
    )
    expect(heard.filter(({ kind }) => kind === 'breaker')).toHaveLength(1)
    await eventually(() =>
      expect(webhook.requests.map(({ body }) => JSON.parse(body))).toContainEqual(
        expect.objectContaining({ kind: 'breaker', component: 'liar' }),
      ),
    )
    expect(webhook.requests.map(({ body }) => JSON.parse(body).kind)).toContain('recovery-failed')
  })
})

describeWithRedis('processes that share a Redis', () => {
  it('are all stopped by one Retry-After (B46)', async () => {
    const redis = await startRedisServer()
    opened.push(() => redis.stop())
    const broken = await startBroken(429, { 'retry-after': '20' })
    const make = () => orchestrate(broken.origin, { redis: { url: redis.url }, breaker: { volume: 1_000 } })
    const [one, other] = [make(), make()]
    const truth = { steps: [{ name: 'truth', component: 'honest' }] }
    for (const each of [one, other]) expect((await each.execute(truth)).status).toBe('succeeded')
    // Both listen before one has something to say.
    await eventually(async () =>
      expect(await redis.client.pubsub('NUMSUB', 'tutti:tutti:notes')).toEqual(['tutti:tutti:notes', 2]),
    )
    await one.execute(LIE)
    const waitsAt = (orchestrator: typeof one) =>
      orchestrator.status().limits.find(({ kind, name }) => kind === 'rate' && name.toLowerCase().includes('liar'))
    await eventually(() => expect(waitsAt(one)?.pausedUntil).toBeDefined())
    await eventually(async () => expect(await redis.client.zcard('tutti:tutti:notes')).toBe(1))
    // The other one has never called it.
    expect(broken.requests).toHaveLength(1)
    const called = other.execute(LIE, {}, { timeoutMs: 300 })
    expect((await called).status).not.toBe('succeeded')
    expect(broken.requests).toHaveLength(1)
  })

  it('do not connect to it for coordination when nothing is shared', async () => {
    const redis = await startRedisServer()
    opened.push(() => redis.stop())
    const broken = await startBroken()
    const orchestrator = orchestrate(broken.origin, { redis: { url: redis.url }, breaker: { shared: false } })
    await orchestrator.execute(LIE)
    expect(String(await redis.client.client('LIST'))).not.toMatch(/name=tutti-/)
  })
})
