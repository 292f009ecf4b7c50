import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BudgetAmounts, BudgetReservation } from '../../src/contracts/budget.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import type { BudgetSpec } from '../../src/contracts/policy.ts'
import { createRunBudget, smallestBudget } from '../../src/resilience/budget.ts'
import { createManualClock } from '../support/manual-clock.ts'

const open = (
  limits: BudgetSpec,
  more: { synthesisShare?: BudgetAmounts; synthesisTimeShare?: number; used?: BudgetAmounts } = {},
) => {
  const clock = createManualClock()
  const facts: RunFact[] = []
  const budget = createRunBudget({
    limits,
    clock,
    emit: (fact) => void facts.push(fact),
    synthesisShare: {},
    ...more,
  })
  return { clock, facts, budget }
}

describe('the budget of a run', () => {
  it('gives what is there and refuses what would pass a limit, before anything begins', () => {
    const { budget, facts } = open({ modelCalls: 2 })
    expect(budget.reserve({ modelCalls: 1 })).toBeDefined()
    expect(budget.reserve({ modelCalls: 1 })).toBeDefined()
    expect(facts).toEqual([])
    expect(budget.reserve({ modelCalls: 1 }, { step: 'a', purpose: 'fill' })).toBeUndefined()
    expect(budget.exceeded).toBe('modelCalls')
    expect(facts).toEqual([
      { type: 'budget-exceeded', kind: 'modelCalls', limit: 2, used: 2, step: 'a', purpose: 'fill' },
    ])
  })
  it('tells only of the limit that was reached first, once', () => {
    const { budget, facts } = open({ modelCalls: 1, componentCalls: 1 })
    budget.reserve({ modelCalls: 1, componentCalls: 1 })
    budget.reserve({ componentCalls: 1 })
    budget.reserve({ modelCalls: 1 })
    expect(facts.map((fact) => fact.type === 'budget-exceeded' && fact.kind)).toEqual(['componentCalls'])
    expect(budget.report().exceeded).toBe('componentCalls')
  })
  it('gives back what was set aside and not used, and counts what was used beyond it', () => {
    const { budget } = open({ tokens: 1_000 })
    const first = budget.reserve({ tokens: 900 })
    first?.settle({ tokens: 100 })
    first?.settle({ tokens: 800 })
    const second = budget.reserve({ tokens: 900 })
    expect(second).toBeDefined()
    second?.settle({ tokens: 1_300 })
    expect(budget.report()).toEqual({ limits: { tokens: 1_000 }, used: { tokens: 1_400 } })
    expect(budget.reserve({ tokens: 1 })).toBeUndefined()
  })
  it('takes no part of a need when another part of it does not fit', () => {
    const { budget } = open({ componentCalls: 5, cost: 1 })
    expect(budget.reserve({ componentCalls: 5, cost: 2 })).toBeUndefined()
    expect(budget.reserve({ componentCalls: 5, cost: 1 })).toBeDefined()
  })
  it('adds up prices without a rest: ten times 0.1 is 1', () => {
    const { budget } = open({ cost: 1 })
    for (let i = 0; i < 10; i++) expect(budget.reserve({ cost: 0.1 })).toBeDefined()
    expect(budget.reserve({ cost: 0.1 })).toBeUndefined()
  })
  it('gives optional work only what the mandatory steps that have not begun do not need', () => {
    const { budget } = open({ componentCalls: 3 })
    budget.expect({ componentCalls: 2 })
    expect(budget.reserve({ componentCalls: 1 }, { optional: true })).toBeDefined()
    expect(budget.reserve({ componentCalls: 1 }, { optional: true })).toBeUndefined()
    for (let i = 0; i < 2; i++) {
      budget.expect({ componentCalls: -1 })
      expect(budget.reserve({ componentCalls: 1 })).toBeDefined()
    }
  })
  it('keeps the share of the answer from everything else', () => {
    const { budget } = open({ modelCalls: 3, tokens: 10_000 }, { synthesisShare: { modelCalls: 1, tokens: 4_000 } })
    expect(budget.reserve({ modelCalls: 1, tokens: 6_000 })).toBeDefined()
    expect(budget.reserve({ modelCalls: 1, tokens: 1 }, { purpose: 'fill' })).toBeUndefined()
    expect(budget.reserve({ modelCalls: 1, tokens: 4_000 }, { synthesis: true })).toBeDefined()
  })
  it('spends a budget for one model call on the plan, not on the answer', () => {
    const { budget } = open({ modelCalls: 1, tokens: 3_000 }, { synthesisShare: { modelCalls: 1, tokens: 7_000 } })
    expect(budget.reserve({ modelCalls: 1, tokens: 1_500 })).toBeDefined()
    expect(budget.reserve({ modelCalls: 1, tokens: 100 }, { synthesis: true })).toBeUndefined()
  })
  it('goes on from what earlier segments used', () => {
    const { budget } = open({ modelCalls: 3 }, { used: { modelCalls: 2 } })
    expect(budget.reserve({ modelCalls: 1 })).toBeDefined()
    expect(budget.reserve({ modelCalls: 1 })).toBeUndefined()
  })

  it('ends the work when its time is up, keeps the rest for the answer, then ends that too', async () => {
    const { budget, clock, facts } = open({ wallTimeMs: 10_000 }, { synthesisTimeShare: 0.1 })
    await clock.advance(8_999)
    expect(budget.work.aborted).toBe(false)
    await clock.advance(1)
    expect(budget.work.reason).toMatchObject({
      code: 'budget_exceeded',
      message: expect.stringContaining('wall time of 10s, the last 1s of which are for the answer'),
    })
    expect(facts).toEqual([{ type: 'budget-exceeded', kind: 'wallTimeMs', limit: 10_000, used: 9_000 }])
    expect(budget.reserve({ componentCalls: 1 })).toBeUndefined()
    expect(budget.reserve({ modelCalls: 1 }, { synthesis: true })).toBeDefined()
    await clock.advance(1_000)
    expect(budget.whole.aborted).toBe(true)
    expect(budget.reserve({ modelCalls: 1 }, { synthesis: true })).toBeUndefined()
    expect(budget.report()).toMatchObject({ used: { wallTimeMs: 10_000 }, exceeded: 'wallTimeMs' })
  })
  it('lets its clock stand still while the run waits, and lets go of it at the end', async () => {
    const { budget, clock } = open({ wallTimeMs: 1_000 })
    await clock.advance(600)
    budget.pause()
    await clock.advance(60_000)
    budget.resume()
    await clock.advance(399)
    expect(budget.work.aborted).toBe(false)
    expect(budget.report().used).toEqual({ wallTimeMs: 999 })
    budget.close()
    await clock.advance(10_000)
    expect(budget.work.aborted).toBe(false)
  })

  it('keeps of a small limit at most half for the answer: of whole things the smaller half, of money exactly half', () => {
    const { budget } = open({ modelCalls: 3, cost: 1 }, { synthesisShare: { modelCalls: 2, cost: 0.7 } })
    expect(budget.reserve({ modelCalls: 3 })).toBeUndefined()
    expect(budget.reserve({ modelCalls: 2, cost: 0.5 })).toBeDefined()
    expect(budget.reserve({ cost: 0.001 })).toBeUndefined()
    expect(budget.reserve({ cost: 0.5 }, { synthesis: true })).toBeDefined()
  })

  it('tells what stood against a need: what was used and what is set aside', () => {
    const { budget, facts } = open({ tokens: 1_000 })
    budget.reserve({ tokens: 300 })?.settle({ tokens: 200 })
    budget.reserve({ tokens: 500 })
    expect(budget.reserve({ tokens: 301 })).toBeUndefined()
    expect(facts).toEqual([{ type: 'budget-exceeded', kind: 'tokens', limit: 1_000, used: 700 }])
  })

  it('takes a need of nothing as met, also when everything is used up', () => {
    const { budget, facts } = open({ modelCalls: 1, cost: 1 })
    budget.reserve({ modelCalls: 1, cost: 1 })?.settle({ modelCalls: 1, cost: 2 })
    expect(budget.reserve({ modelCalls: 0 })).toBeDefined()
    expect(budget.reserve({})).toBeDefined()
    expect(facts).toEqual([])
  })

  it('reports of what has no limit only what was used of it', () => {
    const { budget } = open({ componentCalls: 4 })
    expect(budget.report()).toEqual({ limits: { componentCalls: 4 }, used: { componentCalls: 0 } })
    budget.reserve({ tokens: 10 })?.settle({ tokens: 7 })
    expect(budget.report().used).toEqual({ componentCalls: 0, tokens: 7 })
  })

  it('expects no less than nothing, however much is taken back', () => {
    const { budget } = open({ componentCalls: 3 })
    budget.expect({ componentCalls: 1 })
    budget.expect({ componentCalls: -5 })
    budget.expect({ componentCalls: 2 })
    expect(budget.reserve({ componentCalls: 2 }, { optional: true })).toBeUndefined()
    expect(budget.reserve({ componentCalls: 1 }, { optional: true })).toBeDefined()
  })

  it('without a share for the answer ends work and run in the same moment, and says so in one sentence', async () => {
    const { budget, clock, facts } = open({ wallTimeMs: 1_000 })
    await clock.advance(999)
    expect([budget.work.aborted, budget.whole.aborted]).toEqual([false, false])
    await clock.advance(1)
    expect([budget.work.aborted, budget.whole.aborted]).toEqual([true, true])
    expect(budget.whole.reason).toBe(budget.work.reason)
    expect(budget.work.reason).toMatchObject({ code: 'budget_exceeded', details: { kind: 'wall_time' } })
    expect(budget.work.reason.message).toContain('wall time of 1s. Raise')
    expect(facts).toHaveLength(1)
    expect(budget.exceeded).toBe('wallTimeMs')
  })

  it('without a wall time has no clock', async () => {
    const { budget, clock } = open({ modelCalls: 1 }, { synthesisTimeShare: 0.1 })
    budget.pause()
    budget.resume()
    await clock.advance(1e9)
    expect([budget.work.aborted, budget.whole.aborted]).toEqual([false, false])
    expect(budget.report().used).toEqual({ modelCalls: 0 })
  })

  it('never sets aside more than a limit, whatever the order of reserving and settling, and loses nothing', () => {
    const amounts = fc.record({
      modelCalls: fc.integer({ min: 0, max: 4 }),
      tokens: fc.integer({ min: 0, max: 3_000 }),
      cost: fc.double({ min: 0, max: 2, noNaN: true }),
      componentCalls: fc.integer({ min: 0, max: 5 }),
    })
    const action = fc.oneof(
      fc.record({
        kind: fc.constant('reserve' as const),
        need: amounts,
        optional: fc.boolean(),
        synthesis: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant('settle' as const),
        pick: fc.nat(),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    )
    const limits = { modelCalls: 10, tokens: 10_000, cost: 5, componentCalls: 12 }
    const kinds = ['modelCalls', 'tokens', 'cost', 'componentCalls'] as const
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const { budget } = open(limits, { synthesisShare: { modelCalls: 1, tokens: 2_000 } })
        const held: { reservation: BudgetReservation; need: Required<BudgetAmounts> }[] = []
        const used = { modelCalls: 0, tokens: 0, cost: 0, componentCalls: 0 }
        for (const one of actions) {
          if (one.kind === 'reserve') {
            const reservation = budget.reserve(one.need, { optional: one.optional, synthesis: one.synthesis })
            if (reservation !== undefined) held.push({ reservation, need: one.need })
          } else {
            const [of] = held.splice(one.pick % Math.max(1, held.length), 1)
            if (of === undefined) continue
            const really = Object.fromEntries(kinds.map((kind) => [kind, of.need[kind] * one.share]))
            of.reservation.settle(really)
            for (const kind of kinds) used[kind] += of.need[kind] * one.share
          }
          for (const kind of kinds) {
            const reserved = held.reduce((sum, { need }) => sum + need[kind], 0)
            expect(used[kind] + reserved).toBeLessThanOrEqual(limits[kind] + 1e-6)
          }
        }
        for (const { reservation } of held) reservation.settle({})
        const left = Object.fromEntries(kinds.map((kind) => [kind, limits[kind] - used[kind] - 1e-9]))
        expect(budget.reserve(left, { synthesis: true }), 'all that was not used is there again').toBeDefined()
      }),
    )
  })
})

describe('several budgets for one run', () => {
  it('holds the smaller limit of each kind', () => {
    expect(smallestBudget([{ modelCalls: 5, tokens: 100 }, undefined, { modelCalls: 9, cost: 1 }, {}])).toEqual({
      modelCalls: 5,
      tokens: 100,
      cost: 1,
    })
    expect(smallestBudget([undefined, {}])).toBeUndefined()
    expect(smallestBudget([])).toBeUndefined()
    expect(
      smallestBudget([
        { wallTimeMs: 5, componentCalls: 0 },
        { wallTimeMs: 3, componentCalls: 2 },
      ]),
    ).toEqual({
      wallTimeMs: 3,
      componentCalls: 0,
    })
  })
})
