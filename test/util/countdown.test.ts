import { describe, expect, it } from 'vitest'
import { createCountdown } from '../../src/util/countdown.ts'
import { createManualClock } from '../support/manual-clock.ts'

describe('a countdown', () => {
  it('counts only the time in which it does not stand still', async () => {
    const clock = createManualClock()
    let ended = 0
    const countdown = createCountdown(clock, 100, () => ended++)
    await clock.advance(60)
    countdown.pause()
    countdown.pause()
    await clock.advance(1_000)
    expect(countdown.elapsedMs).toBe(60)
    countdown.resume()
    countdown.resume()
    await clock.advance(39)
    expect([countdown.elapsedMs, ended]).toEqual([99, 0])
    await clock.advance(1)
    expect(ended).toBe(1)
  })
  it('is silent once it is closed, also when it is told to go on', async () => {
    const clock = createManualClock()
    let ended = 0
    const countdown = createCountdown(clock, 100, () => ended++)
    countdown.pause()
    countdown.close()
    countdown.resume()
    await clock.advance(1_000)
    expect(ended).toBe(0)
  })
  it('does not end a second time when it is stopped and told to go on after its end', async () => {
    const clock = createManualClock()
    let ended = 0
    const countdown = createCountdown(clock, 100, () => ended++)
    await clock.advance(100)
    countdown.pause()
    countdown.resume()
    await clock.advance(1_000)
    expect(ended).toBe(1)
  })
})
