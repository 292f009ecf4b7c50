import { describe, expect, it } from 'vitest'
import { TuttiError } from '../src/contracts/errors.ts'
import type { Step } from '../src/contracts/plan.ts'
import type { OrchestratorParts } from '../src/orchestrator.ts'
import { foldEvents } from '../src/record/fold.ts'
import { answer, call, failure } from './executor/support.ts'
import { createHeld, createPlanningWorld, planOf, written } from './support/planning-world.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const fine = () => answer('fine')

describe('a step that begins while the plan is still being written', () => {
  it('is told before the plan ends, called once, and its result is that of the plan', async () => {
    const a = createHeld()
    const steps = [call('a', 't/a', { q: 1 }), call('b', 't/b', { v: '${steps.a.output}' }, { dependsOn: ['a'] })]
    const world = createPlanningWorld({ tools: { 't/a': a.on, 't/b': fine } })
    const run = world.conduct()
    world.say(await written(steps[0] as Step))
    await a.called()
    a.answer('early')
    await turn()
    world.say(planOf(steps))
    await run
    expect(world.told()).toEqual([
      'run-start',
      'plan-start',
      'step-start a',
      'attempt-start a',
      'attempt-end a',
      'step-end a',
      'plan-end',
      'step-start b',
      'attempt-start b',
      'attempt-end b',
      'step-end b',
      'answer-delta',
      'answer-delta',
      'run-end',
    ])
    expect(world.calls).toMatchObject([{ target: 't/a' }, { target: 't/b', inputs: { v: 'early' } }])
    const { steps: records, status, timings } = world.response()
    expect(status).toBe('succeeded')
    expect(records.map(({ name, early }) => [name, early])).toEqual([
      ['a', true],
      ['b', undefined],
    ])
    expect(timings.firstStepMs).toBe(0)
    expect(foldEvents('r', world.events).snapshot()).toEqual(world.response())
    expect(foldEvents('r', world.events.slice(0, -1)).snapshot().steps).toEqual(records)
  })

  it('that is still at work when the plan ends is waited for, and not begun again', async () => {
    const a = createHeld()
    const steps = [call('a', 't/a'), call('b', 't/b', { v: '${steps.a.output}' }, { dependsOn: ['a'] })]
    const world = createPlanningWorld({ tools: { 't/a': a.on, 't/b': fine } })
    const run = world.conduct()
    world.say(await written(steps[0] as Step))
    await a.called()
    world.say(planOf(steps))
    await turn()
    a.answer('late')
    await run
    expect(world.calls).toMatchObject([{ target: 't/a' }, { target: 't/b', inputs: { v: 'late' } }])
    expect(world.told().indexOf('step-start a')).toBeLessThan(world.told().indexOf('plan-end'))
    expect(world.told().indexOf('step-end a')).toBeGreaterThan(world.told().indexOf('plan-end'))
    expect(world.response()).toMatchObject({ status: 'succeeded', steps: [{ early: true }, { status: 'succeeded' }] })
  })

  it('begins when what it builds on has succeeded, and uses its output', async () => {
    const a = createHeld()
    const first = call('a', 't/a')
    const second = call('b', 't/b', { v: '${steps.a.output.x}' }, { dependsOn: ['a'] })
    const b = createHeld()
    const world = createPlanningWorld({ tools: { 't/a': a.on, 't/b': b.on } })
    const run = world.conduct()
    world.say(await written(first))
    world.say(await written(second, [first]))
    await a.called()
    expect(world.callsOf('t/b')).toEqual([])
    a.answer({ x: 7 })
    await b.called()
    expect(world.callsOf('t/b')).toMatchObject([{ inputs: { v: 7 } }])
    b.answer('done')
    world.say(planOf([first, second]))
    await run
    expect(world.calls).toHaveLength(2)
    expect(world.response().steps.map(({ early }) => early)).toEqual([true, true])
  })

  it.each([
    ['it writes', { 't/a': { on: fine, effect: 'write' as const } }, {}],
    ['nobody knows what it does', { 't/a': { on: fine, effect: 'unknown' as const } }, {}],
    [
      'its fallback writes',
      { 't/a': fine, 't/w': { on: fine, effect: 'write' as const } },
      { fallback: [{ component: 't', action: 'w' }] },
    ],
    ['it asks for the plan to be thought over', { 't/a': fine }, { replanIf: 'true' }],
    ['it waits', {}, { type: 'wait' as const, wait: { forMs: 0 } }],
  ])('waits for the whole plan when %s', async (_why, tools, more) => {
    const step: Step = { ...call('a', 't/a', {}, more) }
    const world = createPlanningWorld({ tools })
    const run = world.conduct()
    world.say(await written(step))
    await turn()
    expect(world.told()).not.toContain('step-start a')
    world.say(planOf([step]))
    await run
    expect(world.response().steps).toMatchObject([{ name: 'a', status: 'succeeded' }])
    expect(world.response().steps[0]?.early).toBeUndefined()
  })

  it('waits for the whole plan when what stands in for its component by policy writes', async () => {
    const policy = (fallback: object) => (component: string) =>
      component === 't' ? { recovery: { fallbacks: [fallback] } } : undefined
    const stepsBegun = async (policyOf: OrchestratorParts['policyOf']): Promise<number> => {
      const world = createPlanningWorld({
        tools: { 't/a': fine, 't/b': fine, 't/w': { on: fine, effect: 'write' } },
        parts: { ...(policyOf !== undefined && { policyOf }) },
      })
      const run = world.conduct()
      world.say(await written(call('a', 't/a')))
      for (let i = 0; i < 5; i++) await turn()
      const begun = world.calls.length
      world.say(planOf([call('a', 't/a')]))
      await run
      return begun
    }
    expect(await stepsBegun(policy({ action: 'w' }))).toBe(0)
    expect(await stepsBegun(policy({ action: 'b' }))).toBe(1)
    expect(await stepsBegun(policy({ value: 0 }))).toBe(1)
    expect(await stepsBegun(policy({ component: 'nobody' }))).toBe(0)
  })

  it('never is when the setting is off', async () => {
    const step = call('a', 't/a')
    const world = createPlanningWorld({ tools: { 't/a': fine }, isEarly: false })
    const run = world.conduct()
    world.say(await written(step))
    await turn()
    await turn()
    expect(world.calls).toEqual([])
    world.say(planOf([step]))
    await run
    expect(world.response().status).toBe('succeeded')
  })

  it('keeps to the concurrency of the run, also beside the steps of the plan', async () => {
    const held = [createHeld(), createHeld(), createHeld()]
    const steps = held.map((_, i) => call(`s${i}`, `t/s${i}`))
    const world = createPlanningWorld({
      tools: Object.fromEntries(held.map(({ on }, i) => [`t/s${i}`, on])),
      run: { maxConcurrency: 2 },
    })
    const run = world.conduct()
    for (const step of steps.slice(0, 2)) world.say(await written(step))
    await Promise.all(held.slice(0, 2).map(({ called }) => called()))
    world.say(planOf(steps))
    await turn()
    await turn()
    expect(world.calls).toHaveLength(2)
    held[0]?.answer('one')
    await held[2]?.called()
    expect(world.calls).toHaveLength(3)
    held[1]?.answer('two')
    held[2]?.answer('three')
    await run
    expect(world.response().status).toBe('succeeded')
  })
})

