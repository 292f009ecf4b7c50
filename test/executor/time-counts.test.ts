import { describe, expect, it } from 'vitest'
import { Durations } from '../../src/executor/durations.ts'
import { TimeCounts } from '../../src/executor/time-counts.ts'

const counted = (times: Iterable<number>): TimeCounts => {
  const counts = new TimeCounts()
  for (const ms of times) counts.add(ms)
  return counts
}

describe('counted times', () => {
  it('give quantiles that are right to within a tenth, whatever the scale', () => {
    for (const scale of [0.5, 20, 3_000]) {
      const times = Array.from({ length: 999 }, (_, i) => ((i * 7_919) % 999) * scale + scale)
      const { low, typical, high } = counted(times).range()
      expect(Math.abs(low / (100 * scale) - 1)).toBeLessThan(0.1)
      expect(Math.abs(typical / (500 * scale) - 1)).toBeLessThan(0.1)
      expect(Math.abs(high / (900 * scale) - 1)).toBeLessThan(0.1)
    }
  })

  it('never say more than was seen', () => {
    expect(counted([120]).range()).toEqual({ low: 120, typical: 120, high: 120 })
    expect(counted([0]).range()).toEqual({ low: 0, typical: 0, high: 0 })
    expect(counted([1e12]).range()).toMatchObject({ high: expect.any(Number) })
    const { low, high } = counted([100, 130]).range()
    expect([low >= 100, high <= 130]).toEqual([true, true])
  })

  it('follow a component that has become quicker', () => {
    const counts = counted(Array.from({ length: 1_000 }, () => 1_000))
    for (let i = 0; i < 4_000; i++) counts.add(10)
    expect(counts.range().high).toBeLessThan(15)
    expect(counts.total).toBeLessThan(1_024)
  })

  it('can be looked at without some of them, and keep them all the same', () => {
    const counts = counted([10, 10, 10, 1_000])
    const without = counts.without([1_000, 1_000, 77])
    expect([without.total, counts.total]).toEqual([3, 4])
    expect(without.range().high).toBeLessThan(12)
    expect(counts.range().high).toBeGreaterThan(900)
  })
})

describe('the history of a capability', () => {
  it('tells times, calls and the share that succeeded', () => {
    const durations = new Durations()
    const known = durations.of('fx/convert')
    expect(durations.history('fx/convert')).toBeUndefined()
    known.observeFailure()
    expect(durations.history('fx/convert')).toBeUndefined()
    for (let i = 0; i < 3; i++) known.observe(40)
    expect(durations.history('fx/convert')).toEqual({ low: 40, typical: 40, high: 40, calls: 3, successRate: 0.75 })
    expect(durations.history('fx/convert', [40, 40, 40])).toBeUndefined()
  })

  it('makes nothing known by being asked', () => {
    const durations = new Durations()
    expect(durations.history('never/called')).toBeUndefined()
    expect(durations.known).toBe(0)
  })
})
