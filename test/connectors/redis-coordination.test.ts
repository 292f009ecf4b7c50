import { execFile } from 'node:child_process'
import { createServer, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createRedisCoordination } from '../../src/connectors/redis/coordination.ts'
import type { Coordination, SharedNote } from '../../src/contracts/coordination.ts'
import type { RateLimitSpec } from '../../src/contracts/policy.ts'
import { createRateLimiter, type RateLimiter } from '../../src/resilience/rate-limit.ts'
import { createClock } from '../../src/util/clock.ts'
import { describeWithRedis, eventually, type RedisServer, startRedisServer } from '../support/redis-server.ts'

const clock = createClock()
const warnings: string[] = []
const note = (text: string): void => void warnings.push(text)
const log = { debug: () => undefined, info: note, warn: note, error: note }
const spec: RateLimitSpec = { requests: 100, perMs: 1_000, burst: 10 }

/** What a test opened, closed after it. */
const opened: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
  warnings.length = 0
})

function open(url: string): Coordination {
  const coordination = createRedisCoordination({ url, clock, log })
  opened.push(() => coordination.close())
  return coordination
}

function hear(coordination: Coordination): SharedNote[] {
  const heard: SharedNote[] = []
  coordination.listen((one) => heard.push(one))
  return heard
}

/** Takes tokens one after the other for so long; returns how many there were. */
async function takeFor(ms: number, limiter: RateLimiter): Promise<number> {
  const stop = new AbortController()
  const end = clock.after(ms, () => stop.abort())
  let taken = 0
  try {
    for (;;) {
      await limiter.take(stop.signal)
      taken++
      // One that is never refused must let time pass too.
      if (taken % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  } catch {
    return taken
  } finally {
    end()
  }
}

/** A server that is no Redis: it answers as it likes, or not at all. */
async function startLiar(answer: (said: string, socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (data: Buffer) => answer(data.toString(), socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.unshift(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return `redis://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`
}

describeWithRedis('processes that share a Redis', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedisServer()
  })
  afterAll(() => redis.stop())

  it('share one rate limit: together they get what one would, within 5 %', async () => {
    const begin = clock.now() + 2_000
    const script = fileURLToPath(new URL('rate-limit-process.ts', import.meta.url))
    const run = async (): Promise<number> =>
      Number(
        (await promisify(execFile)(process.execPath, [script, redis.url, String(begin), String(begin + 2_000)])).stdout,
      )
    const taken = await Promise.all([run(), run()])
    const expected = 10 + 200
    const all = taken.reduce((sum, each) => sum + each, 0)
    expect(all).toBeGreaterThan(expected * 0.95)
    expect(all).toBeLessThan(expected * 1.05)
    expect(Math.min(...taken)).toBeGreaterThan(expected / 5)
  })

  it('leave nothing behind for long, under keys of their own', async () => {
    const coordination = open(redis.url)
    await coordination.takeTokens('component:with space', spec, 1)
    await coordination.takeTokens('component:plain', spec, 1)
    coordination.announce({ kind: 'pause', key: 'component:plain', untilMs: clock.now() + 5_000 })
    const keys = await eventually(async () => {
      const found = await redis.client.keys('tutti:tutti:*')
      expect(found).toContain('tutti:tutti:notes')
      return found
    })
    expect(keys).toContain('tutti:tutti:limit:component:plain')
    expect(keys.filter((key) => /[^\w.:/-]/.test(key))).toEqual([])
    for (const key of keys) expect(await redis.client.pttl(key)).toBeGreaterThan(0)
  })

  it('tell each other of pauses and open breakers, also who comes later, and nobody hears itself', async () => {
    const [one, other] = [open(redis.url), open(redis.url)]
    const [heardByOne, heardByOther] = [hear(one), hear(other)]
    const untilMs = clock.now() + 20_000
    await eventually(() => {
      one.announce({ kind: 'breaker', key: 'rates/rates-1', untilMs })
      expect(heardByOther.length).toBeGreaterThan(0)
    })
    expect(heardByOther[0]).toMatchObject({ kind: 'breaker', key: 'rates/rates-1' })
    expect(Math.abs((heardByOther[0]?.untilMs ?? 0) - untilMs)).toBeLessThan(1_000)
    const late = hear(open(redis.url))
    await eventually(() => expect(late.map(({ key }) => key)).toContain('rates/rates-1'))
    expect(hear(other).map(({ key }) => key)).toContain('rates/rates-1')
    expect(heardByOne.map(({ key }) => key)).not.toContain('rates/rates-1')
  })

  it('ignore what is no note, or holds for more than an hour', async () => {
    const heard = hear(open(redis.url))
    const publish = (text: string): Promise<number> => redis.client.publish('tutti:tutti:notes', text)
    const told = (forMs: unknown, key: unknown = 'x', kind = 'pause'): string =>
      JSON.stringify({ kind, key, from: 'other', for_ms: forMs })
    await eventually(async () => expect(await publish(told(1_000, 'first'))).toBeGreaterThan(0))
    const nonsense = [
      'garbage',
      '[]',
      'null',
      '1e999',
      told('5'),
      told(-1),
      told(Number.NaN),
      told(3_600_001),
      told(1e300),
      told(5, 7),
      told(5, 'x', 'other'),
      told(5, 'x'.repeat(5_000)),
    ]
    for (const text of nonsense) await publish(text)
    await publish(told(1_000, 'last'))
    await eventually(() => expect(heard.map(({ key }) => key)).toContain('last'))
    expect(heard.map(({ key }) => key).filter((key) => key !== 'first' && key !== 'last')).toEqual([
      ...heard.map(({ key }) => key).filter((key) => key === 'rates/rates-1' || key === 'component:plain'),
    ])
  })

  it('count by themselves while Redis is killed, and together again when it is back', async () => {
    const coordination = open(redis.url)
    const limiter = createRateLimiter({ name: 'component:killed', spec, clock, coordination })
    expect(await takeFor(300, limiter)).toBeGreaterThan(20)
    const heard = hear(coordination)
    await redis.kill()
    const begun = performance.now()
    const alone = await takeFor(1_500, limiter)
    const expected = (performance.now() - begun) / 10
    expect(alone).toBeGreaterThan(expected * 0.8)
    expect(alone).toBeLessThan(expected * 1.1 + 10)
    coordination.announce({ kind: 'pause', key: 'told while away', untilMs: clock.now() + 30_000 })
    await redis.restart()
    await eventually(async () => {
      await takeFor(50, limiter)
      expect(await redis.client.exists('tutti:tutti:limit:component:killed')).toBe(1)
    })
    // What still holds is told again, and what others say is heard again.
    const late = hear(open(redis.url))
    await eventually(() => expect(late.map(({ key }) => key)).toContain('told while away'))
    await eventually(async () => {
      await redis.client.publish('tutti:tutti:notes', '{"kind":"pause","key":"after","from":"other","for_ms":1000}')
      expect(heard.map(({ key }) => key)).toContain('after')
    })
    expect(warnings.filter((text) => text.startsWith('Redis is away'))).toHaveLength(1)
  })

  it('end their sockets when they are closed', async () => {
    const before = await eventually(async () => {
      const list = String(await redis.client.client('LIST'))
      expect(list).not.toContain('name=tutti-')
      return list
    })
    expect(before).toContain('id=')
    const coordination = open(redis.url)
    coordination.listen(() => undefined)
    await coordination.takeTokens('component:rates', spec, 1)
    await eventually(async () => {
      const list = String(await redis.client.client('LIST'))
      expect(list).toContain('name=tutti-commands')
      expect(list).toContain('name=tutti-hearing')
    })
    await coordination.close()
    await eventually(async () => expect(String(await redis.client.client('LIST'))).not.toContain('name=tutti-'))
    await expect(coordination.takeTokens('component:rates', spec, 1)).rejects.toMatchObject({ code: 'source_failed' })
  })

  it('connect to nothing before somebody shares something', async () => {
    open(redis.url)
    expect(String(await redis.client.client('LIST'))).not.toContain('name=tutti-')
  })
})

describeWithRedis('a Redis that cannot be trusted', () => {
  const lies: readonly [string, (said: string, socket: Socket) => void][] = [
    ['speaks HTTP', (_said, socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['answers 1 to everything', (_said, socket) => void socket.write(':1\r\n')],
    ['hangs', () => undefined],
    ['cuts every connection', (_said, socket) => void socket.destroy()],
    [
      'grants more than was asked for, and for ages',
      (said, socket) => {
        if (/info/i.test(said)) socket.write('$17\r\nredis_version:7.0\r\n')
        else socket.write('*2\r\n:999999\r\n:99999999999\r\n')
      },
    ],
    [
      'grants words',
      (said, socket) => {
        if (/info/i.test(said)) socket.write('$17\r\nredis_version:7.0\r\n')
        else socket.write('*2\r\n$3\r\nNaN\r\n$-1\r\n')
      },
    ],
  ]
  it.each(lies)('and %s holds nobody up for more than a second', async (_what, answer) => {
    const coordination = open(await startLiar(answer))
    const limiter = createRateLimiter({ name: 'component:rates', spec, clock, coordination })
    const begun = performance.now()
    await limiter.take(new AbortController().signal)
    expect(performance.now() - begun).toBeLessThan(1_300)
    const taken = await takeFor(500, limiter)
    expect(taken).toBeGreaterThan(30)
    expect(taken).toBeLessThan(75)
    expect(limiter.pausedUntilMs).toBe(0)
  })
})