describe('a step that began early and is not in the plan', () => {
  it('is stopped when at work, and told to be none of it, without counting for anything', async () => {
    const a = createHeld()
    const world = createPlanningWorld({ tools: { 't/a': a.on, 't/b': fine } })
    const run = world.conduct()
    world.say(await written(call('a', 't/a')))
    await a.called()
    world.say(planOf([call('b', 't/b')]))
    await run
    expect(a.aborted()).toBe(1)
    const response = world.response()
    expect(response).toMatchObject({
      status: 'succeeded',
      steps: [
        { name: 'b', status: 'succeeded' },
        { name: 'a', status: 'cancelled', skipReason: 'not-in-plan', early: true },
      ],
    })
    expect(response.errors).toBeUndefined()
    expect(world.told().indexOf('step-end a')).toBeLessThan(world.told().indexOf('plan-end'))
    expect(world.told().filter((told) => told === 'step-end a')).toHaveLength(1)
  })

  it('is none of it either when it had succeeded, and neither is what built on it', async () => {
    const first = call('a', 't/a')
    const second = call('b', 't/b', { v: '${steps.a.output}' }, { dependsOn: ['a'] })
    const b = createHeld()
    const seen: string[][] = []
    const world = createPlanningWorld({
      tools: { 't/a': fine, 't/b': b.on, 't/c': fine },
      parts: {
        synthesizer: {
          async *synthesize({ record }) {
            seen.push(record.steps.map(({ name }) => name))
            yield { type: 'answer', answer: 'x' }
          },
        },
      },
    })
    const run = world.conduct()
    world.say(await written(first))
    world.say(await written(second, [first]))
    await b.called()
    b.answer('b')
    await turn()
    world.say(planOf([call('c', 't/c'), { ...second, inputs: { v: '${steps.c.output}' }, dependsOn: ['c'] }]))
    await run
    expect(world.response().steps.map(({ name, status, output }) => [name, status, output])).toEqual([
      ['c', 'succeeded', 'fine'],
      ['b', 'succeeded', 'b'],
      ['b', 'cancelled', undefined],
      ['a', 'cancelled', undefined],
    ])
    expect(seen).toEqual([['c', 'b']])
    expect(world.callsOf('t/b').map(({ inputs, key }) => [inputs['v'], key])).toEqual([
      ['fine', 'r:b:1'],
      ['fine', 'r:b:2'],
    ])
    expect(foldEvents('r', world.events.slice(0, -1)).snapshot().steps).toEqual(world.response().steps)
  })

  it('is another one when only what it waits for is other', async () => {
    const step = call('a', 't/a')
    const world = createPlanningWorld({ tools: { 't/a': fine, 't/w': { on: fine, effect: 'write' } } })
    const run = world.conduct()
    world.say(await written(step))
    await turn()
    await turn()
    expect(world.calls).toHaveLength(1)
    world.say(planOf([call('w', 't/w'), { ...step, dependsOn: ['w'] }]))
    await run
    expect(world.calls.map(({ target, key }) => [target, key])).toEqual([
      ['t/a', 'r:a:1'],
      ['t/w', 'r:w:1'],
      ['t/a', 'r:a:2'],
    ])
  })
})

