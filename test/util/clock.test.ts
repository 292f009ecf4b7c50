import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createClock } from '../../src/util/clock.ts'
import { createManualClock } from '../support/manual-clock.ts'

describe('clock', () => {
  it('fires deadlines in order of time, then of setting', async () => {
    const clock = createManualClock()
    const fired: string[] = []
    clock.after(20, () => fired.push('b'))
    clock.after(10, () => fired.push('a1'))
    clock.after(10, () => fired.push('a2'))
    clock.after(0, () => fired.push('now'))
    await clock.advance(20)
    expect(fired).toEqual(['now', 'a1', 'a2', 'b'])
  })
  it('keeps any mix of setting and cancelling right', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ delay: fc.integer({ min: 0, max: 300 }), cancel: fc.boolean() }), { maxLength: 200 }),
        async (plan) => {
          const clock = createManualClock()
          const fired: number[] = []
          const cancels = plan.map(({ delay }, i) => clock.after(delay, () => fired.push(i)))
          plan.forEach(({ cancel }, i) => {
            if (cancel) cancels[i]?.()
          })
          await clock.advance(300)
          const expected = plan
            .flatMap(({ delay, cancel }, i) => (cancel ? [] : [{ delay, i }]))
            .sort((a, b) => a.delay - b.delay || a.i - b.i)
            .map(({ i }) => i)
          expect(fired).toEqual(expected)
        },
      ),
      { numRuns: 40 },
    )
  })
  it('sleeps until the signal aborts, at once', async () => {
    const clock = createManualClock()
    const abort = new AbortController()
    const sleeping = clock.sleep(60_000, abort.signal)
    abort.abort()
    await expect(sleeping).rejects.toMatchObject({ code: 'cancelled' })
  })
  it('goes on after a callback that throws', async () => {
    const clock = createManualClock()
    let second = false
    clock.after(5, () => {
      throw new Error('bad callback')
    })
    clock.after(10, () => {
      second = true
    })
    await expect(clock.advance(5)).rejects.toThrow('bad callback')
    await clock.advance(10)
    expect(second).toBe(true)
  })
  it('stamps in ISO 8601 with milliseconds', () => {
    expect(createClock().timestamp()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })
  it('waits in real time as well', async () => {
    const clock = createClock()
    const begun = clock.now()
    await clock.sleep(15, new AbortController().signal)
    expect(clock.now() - begun).toBeGreaterThanOrEqual(14)
  })
})
