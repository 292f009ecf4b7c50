import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFairQueue, type FairOrder, type FairQueue } from '../../src/resilience/fair-queue.ts'

const of = (order: Partial<FairOrder>): FairOrder => ({ priority: 2, flow: ['k', 'r'], ...order })
const drain = (queue: FairQueue<string>): string[] => {
  const out: string[] = []
  for (let item = queue.pop(); item !== undefined; item = queue.pop()) out.push(item)
  return out
}
const fill = (orders: Record<string, Partial<FairOrder>>): FairQueue<string> => {
  const queue = createFairQueue<string>()
  for (const [item, order] of Object.entries(orders)) queue.push(item, of(order))
  return queue
}

describe('the fair queue', () => {
  it('gives the more urgent first, whoever waits longer', () => {
    const queue = fill({ low: { priority: 3 }, normal: {}, critical: { priority: 0 }, high: { priority: 1 } })
    expect(queue.peek()).toBe('critical')
    expect(drain(queue)).toEqual(['critical', 'high', 'normal', 'low'])
  })

  it('gives what hangs more work on it first, then what came first', () => {
    expect(drain(fill({ a: { rank: 1 }, b: { rank: 5 }, c: { rank: 5 }, d: {} }))).toEqual(['b', 'c', 'a', 'd'])
  })

  it('gives the earliest due first within a key, and does not let it overtake other keys', () => {
    const queue = fill({
      a1: { flow: ['a', 'r1'], dueAtMs: 900 },
      a2: { flow: ['a', 'r2'], dueAtMs: 100 },
      a3: { flow: ['a', 'r3'] },
      b1: { flow: ['b', 'r4'] },
    })
    expect(drain(queue)).toEqual(['a2', 'b1', 'a1', 'a3'])
  })

  it('takes turns between keys, and within a key between its runs', () => {
    const queue = fill({
      x1: { flow: ['a', 'x'] },
      x2: { flow: ['a', 'x'] },
      x3: { flow: ['a', 'x'] },
      y1: { flow: ['a', 'y'] },
      b1: { flow: ['b', 'z'] },
      b2: { flow: ['b', 'z'] },
    })
    expect(drain(queue)).toEqual(['x1', 'b1', 'y1', 'b2', 'x2', 'x3'])
  })

  it('gives a key of weight 3 three turns where another has one', () => {
    const queue = createFairQueue<string>()
    for (let i = 0; i < 40; i++) {
      queue.push(`big${i}`, of({ flow: ['big', 'r'], weight: 3 }))
      queue.push(`small${i}`, of({ flow: ['small', 's'] }))
    }
    const first = drain(queue).slice(0, 40)
    expect(first.filter((item) => item.startsWith('big'))).toHaveLength(30)
  })

  it('gives a key that comes later no more than its share of what is left', () => {
    const queue = createFairQueue<string>()
    for (let i = 0; i < 20; i++) queue.push(`a${i}`, of({ flow: ['a', 'r'] }))
    for (let i = 0; i < 10; i++) queue.pop()
    for (let i = 0; i < 10; i++) queue.push(`b${i}`, of({ flow: ['b', 's'] }))
    const next = drain(queue).slice(0, 10)
    expect(next.filter((item) => item.startsWith('b'))).toHaveLength(5)
  })

  it('remembers what a flow has had when it comes back with one item at a time', () => {
    const queue = createFairQueue<string>()
    const push = {
      a: () => queue.push('a', of({ flow: ['a'] })),
      b: () => queue.push('b', of({ flow: ['b'], weight: 4 })),
    }
    push.a()
    push.b()
    const turns: string[] = []
    for (let i = 0; i < 50; i++) {
      const item = queue.pop() as 'a' | 'b'
      turns.push(item)
      push[item]()
    }
    expect(turns.filter((item) => item === 'b')).toHaveLength(40)
  })

  it('lets items of a flow and of the flows within it take turns', () => {
    const queue = fill({ t1: { flow: ['t'] }, t2: { flow: ['t'] }, u1: { flow: ['t', 'u'] }, u2: { flow: ['t', 'u'] } })
    expect(drain(queue)).toEqual(['t1', 'u1', 't2', 'u2'])
  })

  it('forgets what leaves, charges nobody for it, and says whether it was there', () => {
    const queue = fill({ a1: { flow: ['a'] }, a2: { flow: ['a'] }, b1: { flow: ['b'] } })
    expect(queue.remove('a1')).toBe(true)
    expect(queue.remove('a1')).toBe(false)
    expect(queue.size).toBe(2)
    expect(drain(queue)).toEqual(['a2', 'b1'])
    expect(queue.peek()).toBeUndefined()
  })

  it('loses nobody, gives nobody twice, and never a less urgent one first, whatever comes and goes', () => {
    const order = fc.record({
      priority: fc.constantFrom<(0 | 1 | 2 | 3)[]>(0, 1, 2, 3),
      flow: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
      weight: fc.constantFrom(0.5, 1, 3),
      rank: fc.nat(5),
      dueAtMs: fc.constantFrom(10, 20, Infinity),
    })
    const action = fc.oneof(
      { weight: 3, arbitrary: order.map((given) => ({ type: 'push' as const, order: given })) },
      { weight: 2, arbitrary: fc.constant({ type: 'pop' as const }) },
      { weight: 1, arbitrary: fc.nat().map((pick) => ({ type: 'remove' as const, pick })) },
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
        const queue = createFairQueue<number>()
        const there = new Map<number, FairOrder>()
        let next = 0
        for (const act of actions) {
          if (act.type === 'push') {
            there.set(next, act.order)
            queue.push(next++, act.order)
          } else if (act.type === 'remove') {
            const item = [...there.keys()][act.pick % Math.max(1, there.size)]
            if (item !== undefined) expect(queue.remove(item)).toBe(there.delete(item))
          } else {
            const item = queue.pop()
            expect(item === undefined).toBe(there.size === 0)
            if (item === undefined) continue
            const best = Math.min(...[...there.values()].map(({ priority }) => priority))
            expect(there.get(item)?.priority).toBe(best)
            there.delete(item)
          }
          expect(queue.size).toBe(there.size)
        }
      }),
    )
  })
})
