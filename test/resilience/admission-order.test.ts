// Who goes first among those who need different things of one pool, and what becomes of rates on the way.
import { describe, expect, it } from 'vitest'
import { Admission } from '../../src/resilience/admission.ts'
import type { FairOrder } from '../../src/resilience/fair-queue.ts'
import { Demand, Pool, type Waiter } from '../../src/resilience/pool.ts'
import { createRateLimiter } from '../../src/resilience/rate-limit.ts'
import { createManualClock } from '../support/manual-clock.ts'

const createPool = (limit: number, name = 'shared'): Pool => new Pool({ kind: 'resource', name, limit })
const needs = (...pools: Pool[]): Demand => new Demand(pools.map((pool) => ({ pool, amount: 1 })))
const orderOf = (more: Partial<FairOrder> = {}): FairOrder => ({ priority: 2, flow: ['k'], ...more })

/** One place that is taken, and work that waits for it with needs of its own for each, so that no queue sorts them. */
function createContest() {
  const shared = createPool(1)
  const admission = new Admission()
  const first = needs(shared)
  admission.take(first)
  const began: string[] = []
  let last = first
  return {
    began,
    join(name: string, order: Partial<FairOrder> = {}): { demand: Demand; waiter: Waiter } {
      const demand = needs(shared, createPool(9, name))
      const waiter: Waiter = {
        order: orderOf(order),
        isReady: () => true,
        admit() {
          began.push(name)
          last = demand
          return false
        },
      }
      admission.wait(demand, waiter)
      return { demand, waiter }
    },
    /** All of them, one after the other. */
    run(turns = 10): string {
      for (let i = 0; i < turns; i++) {
        const before = began.length
        admission.giveBack(last)
        if (began.length === before) break
      }
      return began.join('')
    },
    admission,
    shared,
  }
}

describe('who goes first among different needs', () => {
  it.each<[string, Partial<FairOrder>, Partial<FairOrder>]>([
    ['the more urgent, before anything else', { priority: 1 }, { priority: 2, dueAtMs: 1, rank: 9 }],
    ['the earlier due, before the larger rank', { dueAtMs: 100 }, { dueAtMs: 200, rank: 9 }],
    ['the one that is due at all', { dueAtMs: 100 }, { rank: 9 }],
    ['the larger rank', { rank: 2 }, { rank: 1 }],
    ['the one that has a rank', { rank: 1 }, {}],
  ])('is %s', (_rule, better, worse) => {
    for (const order of ['ab', 'ba']) {
      const contest = createContest()
      for (const name of order) contest.join(name, name === 'a' ? better : worse)
      expect(contest.run(), `after joining as ${order}`).toBe('ab')
    }
  })

  it('is the flow that has had less, whatever is due or ranked in the others', () => {
    const contest = createContest()
    for (const name of ['a', 'b', 'c']) contest.join(name, { flow: ['x'], dueAtMs: 1, rank: 9 })
    for (const name of ['A', 'B', 'C']) contest.join(name, { flow: ['y'] })
    expect(contest.run()).toBe('aAbBcC')
  })

  it('is, of a flow of weight 3, three for one of another', () => {
    const contest = createContest()
    for (let i = 0; i < 9; i++) contest.join('h', { flow: ['heavy'], weight: 3 })
    for (let i = 0; i < 9; i++) contest.join('l', { flow: ['light'] })
    expect([...contest.run(8)].filter((name) => name === 'h')).toHaveLength(6)
  })

  it('is, of a flow that comes late, no more than its share of what is left', () => {
    const contest = createContest()
    for (let i = 0; i < 8; i++) contest.join('x', { flow: ['x'] })
    contest.run(4)
    for (let i = 0; i < 4; i++) contest.join('y', { flow: ['y'] })
    expect([...contest.run(4)].slice(4).sort().join('')).toBe('xxyy')
  })

  it('is decided anew when nobody was left waiting: what was had before is forgotten', () => {
    const contest = createContest()
    for (const name of ['a', 'b', 'c', 'd']) contest.join(name, { flow: ['x'] })
    contest.run(4)
    expect(contest.began).toHaveLength(4)
    contest.join('X', { flow: ['x'], rank: 2 })
    contest.join('Y', { flow: ['y'], rank: 1 })
    expect(contest.run(2)).toBe('abcdXY')
  })

  it('follows an order that changes while it waits', () => {
    const contest = createContest()
    contest.join('a', { rank: 5 })
    const late = contest.join('b', { rank: 1 })
    const changed: Waiter = { ...late.waiter, order: orderOf({ rank: 9 }) }
    contest.admission.reorder(late.demand, changed)
    Object.assign(late.waiter, { order: orderOf({ priority: 0 }) })
    contest.admission.reorder(late.demand, late.waiter)
    expect(contest.run()).toBe('ba')
  })

  it('is nobody who does not wait: to leave or to be reordered changes nothing then', () => {
    const contest = createContest()
    const { demand, waiter } = contest.join('a')
    const stranger: Waiter = { ...waiter }
    const { users } = demand
    contest.admission.leave(demand, stranger)
    contest.admission.reorder(demand, stranger)
    expect([demand.users, demand.queue.size, contest.shared.parked.size]).toEqual([users, 1, 1])
    contest.admission.leave(demand, waiter)
    expect([demand.users, demand.queue.size, contest.shared.parked.size]).toEqual([0, 0, 0])
  })
})

