import { describe, expect, it } from 'vitest'
import { type ErrorInfo, TuttiError } from '../../src/contracts/errors.ts'
import type { BudgetReport, StepRecord } from '../../src/contracts/run.ts'
import { type Ending, endResponse } from '../../src/record/ending.ts'
import { createRunFold } from '../../src/record/fold.ts'
import { joinDegraded, joinMissing } from '../../src/record/join.ts'

const broken = new TuttiError('internal', 'a part broke')
const endOf = (ending: Ending, reason?: TuttiError, isRequest = true) =>
  endResponse(createRunFold('r').snapshot(), ending, {
    isRequest,
    signal: reason === undefined ? new AbortController().signal : AbortSignal.abort(reason),
    totalMs: 5,
    endedAt: '2026-01-01T00:00:00.005Z',
  })

describe('endResponse', () => {
  it('counts what stopped the run as its error, not what that broke', () => {
    const { status, errors } = endOf({ error: broken }, new TuttiError('run_timeout', 'too long'))
    expect({ status, errors }).toMatchObject({ status: 'failed', errors: [{ code: 'run_timeout' }] })
  })
  it('takes a cancelled run for no failure', () => {
    const { status, errors } = endOf({ error: broken }, new TuttiError('cancelled', 'enough'))
    expect({ status, errors }).toEqual({ status: 'cancelled', errors: undefined })
  })
  it('always answers a request, and never invents an answer for a document', () => {
    expect(endOf({ error: broken }).answer).toBe('a part broke. Nothing had been called.')
    expect(endOf({ error: broken }, undefined, false).answer).toBeNull()
  })
})

describe('a run that came to the end of its budget', () => {
  const budget: BudgetReport = { limits: { modelCalls: 2 }, used: { modelCalls: 2 }, exceeded: 'modelCalls' }
  const refused: ErrorInfo = { code: 'budget_exceeded', message: 'no more' }
  const broken: ErrorInfo = { code: 'component_failed', message: 'down' }
  const endOfSteps = (
    steps: readonly Partial<StepRecord>[],
    { name, report = budget, ending = {} }: { name?: string; report?: BudgetReport; ending?: Ending } = {},
  ) => {
    const record = steps.map((step, i) => ({
      name: `s${i}`,
      status: 'pending' as const,
      attempts: [],
      dependsOn: [],
      ...step,
    }))
    const plan = { steps: [], ...(name !== undefined && { name }) }
    return endResponse({ ...createRunFold('r').snapshot(), plan, steps: record }, ending, {
      isRequest: true,
      signal: new AbortController().signal,
      totalMs: 5,
      endedAt: '2026-01-01T00:00:00.005Z',
      budget: report,
    })
  }
  const done = { status: 'succeeded' } as const
  const shed = { status: 'skipped', skipReason: 'budget' } as const

  it('is partial when something was reached, also as a workflow, for what was shed has not failed', () => {
    expect(endOfSteps([done, shed])).toMatchObject({ status: 'partial', stopReason: 'budget', budget })
    expect(endOfSteps([done, shed, { status: 'skipped', skipReason: 'dependency-failed' }], { name: 'w' }).status).toBe(
      'partial',
    )
    expect(endOfSteps([done, { status: 'failed', error: refused }], { name: 'w' }).status).toBe('partial')
    expect(endOfSteps([done, { status: 'cancelled', error: refused }], { name: 'w' }).status).toBe('partial')
  })
  it('is failed when nothing was reached, or when a workflow failed beside it', () => {
    expect(endOfSteps([shed, shed])).toMatchObject({ status: 'failed', stopReason: 'budget' })
    expect(endOfSteps([done, shed, { status: 'failed', error: broken }], { name: 'w' }).status).toBe('failed')
    expect(endOfSteps([done, shed, { status: 'failed', error: broken }]).status).toBe('partial')
  })
  it('names what was not done, and at most five of it', () => {
    const { errors } = endOfSteps([
      done,
      ...Array.from({ length: 7 }, () => shed),
      { status: 'skipped', skipReason: 'condition' },
    ])
    expect(errors?.[0]?.message).toBe(
      'The budget of the run did not reach for everything (model_calls: 2 of 2). Not done: "s1", "s2", "s3", "s4", "s5", 2 more. Raise budget.model_calls, or ask for less.',
    )
  })
  it('keeps the error of the call that was refused where that ended the run', () => {
    const error = new TuttiError('budget_exceeded', 'The model was not asked.')
    expect(endOfSteps([], { ending: { error } })).toMatchObject({
      status: 'failed',
      stopReason: 'budget',
      answer: 'The model was not asked. Nothing had been called.',
    })
  })
  it('only reports its budget when no limit was reached', () => {
    const report: BudgetReport = { limits: { modelCalls: 2 }, used: { modelCalls: 1 } }
    const response = endOfSteps([done], { report })
    expect(response).toMatchObject({ status: 'succeeded', budget: report })
    expect(response).not.toHaveProperty('stopReason')
  })
})

describe('joining what two stages of a run found', () => {
  it('names each missing thing once', () => {
    expect(joinMissing(['a', 'b'], ['b', 'c'])).toEqual({ missing: ['a', 'b', 'c'] })
    expect(joinMissing(undefined, [])).toEqual({})
  })
  it('tells both ways of standing in, and a common reason once', () => {
    const plan = { reason: 'No model.', way: 'local-planner' }
    expect(joinDegraded(plan, { reason: 'No model.', way: 'template' })).toEqual({
      degraded: { reason: 'No model.', way: 'local-planner, template' },
    })
    const away = '"openai:m" cannot be reached (ENOTFOUND). Check the address and the network.'
    expect(
      joinDegraded(
        { reason: `${away} The words were matched.`, way: 'local-planner' },
        { reason: `A template answered. ${away}`, way: 'template' },
      ).degraded?.reason,
    ).toBe(`${away} The words were matched. A template answered.`)
    expect(joinDegraded(undefined, plan)).toEqual({ degraded: plan })
    expect(joinDegraded(undefined, undefined)).toEqual({})
  })
})
