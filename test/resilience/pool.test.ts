import { describe, expect, it } from 'vitest'
import { Admission, usageOf } from '../../src/resilience/admission.ts'
import type { FairOrder } from '../../src/resilience/fair-queue.ts'
import { Demand, Pool, type Waiter } from '../../src/resilience/pool.ts'
import { createRateLimiter } from '../../src/resilience/rate-limit.ts'
import { createManualClock } from '../support/manual-clock.ts'

const createPool = (limit: number, name = 'shared'): Pool => new Pool({ kind: 'resource', name, limit })
const needs = (...pools: Pool[]): Demand => new Demand(pools.map((pool) => ({ pool, amount: 1 })))
const orderOf = (): FairOrder => ({ priority: 2, flow: ['k'] })

describe('the rate of a pool', () => {
  const createLimited = () => {
    const clock = createManualClock()
    const pool = new Pool({
      kind: 'component',
      name: 'fx',
      limit: 5,
      rate: createRateLimiter({ name: 'fx', spec: { requests: 1, perMs: 1_000 }, clock }),
    })
    const admission = new Admission()
    return { clock, pool, admission, demand: needs(pool) }
  }

  it('holds up what the places would let through, and nothing is held meanwhile', async () => {
    const { clock, pool, admission, demand } = createLimited()
    expect([admission.take(demand), admission.take(demand)]).toEqual([true, false])
    expect([pool.inUse, demand.users]).toEqual([1, 1])
    await clock.advance(1_000)
    expect(admission.take(demand)).toBe(true)
  })

  it('gets back what was taken for a call that was not made, and not what was', () => {
    const { admission, demand } = createLimited()
    admission.take(demand)
    admission.giveBack(demand)
    expect(admission.take(demand)).toBe(false)
    const unused = createLimited()
    unused.admission.take(unused.demand)
    unused.admission.giveBack(unused.demand, true)
    expect(unused.admission.take(unused.demand)).toBe(true)
  })

  it('is not touched while a place is missing', () => {
    const { pool, admission, demand } = createLimited()
    pool.limit = 0
    expect(admission.take(demand)).toBe(false)
    expect(pool.rate?.tryTake()).toBe(0)
  })

  it('lets in who waits for it when it is free again', async () => {
    const { clock, pool, admission, demand } = createLimited()
    pool.rate?.onFree(() => admission.free(pool))
    admission.take(demand)
    let got = 0
    const waiter = (): Waiter => ({ order: orderOf(), isReady: () => true, admit: () => (got++, false) })
    admission.wait(demand, waiter())
    admission.wait(demand, waiter())
    await clock.advance(999)
    expect(got).toBe(0)
    await clock.advance(1)
    expect(got).toBe(1)
    await clock.advance(1_000)
    expect([got, pool.parked.size, pool.inUse]).toEqual([2, 0, 3])
  })
})

describe('what is shown of pools', () => {
  it('is only what is in use, waited for or paused', () => {
    const clock = createManualClock()
    const [idle, used, waited, paused] = ['idle', 'used', 'waited', 'paused'].map((name) => createPool(1, name)) as [
      Pool,
      Pool,
      Pool,
      Pool,
    ]
    used.take(1)
    const demand = needs(waited)
    demand.waiting = 2
    waited.parked.add(demand)
    paused.rate = createRateLimiter({ name: 'paused', clock })
    paused.rate.pause(2_000)
    expect(usageOf([idle, used, waited, paused])).toEqual([
      { kind: 'resource', name: 'used', inUse: 1, limit: 1, waiting: 0 },
      { kind: 'resource', name: 'waited', inUse: 0, limit: 1, waiting: 2 },
      { kind: 'resource', name: 'paused', inUse: 0, limit: 1, waiting: 0, pausedUntil: '2026-01-01T00:00:02.000Z' },
    ])
  })

  it('is idle when nobody is inside and nobody waits', () => {
    const pool = createPool(2)
    expect(pool.isIdle).toBe(true)
    pool.take(1)
    expect(pool.isIdle).toBe(false)
    pool.giveBack(1)
    pool.parked.add(needs(pool))
    expect(pool.isIdle).toBe(false)
  })
})

describe('the limit of a pool', () => {
  it('is what its instances bear on average, at least 1, and says when there is more room', () => {
    const pool = new Pool({ kind: 'component', name: 'fx', limit: 10 })
    pool.setInstances([{ id: 'a' }, { id: 'b' }])
    expect([pool.setShare('a', 0.5), pool.limit]).toEqual([false, 7])
    expect([pool.setShare('a', 0.9), pool.limit]).toEqual([true, 9])
    expect([pool.setShare('a', 1), pool.limit]).toEqual([true, 10])
    expect([pool.setShare('a', 1), pool.limit]).toEqual([false, 10])
    expect([pool.setShare('a', 0), pool.setShare('b', 0), pool.limit]).toEqual([false, false, 1])
    // Of one that is not there any more nothing is held against the others.
    pool.setInstances([{ id: 'c' }])
    expect(pool.limit).toBe(10)
    expect(pool.setShare('unknown', 0)).toBe(false)
    expect(pool.limit).toBe(10)
  })
})