describe('who need several things', () => {
  it('do not overtake a better waiter of one of them, though they fit', () => {
    const [gpu, cpu] = [createPool(4, 'gpu'), createPool(4, 'cpu')]
    const admission = new Admission()
    const of = (...list: [Pool, number][]): Demand => new Demand(list.map(([pool, amount]) => ({ pool, amount })))
    const [two, four, both] = [of([gpu, 2]), of([gpu, 4]), of([cpu, 1], [gpu, 1])]
    admission.take(two)
    const began: string[] = []
    const waiter = (name: string): Waiter => ({
      order: orderOf(),
      isReady: () => true,
      admit: () => (began.push(name), false),
    })
    admission.wait(four, waiter('four'))
    expect(admission.take(both)).toBe(false)
    expect([gpu.inUse, cpu.inUse]).toEqual([2, 0])
    admission.wait(both, waiter('both'))
    expect(began).toEqual([])
    expect(admission.take(of([cpu, 1]))).toBe(true)
    admission.giveBack(two)
    expect(began).toEqual(['four'])
    admission.giveBack(four)
    expect(began).toEqual(['four', 'both'])
    // The same needs as somebody who waits: behind them.
    admission.giveBack(both)
    expect(admission.take(four)).toBe(true)
    admission.wait(both, waiter('again'))
    expect(admission.take(both)).toBe(false)
  })

  it('let in who fits as soon as the one before them becomes less urgent', () => {
    const gpu = createPool(4, 'gpu')
    const admission = new Admission()
    const of = (amount: number): Demand => new Demand([{ pool: gpu, amount }])
    const [two, four, one] = [of(2), of(4), of(1)]
    admission.take(two)
    const began: string[] = []
    const waiter = (name: string, rank: number) => ({
      order: orderOf({ rank }),
      isReady: () => true,
      admit: () => (began.push(name), false),
    })
    const large = waiter('four', 9)
    admission.wait(four, large)
    admission.wait(one, waiter('one', 5))
    expect(began).toEqual([])
    large.order = orderOf({ rank: 9 })
    admission.reorder(four, large)
    expect(began, 'nothing has changed').toEqual([])
    large.order = orderOf({ rank: 1 })
    admission.reorder(four, large)
    expect(began).toEqual(['one'])
  })
})

