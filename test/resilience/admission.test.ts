// All places at once or none: against random work with random needs.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Admission } from '../../src/resilience/admission.ts'
import type { FairOrder } from '../../src/resilience/fair-queue.ts'
import { Demand, Pool, type Waiter } from '../../src/resilience/pool.ts'

const pool = (name: string, limit: number, kind: Pool['kind'] = 'resource'): Pool => new Pool({ kind, name, limit })
const needs = (...list: [Pool, number][]): Demand => new Demand(list.map(([of, amount]) => ({ pool: of, amount })))

/** One piece of work: gets its places at once or when it is its turn. */
function createWork(admission: Admission, log: string[] = []) {
  const waiting = new Map<string, Waiter>()
  const held = new Map<string, Demand>()
  return {
    log,
    waiting,
    held,
    start(name: string, demand: Demand, order: Partial<FairOrder> = {}): void {
      const got = (): void => {
        held.set(name, demand)
        log.push(name)
      }
      if (admission.take(demand)) return got()
      const waiter: Waiter = {
        order: { priority: 2, flow: ['k'], ...order },
        isReady: () => true,
        admit() {
          waiting.delete(name)
          got()
          return false
        },
      }
      waiting.set(name, waiter)
      admission.wait(demand, waiter)
    },
    end(name: string): void {
      const demand = held.get(name)
      held.delete(name)
      if (demand !== undefined) admission.giveBack(demand)
    },
    leave(name: string, demand: Demand): void {
      const waiter = waiting.get(name)
      waiting.delete(name)
      if (waiter !== undefined) admission.leave(demand, waiter)
    },
  }
}

