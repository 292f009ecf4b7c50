import { describe, expect, it } from 'vitest'
import { fail, go, schema } from '../recovery-support.ts'
import { answer, call, createWorld, failure } from '../support.ts'

describe('fallback', () => {
  it('is tried in order, and says what stood in', async () => {
    const { ran, end } = await go(fail(400), {
      tools: { 'b/go': fail(400), 'c/go': () => answer({ from: 'c' }) },
      step: {
        fallback: [
          { component: 'b', action: 'go' },
          { component: 'c', action: 'go', inputs: { q: 'other' } },
        ],
      },
    })
    expect(end).toMatchObject({ status: 'succeeded', output: { from: 'c' } })
    expect(ran.of('step-repair').map(({ way }) => way)).toEqual(['fallback', 'fallback'])
    expect(
      ran.of('attempt-start').map(({ component, inputs, idempotencyKey }) => [component, inputs, idempotencyKey]),
    ).toEqual([
      ['t', { q: 'x' }, 'run_1:go:1'],
      ['b', { q: 'x' }, 'run_1:go:2'],
      ['c', { q: 'other' }, 'run_1:go:3'],
    ])
  })

  it('may be a value', async () => {
    expect((await go(fail(400), { step: { fallback: [{ value: { rate: 1 } }] } })).end).toMatchObject({
      status: 'succeeded',
      output: { rate: 1 },
    })
  })

  it('that fails as well leaves the first error, with both reasons', async () => {
    const { end } = await go(fail(400, 'FIRST', 'first trouble'), {
      tools: { 'b/go': fail(400, 'SECOND', 'second trouble') },
      step: { fallback: [{ component: 'b', action: 'go' }] },
    })
    expect(end.error?.code).toBe('component_rejected')
    expect(end.error?.message).toMatch(/first trouble.*second trouble/)
  })

  it('does not become what the step calls the next time', async () => {
    const world = createWorld({
      tools: { 't/go': { inputs: schema, on: ({ q }) => (q === 'x' ? failure(400, 'B', 'no') : answer(1)) } },
    })
    const steps = [call('go', 't/go', { q: 'x' }, { fallback: [{ component: 't', action: 'go', inputs: { q: 'y' } }] })]
    const { plan } = await (await import('../../../src/plan/compile.ts')).compilePlan({ steps })
    if (plan === undefined) throw new Error('no plan')
    await world.runPlan(plan)
    await world.runPlan(plan)
    expect(world.callsOf('t/go').map(({ inputs }) => inputs['q'])).toEqual(['x', 'y', 'x', 'y'])
  })
})
