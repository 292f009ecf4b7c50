import { connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Logger } from '../../src/contracts/parts.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import type { OrchestratorOptions } from '../../src/orchestrator-options.ts'
import { describeWithRedis, eventually, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { FAST, honest, watchProcess } from './support.ts'

watchProcess()

const record = (id: string, more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    id,
    name: id,
    type: 'tool',
    description: 'd',
    address: '127.0.0.1',
    port: 1,
    metadata: {},
    health: 'healthy',
    last_seen: '2026-01-01T00:00:00Z',
    capabilities: [{ name: 'do', description: 'Does.', endpoint: '/api/do', input_types: ['json'] }],
    ...more,
  })

/** A logger that keeps every line it is given. */
function keepLog(): { readonly lines: string[]; readonly log: Logger } {
  const lines: string[] = []
  const keep = (text: string, data?: unknown): void => void lines.push(`${text} ${JSON.stringify(data)}`)
  return { lines, log: { debug: keep, info: keep, warn: keep, error: keep } }
}

/** Passes bytes on until it is told to stall: then the connections that are open hear nothing any more, and stay open. */
async function startStallingProxy(port: number) {
  const stalled = new Set<Socket>()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const inner = connect(port, '127.0.0.1')
    sockets.add(socket)
    socket.on('data', (data) => inner.write(data))
    inner.on('data', (data) => {
      if (!stalled.has(socket)) socket.write(data)
    })
    for (const each of [socket, inner]) each.on('error', () => undefined)
    socket.on('close', () => inner.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    stall: () => {
      for (const socket of sockets) stalled.add(socket)
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

describeWithRedis('a Redis that misbehaves', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedisServer()
  })
  afterAll(() => redis.stop())
  beforeEach(async () => {
    await redis.client.flushall()
    await redis.client.set('gomind:services:fine', record('fine'))
  })
  const create = (options: OrchestratorOptions = {}) =>
    createOrchestrator({ ...FAST, tools: [honest], redis: { url: redis.url }, catalog: { refreshMs: 100 }, ...options })

  it('holds what is no registration: the good one is found, each bad one is told once', async () => {
    const bad: Record<string, string> = {
      html: '<html>',
      number: '42',
      nothing: 'null',
      list: '[]',
      large: 'x'.repeat(10_000_000),
      long: record('long', { description: 'y'.repeat(10_000_000) }),
      deep: `{"id":"deep","capabilities":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      proto:
        '{"id":"p","name":"__proto__","type":"tool","address":"127.0.0.1","port":1,"capabilities":[{"name":"constructor","description":"x"}],"__proto__":{"polluted":true}}',
      types: JSON.stringify({ id: 5, name: { a: 1 }, type: [], address: 7, port: 'x', capabilities: 'no' }),
      port: record('port', { port: 99_999_999 }),
      address: record('address', { address: 'user:pass@evil/../x?y#z' }),
    }
    for (const [id, text] of Object.entries(bad)) await redis.client.set(`gomind:services:${id}`, text)
    await redis.client.hset('gomind:services:hash', 'a', 'b')
    await redis.client.lpush('gomind:services:items', 'x')
    await redis.client.set('gomind:types:tool', 'not a set')
    const { lines, log } = keepLog()
    const orchestrator = create({ log })
    await orchestrator.start()
    await orchestrator.catalog.refresh()
    expect(orchestrator.catalog.components().map(({ name }) => name)).toEqual(['honest', 'fine'])
    for (const id of [...Object.keys(bad), 'hash', 'items']) {
      expect(
        lines.filter((line) => line.includes(`"gomind:services:${id}\\"`) || line.includes(`gomind:services:${id}":`)),
        id,
      ).toHaveLength(1)
    }
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    await orchestrator.close()
  })
  it('is killed while a run is at work: the run ends as ever, the last good list stays, and Redis is found again when it is back', async () => {
    const orchestrator = create()
    await orchestrator.start()
    const plan = {
      steps: [
        { name: 'a', component: 'honest' },
        { name: 'pause', type: 'wait', wait: { for: '50ms' }, depends_on: ['a'] },
        { name: 'b', component: 'honest', depends_on: ['pause'] },
      ],
    }
    const running = orchestrator.execute(plan)
    await redis.kill()
    expect((await running).status).toBe('succeeded')
    await orchestrator.catalog.refresh()
    expect(orchestrator.catalog.component('fine')).toBeDefined()
    const { checks, ready } = await orchestrator.health()
    expect([checks['source:redis']?.status, ready]).toEqual(['degraded', true])
    await redis.restart()
    await redis.client.set('gomind:services:late', record('late'))
    await redis.client.set('gomind:services:fine', record('fine'))
    await eventually(() => expect(orchestrator.catalog.component('late')).toBeDefined())
    expect((await orchestrator.health()).checks['source:redis']?.status).toBe('ok')
    await orchestrator.close()
  })
  it('refuses the password: no message, log line, status or record shows it', async () => {
    const guarded = await startRedisServer({ password: 'right-password' })
    const { lines, log } = keepLog()
    const orchestrator = create({ redis: { url: `redis://someone:hunter2-wrong@127.0.0.1:${guarded.port}` }, log })
    await orchestrator.start()
    const response = await orchestrator.execute({ steps: [{ component: 'honest' }] })
    const shown = JSON.stringify([
      lines,
      await orchestrator.health(),
      orchestrator.status(),
      orchestrator.catalog.sources(),
      response,
    ])
    expect(shown).toContain('check the password')
    expect(shown).not.toContain('hunter2')
    await orchestrator.close()
    await guarded.stop()
  })
  it('holds 20,000 dead ids in its index: they cost nothing and are no components', async () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => `dead-${i}`)
    await redis.client.sadd('gomind:types:tool', ...ids)
    const orchestrator = create()
    await orchestrator.start()
    expect(orchestrator.catalog.components()).toHaveLength(2)
    await orchestrator.close()
  })
  it('falls silent on an open connection: loads end in time, and the connection is made anew', async () => {
    const proxy = await startStallingProxy(redis.port)
    const orchestrator = create({
      redis: { url: `redis://127.0.0.1:${proxy.port}` },
      catalog: { refreshMs: 100, loadTimeoutMs: 300, startTimeoutMs: 1_000 },
    })
    await orchestrator.start()
    expect(orchestrator.catalog.component('fine')).toBeDefined()
    proxy.stall()
    await orchestrator.catalog.refresh()
    expect((await orchestrator.health()).checks['source:redis']).toMatchObject({
      status: 'degraded',
      message: expect.stringContaining('did not answer in 300 ms'),
    })
    await eventually(async () => expect((await orchestrator.health()).checks['source:redis']?.status).toBe('ok'))
    await orchestrator.close()
    await proxy.close()
  }, 20_000)
})
