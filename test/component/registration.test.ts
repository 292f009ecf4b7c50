import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { RunningComponent, StartOptions } from '../../src/component/index.ts'
import { capability, createComponent, createEmbeddedRegistry } from '../../src/component/index.ts'
import { createHttpSource } from '../../src/connectors/http/http-source.ts'
import { createRedisSource } from '../../src/connectors/redis/redis-source.ts'
import type { Component } from '../../src/contracts/capability.ts'
import type { Source } from '../../src/contracts/parts.ts'
import { createManualClock } from '../../src/testing/manual-clock.ts'
import type { RedisServer } from '../support/redis-server.ts'
import { describeWithRedis, eventually, freePort, startRedisServer } from '../support/redis-server.ts'

const signal = new AbortController().signal
const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const double = capability({
  name: 'double',
  description: 'Doubles a number',
  input: z.object({ n: z.number(), options: z.object({ exact: z.boolean() }).optional() }),
  output: z.object({ n: z.number() }),
  effect: 'read',
  tags: ['math'],
  execute: ({ n }) => ({ n: n * 2 }),
})
const component = createComponent({ name: 'math-tool', description: 'Computes', capabilities: [double] })

async function start(options: StartOptions): Promise<RunningComponent> {
  const running = await component.start(options)
  open.push(() => running.stop({ drainMs: 0 }))
  return running
}
function keep(source: Source): Source {
  open.push(async () => {
    await source.discovery.close?.()
    await source.invoker.close?.()
  })
  return source
}

/** Finds the component through the source and calls it, as an orchestrator does. */
async function callThrough(source: Source): Promise<{ component: Component; body: unknown }> {
  const found = await source.discovery.load(signal)
  const [first] = found
  const chosen = first?.capabilities[0]
  const instance = first?.instances[0]
  if (first === undefined || chosen === undefined || instance === undefined) throw new Error('nothing was found')
  const call = {
    component: first,
    capability: chosen,
    instance,
    inputs: { n: 21 },
    idempotencyKey: 'k',
    runId: 'r',
    headers: {},
    signal,
  }
  return { component: first, body: (await source.invoker.invoke(call)).body }
}

describe('the embedded registry', () => {
  it('is a source of the components that are running, which tells when they come and go', async () => {
    const registry = createEmbeddedRegistry()
    const source = keep(registry.source)
    let changes = 0
    source.discovery.watch?.(() => changes++)
    const running = await start({ registry })
    const { component: found, body } = await callThrough(source)
    expect(body).toEqual({ success: true, data: { n: 42 } })
    expect(found).toMatchObject({
      name: 'math-tool',
      kind: 'tool',
      description: 'Computes',
      source: 'embedded',
      trust: 'configured',
      instances: [{ id: running.id, address: running.url, health: 'healthy' }],
    })
    expect(found.capabilities[0]).toMatchObject({ effect: 'read', tags: ['math'], outputSchema: { type: 'object' } })
    await running.stop()
    expect(await source.discovery.load(signal)).toEqual([])
    expect(changes).toBe(2)
  })

  it('gives two instances of one component', async () => {
    const registry = createEmbeddedRegistry()
    const source = keep(registry.source)
    const ids = [await start({ registry }), await start({ registry })].map(({ id }) => id)
    const [found, ...others] = await source.discovery.load(signal)
    expect(others).toEqual([])
    expect(found?.instances.map(({ id }) => id)).toEqual(ids)
  })
})

