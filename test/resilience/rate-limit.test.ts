import { describe, expect, it } from 'vitest'
import type { Coordination, SharedNote } from '../../src/contracts/coordination.ts'
import type { Clock } from '../../src/contracts/parts.ts'
import type { RateLimitSpec } from '../../src/contracts/policy.ts'
import { createRateLimiter, LONGEST_PAUSE_MS } from '../../src/resilience/rate-limit.ts'
import { createTokenBucket } from '../../src/resilience/token-bucket.ts'
import { createManualClock } from '../support/manual-clock.ts'

const never = new AbortController().signal
const tenPerSecond: RateLimitSpec = { requests: 10, perMs: 1_000, burst: 1 }

/** A clock that counts the timers which wait. */
function createCountingClock() {
  const clock = createManualClock()
  let timers = 0
  const counting: Clock = {
    ...clock,
    after(ms, act) {
      timers++
      let isLive = true
      const end = (): void => {
        if (isLive) timers--
        isLive = false
      }
      const stop = clock.after(ms, () => {
        end()
        act()
      })
      return () => {
        end()
        stop()
      }
    },
  }
  return { clock: counting, advance: (ms: number) => clock.advance(ms), timers: () => timers }
}

/** Counts tokens for several limiters as Redis would, without the wire. */
function createFakeCoordination(clock: Clock) {
  const buckets = new Map<string, ReturnType<typeof createTokenBucket>>()
  const hearers = new Set<(note: SharedNote) => void>()
  const asked: number[] = []
  let isAway = false
  const coordination: Coordination = {
    takeTokens(bucket, spec, wanted) {
      asked.push(wanted)
      if (isAway) return Promise.reject(new Error('away'))
      const shared = buckets.get(bucket) ?? createTokenBucket(spec, () => clock.now())
      buckets.set(bucket, shared)
      let granted = 0
      let retryInMs = 0
      for (; granted < wanted && retryInMs === 0; granted += retryInMs === 0 ? 1 : 0) retryInMs = shared.tryTake(1)
      return Promise.resolve({ granted, retryInMs })
    },
    announce(note) {
      for (const hear of hearers) hear(note)
    },
    listen(heard) {
      hearers.add(heard)
      return () => hearers.delete(heard)
    },
    close: () => Promise.resolve(),
  }
  return {
    coordination,
    asked,
    setAway: (away: boolean) => {
      isAway = away
    },
    hearers,
  }
}

/** Takes one after the other for as long as it is let. */
function takeAll(limiter: ReturnType<typeof createRateLimiter>) {
  const state = { taken: 0 }
  const stop = new AbortController()
  const loop = async (): Promise<void> => {
    for (;;) {
      await limiter.take(stop.signal)
      state.taken++
    }
  }
  loop().catch(() => undefined)
  return { state, stop: () => stop.abort() }
}

