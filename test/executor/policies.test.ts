import { describe, expect, it } from 'vitest'
import { configSchema } from '../../src/contracts/config.ts'
import type { RecoveryPolicy } from '../../src/contracts/policy.ts'
import { recoveryOf, repeatPolicy } from '../../src/executor/policies.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { fail, fine, fix, go, onlyGood, schema } from './recovery-support.ts'
import { answer, call, createWorld, cut, failure, type Handler, unreachable } from './support.ts'

const settings = configSchema.parse({})
const ofT = (recovery: RecoveryPolicy) => ({ settings: { components: { T: { recovery } } } })
const down = fail(500, 'DOWN', 'down')
const busy: Handler = () => answer({ error: 'slow down' }, 429)

async function planWith(recovery: RecoveryPolicy) {
  const { plan } = await compilePlan({ steps: [] })
  if (plan === undefined) throw new Error('no plan')
  return { ...plan, recovery: new Map([['t', recovery]]) }
}
const target = (recovery?: RecoveryPolicy) => ({
  component: { name: 'T' },
  policy: recovery === undefined ? undefined : { recovery },
})

describe('the policy of a component', () => {
  it('is what the document says, over what the configuration says', async () => {
    const plan = await planWith({ maxAttempts: 5, semantic: false })
    const policy = recoveryOf(plan, target({ maxAttempts: 2, factor: 3, semantic: true }))
    expect(policy).toMatchObject({ maxAttempts: 5, factor: 3, semantic: false })
    expect(recoveryOf({ ...plan, recovery: new Map() }, target({ maxAttempts: 2 }))).toEqual({ maxAttempts: 2 })
    expect(recoveryOf(plan, target())).toMatchObject({ maxAttempts: 5 })
  })

  it('may stand in the document that runs, by the name of the component without regard to case', async () => {
    const world = createWorld({
      tools: { 't/go': down },
      settings: { components: { t: { recovery: { maxAttempts: 4, initialWaitMs: 0 } } } },
    })
    const steps = [call('go', 't/go')]
    await world.run({ steps })
    await world.run({ steps, recovery: { T: { maxAttempts: 2 } } })
    expect(world.calls).toHaveLength(4 + 2)
    expect((await world.run({ steps, recovery: { T: { fallbacks: [{ value: 1 }] } } })).end('go').output).toBe(1)
  })

  it('keeps what the operator has ruled out, and whom they want told, whatever the document says', async () => {
    const plan = await planWith({ semantic: true, equivalents: true, escalateAfter: 1_000, notify: ['team'] })
    expect(
      recoveryOf(plan, target({ semantic: false, equivalents: false, escalateAfter: 3, notify: ['on-call', 'team'] })),
    ).toMatchObject({ semantic: false, equivalents: false, escalateAfter: 3, notify: ['on-call', 'team'] })
    expect(recoveryOf(plan, target({ escalateAfter: 2_000 }))).toMatchObject({
      semantic: true,
      equivalents: true,
      escalateAfter: 1_000,
      notify: ['team'],
    })
    const silent = recoveryOf(await planWith({ notify: [] }), target({ escalateAfter: 3, notify: ['on-call'] }))
    expect(silent).toMatchObject({ escalateAfter: 3, notify: ['on-call'] })
  })

  it('is joined once for the same plan and configuration', async () => {
    const plan = await planWith({ maxAttempts: 5 })
    const configured = target({ factor: 3 })
    expect(recoveryOf(plan, configured)).toBe(recoveryOf(plan, configured))
  })

  it('takes a class over the general word, but a word of the document over a class of the configuration', async () => {
    const classes = { backend: { maxAttempts: 1, factor: 4 } }
    const ofConfig = recoveryOf({ ...(await planWith({})), recovery: new Map() }, target({ maxAttempts: 7, classes }))
    expect(repeatPolicy(ofConfig, 'backend', undefined, settings)).toMatchObject({ maxAttempts: 1 })
    expect(repeatPolicy(ofConfig, 'transient', undefined, settings)).toMatchObject({ maxAttempts: 7 })
    const joined = recoveryOf(await planWith({ maxAttempts: 5 }), target({ classes }))
    expect(repeatPolicy(joined, 'backend', undefined, settings)).toMatchObject({
      maxAttempts: 5,
      backoff: { factor: 4 },
    })
    const both = recoveryOf(
      await planWith({ maxAttempts: 5, classes: { backend: { maxAttempts: 2 } } }),
      target({ classes }),
    )
    expect(repeatPolicy(both, 'backend', undefined, settings)).toMatchObject({ maxAttempts: 2 })
  })

  it("gives way to the step's own retry", () => {
    const policy: RecoveryPolicy = { maxAttempts: 5, backoff: 'fixed', classes: { backend: { strategy: 'fail' } } }
    const own = { maxAttempts: 2, initialWaitMs: 7 }
    expect(repeatPolicy(policy, 'backend', own, settings)).toMatchObject({
      maxAttempts: 2,
      strategy: 'retry',
      backoff: { initialWaitMs: 7, backoff: 'fixed' },
    })
  })
})