describe('a component at a known address', () => {
  it('is found and called by its URL alone', async () => {
    const running = await start({})
    const source = keep(createHttpSource({ name: 'math', url: running.url }))
    const { component: found, body } = await callThrough(source)
    expect(body).toEqual({ success: true, data: { n: 42 } })
    expect(found).toMatchObject({
      name: 'math-tool',
      trust: 'configured',
      instances: [{ id: running.id, health: 'healthy' }],
    })
    // The whole schema, which the summary of the list cannot hold.
    expect(found.capabilities[0]?.inputSchema).toMatchObject({
      properties: { options: { properties: { exact: { type: 'boolean' } } } },
    })
  })

  it('is left out, with the others found, when it does not answer; alone it is a failed source', async () => {
    const running = await start({})
    const dead = `http://127.0.0.1:${await freePort()}`
    const both = keep(createHttpSource({ name: 'math', url: [dead, running.url] }))
    expect(await both.discovery.load(signal)).toHaveLength(1)
    const alone = keep(createHttpSource({ name: 'math', url: dead }))
    await expect(alone.discovery.load(signal)).rejects.toMatchObject({ code: 'source_failed' })
  })

  it('may be on a private network only by its address or where that is allowed', async () => {
    const running = await start({})
    const byName = keep(
      createHttpSource({ name: 'math', url: `http://localhost:${running.port}`, privateAddresses: false }),
    )
    await expect(byName.discovery.load(signal)).rejects.toMatchObject({ code: 'source_failed' })
    const local = keep(createHttpSource({ name: 'math', url: `http://localhost:${running.port}` }))
    expect(await local.discovery.load(signal)).toHaveLength(1)
  })
})

