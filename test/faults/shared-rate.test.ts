// One rate for several processes, as users set it: by the configuration alone.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createOrchestrator } from '../../src/index.ts'
import { fakeSource, reply } from '../../src/testing/index.ts'
import { describeWithRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'

describeWithRedis('orchestrators that share a Redis', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedisServer()
  })
  afterAll(() => redis.stop())

  it('keep to one components.NAME.rate_limit, and both heed a Retry-After that one was given (B46)', async () => {
    const calls: { readonly who: string; readonly at: number }[] = []
    const create = (who: string) =>
      createOrchestrator({
        sources: [
          fakeSource({
            name: 'rates',
            capabilities: {
              get: {
                run: (_inputs, _call, n) => {
                  calls.push({ who, at: performance.now() })
                  return who === 'a' && n === 3 ? reply(429, { error: 'slow' }, { 'retry-after': '1' }) : { n }
                },
              },
            },
          }),
        ],
        redis: { url: redis.url },
        components: { rates: { rateLimit: { requests: 20, perMs: 1_000, burst: 4 } } },
      })
    await using a = create('a')
    await using b = create('b')
    const document = { steps: Array.from({ length: 12 }, (_, i) => ({ name: `s${i}`, component: 'rates' })) }
    const ran = await Promise.all([a, b].map((each) => each.execute(document)))
    expect(ran.map(({ status }) => status)).toEqual(['succeeded', 'succeeded'])
    const [first] = calls
    const times = calls.map(({ at }) => at - (first?.at ?? 0))
    expect(calls.length).toBe(25)
    // Of any second no more than the burst and what it brings; a little more for what was leased before it.
    for (const from of times) expect(times.filter((at) => at >= from && at < from + 1_000).length).toBeLessThan(30)
    const pauses = times.slice(1).map((at, i) => at - (times[i] ?? 0))
    expect(Math.max(...pauses)).toBeGreaterThan(700)
    expect(new Set(calls.map(({ who }) => who)).size).toBe(2)
  })
})
