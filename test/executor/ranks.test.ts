import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CompiledPlan } from '../../src/contracts/compiled.ts'
import { Durations } from '../../src/executor/durations.ts'
import { rankSteps } from '../../src/executor/ranks.ts'
import { StepOrder, StepQueue } from '../../src/executor/step-queue.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { LONG_CHAIN } from '../support/long-chain.ts'

/** A plan of gates; each entry lists what it depends on. */
async function planOf(dependencies: readonly (readonly number[])[]): Promise<CompiledPlan> {
  const { plan } = await compilePlan({
    steps: dependencies.map((list, i) => ({ name: `s${i}`, type: 'gate', dependsOn: list.map((d) => `s${d}`) })),
  })
  if (plan === undefined) throw new Error('no plan')
  return plan
}

describe('the rank of a step', () => {
  it('is its own time and the longest path of what waits for it', async () => {
    const plan = await planOf([[], [0], [0], [1, 2], []])
    const ms = [1, 10, 2, 5, 3]
    expect([...rankSteps(plan, (i) => ms[i] ?? 0)]).toEqual([16, 15, 7, 5, 3])
  })

  it('does not mind in which order the document has the steps', async () => {
    const plan = await planOf([[2], [], [1]])
    expect([...rankSteps(plan, () => 1)]).toEqual([1, 3, 2])
  })

  it('is found in a chain of 100,000 without recursion', async () => {
    const plan = await planOf(Array.from({ length: LONG_CHAIN }, (_, i) => (i === 0 ? [] : [i - 1])))
    expect(rankSteps(plan, () => 1)[0]).toBe(LONG_CHAIN)
  })
})

describe('learnt durations', () => {
  it('follow the calls; what is unknown takes the mean of what is known, at first 1 ms', () => {
    const durations = new Durations()
    expect(durations.of('a').expectMs).toBe(1)
    durations.of('a').observe(100)
    durations.of('b').observe(20)
    expect(durations.of('c').expectMs).toBe(60)
    for (let i = 0; i < 40; i++) durations.of('a').observe(200)
    expect(durations.of('a').expectMs).toBeCloseTo(200, 0)
  })

  it('take into the mean of all what each is known to take now', () => {
    const durations = new Durations()
    for (const ms of [100, 200, 300]) durations.of('a').observe(ms)
    for (const ms of [50, 10]) durations.of('b').observe(ms)
    const known = ['a', 'b'].map((key) => durations.of(key).expectMs)
    expect(known).toEqual([156, 42])
    expect(durations.meanMs).toBeCloseTo(99, 9)
  })

  it('let what was put away count no more, while who still holds it goes on learning', () => {
    const durations = new Durations()
    const old = durations.of('old')
    old.observe(1_000)
    for (let i = 0; i < 10_000; i++) durations.of(`k${i}`)
    expect([durations.meanMs, durations.known]).toEqual([1, 0])
    old.observe(2_000)
    expect([old.expectMs, durations.meanMs, durations.known]).toEqual([1_200, 1, 0])
    expect(durations.of('old').expectMs).toBe(1)
  })

  it('never say that something takes no time at all', () => {
    const durations = new Durations()
    durations.of('a').observe(0)
    expect(durations.of('a').expectMs).toBeGreaterThan(0)
  })
})

describe('the queue of a run', () => {
  it('gives by priority, then rank, then arrival, whatever the order in which they come and go', () => {
    const item = fc.record({ priority: fc.nat(3), rank: fc.nat(4) })
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 60 }), fc.array(fc.boolean()), (items, takes) => {
        const order = new StepOrder(
          Float64Array.from(items, ({ rank }) => rank),
          Uint8Array.from(items, ({ priority }) => priority),
        )
        const queue = new StepQueue(order)
        const there: number[] = []
        const best = (): number | undefined =>
          [...there].sort(
            (a, b) =>
              (items[a]?.priority ?? 0) - (items[b]?.priority ?? 0) ||
              (items[b]?.rank ?? 0) - (items[a]?.rank ?? 0) ||
              a - b,
          )[0]
        const take = (): void => {
          const wanted = best()
          expect(queue.pop()).toBe(wanted)
          if (wanted !== undefined) there.splice(there.indexOf(wanted), 1)
          expect(queue.size).toBe(there.length)
        }
        for (let i = 0; i < items.length; i++) {
          there.push(i)
          queue.push(i)
          if (takes[i] === true) take()
        }
        while (there.length > 0) take()
        expect(queue.pop()).toBeUndefined()
      }),
    )
  })

  it('is first come, first served until there is something to choose, and then in order', () => {
    const queue = new StepQueue()
    for (const index of [0, 1, 2]) queue.push(index)
    expect(queue.pop()).toBe(0)
    queue.sort(new StepOrder(Float64Array.of(0, 1, 5), new Uint8Array(3)))
    expect([queue.pop(), queue.pop()]).toEqual([2, 1])
  })
})
