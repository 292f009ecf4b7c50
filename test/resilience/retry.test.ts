import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs, parseRetryAfter } from '../../src/resilience/retry.ts'

const policy = { initialWaitMs: 100, factor: 2, maxWaitMs: 1_000 }
const highest = (): number => 1 - Number.EPSILON
const lowest = (): number => 0

describe('backoffMs', () => {
  it('doubles up to the limit', () => {
    expect([1, 2, 3, 4, 5, 6].map((attempt) => backoffMs(policy, attempt, highest))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ])
  })

  it('grows by the first wait when linear, and not at all when fixed', () => {
    const linear = { ...policy, backoff: 'linear' } as const
    const fixed = { ...policy, backoff: 'fixed' } as const
    expect([1, 2, 3].map((attempt) => backoffMs(linear, attempt, highest))).toEqual([100, 200, 300])
    expect([1, 2, 3].map((attempt) => backoffMs(fixed, attempt, highest))).toEqual([100, 100, 100])
  })

  it('never waits less than half of the bound, so that nobody returns at once', () => {
    expect(backoffMs(policy, 3, lowest)).toBe(200)
  })

  it('does not become 0 without a limit, nor infinite after many attempts (B102)', () => {
    const unlimited = { ...policy, maxWaitMs: 0 }
    expect(backoffMs(unlimited, 4, highest)).toBe(800)
    expect(backoffMs(unlimited, 5_000, highest)).toBe(2_147_483_647)
  })

  it('does not wait at all when the first wait is 0, whatever it is multiplied by', () => {
    expect(backoffMs({ ...policy, initialWaitMs: 0 }, 5_000, highest)).toBe(0)
  })

  it('takes a call that was never made as the first', () => {
    expect(backoffMs(policy, 0, highest)).toBe(100)
    expect(backoffMs({ ...policy, backoff: 'linear' }, 0, highest)).toBe(100)
  })

  it('is never longer than a timer can hold, whoever asks for it', () => {
    expect(backoffMs({ ...policy, maxWaitMs: 1e12 }, 5_000, highest)).toBe(2_147_483_647)
    expect(backoffMs(policy, 1, highest, 1e12)).toBe(2_147_483_647)
  })

  it('waits as long as the other side asked for, also beyond the limit (B46)', () => {
    expect(backoffMs(policy, 1, highest, 5_000)).toBe(5_000)
    expect(backoffMs(policy, 3, highest, 10)).toBe(400)
  })

  it('stays between half of the bound and the bound for every chance', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, chance) => {
          const bound = Math.min(1_000, 100 * 2 ** (attempt - 1))
          const wait = backoffMs(policy, attempt, () => chance)
          expect(wait).toBeGreaterThanOrEqual(Math.floor(bound / 2))
          expect(wait).toBeLessThanOrEqual(bound)
        },
      ),
    )
  })
})

describe('parseRetryAfter', () => {
  const now = Date.UTC(2026, 0, 1)

  it('reads seconds', () => {
    expect(parseRetryAfter('5', now)).toBe(5_000)
    expect(parseRetryAfter(' 0.5 ', now)).toBe(500)
  })

  it('reads an HTTP date, and takes one that has passed as now', () => {
    expect(parseRetryAfter(new Date(now + 3_000).toUTCString(), now)).toBe(3_000)
    expect(parseRetryAfter(new Date(now - 3_000).toUTCString(), now)).toBe(0)
  })

  it('makes nothing of anything else', () => {
    for (const text of ['soon', '', 'Infinity']) {
      expect(parseRetryAfter(text, now), text).toBeUndefined()
    }
  })

  it('reads several digits on either side of the point, and nothing longer than a timer can hold', () => {
    expect(parseRetryAfter('12.25', now)).toBe(12_250)
    expect(parseRetryAfter('9999999999', now)).toBe(2_147_483_647)
    expect(parseRetryAfter(new Date(now + 1e11).toUTCString(), now)).toBe(2_147_483_647)
  })
})
