import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import { AdaptiveLimit, isOverload } from '../../src/resilience/adaptive-limit.ts'

const slow = new TuttiError('component_rate_limited', 'Slow down.')
const at = (startedAt: number, ms = 10) => ({ startedAt, endedAt: startedAt + ms })
/** So many calls that come back well, one after the other, with `inUse` at work. */
const succeed = (limit: AdaptiveLimit, count: number, { inUse, ms = 10 }: { inUse: number; ms?: number }): void => {
  for (let i = 0; i < count; i++) limit.succeed({ ...at(1_000 + i, ms), inUse })
}

describe('the adaptive limit', () => {
  it('halves at a sign of overload, and never goes below 1', () => {
    const limit = new AdaptiveLimit(10, 'errors')
    const seen = [0, 100, 200, 300, 400].map((start) => (limit.fail(slow, at(start)), limit.limit))
    expect(seen).toEqual([5, 2, 1, 1, 1])
  })

  it('counts a burst once: what began before the decrease says nothing new', () => {
    const limit = new AdaptiveLimit(16, 'errors')
    for (let i = 0; i < 8; i++) limit.fail(slow, at(i, 50 - i))
    expect(limit.limit).toBe(8)
    limit.fail(slow, at(51))
    expect(limit.limit).toBe(4)
  })

  it('grows by one after a round in which it was really used, up to what is configured', () => {
    const limit = new AdaptiveLimit(6, 'errors')
    limit.fail(slow, at(0))
    expect(limit.limit).toBe(3)
    succeed(limit, 30, { inUse: 1 })
    expect(limit.limit).toBe(3)
    succeed(limit, 3, { inUse: 3 })
    expect(limit.limit).toBe(4)
    succeed(limit, 100, { inUse: 6 })
    expect(limit.limit).toBe(6)
    expect(limit.isAtRest).toBe(true)
  })

  it('takes timeouts, refused connections, 429 and a 5xx with Retry-After as overload, and nothing else', () => {
    expect(isOverload(slow)).toBe(true)
    expect(isOverload(new TuttiError('component_timeout', 't'))).toBe(true)
    expect(isOverload(new TuttiError('component_unavailable', 'u'))).toBe(true)
    expect(isOverload(new TuttiError('component_failed', 'f', { details: { retry_after_ms: 5 } }))).toBe(true)
    expect(isOverload(new TuttiError('component_failed', 'f'))).toBe(false)
    expect(isOverload(new TuttiError('component_rejected', 'r'))).toBe(false)
    expect(isOverload(new Error('x'))).toBe(false)
  })

  it('does not move when it is switched off', () => {
    const limit = new AdaptiveLimit(10, 'off')
    expect(limit.fail(slow, at(0))).toBe(false)
    expect(limit.limit).toBe(10)
  })

  it('by latency also decreases when calls take more than twice as long as they once did', () => {
    const limit = new AdaptiveLimit(10, 'latency')
    succeed(limit, 50, { inUse: 10, ms: 20 })
    expect(limit.limit).toBe(10)
    const slowed = { startedAt: 2_000, endedAt: 2_100, inUse: 10 }
    for (let i = 0; i < 8; i++) limit.succeed(slowed)
    expect(limit.limit).toBe(5)
    const byErrors = new AdaptiveLimit(10, 'errors')
    succeed(byErrors, 50, { inUse: 10, ms: 20 })
    for (let i = 0; i < 8; i++) byErrors.succeed(slowed)
    expect(byErrors.limit).toBe(10)
  })

  it('by latency takes no notice of the noise of very fast calls', () => {
    const limit = new AdaptiveLimit(10, 'latency')
    for (let i = 0; i < 200; i++) limit.succeed({ ...at(i * 10, i % 3), inUse: 10 })
    expect(limit.limit).toBe(10)
  })

  it('says when it has moved, and only then', () => {
    const limit = new AdaptiveLimit(2, 'errors')
    expect(limit.succeed({ ...at(0), inUse: 2 })).toBe(false)
    expect(limit.fail(new Error('not a sign'), at(0))).toBe(false)
    expect([limit.isAtRest, limit.fail(slow, at(0)), limit.isAtRest]).toEqual([true, true, false])
    expect(limit.fail(slow, at(100)), 'it is 1 already').toBe(false)
    expect(limit.succeed({ ...at(200), inUse: 0 }), 'nobody needed more').toBe(false)
    expect(limit.succeed({ ...at(200), inUse: 1 })).toBe(true)
  })

  it('takes a call that began in the moment of the decrease as one of the burst', () => {
    const limit = new AdaptiveLimit(16, 'errors')
    limit.fail(slow, { startedAt: 0, endedAt: 50 })
    limit.fail(slow, { startedAt: 50, endedAt: 60 })
    expect(limit.limit).toBe(8)
  })

  it('begins a round anew after each step: what was full before says nothing about now', () => {
    const limit = new AdaptiveLimit(8, 'errors')
    limit.fail(slow, at(0))
    succeed(limit, 3, { inUse: 4 })
    limit.fail(slow, at(100))
    expect(limit.limit).toBe(2)
    succeed(limit, 2, { inUse: 1 })
    expect(limit.limit).toBe(2)
    succeed(limit, 1, { inUse: 2 })
    succeed(limit, 1, { inUse: 1 })
    expect(limit.limit).toBe(3)
    succeed(limit, 3, { inUse: 2 })
    expect(limit.limit).toBe(3)
  })

  it('never forbids everything, however little is configured', () => {
    expect(new AdaptiveLimit(0, 'errors')).toMatchObject({ max: 1, limit: 1 })
  })

  it('by latency always listens, and believes nothing before twenty calls', () => {
    const limit = new AdaptiveLimit(10, 'latency')
    expect(limit.isAtRest).toBe(false)
    const call = (ms: number) => limit.succeed({ startedAt: 0, endedAt: ms, inUse: 1 })
    call(10)
    const moved = Array.from({ length: 19 }, () => call(1_000))
    expect(moved.findIndex((has) => has)).toBe(18)
    expect(limit.limit).toBe(5)
  })

  it('by latency follows the last calls, not one of them, and in the long run takes a new pace as usual', () => {
    const slowOnce = new AdaptiveLimit(10, 'latency')
    succeed(slowOnce, 50, { inUse: 10 })
    // Of one call an eighth counts: it takes 80 ms more than the usual 10 to look twice as slow.
    slowOnce.succeed({ ...at(5_000, 89), inUse: 10 })
    expect(slowOnce.limit).toBe(10)
    const slower = new AdaptiveLimit(10, 'latency')
    succeed(slower, 50, { inUse: 10 })
    slower.succeed({ ...at(5_000, 95), inUse: 10 })
    expect(slower.limit).toBe(5)

    const settled = new AdaptiveLimit(10, 'latency')
    for (let i = 0; i < 3_000; i++) settled.succeed({ ...at(i * 100, 10 + i / 150), inUse: 10 })
    expect(settled.limit).toBe(10)
  })
})
