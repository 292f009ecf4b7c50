import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RedisSourceOptions } from '../../src/connectors/redis/redis-source.ts'
import { createRedisSource } from '../../src/connectors/redis/redis-source.ts'
import type { Component } from '../../src/contracts/capability.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { Logger, Source } from '../../src/contracts/parts.ts'
import { createManualClock } from '../../src/testing/manual-clock.ts'
import { startHttpServer, startJsonServer } from '../support/http-servers.ts'
import type { RedisServer } from '../support/redis-server.ts'
import { describeWithRedis, eventually, startRedisServer } from '../support/redis-server.ts'
import { record } from './gomind-record.ts'

const signal = new AbortController().signal

describeWithRedis('components in Redis', () => {
  let redis: RedisServer
  const open: (() => Promise<void>)[] = []
  const warnings: string[] = []
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (message) => void warnings.push(message),
    error: () => undefined,
  }

  beforeAll(async () => {
    redis = await startRedisServer()
  })
  afterAll(() => redis.stop())
  beforeEach(async () => {
    warnings.length = 0
    await redis.client.flushall()
  })
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close()
  })

  const keep = (source: Source): Source => {
    open.push(async () => {
      await source.discovery.close?.()
      await source.invoker.close?.()
    })
    return source
  }
  const sourceOf = (options: Omit<Partial<RedisSourceOptions>, 'client'> = {}): Source =>
    keep(createRedisSource({ url: redis.url, log, ...options }))
  const put = (value: Record<string, unknown>, namespace = 'gomind', key = String(value['id'])): Promise<unknown> =>
    redis.client.set(`${namespace}:services:${key}`, JSON.stringify(value), 'EX', 30)
  const load = (source: Source): Promise<readonly Component[]> => source.discovery.load(signal)

  it('reads where an instance runs from its registration or its metadata, and notices when that changes', async () => {
    const at = (n: number, more: Record<string, unknown>) => put(record({ id: `w-${n}`, port: 8096 + n, ...more }))
    await at(1, { region: 'eu' })
    await at(2, { metadata: { region: 'us' } })
    await at(3, { metadata: { region: 7 } })
    const source = sourceOf()
    const regions = async () => (await load(source))[0]?.instances.map(({ region }) => region)
    expect(await regions()).toEqual(['eu', 'us', undefined])
    await at(3, { region: 'asia' })
    expect(await regions()).toEqual(['eu', 'us', 'asia'])
  })

  it('reads a GoMind tool with its address, and its inputs from the summary, whatever Go calls the types', async () => {
    await put(record())
    const [component] = await load(sourceOf())
    expect(component).toEqual({
      name: 'weather-tool-v2',
      kind: 'tool',
      source: 'redis',
      trust: 'discovered',
      instances: [{ id: 'weather-tool-v2-1a2b3c4d', address: 'http://localhost:8096', health: 'healthy' }],
      capabilities: [
        {
          name: 'get_current_weather',
          description: 'Gets current weather conditions',
          endpoint: '/api/capabilities/get_current_weather',
          effect: 'unknown',
          inputSchema: {
            type: 'object',
            properties: {
              lat: { type: 'number', description: 'Latitude coordinate (-90 to 90)', examples: [40.7128] },
              lon: { type: 'number' },
              days: { type: 'integer', examples: [7] },
              tags: { type: 'array', items: { type: 'string' }, examples: [['a']] },
            },
            required: ['lat', 'lon'],
            additionalProperties: false,
          },
        },
      ],
    })
  })

  it("takes our kit's additions from anybody, and leaves wrong ones out", async () => {
    const capability = {
      name: 'pay',
      description: 'Pays',
      effect: 'write',
      idempotent: true,
      approval: 'always',
      tags: ['money', 7],
      output_schema: { type: 'object', properties: { id: { type: 'int' } } },
      internal: true,
    }
    await put(
      record({
        id: 'a',
        capabilities: [capability, { name: 'odd', effect: 'maybe', idempotent: 'yes', approval: 1, tags: 'x' }],
      }),
    )
    const [component] = await load(sourceOf())
    expect(component?.capabilities).toEqual([
      { name: 'odd', description: '', inputSchema: { type: 'object' }, effect: 'unknown' },
      {
        name: 'pay',
        description: 'Pays',
        inputSchema: { type: 'object' },
        effect: 'write',
        idempotent: true,
        approval: 'always',
        tags: ['money'],
        outputSchema: { type: 'object', properties: { id: { type: 'integer' } } },
        internal: true,
      },
    ])
  })

  it('tolerates nulls, empty health, a missing port and ids that are names, as they occur in Kubernetes', async () => {
    await put(record({ id: 'null-caps', name: 'null-caps', capabilities: null, metadata: null, health: '', port: 9 }))
    await put(
      record({
        id: 'k8s',
        name: 'k8s',
        type: 'Agent',
        address: 'k8s.default.svc.cluster.local',
        port: 0,
        health: 'UNHEALTHY',
      }),
    )
    const components = await load(sourceOf())
    expect(components.map(({ name, kind, instances }) => ({ name, kind, instances }))).toEqual([
      {
        name: 'k8s',
        kind: 'agent',
        instances: [{ id: 'k8s', address: 'http://k8s.default.svc.cluster.local', health: 'unhealthy' }],
      },
      {
        name: 'null-caps',
        kind: 'tool',
        instances: [{ id: 'null-caps', address: 'http://localhost:9', health: 'unknown' }],
      },
    ])
    expect(components[1]?.capabilities).toEqual([])
  })

  it('groups the instances of one name, each address once, in the order of their ids (B56)', async () => {
    await put(record({ id: 'w-2', port: 2 }))
    await put(record({ id: 'w-1', port: 1 }))
    await put(record({ id: 'w-1', port: 1 }), 'tutti')
    const [component, ...others] = await load(sourceOf())
    expect(others).toEqual([])
    expect(component?.instances.map(({ id, address }) => [id, address])).toEqual([
      ['w-1', 'http://localhost:1'],
      ['w-2', 'http://localhost:2'],
    ])
  })

  it('tells instances apart that share an id', async () => {
    await put(record({ id: 'shared', port: 1 }))
    await put(record({ id: 'shared', port: 2 }), 'tutti')
    const [component] = await load(sourceOf())
    expect(component?.instances.map(({ id, address }) => [id, address])).toEqual([
      ['shared', 'http://localhost:1'],
      ['shared@localhost:2', 'http://localhost:2'],
    ])
  })

  it('skips damaged records with one warning each and loads the others (B68)', async () => {
    await redis.client.set('gomind:services:broken-1', '{"id": "broken-1", "name": "bro')
    await redis.client.set('gomind:services:array', '[1,2]')
    await redis.client.set('gomind:services:huge', `"${'x'.repeat(1_100_000)}"`)
    await redis.client.sadd('gomind:services:a-set', 'x')
    await redis.client.sadd('gomind:types:tool', 'dead-id', 'broken-1')
    await put(record({ id: 'bad-name', name: 'bell\u0007' }))
    await put(record({ id: 'proto', name: '__proto__' }))
    await put(record({ id: 'bad-address', name: 'bad-address', address: 'host/path?x=1' }))
    await put(record({ id: 'bad-type', name: 'bad-type', type: 'robot' }))
    await put(
      record({
        id: 'bad-cap',
        name: 'half',
        capabilities: [{ name: 'x'.repeat(300) }, { name: 'e', endpoint: 'http://evil/' }, { name: 'good' }, 7],
      }),
    )
    await put(record())
    const source = sourceOf()
    const components = await load(source)
    expect(components.map(({ name }) => name)).toEqual(['half', 'weather-tool-v2'])
    expect(components[0]?.capabilities.map(({ name }) => name)).toEqual(['good'])
    const told = warnings.length
    expect(told).toBe(11)
    expect(warnings.join('\n')).toContain('"gomind:services:broken-1": it is skipped, since it is not JSON')
    await load(source)
    expect(warnings).toHaveLength(told)
  })

  it('reads only its own namespaces, in which special characters mean themselves', async () => {
    await put(record({ id: 'a', name: 'a' }), 'team*')
    await put(record({ id: 'b', name: 'b' }), 'team-two')
    await put(record({ id: 'c', name: 'c' }))
    expect((await load(sourceOf({ namespaces: ['team*'] }))).map(({ name }) => name)).toEqual(['a'])
    expect((await load(sourceOf({ namespaces: ['gomind', 'team-two'] }))).map(({ name }) => name)).toEqual(['b', 'c'])
  })

  it('reads the index sets of a large database, and finds what they lost by walking it once a minute (B112)', async () => {
    const clock = createManualClock()
    await put(record({ id: 'unlisted', name: 'unlisted' }))
    const source = sourceOf({ scanLimit: 0, clock })
    const names = async (): Promise<string[]> => (await load(source)).map(({ name }) => name)
    expect(await names()).toEqual(['unlisted'])
    await put(record({ id: 'listed', name: 'listed' }))
    await redis.client.sadd('gomind:types:tool', 'listed', 'dead')
    await put(record({ id: 'later', name: 'later' }))
    expect(await names()).toEqual(['listed', 'unlisted'])
    await clock.advance(60_000)
    expect(await names()).toEqual(['later', 'listed', 'unlisted'])
  })

  it('writes nothing and never lists all keys', async () => {
    await put(record())
    await redis.client.config('RESETSTAT')
    await load(sourceOf())
    const stats = await redis.client.info('commandstats')
    const used = [...stats.matchAll(/cmdstat_([a-z|]+):/g)].map(([, command]) => command)
    expect(used).toContain('scan')
    for (const command of ['keys', 'set', 'del', 'expire', 'sadd', 'srem']) expect(used).not.toContain(command)
  })

  it('keeps the objects of an unchanged component from load to load, heartbeats aside', async () => {
    await put(record())
    const source = sourceOf()
    const [before] = await load(source)
    await put(record({ last_seen: '2026-02-05T20:13:51.123456789-06:00' }))
    const [after] = await load(source)
    expect(after?.capabilities[0]).toBe(before?.capabilities[0])
  })

  it('loads a thousand components without holding up the program', async () => {
    const pipeline = redis.client.pipeline()
    for (let i = 0; i < 1000; i++) {
      pipeline.set(`gomind:services:s-${i}`, JSON.stringify(record({ id: `s-${i}`, name: `s-${i}` })))
    }
    await pipeline.exec()
    expect(await load(sourceOf())).toHaveLength(1000)
  })

  describe('input schemas from the component itself', () => {
    const withSchema = (port: number): Record<string, unknown> => {
      const base = record({ address: '127.0.0.1', port })
      const [first] = base['capabilities'] as Record<string, unknown>[]
      return { ...base, capabilities: [{ ...first, schema_endpoint: '/api/capabilities/get_current_weather/schema' }] }
    }
    const propertiesOf = (component: Component | undefined): unknown =>
      component?.capabilities[0]?.inputSchema['properties']

    it('are fetched once, with their types put right', async () => {
      const server = await startJsonServer({
        $schema: 'http://json-schema.org/draft-07/schema#',
        type: 'object',
        properties: { place: { type: 'object', properties: { lat: { type: 'float64', examples: ['1.5'] } } } },
        required: ['place'],
      })
      open.push(() => server.close())
      await put(withSchema(server.port))
      const source = sourceOf()
      const [first] = await load(source)
      const [second] = await load(source)
      expect(propertiesOf(first)).toEqual({
        place: { type: 'object', properties: { lat: { type: 'number', examples: [1.5] } } },
      })
      expect(second?.capabilities[0]).toBe(first?.capabilities[0])
      expect(server.requests.map(({ method, url }) => [method, url])).toEqual([
        ['GET', '/api/capabilities/get_current_weather/schema'],
      ])
    })

    it.each([404, 500, 302])('fall back to the summary when the endpoint answers %i (B66, B67)', async (status) => {
      const server = await startHttpServer((_seen, _request, response) => {
        response.writeHead(status, { location: '/elsewhere' })
        response.end('{"type":"object","properties":{"other":{"type":"string"}}}')
      })
      open.push(() => server.close())
      await put(withSchema(server.port))
      const [component] = await load(sourceOf())
      expect(Object.keys(propertiesOf(component) as object)).toEqual(['lat', 'lon', 'days', 'tags'])
    })

    it('do not hold up discovery when the endpoint hangs, and a later load does not wait again (B65)', async () => {
      const reached: PromiseWithResolvers<void> = Promise.withResolvers()
      const server = await startHttpServer(() => reached.resolve())
      open.push(() => server.close())
      await put(withSchema(server.port))
      const clock = createManualClock()
      const source = sourceOf({ clock, schemaWaitMs: 1000 })
      let loaded = false
      const loading = load(source).then((components) => {
        loaded = true
        return components
      })
      await reached.promise
      await clock.advance(999)
      expect(loaded).toBe(false)
      await clock.advance(1)
      expect(Object.keys(propertiesOf((await loading)[0]) as object)).toContain('lat')
      expect(await load(source)).toHaveLength(1)
    })
  })

  describe('when Redis is away', () => {
    it('fails with the host but never the password, and finds everything when Redis comes', async () => {
      const own = await startRedisServer({ password: 's3cret-pw' })
      open.push(() => own.stop())
      const source = keep(createRedisSource({ url: own.url, log }))
      expect(await load(source)).toEqual([])
      await own.kill()
      const error: unknown = await eventually(async () => {
        const thrown: unknown = await load(source).then(
          () => undefined,
          (caught: unknown) => caught,
        )
        expect(thrown).toBeInstanceOf(TuttiError)
        return thrown
      })
      expect(error).toMatchObject({ code: 'source_failed' })
      expect((error as TuttiError).message).toContain(`127.0.0.1:${own.port}`)
      const changed: PromiseWithResolvers<void> = Promise.withResolvers()
      const stop = source.discovery.watch?.(() => changed.resolve())
      await own.restart()
      await changed.promise
      stop?.()
      await own.client.set('gomind:services:x', JSON.stringify(record({ id: 'x' })))
      expect(await load(source)).toHaveLength(1)
    })

    it('shows neither a wrong password nor the command that carried it', async () => {
      const own = await startRedisServer({ password: 'right' })
      open.push(() => own.stop())
      const source = keep(createRedisSource({ url: `redis://:wr0ng-pw@127.0.0.1:${own.port}` }))
      const error: unknown = await load(source).catch((caught: unknown) => caught)
      expect(error).toMatchObject({ code: 'source_failed' })
      expect((error as TuttiError).message).toMatch(/(WRONGPASS|NOAUTH), check the password/)
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('wr0ng-pw')
      expect((error as TuttiError).cause).toBeUndefined()
    })

    it('fails at once rather than queueing when nothing listens', async () => {
      const source = keep(createRedisSource({ url: 'redis://127.0.0.1:1' }))
      await expect(load(source)).rejects.toMatchObject({ code: 'source_failed' })
      await expect(load(source)).rejects.toMatchObject({ code: 'source_failed' })
    })

    it('refuses a URL that is none without repeating it', () => {
      expect(() => createRedisSource({ url: 'http://:s3cret@host' })).toThrow(/redis:\/\/\[:password@\]host/)
    })
  })

  it('works over a client of the application, which stays open', async () => {
    await put(record())
    const source = keep(createRedisSource({ client: redis.client }))
    expect(await load(source)).toHaveLength(1)
    await source.discovery.close?.()
    expect(await redis.client.ping()).toBe('PONG')
  })
})