describe('early steps of a plan that is corrected', () => {
  it('are kept over the correction when it repeats them, and begun anew when it changes them', async () => {
    const a = call('a', 't/a')
    const wrong = call('b', 't/b', { q: 'wrong' })
    const right = call('b', 't/b', { q: 'right' })
    const world = createPlanningWorld({ tools: { 't/a': fine, 't/b': fine } })
    const run = world.conduct()
    for (const step of [a, wrong]) world.say(await written(step))
    await turn()
    for (const step of [a, right]) world.say(await written(step))
    await turn()
    world.say(planOf([a, right]))
    await run
    expect(world.calls.map(({ target, inputs, key }) => [target, inputs['q'], key])).toEqual([
      ['t/a', undefined, 'r:a:1'],
      ['t/b', 'wrong', 'r:b:1'],
      ['t/b', 'right', 'r:b:2'],
    ])
    expect(world.response().steps.map(({ name, skipReason }) => [name, skipReason])).toEqual([
      ['a', undefined],
      ['b', undefined],
      ['b', 'not-in-plan'],
    ])
  })
})

describe('early steps of a plan that never comes', () => {
  it('are stopped when the planner fails', async () => {
    const a = createHeld()
    const world = createPlanningWorld({ tools: { 't/a': a.on } })
    const run = world.conduct()
    world.say(await written(call('a', 't/a')))
    await a.called()
    world.fail(new TuttiError('model_refused', 'No.'))
    await run
    expect(a.aborted()).toBe(1)
    expect(world.response()).toMatchObject({
      status: 'failed',
      errors: [{ code: 'model_refused' }],
      steps: [{ name: 'a', status: 'cancelled', skipReason: 'not-in-plan' }],
    })
  })

  it('are stopped when the plan is not valid', async () => {
    const a = createHeld()
    const world = createPlanningWorld({ tools: { 't/a': a.on } })
    const run = world.conduct()
    world.say(await written(call('a', 't/a')))
    await a.called()
    world.say({
      ...planOf([call('a', 't/a')]),
      issues: [{ code: 'cycle', severity: 'error', pointer: '', message: 'It is wrong.', alternatives: [] }],
    })
    await run
    expect(a.aborted()).toBe(1)
    expect(world.response()).toMatchObject({ status: 'failed', errors: [{ code: 'invalid_plan' }] })
  })

  it.each(['while it is written', 'when it is known'])(
    'are stopped at once when the run is cancelled %s',
    async (when) => {
      const a = createHeld()
      const steps = [call('a', 't/a'), call('b', 't/b', {}, { dependsOn: ['a'] })]
      const world = createPlanningWorld({ tools: { 't/a': a.on, 't/b': fine } })
      const run = world.conduct()
      world.say(await written(steps[0] as Step))
      await a.called()
      if (when === 'when it is known') world.say(planOf(steps))
      await turn()
      world.abort(new TuttiError('cancelled', 'Enough.'))
      await run
      expect(a.aborted()).toBe(1)
      expect(world.calls).toHaveLength(1)
      expect(world.response().status).toBe('cancelled')
      expect(world.told().filter((told) => told === 'step-end a')).toHaveLength(1)
      expect(world.response().steps.map(({ status }) => status)).not.toContain('running')
    },
  )

  it('are none of it when the time is up before there is a plan, and the run has failed whatever they gave', async () => {
    const world = createPlanningWorld({ tools: { 't/a': fine } })
    const run = world.conduct()
    world.say(await written(call('a', 't/a')))
    for (let i = 0; i < 5; i++) await turn()
    expect(world.told()).toContain('step-end a')
    world.abort(new TuttiError('run_timeout', 'Too long.'))
    await run
    expect(world.response()).toMatchObject({
      status: 'failed',
      plan: null,
      steps: [{ name: 'a', status: 'cancelled', skipReason: 'not-in-plan' }],
    })
    expect(world.response().timings.firstStepMs).toBeUndefined()
  })

  it('are told to have ended by whoever began them when the executor does not', async () => {
    const began = Promise.withResolvers<void>()
    const world = createPlanningWorld({
      tools: { 't/a': fine },
      parts: {
        executor: {
          execute(run) {
            run.emit({ type: 'step-start', step: 'a' })
            began.resolve()
            return new Promise(() => undefined)
          },
        },
      },
    })
    const run = world.conduct()
    world.say(await written(call('a', 't/a')))
    await began.promise
    world.fail(new TuttiError('model_refused', 'No.'))
    await run
    expect(world.response().steps).toMatchObject([{ name: 'a', status: 'cancelled' }])
  })
})

describe('an early step that fails', () => {
  it('is not called again, and stops a plan that says fail', async () => {
    const step = call('a', 't/a')
    const world = createPlanningWorld({ tools: { 't/a': () => failure(400, 'BAD', 'broken'), 't/b': fine } })
    const run = world.conduct()
    world.say(await written(step))
    await turn()
    await turn()
    world.say(
      planOf([step, call('b', 't/b', {}, { dependsOn: ['a'] }), call('c', 't/b')], { onError: { strategy: 'fail' } }),
    )
    await run
    expect(world.calls).toHaveLength(1)
    expect(world.response()).toMatchObject({
      status: 'failed',
      steps: [{ status: 'failed', early: true }, { skipReason: 'dependency-failed' }, { skipReason: 'run-stopped' }],
    })
  })
})
