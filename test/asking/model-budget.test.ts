import { describe, expect, it } from 'vitest'
import { createAskModel } from '../../src/asking/ask-model.ts'
import { createModelPrices } from '../../src/asking/model-price.ts'
import { configSchema } from '../../src/contracts/config.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import type { ModelAsk } from '../../src/contracts/parts.ts'
import type { BudgetSpec } from '../../src/contracts/policy.ts'
import { createRunBudget } from '../../src/resilience/budget.ts'
import { answer, createScriptedModel, type Script } from '../../src/testing/scripted-model.ts'
import { createManualClock } from '../support/manual-clock.ts'

const PRICES = { 'openai:a': { inputPrice: 1, outputPrice: 10 }, 'openai:b': { inputPrice: 2, outputPrice: 5 } }

const setUp = (script: Script, limits: BudgetSpec, id = 'openai:a') => {
  const clock = createManualClock()
  const facts: RunFact[] = []
  const emit = (fact: RunFact): void => void facts.push(fact)
  const budget = createRunBudget({ limits, clock, emit, synthesisShare: {} })
  const model = createScriptedModel(script, { clock, id })
  const door = createAskModel({
    modelFor: () => model,
    clock,
    settings: configSchema.parse({}).model,
    prices: createModelPrices(PRICES),
  })
  const ask = (more: Partial<ModelAsk> = {}): ModelAsk => ({
    purpose: 'fill',
    system: 'x'.repeat(400),
    messages: [{ role: 'user', content: 'y'.repeat(400) }],
    runId: 'r',
    signal: new AbortController().signal,
    emit,
    budget,
    ...more,
  })
  return { clock, facts, budget, model, door, ask }
}

describe('model calls within a budget', () => {
  it('counts calls, tokens and cost by what the vendor counted', async () => {
    const usage = { inputTokens: 300, outputTokens: 50 }
    const { door, ask, budget } = setUp({ fill: answer({ text: '{}', usage }) }, { modelCalls: 5, tokens: 5_000 })
    await door.json(ask())
    expect(budget.report().used).toEqual({ modelCalls: 1, tokens: 350, cost: (300 * 1 + 50 * 10) / 1e6 })
  })
  it('is not made when the budget does not reach for it, and the error names limit and setting', async () => {
    const { door, ask, model, facts } = setUp({ fill: '{}' }, { modelCalls: 1 })
    await door.text(ask())
    await expect(door.text(ask({ step: 's' }))).rejects.toMatchObject({
      code: 'budget_exceeded',
      message: expect.stringContaining('(model_calls: 1 of 1). Raise budget.model_calls'),
    })
    expect(model.calls.length).toBe(1)
    expect(facts.filter(({ type }) => type === 'model-call').length).toBe(1)
  })
  it('takes a thousand tokens for an answer that nobody bounds, and the bound where there is one', async () => {
    const { door, ask, model } = setUp({ fill: '{}' }, { tokens: 1_150 })
    await expect(door.text(ask())).rejects.toMatchObject({ code: 'budget_exceeded' })
    await door.text(ask({ maxTokens: 900 }))
    expect(model.calls.length).toBe(1)
  })
  it('reserves before it begins, so that calls at the same time cannot pass the limit together', async () => {
    const { door, ask, clock, model } = setUp({ fill: answer({ text: '{}', delayMs: 10 }) }, { modelCalls: 2 })
    const asked = [1, 2, 3].map(() => door.text(ask()).catch((thrown: TuttiError) => thrown.code))
    await clock.advance(10)
    expect(await Promise.all(asked)).toEqual(['{}', '{}', 'budget_exceeded'])
    expect(model.calls.length).toBe(2)
  })
  it('counts a failed call, and gives back the tokens that it did not use', async () => {
    const { door, ask, budget } = setUp({ fill: answer({ error: 'model_unavailable' }) }, { tokens: 1_200 })
    await expect(door.text(ask())).rejects.toMatchObject({ code: 'model_unavailable' })
    expect(budget.report().used).toEqual({ modelCalls: 1, tokens: 0 })
    expect(budget.reserve({ tokens: 1_200 })).toBeDefined()
  })
  it('estimates by its text what nobody counted, since a broken call is paid for too', async () => {
    const { door, ask, budget } = setUp({ fill: answer({ text: 'z'.repeat(80), cutAfter: 40 }) }, { modelCalls: 1 })
    await expect(door.text(ask())).rejects.toBeInstanceOf(TuttiError)
    expect(budget.report().used.tokens).toBe(200 + 10)
  })
  it('prices a list of models by the one that answered, and reserves for the dearest', async () => {
    const usage = { inputTokens: 1_000, outputTokens: 1_000 }
    const { door, ask, budget } = setUp({ fill: answer({ text: '{}', usage }) }, { cost: 0.0103 }, 'openai:a,openai:b')
    await door.text(ask())
    expect(budget.report().used.cost).toBeCloseTo(0.011)
    expect(createModelPrices(PRICES).cost('openai:b', usage)).toBeCloseTo(0.007)
    expect(createModelPrices(PRICES).unpriced('openai:a,openai:c, openai:d')).toEqual(['openai:c', 'openai:d'])
  })
  it('says that the time was up when the wall clock of the run ends a question', async () => {
    const { door, ask, clock, budget, facts } = setUp({ fill: answer({ hangs: true }) }, { wallTimeMs: 500 })
    const asked = door.text(ask({ signal: budget.work }))
    const seen = expect(asked).rejects.toMatchObject({ code: 'budget_exceeded', details: { kind: 'wall_time' } })
    await clock.advance(500)
    await seen
    expect(facts.map(({ type }) => type)).toEqual(['budget-exceeded', 'model-call'])
  })
})