describe('each setting of a policy', () => {
  it('max_attempts: so many calls', async () => {
    expect((await go(down, ofT({ maxAttempts: 5 }))).calls).toHaveLength(5)
    expect((await go(down, { ...ofT({ maxAttempts: 5 }), step: { retry: { maxAttempts: 2 } } })).calls).toHaveLength(2)
  })

  it.each<[RecoveryPolicy, number[]]>([
    [{ backoff: 'fixed', initialWaitMs: 1_000 }, [750, 750, 750]],
    [{ backoff: 'linear', initialWaitMs: 1_000 }, [750, 1_500, 2_250]],
    [{ backoff: 'exponential', initialWaitMs: 1_000, factor: 3 }, [750, 2_250, 3_750]],
    [{ initialWaitMs: 1_000, factor: 10, maxWaitMs: 2_000 }, [750, 1_500, 1_500]],
  ])('backoff, initial_wait, factor, max_wait: %j', async (policy, waits) => {
    const { attempts } = await go(down, ofT({ ...policy, maxAttempts: 4 }))
    expect(attempts.map(({ retryInMs }) => retryInMs)).toEqual([...waits, undefined])
  })

  it('classes: attempts by class of error', async () => {
    const options = ofT({ classes: { backend: { maxAttempts: 1 }, resource: { maxAttempts: 5 } } })
    expect((await go(down, options)).calls).toHaveLength(1)
    expect((await go(busy, options)).calls).toHaveLength(5)
    expect((await go(() => Promise.reject(cut()), options)).calls).toHaveLength(3)
  })

  it('strategy "fallback": straight to the fallback, no call and no model before it', async () => {
    const options = {
      ...ofT({
        classes: { backend: { strategy: 'fallback' }, input: { strategy: 'fallback' } },
        fallbacks: [{ value: 1 }],
      }),
      model: { 're-resolve': fix({ q: 'good' }) },
    }
    for (const on of [down, fail(400)]) {
      const { calls, end, world } = await go(on, options)
      expect(end).toMatchObject({ status: 'succeeded', output: 1 })
      expect(calls).toHaveLength(1)
      expect(world.asked).toEqual([])
    }
  })

  it('strategy "fail": at once, though a fallback and an equivalent are there; what the step declares still counts', async () => {
    const options = {
      ...ofT({ classes: { backend: { strategy: 'fail' } }, fallbacks: [{ value: 1 }] }),
      tools: { 'b/go': { inputs: schema, on: fine } },
    }
    const { end, calls, world } = await go(down, options)
    expect(end.error?.code).toBe('component_failed')
    expect(calls).toHaveLength(1)
    expect(world.calls).toHaveLength(1)
    expect((await go(down, { ...options, step: { fallback: [{ value: 2 }] } })).end.output).toBe(2)
  })

  it('semantic: false: the model never corrects the inputs of this component', async () => {
    const model = { 're-resolve': fix({ q: 'good' }) }
    const { world, end } = await go(onlyGood, { ...ofT({ semantic: false }), model })
    expect(world.asked).toEqual([])
    expect(end.status).toBe('failed')
  })

  it('equivalents: false: nobody takes over', async () => {
    const tools = { 'b/go': { inputs: schema, on: fine } }
    expect((await go(down, { tools })).end.status).toBe('succeeded')
    expect((await go(down, { ...ofT({ equivalents: false }), tools })).end.status).toBe('failed')
  })

  it('timeout: of one attempt, unless the step says its own', async () => {
    const hang: Handler = () => new Promise(() => undefined)
    const options = { settings: { components: { t: { timeoutMs: 3_000, recovery: { maxAttempts: 1 } } } } }
    expect((await go({ on: hang, timeoutMs: 9_000 }, options)).end.durationMs).toBe(3_000)
    expect((await go(hang, { ...options, step: { timeoutMs: 1_000 } })).end.durationMs).toBe(1_000)
  })
})

