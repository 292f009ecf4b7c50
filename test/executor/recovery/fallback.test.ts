import { describe, expect, it } from 'vitest'
import { fail, fine, go, schema } from '../recovery-support.ts'
import { answer, call, createWorld, cut, failure } from '../support.ts'

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

  it('never does elsewhere what may have taken effect, unless the step says that this does no harm (B50)', async () => {
    const lost = { effect: 'write' as const, on: () => Promise.reject(cut()) }
    const options = { tools: { 'b/go': { effect: 'write' as const, on: fine } } }
    const fallback = [{ component: 'b', action: 'go' }]
    const refused = await go(lost, { ...options, step: { fallback } })
    expect(refused.world.callsOf('b/go')).toEqual([])
    expect(refused.end.error?.code).toBe('outcome_unknown')
    expect(refused.ran.of('recovery').at(-1)?.options).toContainEqual(
      expect.objectContaining({ way: 'fallback', feasible: false, why: expect.stringContaining('idempotent: true') }),
    )
    const allowed = await go(lost, { ...options, step: { fallback, idempotent: true } })
    expect(allowed.world.callsOf('b/go')).toHaveLength(1)
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

  it('that refers to what is not there does not stand in, and says so', async () => {
    const world = createWorld({ tools: { 'a/b': () => answer({}), 't/go': fail(400, 'FIRST', 'first trouble') } })
    const ran = await world.run({
      steps: [
        call('src', 'a/b'),
        call('go', 't/go', {}, { dependsOn: ['src'], fallback: [{ value: '${steps.src.output.gone}' }] }),
      ],
    })
    expect(ran.end('go').error?.message).toMatch(
      /first trouble.*fallback value of step "go" refers to something that is not there/,
    )
  })

  it('that writes is on disk before anything builds on it; one that reads is not waited for', async () => {
    const flushes = async (effect: 'read' | 'write') => {
      const order: string[] = []
      const world = createWorld({
        tools: { 'a/read': fail(400), 'b/go': { effect, on: fine }, 'c/next': fine },
      })
      await world.run(
        {
          steps: [
            call('a', 'a/read', {}, { fallback: [{ component: 'b', action: 'go' }] }),
            call('next', 'c/next', {}, { dependsOn: ['a'] }),
          ],
        },
        {
          flush: () => (order.push('flush'), Promise.resolve()),
          onEvent: (fact) =>
            void ('step' in fact && /step-(start|end)/.test(fact.type) && order.push(`${fact.type} ${fact.step}`)),
        },
      )
      return order.slice(order.indexOf('step-end a'))
    }
    expect(await flushes('write')).toEqual(['step-end a', 'flush', 'step-start next', 'step-end next'])
    expect(await flushes('read')).toEqual(['step-end a', 'step-start next', 'step-end next'])
  })
})
