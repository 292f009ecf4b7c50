import { describe, expect, it } from 'vitest'
import { createRunBudget } from '../src/resilience/budget.ts'
import { createWorld, step } from './support/coordinator-world.ts'

describe('the coordinator of a run with a budget', () => {
  it('leaves behind an executor and a synthesizer that do not heed the end of the wall time', async () => {
    const limits = { wallTimeMs: 1_000 }
    const world = createWorld(
      {
        executor: {
          async execute(run) {
            run.emit({ type: 'step-end', step: 'a', status: 'succeeded', output: 1, durationMs: 1 })
            return 'ended'
          },
        },
        synthesizer: {
          async *synthesize() {
            await new Promise(() => undefined)
            yield { type: 'answer', answer: 'too late' }
          },
        },
        openBudget: ({ emit }) =>
          createRunBudget({ limits, clock: world.clock, emit, synthesisShare: {}, synthesisTimeShare: 0.1 }),
      },
      { request: 'do it', budget: limits },
    )
    const done = world.conduct()
    await world.clock.advance(1_000)
    await done
    expect(world.response()).toMatchObject({
      status: 'partial',
      stopReason: 'budget',
      budget: { limits, exceeded: 'wallTimeMs' },
      timings: { totalMs: 1_000 },
    })
    expect(world.response().answer).toContain('used up its wall time of 1s')
    expect(world.events.at(-1)?.type).toBe('run-end')
  })
  it('hands priority, key, due time and budget of a run to its parts', async () => {
    const seen: unknown[] = []
    const budget = { modelCalls: 3 }
    const world = createWorld(
      {
        planner: {
          async *plan(ask) {
            seen.push(ask.budget?.report().limits)
            yield { type: 'document', document: { steps: [step('a')], priority: 'low' }, issues: [], way: 'model' }
          },
        },
        executor: {
          async execute({ priority, key, dueAtMs, budget: own }) {
            seen.push({ priority, key, dueAtMs, limits: own?.report().limits })
            return 'ended'
          },
        },
        synthesizer: {
          async *synthesize(ask) {
            seen.push(ask.budget?.report().limits)
            yield { type: 'answer', answer: '' }
          },
        },
        openBudget: ({ emit }) => createRunBudget({ limits: budget, clock: world.clock, emit, synthesisShare: {} }),
      },
      { request: 'do it', budget, key: 'team/alice', deadline: '2026-01-01T00:05:00.000Z' },
    )
    await world.conduct()
    expect(seen).toEqual([
      budget,
      { priority: 'low', key: 'team/alice', dueAtMs: Date.parse('2026-01-01T00:05:00.000Z'), limits: budget },
      budget,
    ])
  })
})