describe('who was sent from one full pool to another too often', () => {
  it('keeps what it was sent away from: it begins, and then the others go on', () => {
    const [a, b] = [createPool(1, 'a'), createPool(1, 'b')]
    const [onA, onB, onBoth] = [needs(a), needs(b), needs(a, b)]
    const admission = new Admission()
    const began: string[] = []
    const wait = (name: string, demand: Demand, rank: number): Waiter => {
      const waiter: Waiter = {
        order: orderOf({ rank }),
        isReady: () => true,
        admit: () => (began.push(name), false),
      }
      admission.wait(demand, waiter)
      return waiter
    }
    admission.take(onA)
    admission.take(onB)
    const both = wait('both', onBoth, 9)
    for (let i = 0; i < 9; i++) {
      wait('a', onA, 1)
      wait('b', onB, 1)
    }
    // In turn one of the two is free, and never both: it was sent on four times, and then stays.
    for (const demand of [onA, onB, onA, onB, onA, onB]) admission.giveBack(demand)
    expect(began.join(' ')).toBe('a b a b both')
    expect([a.inUse, b.inUse]).toEqual([1, 1])
    admission.giveBack(onBoth)
    expect(began.slice(5).sort()).toEqual(['a', 'b'])
    expect([onBoth.claims.size, onBoth.moves, onBoth.isIdle]).toEqual([0, 0, true])

    // Who gives up gives up what it kept, too.
    admission.wait(onBoth, both)
    for (const demand of [onA, onB, onA, onB, onA]) admission.giveBack(demand)
    const before = began.length
    admission.leave(onBoth, both)
    expect(began.length).toBe(before + 1)
    expect([a.inUse, b.inUse]).toEqual([1, 1])
  })

  it('keeps nothing from others once it lacks only time', async () => {
    const clock = createManualClock()
    const [a, b] = [createPool(1, 'a'), createPool(1, 'b')]
    b.rate = createRateLimiter({ name: 'b', spec: { requests: 3, perMs: 1_000 }, clock })
    const [onA, onB, onBoth] = [needs(a), needs(b), needs(a, b)]
    const admission = new Admission()
    b.rate.onFree(() => admission.free(b))
    const began: string[] = []
    const wait = (name: string, demand: Demand, rank: number): void =>
      admission.wait(demand, { order: orderOf({ rank }), isReady: () => true, admit: () => (began.push(name), false) })
    admission.take(onA)
    admission.take(onB)
    wait('both', onBoth, 9)
    for (let i = 0; i < 9; i++) {
      wait('a', onA, 1)
      wait('b', onB, 1)
    }
    for (const demand of [onA, onB, onA, onB, onA]) admission.giveBack(demand)
    // Sent on so often, it keeps `a` while it waits for `b`.
    expect(began.join(' ')).toBe('a b a b')
    expect(a.inUse).toBe(0)
    admission.giveBack(onB)
    // Of `b` there is a place, and no call allowed before long.
    expect(began.join(' ')).toBe('a b a b a')
    admission.giveBack(onA)
    await clock.advance(1_000)
    expect(began.join(' ')).toBe('a b a b a a')
    admission.giveBack(onA)
    expect(began.join(' ')).toBe('a b a b a a both')
  })
})

describe('a waiter', () => {
  it('that has more of it stays, with the order that it has then', () => {
    const contest = createContest()
    const both = needs(contest.shared, createPool(9))
    const names = ['a', 'b']
    const waiter = {
      order: orderOf({ rank: 9 }),
      isReady: () => true,
      admit(): boolean {
        contest.began.push(names.shift() ?? '?')
        this.order = orderOf({ rank: 1 })
        return names.length > 0
      },
    }
    contest.admission.wait(both, waiter)
    contest.join('c', { rank: 5 })
    contest.admission.giveBack(needs(contest.shared))
    contest.admission.giveBack(both)
    contest.run(2)
    expect(contest.began.join('')).toBe('acb')
    expect(both.isIdle).toBe(true)
  })

  it('that cannot use its turn leaves, holds nothing, and makes way', () => {
    const contest = createContest()
    const clock = createManualClock()
    const limited = createPool(5, 'component')
    limited.rate = createRateLimiter({ name: 'c', spec: { requests: 1, perMs: 1_000 }, clock })
    const demand = needs(contest.shared, limited)
    let asked = 0
    contest.admission.wait(demand, {
      order: orderOf({ rank: 9 }),
      isReady: () => (asked++, false),
      admit: () => {
        throw new Error('it was not ready')
      },
    })
    contest.join('b')
    contest.run()
    expect([contest.began, asked, demand.users, demand.isIdle]).toEqual([['b'], 1, 0, true])
    expect([contest.shared.inUse, limited.inUse, limited.rate.tryTake()]).toEqual([0, 0, 0])
  })
})