describe('admission', () => {
  it('takes all of the needs or none of them', () => {
    const [cpu, gpu] = [pool('cpu', 4), pool('gpu', 1)]
    const admission = new Admission()
    const both = needs([cpu, 2], [gpu, 1])
    expect(admission.take(both)).toBe(true)
    expect(admission.take(both)).toBe(false)
    expect([cpu.inUse, gpu.inUse]).toEqual([2, 1])
    admission.giveBack(both)
    expect([cpu.inUse, gpu.inUse]).toEqual([0, 0])
  })

  it('cannot lock up: work that needs the same two things in whatever order never waits holding one', () => {
    const [a, b] = [pool('a', 1), pool('b', 1)]
    const work = createWork(new Admission())
    for (let i = 0; i < 10; i++) work.start(`w${i}`, needs([a, 1], [b, 1]))
    for (let i = 0; i < 10; i++) work.end(`w${i}`)
    expect(work.log).toHaveLength(10)
    expect(work.waiting.size).toBe(0)
  })

  it('lets nobody overtake a better waiter: four at once are not starved by ones', () => {
    const gpu = pool('gpu', 4)
    const work = createWork(new Admission())
    for (let i = 0; i < 4; i++) work.start(`one${i}`, needs([gpu, 1]))
    work.start('four', needs([gpu, 4]), { rank: 9 })
    for (let i = 4; i < 20; i++) work.start(`one${i}`, needs([gpu, 1]))
    for (let i = 0; i < 4; i++) work.end(`one${i}`)
    expect(work.log[4]).toBe('four')
  })

  it('starves nobody who needs much of two pools, though one of them is always full', () => {
    const [cpu, gpu] = [pool('cpu', 2), pool('gpu', 2)]
    const work = createWork(new Admission())
    const demands = { cpu: needs([cpu, 1]), gpu: needs([gpu, 1]) }
    let next = 0
    const startOne = (of: 'cpu' | 'gpu'): void => work.start(`${of}${next++}`, demands[of])
    for (let i = 0; i < 5; i++) for (const of of ['cpu', 'gpu'] as const) startOne(of)
    work.start('both', needs([cpu, 2], [gpu, 2]), { flow: ['other'] })
    // By turns, so that there is never room in both at once, while new work comes all the time.
    for (let i = 0; i < 40 && !work.log.includes('both'); i++) {
      const of = i % 4 < 2 ? 'cpu' : 'gpu'
      startOne(of)
      work.end([...work.held.keys()].find((name) => name.startsWith(of)) ?? '')
    }
    expect(work.log).toContain('both')
    for (let name = 'both'; name !== undefined; [name = ''] = work.held.keys()) {
      if (name === '') break
      work.end(name)
    }
    expect([work.waiting.size, cpu.inUse, gpu.inUse, cpu.parked.size, gpu.parked.size]).toEqual([0, 0, 0, 0, 0])
  })

  it('takes turns between runs of one key that need different things, whatever hangs on their steps', () => {
    const gpu = pool('gpu', 2)
    const work = createWork(new Admission())
    const one = needs([gpu, 1])
    work.start('a', one)
    work.start('b', one)
    work.start('small0', one, { flow: ['k', 'r1'], rank: 9, turn: { at: 0 } })
    work.start('large', needs([gpu, 2]), { flow: ['k', 'r2'], turn: { at: 0 } })
    for (let i = 1; i < 5; i++) work.start(`small${i}`, one, { flow: ['k', `s${i}`], rank: 9, turn: { at: 0 } })
    for (const name of ['a', 'b', 'small0']) work.end(name)
    expect(work.log).toEqual(['a', 'b', 'small0', 'large'])
  })

  it('gives a place to the best of all that wait for it, whatever else they need', () => {
    const [component, cpu] = [pool('c', 1, 'component'), pool('cpu', 8)]
    const work = createWork(new Admission())
    const [plain, heavy] = [needs([component, 1]), needs([cpu, 2], [component, 1])]
    work.start('first', plain)
    work.start('normal', plain)
    work.start('urgent', heavy, { priority: 0 })
    work.end('first')
    expect(work.log).toEqual(['first', 'urgent'])
    work.end('urgent')
    expect(work.log).toEqual(['first', 'urgent', 'normal'])
  })

  it('takes turns between keys that need different things of one pool', () => {
    const [shared, x, y] = [pool('process', 1, 'process'), pool('x', 9), pool('y', 9)]
    const work = createWork(new Admission())
    const [forX, forY] = [needs([shared, 1], [x, 1]), needs([shared, 1], [y, 1])]
    work.start('first', forX)
    for (let i = 0; i < 4; i++) work.start(`x${i}`, forX, { flow: ['a'], rank: 5 })
    for (let i = 0; i < 4; i++) work.start(`y${i}`, forY, { flow: ['b'] })
    for (let i = 0; i < 9; i++) work.end(work.log.at(-1) ?? '')
    expect(
      work.log
        .slice(1)
        .map((name) => name[0])
        .join(''),
    ).toMatch(/^(xy|yx){4}$/)
  })

  it('goes on when a waiter that held up the others leaves', () => {
    const gpu = pool('gpu', 4)
    const work = createWork(new Admission())
    const four = needs([gpu, 4])
    work.start('two', needs([gpu, 2]))
    work.start('four', four)
    work.start('one', needs([gpu, 1]))
    expect(work.log).toEqual(['two'])
    work.leave('four', four)
    expect(work.log).toEqual(['two', 'one'])
  })

  it('holds what moves: a smaller limit ends nothing, a larger one lets in whoever waits', () => {
    const component = pool('c', 2, 'component')
    component.setInstances([{ id: 'i1' }, { id: 'i2' }])
    const admission = new Admission()
    const work = createWork(admission)
    const one = needs([component, 1])
    for (let i = 0; i < 5; i++) work.start(`w${i}`, one)
    component.setShare('i1', 0)
    expect([component.limit, component.inUse]).toEqual([1, 2])
    work.end('w0')
    expect(work.log).toHaveLength(2)
    if (component.setShare('i1', 1)) admission.free(component)
    expect(work.log).toEqual(['w0', 'w1', 'w2'])
  })

  it('comes back to exactly nothing after fractions', () => {
    const cpu = pool('cpu', 1)
    const admission = new Admission()
    const parts = [needs([cpu, 0.1]), needs([cpu, 0.2]), needs([cpu, 0.7])]
    for (const part of parts) expect(admission.take(part)).toBe(true)
    for (const part of parts) admission.giveBack(part)
    expect(cpu.inUse).toBe(0)
    expect(admission.take(needs([cpu, 1]))).toBe(true)
  })

  it('exceeds no limit, loses no waiter, and leaves no place free that the best waiter fits in', () => {
    const step = fc.record({
      picks: fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }),
      amount: fc.integer({ min: 1, max: 2 }),
      priority: fc.constantFrom<(0 | 1 | 2 | 3)[]>(0, 1, 2, 3),
      flow: fc.constantFrom('a', 'b'),
    })
    const action = fc.oneof(
      { weight: 3, arbitrary: step.map((given) => ({ type: 'start' as const, step: given })) },
      { weight: 2, arbitrary: fc.nat().map((pick) => ({ type: 'end' as const, pick })) },
      { weight: 1, arbitrary: fc.nat().map((pick) => ({ type: 'leave' as const, pick })) },
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 100 }), (actions) => {
        const pools = [2, 3, 2, 4].map((limit, i) => pool(`p${i}`, limit))
        const demands = new Map<string, Demand>()
        const byName = new Map<string, Demand>()
        const work = createWork(new Admission())
        let next = 0
        const check = (): void => {
          for (const of of pools) {
            expect(of.inUse).toBeLessThanOrEqual(of.limit)
            let used = 0
            for (const { pools: its, amounts } of work.held.values())
              its.forEach((one, i) => (used += one === of ? (amounts[i] ?? 0) : 0))
            expect(of.inUse).toBe(used)
            // Whoever is best at this pool does not fit in it.
            const heads = [...of.parked].map((demand) => ({ demand, order: demand.queue.peek()?.order }))
            const best = Math.min(...heads.map(({ order }) => order?.priority ?? 9))
            const fits = heads.filter(
              ({ demand, order }) =>
                order?.priority === best && demand.pools.every((one, i) => one.fits(demand.amounts[i] ?? 1)),
            )
            expect(fits.length === heads.length && heads.length > 0).toBe(false)
          }
          const parked = new Set(pools.flatMap((of) => [...of.parked]))
          expect([...parked].reduce((sum, demand) => sum + demand.queue.size, 0)).toBe(work.waiting.size)
        }
        for (const act of actions) {
          if (act.type === 'start') {
            const chosen = pools.filter((_, i) => act.step.picks.includes(i))
            const key = chosen.map(({ name }) => `${name}:${act.step.amount}`).join()
            const demand = demands.get(key) ?? needs(...chosen.map((of): [Pool, number] => [of, act.step.amount]))
            demands.set(key, demand)
            byName.set(`w${next}`, demand)
            work.start(`w${next++}`, demand, { priority: act.step.priority, flow: [act.step.flow] })
          } else if (act.type === 'end') {
            work.end([...work.held.keys()][act.pick % Math.max(1, work.held.size)] ?? '')
          } else {
            const name = [...work.waiting.keys()][act.pick % Math.max(1, work.waiting.size)] ?? ''
            const demand = byName.get(name)
            if (demand !== undefined) work.leave(name, demand)
          }
          check()
        }
        for (let turns = 0; work.held.size > 0 && turns < 500; turns++) work.end([...work.held.keys()][0] ?? '')
        expect(work.waiting.size).toBe(0)
        expect(pools.map(({ inUse }) => inUse)).toEqual([0, 0, 0, 0])
      }),
    )
  })
})