describe('a rate limit', () => {
  it('gives its burst at once, and then exactly so many within so long', async () => {
    const clock = createManualClock()
    const limiter = createRateLimiter({ name: 'rates', spec: { requests: 3, perMs: 1_000, burst: 2 }, clock })
    expect([limiter.tryTake(), limiter.tryTake()]).toEqual([0, 0])
    // A third of a second is no whole number of milliseconds: the next one above.
    expect(limiter.tryTake()).toBe(334)
    await clock.advance(333)
    expect(limiter.tryTake()).toBe(1)
    const { state } = takeAll(limiter)
    await clock.advance(60_000)
    expect(state.taken).toBe(180)
  })

  it('saves up no more than its burst, which is the number of requests when nothing is said', async () => {
    const clock = createManualClock()
    const limiter = createRateLimiter({ name: 'rates', spec: { requests: 3, perMs: 1_000 }, clock })
    await clock.advance(3_600_000)
    expect([1, 2, 3, 4].map(() => limiter.tryTake())).toEqual([0, 0, 0, 334])
  })

  it('serves who waits in the order of arrival, and lets nobody overtake', async () => {
    const clock = createManualClock()
    const limiter = createRateLimiter({ name: 'rates', spec: tenPerSecond, clock })
    const order: string[] = []
    const wait = (who: string): void => void limiter.take(never).then(() => order.push(who))
    for (const who of ['a', 'b', 'c']) wait(who)
    await clock.advance(99)
    expect(order).toEqual(['a'])
    await clock.advance(1)
    expect(order).toEqual(['a', 'b'])
    expect(limiter.tryTake()).toBeGreaterThan(0)
    await clock.advance(100)
    expect(order).toEqual(['a', 'b', 'c'])
  })

  it('lets go of who is cancelled at once, and keeps no timer when nobody waits (B60)', async () => {
    const { clock, advance, timers } = createCountingClock()
    const limiter = createRateLimiter({ name: 'rates', spec: tenPerSecond, clock })
    const controller = new AbortController()
    expect([limiter.tryTake(), timers()]).toEqual([0, 0])
    expect([limiter.tryTake(), timers()]).toEqual([100, 0])
    const waiting = limiter.take(controller.signal)
    expect([limiter.usage().waiting, timers()]).toEqual([1, 1])
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    expect([limiter.usage().waiting, timers()]).toEqual([0, 0])
    await advance(1_000)
    expect(limiter.tryTake()).toBe(0)
  })

  it('calls back who was refused as soon as one is free again', async () => {
    const { clock, advance, timers } = createCountingClock()
    const limiter = createRateLimiter({ name: 'rates', spec: tenPerSecond, clock })
    const answers: number[] = []
    const end = limiter.onFree(() => answers.push(limiter.tryTake()))
    limiter.tryTake()
    expect([limiter.tryTake(), timers()]).toEqual([100, 1])
    await advance(100)
    expect([answers, timers()]).toEqual([[0], 0])
    expect(limiter.tryTake()).toBe(100)
    limiter.giveBack(1)
    expect(answers).toEqual([0, 0])
    end()
    limiter.tryTake()
    expect(timers()).toBe(0)
  })

  it('counts what was used beyond what was asked for, and gives more than its burst only on credit', async () => {
    const clock = createManualClock()
    const limiter = createRateLimiter({ name: 'tokens', spec: { requests: 60_000, perMs: 60_000 }, clock })
    expect(limiter.tryTake(59_000)).toBe(0)
    limiter.giveBack(-2_000)
    expect(limiter.tryTake(1)).toBe(1_001)
    await clock.advance(61_000)
    expect(limiter.tryTake(90_000)).toBe(0)
    expect(limiter.tryTake(1)).toBe(30_001)
  })

  it('is stopped for everybody by one Retry-After, which only ever lengthens, up to an hour (B46)', async () => {
    const clock = createManualClock()
    const limiter = createRateLimiter({ name: 'rates', clock })
    expect(limiter.tryTake()).toBe(0)
    limiter.pause(5_000)
    limiter.pause(1_000)
    for (const nonsense of [Number.NaN, -1, 0]) limiter.pause(nonsense)
    expect(limiter.tryTake()).toBe(5_000)
    expect(limiter.usage()).toMatchObject({ kind: 'rate', name: 'rates', pausedUntil: '2026-01-01T00:00:05.000Z' })
    let isThrough = false
    void limiter.take(never).then(() => (isThrough = true))
    await clock.advance(4_999)
    expect(isThrough).toBe(false)
    await clock.advance(1)
    expect(isThrough).toBe(true)
    expect(limiter.pausedUntilMs).toBe(0)
    limiter.pause(Infinity)
    expect(limiter.tryTake()).toBe(LONGEST_PAUSE_MS)
  })

  it('goes on at its rate after a clock that jumped back', () => {
    let now = 1_000_000
    const bucket = createTokenBucket({ requests: 10, perMs: 1_000, burst: 1 }, () => now)
    expect(bucket.tryTake(1)).toBe(0)
    now = 0
    expect(bucket.tryTake(1)).toBe(100)
    now = 100
    expect(bucket.tryTake(1)).toBe(0)
  })

  it('lets in whoever waits as soon as enough is given back, and wakes nobody for what turned out to be more', async () => {
    const clock = createManualClock()
    const limiter = createRateLimiter({ name: 'tokens', spec: { requests: 10, perMs: 10_000, burst: 3 }, clock })
    expect(limiter.tryTake(3)).toBe(0)
    let got = 0
    for (let i = 0; i < 2; i++) void limiter.take(never, 2).then(() => got++)
    limiter.giveBack(1)
    await clock.advance(0)
    expect(got).toBe(0)
    limiter.giveBack(1)
    await clock.advance(0)
    expect([got, limiter.usage().waiting]).toEqual([1, 1])
    limiter.giveBack(-1)
    await clock.advance(2_999)
    expect(got).toBe(1)
    await clock.advance(1)
    expect(got).toBe(2)
  })

  it('tells others of a pause only when it lengthens theirs, and hears none but its own', async () => {
    const clock = createManualClock()
    const { coordination, hearers } = createFakeCoordination(clock)
    const told: SharedNote[] = []
    hearers.add((note) => told.push(note))
    const limiter = createRateLimiter({ name: 'rates', clock, coordination })
    limiter.pause(2_000)
    limiter.pause(2_000)
    limiter.pause(500)
    limiter.pause(0)
    expect(told).toEqual([{ kind: 'pause', key: 'rates', untilMs: clock.now() + 2_000 }])
    coordination.announce({ kind: 'breaker', key: 'rates', untilMs: clock.now() + 60_000 })
    expect(limiter.tryTake()).toBe(2_000)
  })

  it('refuses those who wait when it is closed', async () => {
    const limiter = createRateLimiter({ name: 'rates', spec: tenPerSecond, clock: createManualClock() })
    limiter.tryTake()
    const waiting = limiter.take(never)
    limiter.close()
    await expect(waiting).rejects.toMatchObject({ code: 'closed' })
    await expect(limiter.take(never)).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('a rate limit that processes share', () => {
  const spec: RateLimitSpec = { requests: 100, perMs: 1_000, burst: 20 }

  it('is one limit, and asks for more than one token at a time while they are used up quickly', async () => {
    const clock = createManualClock()
    const { coordination, asked } = createFakeCoordination(clock)
    const limiters = [1, 2].map(() => createRateLimiter({ name: 'rates', spec, clock, coordination }))
    const loops = limiters.map(takeAll)
    await clock.advance(10_000)
    for (const { stop } of loops) stop()
    const taken = loops.map(({ state }) => state.taken)
    const all = taken.reduce((sum, each) => sum + each, 0)
    expect(all).toBeLessThanOrEqual(1_020)
    expect(all).toBeGreaterThanOrEqual(950)
    expect(Math.min(...taken)).toBeGreaterThan(300)
    expect(Math.max(...asked)).toBe(2)
  })

  it('hears the pause of another, and does not tell it on', async () => {
    const clock = createManualClock()
    const { coordination, hearers } = createFakeCoordination(clock)
    let told = 0
    hearers.add(() => told++)
    const [one, other, third] = ['rates', 'rates', 'weather'].map((name) =>
      createRateLimiter({ name, clock, coordination }),
    )
    one?.pause(3_000)
    expect([one?.tryTake(), other?.tryTake(), third?.tryTake(), told]).toEqual([3_000, 3_000, 0, 1])
    coordination.announce({ kind: 'pause', key: 'rates', untilMs: Number.NaN })
    coordination.announce({ kind: 'pause', key: 'rates', untilMs: clock.now() + 86_400_000 })
    expect(other?.tryTake()).toBe(LONGEST_PAUSE_MS)
  })

  it('counts by itself while the others cannot be asked, and with them again afterwards', async () => {
    const clock = createManualClock()
    const { coordination, asked, setAway } = createFakeCoordination(clock)
    const limiter = createRateLimiter({ name: 'rates', spec, clock, coordination })
    setAway(true)
    const loop = takeAll(limiter)
    await clock.advance(5_000)
    expect(loop.state.taken).toBeGreaterThanOrEqual(490)
    expect(loop.state.taken).toBeLessThanOrEqual(520)
    // Asked once a second, not once a call.
    expect(asked.length).toBeLessThanOrEqual(6)
    setAway(false)
    const before = loop.state.taken
    await clock.advance(1_000)
    const asks = asked.length
    await clock.advance(4_000)
    expect(asked.length).toBeGreaterThan(asks + 100)
    expect(loop.state.taken - before).toBeLessThanOrEqual(525)
    expect(loop.state.taken - before).toBeGreaterThanOrEqual(490)
    loop.stop()
  })

  it('keeps no tokens that nobody wants, so that others find them', async () => {
    const clock = createManualClock()
    const { coordination, asked } = createFakeCoordination(clock)
    const limiter = createRateLimiter({ name: 'rates', spec, clock, coordination })
    for (let i = 0; i < 20; i++) {
      await limiter.take(never)
      await clock.advance(2_000)
    }
    expect(asked).toEqual(Array.from({ length: 20 }, () => 1))
  })
})