describeWithRedis('registration in Redis', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedisServer()
  })
  afterAll(() => redis.stop())
  beforeEach(() => redis.client.flushall())

  const indexes = (namespace: string): string[] => [
    `${namespace}:capabilities:double`,
    `${namespace}:names:math-tool`,
    `${namespace}:types:tool`,
  ]

  it('writes the keys and fields of the format, in its order, with its lifetimes', async () => {
    const clock = createManualClock()
    const running = await start({ registry: redis.url, namespace: 'gomind', id: 'math-tool-1a2b3c4d', clock })
    expect((await redis.client.keys('*')).sort()).toEqual(
      [...indexes('gomind'), 'gomind:services:math-tool-1a2b3c4d'].sort(),
    )
    expect(await redis.client.get('gomind:services:math-tool-1a2b3c4d')).toBe(
      JSON.stringify({
        id: 'math-tool-1a2b3c4d',
        name: 'math-tool',
        type: 'tool',
        description: 'Computes',
        address: '127.0.0.1',
        port: running.port,
        capabilities: [
          {
            name: 'double',
            description: 'Doubles a number',
            endpoint: '/api/capabilities/double',
            input_types: ['json'],
            output_types: ['json'],
            input_summary: {
              required: [{ name: 'n', type: 'number' }],
              optional: [{ name: 'options', type: 'object' }],
            },
            schema_endpoint: '/api/capabilities/double/schema',
            effect: 'read',
            output_schema: {
              type: 'object',
              properties: { n: { type: 'number' } },
              required: ['n'],
              additionalProperties: false,
            },
            tags: ['math'],
          },
        ],
        metadata: { namespace: 'gomind' },
        health: 'healthy',
        last_seen: '2026-01-01T00:00:00.000Z',
      }),
    )
    const ttl = await redis.client.ttl('gomind:services:math-tool-1a2b3c4d')
    expect(ttl).toBeGreaterThan(25)
    expect(ttl).toBeLessThanOrEqual(30)
    for (const key of indexes('gomind')) {
      expect(await redis.client.smembers(key)).toEqual(['math-tool-1a2b3c4d'])
      const life = await redis.client.ttl(key)
      expect(life).toBeGreaterThan(55)
      expect(life).toBeLessThanOrEqual(60)
    }
  })

  it('is found and called through the Redis source, with its whole schema', async () => {
    await start({ registry: redis.url })
    const { component: found, body } = await callThrough(keep(createRedisSource({ url: redis.url })))
    expect(body).toEqual({ success: true, data: { n: 42 } })
    expect(found.capabilities[0]?.inputSchema).toMatchObject({
      properties: { options: { properties: { exact: { type: 'boolean' } } } },
    })
  })

  it('beats every 15 s and a fixed part of 3.75 s more, and puts back whatever Redis lost (B112)', async () => {
    const clock = createManualClock()
    const { id } = await start({ registry: redis.url, clock, random: () => 0.5 })
    await redis.client.flushall()
    await clock.advance(16_874)
    expect(await redis.client.dbsize()).toBe(0)
    await clock.advance(1)
    await eventually(async () => expect(await redis.client.dbsize()).toBe(4))
    expect(await redis.client.smembers('tutti:types:tool')).toEqual([id])
    await redis.client.del('tutti:types:tool')
    await clock.advance(16_875)
    await eventually(async () => expect(await redis.client.smembers('tutti:types:tool')).toEqual([id]))
    const stored = JSON.parse((await redis.client.get(`tutti:services:${id}`)) ?? '') as { last_seen: string }
    expect(stored.last_seen).toBe('2026-01-01T00:00:33.750Z')
  })

  it('takes namespace, heartbeat and lifetime as set (B120)', async () => {
    const clock = createManualClock()
    const { id } = await start({
      registry: redis.url,
      namespace: 'team',
      heartbeatMs: 1000,
      ttlMs: 7000,
      clock,
      random: () => 0,
    })
    expect(await redis.client.ttl(`team:services:${id}`)).toBeLessThanOrEqual(7)
    expect(await redis.client.ttl('team:types:tool')).toBeLessThanOrEqual(14)
    await redis.client.flushall()
    await clock.advance(1000)
    await eventually(async () => expect(await redis.client.exists(`team:services:${id}`)).toBe(1))
  })

  it('takes back its own id and nothing of others when it stops (B114)', async () => {
    const one = await start({ registry: redis.url })
    const two = await start({ registry: redis.url })
    await one.stop()
    expect(await redis.client.exists(`tutti:services:${one.id}`)).toBe(0)
    expect(await redis.client.exists(`tutti:services:${two.id}`)).toBe(1)
    for (const key of indexes('tutti')) expect(await redis.client.smembers(key)).toEqual([two.id])
  })

  it('leaves an entry that replicas share to its lifetime when one of them stops (B114)', async () => {
    const one = await start({ registry: redis.url, id: 'math-tool', address: 'math.default.svc', advertisedPort: 80 })
    await one.stop()
    const stored = JSON.parse((await redis.client.get('tutti:services:math-tool')) ?? '') as Record<string, unknown>
    expect(stored).toMatchObject({ id: 'math-tool', address: 'math.default.svc', port: 80 })
    expect(await redis.client.ttl('tutti:services:math-tool')).toBeGreaterThan(0)
  })

  it('serves without Redis, registers when Redis comes, again after it was killed, and stops while it is away', async () => {
    const own = await startRedisServer()
    open.push(() => own.stop())
    await own.kill()
    const warnings: string[] = []
    const nothing = (): void => undefined
    const log = {
      debug: nothing,
      info: nothing,
      warn: (message: string) => void warnings.push(message),
      error: nothing,
    }
    const running = await start({ registry: own.url, log })
    expect((await fetch(`${running.url}/health`)).status).toBe(200)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain(`127.0.0.1:${own.port}`)
    const isRegistered = (): Promise<void> =>
      eventually(async () => expect(await own.client.exists(`tutti:services:${running.id}`)).toBe(1))
    await own.restart()
    await isRegistered()
    await own.restart()
    await isRegistered()
    await own.kill()
    await running.stop()
    await expect(fetch(`${running.url}/health`)).rejects.toThrow()
  })

  it('refuses a component without a list of capabilities', () => {
    const create = (): unknown => Reflect.apply(createComponent, undefined, [{ name: 'x' }])
    expect(create).toThrow(expect.objectContaining({ code: 'invalid_config' }))
  })
  it('refuses a registry URL that is none before it listens', async () => {
    await expect(component.start({ registry: 'http://host' })).rejects.toMatchObject({ code: 'invalid_config' })
  })
})
