import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import { type Ending, endResponse, joinDegraded, joinMissing } from '../../src/record/ending.ts'
import { createRunFold } from '../../src/record/fold.ts'

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
    expect(endOf({ error: broken }).answer).toBe('a part broke Nothing had been called.')
    expect(endOf({ error: broken }, undefined, false).answer).toBeNull()
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
