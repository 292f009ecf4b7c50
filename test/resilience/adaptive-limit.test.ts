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
})
