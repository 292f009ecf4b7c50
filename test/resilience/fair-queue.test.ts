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

  it('sorts one flow by due date, rank and arrival, whoever leaves from the middle', () => {
    const item = fc.record({ dueAtMs: fc.constantFrom(10, 20, 30), rank: fc.nat(9), leaves: fc.boolean() })
    fc.assert(
      fc.property(fc.array(item, { maxLength: 60 }), (items) => {
        const queue = createFairQueue<number>()
        items.forEach((order, i) => queue.push(i, of(order)))
        items.forEach(({ leaves }, i) => leaves && queue.remove(i))
        const wanted = items
          .map((order, i) => ({ ...order, i }))
          .filter(({ leaves }) => !leaves)
          .sort((a, b) => a.dueAtMs - b.dueAtMs || b.rank - a.rank || a.i - b.i)
          .map(({ i }) => i)
        const got: number[] = []
        for (let next = queue.pop(); next !== undefined; next = queue.pop()) got.push(next)
        expect(got).toEqual(wanted)
      }),
    )
  })

  it('gives flows that have had as much their turn in order of what each has best', () => {
    const widest = { later: { flow: ['a'], dueAtMs: 20 }, sooner: { flow: ['b'], dueAtMs: 10 }, never: { flow: ['c'] } }
    expect(drain(fill(widest))).toEqual(['sooner', 'later', 'never'])
    const narrow = {
      later: { flow: ['k', 'a'], dueAtMs: 20 },
      small: { flow: ['k', 'b'], rank: 1 },
      large: { flow: ['k', 'c'], rank: 2 },
      sooner: { flow: ['k', 'd'], dueAtMs: 10 },
    }
    expect(drain(fill(narrow))).toEqual(['sooner', 'later', 'large', 'small'])
  })

  it('lets a due date go before the share of a narrow flow, and not before that of a widest one', () => {
    const first = (flows: readonly [string[], string[]]): string | undefined => {
      const queue = createFairQueue<string>()
      const [had, waits] = flows
      for (let i = 0; i < 3; i++) queue.push(`had${i}`, of({ flow: had }))
      queue.push('waits', of({ flow: waits, rank: -1 }))
      for (let i = 0; i < 2; i++) queue.pop()
      queue.push('due', of({ flow: had, dueAtMs: 5 }))
      return queue.peek()
    }
    expect(
      first([
        ['k', 'a'],
        ['k', 'b'],
      ]),
    ).toBe('due')
    const queue = fill({ a1: { flow: ['a'] }, a2: { flow: ['a'] }, b1: { flow: ['b'] } })
    expect(queue.pop()).toBe('a1')
    queue.push('a3', of({ flow: ['a'], dueAtMs: 5 }))
    expect(queue.peek()).toBe('b1')
  })

  it('follows the best of a flow when that one comes late or leaves', () => {
    const queue = fill({ a: { flow: ['k', 'a'], rank: 1 }, b: { flow: ['k', 'b'], rank: 2 } })
    queue.push('a2', of({ flow: ['k', 'a'], rank: 3 }))
    expect(queue.peek()).toBe('a2')
    queue.remove('a2')
    expect(queue.peek()).toBe('b')
    queue.push('c', of({ flow: ['k', 'c'], dueAtMs: 5 }))
    expect(drain(queue)).toEqual(['c', 'b', 'a'])
  })

  it('weighs only the widest flow, by what was said last', () => {
    const queue = createFairQueue<string>()
    for (let i = 0; i < 8; i++) {
      queue.push(`x${i}`, of({ flow: ['k', 'x'], weight: 9 }))
      queue.push(`y${i}`, of({ flow: ['k', 'y'] }))
    }
    expect(
      drain(queue)
        .map((item) => item[0])
        .join(''),
    ).toMatch(/^(xy|yx){8}$/)
  })

  it('forgets flows that have nothing to do only when the others have had as much', () => {
    const queue = createFairQueue<string>()
    queue.push('light', of({ flow: ['light'], weight: 0.1, rank: 1 }))
    for (let i = 0; i < 3; i++) queue.push(`other${i}`, of({ flow: ['other'] }))
    expect(queue.pop()).toBe('light')
    // More names than are kept for nothing.
    for (let i = 0; i < 200; i++) {
      queue.push(`passer${i}`, of({ flow: [`passer${i}`] }))
      queue.remove(`passer${i}`)
    }
    queue.push('late', of({ flow: ['late'] }))
    queue.push('light', of({ flow: ['light'], weight: 0.1, rank: 9 }))
    expect(drain(queue)).toEqual(['other0', 'late', 'other1', 'other2', 'light'])
  })

  it.each([1, 7])('remembers no more flows for all the runs there ever were, %i of them at a time', (atOnce) => {
    const queue = createFairQueue<string>()
    for (let i = 0; i < 10_000; i++) {
      queue.push(`${i}`, of({ flow: ['team', `run${i}`] }))
      if (queue.size >= atOnce) queue.pop()
    }
    expect(queue.flows).toBeLessThan(500)
  })

  it('lets newcomers without end not go before who was served once already', () => {
    const queue = createFairQueue<string>()
    for (let i = 0; i < 2; i++) queue.push(`patient${i}`, of({ flow: ['team', 'patient'] }))
    const served: (string | undefined)[] = []
    for (let i = 0; i < 40; i++) {
      queue.push(`newcomer${i}`, of({ flow: ['team', `run${i}`] }))
      if (queue.size > 5) served.push(queue.pop())
    }
    expect(served.slice(0, 12)).toContain('patient1')
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