describe('fallbacks of a policy', () => {
  it("come after the step's own, in their order", async () => {
    const { ran, end } = await go(fail(400), {
      ...ofT({ fallbacks: [{ component: 'c' }, { value: { from: 'policy' } }] }),
      tools: { 'b/go': fail(400), 'c/go': fail(400) },
      step: { fallback: [{ component: 'b', action: 'go' }] },
    })
    expect(end).toMatchObject({ status: 'succeeded', output: { from: 'policy' } })
    expect(ran.of('attempt-start').map(({ component }) => component)).toEqual(['t', 'b', 'c'])
  })

  it('when: only for errors that it describes', async () => {
    const fallbacks = [
      { when: 'error.class == "resource"', value: 'throttled' },
      { when: 'error.status >= 500 && error.code == "component_failed"', value: 'broken' },
      { when: 'error.message.contains("tea")', value: 'teapot' },
    ]
    const options = ofT({ maxAttempts: 1, fallbacks })
    expect((await go(busy, options)).end.output).toBe('throttled')
    expect((await go(down, options)).end.output).toBe('broken')
    expect((await go(fail(418, 'X', 'I am a tea pot'), options)).end.output).toBe('teapot')
    const { end, ran } = await go(() => Promise.reject(cut()), options)
    expect(end.status).toBe('failed')
    expect(ran.of('recovery')[0]?.options.filter(({ way }) => way === 'fallback')).toEqual(
      Array.from(fallbacks, () =>
        expect.objectContaining({ feasible: false, why: expect.stringContaining('condition') }),
      ),
    )
  })

  it('region: the same capability on instances there, with the same key', async () => {
    const on: Handler = (_, { instance }) =>
      instance.id === 'u1' ? answer({ from: instance.id }) : failure(500, 'DOWN', 'down')
    const { calls, end } = await go(
      { instances: ['e1@eu', 'e2@eu', 'u1@us'], on },
      ofT({ classes: { backend: { maxAttempts: 1 } }, fallbacks: [{ region: 'us' }] }),
    )
    expect(end).toMatchObject({ status: 'succeeded', output: { from: 'u1' } })
    expect(calls.map(({ instance, key }) => [instance, key])).toEqual([
      ['e1', 'run_1:go:1'],
      ['u1', 'run_1:go:1'],
    ])
  })

  it('region: calls nobody outside of it, however often it repeats, and says when nobody is there', async () => {
    const options = ofT({ classes: { backend: { maxAttempts: 3 } }, fallbacks: [{ region: 'us' }] })
    const { calls } = await go({ instances: ['e1@eu', 'u1@us', 'u2@us'], on: down }, options)
    expect(calls.slice(3).map(({ instance }) => instance.slice(0, 1))).toEqual(['u', 'u', 'u'])
    const { ran } = await go({ instances: ['e1@eu'], on: down }, options)
    expect(
      ran
        .of('recovery')
        .at(-1)
        ?.options.find(({ way }) => way === 'fallback'),
    ).toMatchObject({
      feasible: false,
      what: 't/go in region us',
      why: '"t" has no healthy instance in region "us" now.',
    })
  })

  it('region: holds for a call with corrected inputs too', async () => {
    const on: Handler = (_, { instance }) =>
      instance.id === 'e1' ? failure(500, 'DOWN', 'down') : failure(400, 'BAD', 'q is not acceptable')
    const { calls } = await go(
      { instances: ['e1@eu', 'u1@us'], on },
      {
        settings: {
          recovery: { semanticAttempts: 1 },
          components: { t: { recovery: { classes: { backend: { maxAttempts: 1 } }, fallbacks: [{ region: 'us' }] } } },
        },
        model: { 're-resolve': fix({ q: 'other' }) },
      },
    )
    expect(calls.map(({ instance, inputs }) => [instance, inputs['q']])).toEqual([
      ['e1', 'x'],
      ['u1', 'x'],
      ['u1', 'other'],
    ])
  })

  it('inputs: laid over those of the call, which is then another one', async () => {
    const on: Handler = ({ amount }) => (amount === 1 ? answer({ small: true }) : failure(500, 'BIG', 'too much'))
    const { calls, end } = await go(on, {
      ...ofT({ maxAttempts: 1, fallbacks: [{ inputs: { amount: 1 } }] }),
      inputs: { q: 'x', amount: 9 },
    })
    expect(end.status).toBe('succeeded')
    expect(calls.map(({ inputs, key }) => [inputs, key])).toEqual([
      [{ q: 'x', amount: 9 }, 'run_1:go:1'],
      [{ q: 'x', amount: 1 }, 'run_1:go:2'],
    ])
  })

  it('component: the same action with the same inputs, or others', async () => {
    const options = ofT({ maxAttempts: 1, fallbacks: [{ component: 'b', action: 'act', inputs: { amount: 3 } }] })
    const { world, end } = await go(down, { ...options, tools: { 'b/act': { inputs: schema, on: fine } } })
    expect(end.status).toBe('succeeded')
    expect(world.callsOf('b/act')).toMatchObject([{ inputs: { q: 'x', amount: 3 }, key: 'run_1:go:2' }])
  })

  it('component: passed over when it is away or its breakers are open, for the next one', async () => {
    const options = ofT({ maxAttempts: 1, fallbacks: [{ component: 'nobody' }, { component: 'b' }, { value: 'last' }] })
    const { end, ran } = await go(down, { ...options, tools: { 'b/go': { instances: [], on: fine } } })
    expect(end.output).toBe('last')
    expect(ran.of('recovery')[0]?.options.filter(({ way }) => way === 'fallback')).toMatchObject([
      { feasible: false, what: 'nobody', why: '"nobody" is not in the catalog.' },
      { feasible: false, what: 'b/go', why: '"b" has no healthy instance now.' },
      { feasible: true, impact: 'degraded', cost: 'none' },
    ])
  })

  it('stand in for a component that has left the catalog', async () => {
    const world = createWorld({
      tools: { 'b/act': fine },
      settings: { components: { ghost: { recovery: { fallbacks: [{ component: 'b' }] } } } },
    })
    const ran = await world.run({ steps: [call('go', 'ghost/act')] })
    expect(ran.end('go').status).toBe('succeeded')
    expect(ran.of('recovery').map(({ chosen }) => chosen)).toEqual(['refresh', 'fallback'])
  })

  it('stand in for one that has left the catalog by a word of the document, too, and for no other', async () => {
    const { plan } = await compilePlan({
      steps: [call('go', 'ghost/act'), call('other', 'phantom/act')],
      recovery: { Ghost: { fallbacks: [{ value: 'kept' }] } },
    })
    if (plan === undefined) throw new Error('no plan')
    const ran = await createWorld({}).runPlan(plan)
    expect(ran.end('go')).toMatchObject({ status: 'succeeded', output: 'kept' })
    expect(ran.end('other').error).toMatchObject({
      code: 'component_unavailable',
      message: expect.stringContaining('"phantom/act", which is not in the catalog'),
    })
  })

  it('when: reads a status of 0 where nothing was answered', async () => {
    const { end } = await go(() => Promise.reject(unreachable()), {
      ...ofT({ maxAttempts: 1, fallbacks: [{ when: 'error.status == 0', value: 'nobody there' }] }),
    })
    expect(end.output).toBe('nobody there')
  })

  it('never repeat elsewhere what may have taken effect; a value may still stand in', async () => {
    const lost = { effect: 'write' as const, on: () => Promise.reject(cut()) }
    const options = ofT({ fallbacks: [{ component: 'b' }, { value: 'pending' }] })
    const writing = await go(lost, { ...options, tools: { 'b/go': { effect: 'write', on: fine } } })
    expect(writing.world.callsOf('b/go')).toEqual([])
    expect(writing.end.output).toBe('pending')
    const reading = await go(lost, { ...options, tools: { 'b/go': { effect: 'read', on: fine } } })
    expect(reading.world.callsOf('b/go')).toHaveLength(1)
    const unsent = await go(
      { effect: 'write', on: () => Promise.reject(unreachable()) },
      { ...options, tools: { 'b/go': { effect: 'write', on: fine } } },
    )
    expect(unsent.world.callsOf('b/go')).toHaveLength(1)
  })

  it('may repeat elsewhere what nobody knows the effect of, where that may be repeated at all', async () => {
    const lost = { effect: 'unknown' as const, on: () => Promise.reject(cut()) }
    const tools = { 'b/go': { effect: 'unknown' as const, on: fine } }
    const repeated = await go(lost, { ...ofT({ fallbacks: [{ component: 'b' }] }), tools })
    expect(repeated.end.status).toBe('succeeded')
    const { settings } = ofT({ fallbacks: [{ component: 'b' }] })
    const asked = await go(lost, { settings: { ...settings, recovery: { unknown: 'ask' } }, tools })
    expect(asked.end.error?.code).toBe('outcome_unknown')
    expect(asked.world.callsOf('b/go')).toEqual([])
  })

  it('value: marks the step as degraded for whoever reads the run', async () => {
    const { ran } = await go(down, ofT({ maxAttempts: 1, fallbacks: [{ value: null }] }))
    expect(ran.end('go')).toMatchObject({ status: 'succeeded', output: null })
    expect(ran.of('recovered')).toMatchObject([{ way: 'fallback', degraded: true }])
  })

  it('are told as part of what failed when they fail too', async () => {
    const { end } = await go(fail(500, 'FIRST', 'first trouble'), {
      ...ofT({ maxAttempts: 1, fallbacks: [{ component: 'b' }] }),
      tools: { 'b/go': fail(500, 'SECOND', 'second trouble') },
    })
    expect(end.error?.message).toMatch(/first trouble.*second trouble/)
  })
})
