import { describe, expect, it } from 'vitest'
import { TuttiError } from '../src/contracts/errors.ts'
import type { Issue, PlanDocument } from '../src/contracts/plan.ts'
import type { Planner, Turn } from '../src/contracts/planner.ts'
import { createWorld, executor, planner, prepared, step } from './support/coordinator-world.ts'

describe('the coordinator', () => {
  it('chooses, plans, executes, synthesizes and ends, in this order', async () => {
    const world = createWorld({})
    await world.conduct()
    expect(world.events.map((e) => e.type)).toEqual([
      'run-start',
      'plan-start',
      'plan-delta',
      'plan-end',
      'step-end',
      'answer-delta',
      'answer-delta',
      'run-end',
    ])
    expect(world.response()).toMatchObject({
      status: 'succeeded',
      answer: 'The answer.',
      plan: { steps: [{ name: 'a' }] },
    })
  })
  it('ends an honest "cannot" as partial, with the reason as answer and without synthesis (B03)', async () => {
    let asked = false
    const world = createWorld({
      planner: planner({ document: { steps: [], reason: 'No tool knows the time.', missing: ['a clock'] } }),
      synthesizer: {
        async *synthesize() {
          asked = true
          yield { type: 'answer', answer: 'invented' }
        },
      },
    })
    await world.conduct()
    expect(world.response()).toMatchObject({
      status: 'partial',
      answer: 'No tool knows the time.',
      missing: ['a clock'],
      steps: [],
    })
    expect(asked).toBe(false)
  })
  it('runs nothing of an invalid plan (B01, B06)', async () => {
    const issue: Issue = {
      code: 'unknown_component',
      severity: 'error',
      pointer: '/steps/0/component',
      message: 'There is no component "ghost".',
      alternatives: [],
    }
    let executed = false
    const world = createWorld({
      planner: planner({ document: { steps: [step('ghost')] }, issues: [issue] }),
      executor: {
        async execute() {
          executed = true
          return 'ended'
        },
      },
    })
    await world.conduct()
    expect(executed).toBe(false)
    expect(world.response()).toMatchObject({ status: 'failed', errors: [{ code: 'invalid_plan' }] })
    expect(world.response().answer).toContain('ghost')
  })
  it('is partial when something succeeded and something failed, and lists each failure with its step', async () => {
    const world = createWorld({
      planner: planner({ document: { steps: [step('a'), step('b')] } }),
      executor: executor({ b: { status: 'failed', error: { code: 'component_failed', message: 'It broke.' } } }),
    })
    await world.conduct()
    expect(world.response()).toMatchObject({
      status: 'partial',
      errors: [{ step: 'b', code: 'component_failed', message: 'It broke.' }],
    })
  })
  it('has a plan of which nothing succeeded forgotten, and keeps one that served in part', async () => {
    const forgotten: string[] = []
    const twoSteps: Planner = {
      ...planner({ document: { steps: [step('a'), step('b')] }, way: 'cache' }),
      evict: ({ request }) => forgotten.push(request),
    }
    const failed = { status: 'failed', error: { code: 'component_failed', message: 'no' } } as const
    await createWorld({ planner: twoSteps, executor: executor({ a: failed }) }, { request: 'in part' }).conduct()
    await createWorld(
      { planner: twoSteps, executor: executor({ a: failed, b: failed }) },
      { request: 'none' },
    ).conduct()
    expect(forgotten).toEqual(['none'])
  })
  it('is failed when every step failed (B71)', async () => {
    const world = createWorld({
      executor: executor({ a: { status: 'failed', error: { code: 'component_failed', message: 'It broke.' } } }),
    })
    await world.conduct()
    expect(world.response().status).toBe('failed')
  })
  it('counts a step skipped by its own condition as no failure', async () => {
    const world = createWorld({
      planner: planner({ document: { steps: [step('a'), step('b', { if: 'false' })] } }),
      executor: executor({ b: { status: 'skipped', skipReason: 'condition', output: null } }),
    })
    await world.conduct()
    expect(world.response().status).toBe('succeeded')
  })
  it('counts a failure that the step covers with on_error: continue as none', async () => {
    const world = createWorld({
      planner: planner({ document: { steps: [step('a'), step('b', { onError: 'continue' })] } }),
      executor: executor({ b: { status: 'failed', error: { code: 'component_failed', message: 'It broke.' } } }),
    })
    await world.conduct()
    expect(world.response().status).toBe('succeeded')
  })
  it('fails a workflow by one failed step, whatever else succeeded', async () => {
    const document: PlanDocument = { name: 'flow', steps: [step('a'), step('b')] }
    const world = createWorld(
      { executor: executor({ b: { status: 'failed', error: { code: 'component_failed', message: 'It broke.' } } }) },
      { document },
      { prepared: prepared(document) },
    )
    await world.conduct()
    expect(world.response().status).toBe('failed')
  })
  it('keeps the results of a run that its timeout ended', async () => {
    const world = createWorld(
      {
        executor: {
          async execute(run, { plan }) {
            run.emit({ type: 'step-end', step: 'a', status: 'succeeded', output: 1, durationMs: 1 })
            await new Promise((resolve) => run.signal.addEventListener('abort', resolve))
            run.emit({ type: 'step-end', step: 'b', status: 'cancelled', durationMs: 1 })
            return plan.steps.length >= 0 ? 'ended' : 'ended'
          },
        },
        planner: planner({ document: { steps: [step('a'), step('b')] } }),
      },
      { request: 'do it', timeoutMs: 500 },
    )
    const done = world.conduct()
    await world.clock.advance(500)
    await done
    expect(world.response()).toMatchObject({
      status: 'partial',
      errors: [{ code: 'run_timeout' }],
      steps: [
        { name: 'a', status: 'succeeded' },
        { name: 'b', status: 'cancelled' },
      ],
    })
    expect(world.response().answer).toContain('500 ms')
  })
  it('ends a cancelled run as cancelled, without synthesis', async () => {
    const world = createWorld({
      executor: {
        async execute(run) {
          await new Promise((resolve) => run.signal.addEventListener('abort', resolve))
          return 'ended'
        },
      },
      synthesizer: {
        async *synthesize() {
          yield { type: 'answer', answer: 'never' }
        },
      },
    })
    const done = world.conduct()
    await world.clock.advance(0)
    world.abort(new TuttiError('cancelled', 'Enough.'))
    await done
    expect(world.response().status).toBe('cancelled')
    expect(world.response().answer).not.toBe('never')
    expect(world.response().errors).toBeUndefined()
  })
  it('never throws: what a part throws becomes the error of the run', async () => {
    const world = createWorld({
      planner: {
        plan: () => {
          throw new TypeError('a bug')
        },
      },
    })
    await world.conduct()
    expect(world.response()).toMatchObject({ status: 'failed', errors: [{ code: 'internal', message: 'a bug' }] })
  })
  it('says which stand-ins were used, once each', async () => {
    const world = createWorld({
      planner: planner({
        document: { steps: [step('a')] },
        way: 'local',
        degraded: { reason: 'No model.', way: 'local-planner' },
      }),
      synthesizer: {
        async *synthesize() {
          yield { type: 'answer', answer: 'x', degraded: { reason: 'No model.', way: 'template' } }
        },
      },
    })
    await world.conduct()
    expect(world.response().degraded).toEqual({ reason: 'No model.', way: 'local-planner, template' })
  })
  it('keeps the turns of a thread apart from the request, and adds this one', async () => {
    const added: Turn[] = []
    let seen: readonly Turn[] = []
    const world = createWorld(
      {
        threads: {
          turns: () => [{ request: 'weather in Seoul?', answer: 'clear' }],
          add: (_p, _t, turn) => added.push(turn),
        },
        planner: {
          async *plan(ask) {
            seen = ask.turns
            yield { type: 'document', document: { steps: [step('a')] }, issues: [], way: 'model' }
          },
        },
      },
      { request: 'and in Osaka?', threadId: 't' },
    )
    await world.conduct()
    expect(seen).toEqual([{ request: 'weather in Seoul?', answer: 'clear' }])
    expect(added).toEqual([{ request: 'and in Osaka?', answer: 'The answer.' }])
  })
  it('numbers time: planning, execution, synthesis, total', async () => {
    const world = createWorld({})
    await world.conduct()
    expect(world.response().timings).toEqual({ planningMs: 0, executionMs: 0, synthesisMs: 0, totalMs: 0 })
    expect(world.response().endedAt).toBe('2026-01-01T00:00:00.000Z')
  })
})
