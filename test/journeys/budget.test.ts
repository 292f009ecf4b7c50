// Budgets as users meet them: the run ends with what was reached, says why, and never calls what its limits do not reach for.
import { describe, expect, it } from 'vitest'
import type { RunEngine } from '../../src/contracts/engine.ts'
import { createOrchestrator, type OrchestratorOptions, type RequestOptions, type RunEvent } from '../../src/index.ts'
import { createInProcessEngine } from '../../src/runs/engine-in-process.ts'
import {
  answer,
  createManualClock,
  createScriptedModel,
  fakeSource,
  reply,
  type Script,
} from '../../src/testing/index.ts'

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const usage = { inputTokens: 100, outputTokens: 20 }
const call = (name: string, more: object = {}) => ({ name, component: 'world', action: 'look', inputs: {}, ...more })
const ask = (name: string, more: object = {}) => ({ name, type: 'ai-generate', prompt: `Say ${name}.`, ...more })
const PRICED = { 'scripted:model': { inputPrice: 1_000, outputPrice: 1_000 } }

/** A world whose component answers after `delayMs` of the manual clock. */
function createWorld(script: Script, options: OrchestratorOptions = {}, delayMs = 0) {
  const clock = createManualClock()
  const events: RunEvent[] = []
  const model = createScriptedModel(script, { clock })
  const source = fakeSource({
    name: 'world',
    capabilities: {
      look: {
        run: async (_inputs, { signal }) => {
          if (delayMs > 0) await clock.sleep(delayMs, signal)
          return { seen: true }
        },
      },
    },
  })
  const tutti = createOrchestrator({
    model,
    sources: [source],
    clock,
    recovery: { initialWaitMs: 1 },
    executor: { maxConcurrency: 1 },
    onEvent: (event) => events.push(event),
    ...options,
  })
  return { tutti, clock, model, source, events }
}

async function request(
  script: Script,
  requestOptions: RequestOptions,
  {
    delayMs = 0,
    options = {},
    advanceMs = 0,
  }: { delayMs?: number; options?: OrchestratorOptions; advanceMs?: number } = {},
) {
  const world = createWorld(script, options, delayMs)
  await using tutti = world.tutti
  const asked = tutti.processRequest('Look around', requestOptions)
  if (advanceMs > 0) await world.clock.advance(advanceMs)
  const response = await asked
  return { ...world, response }
}
const statuses = (steps: readonly { name: string; status: string; skipReason?: string }[]) =>
  steps.map(({ name, status, skipReason }) => `${name} ${skipReason ?? status}`)
const exceeded = (events: readonly RunEvent[]) => events.filter(({ type }) => type === 'budget-exceeded')

describe('a run within a budget', () => {
  it('stays within its component calls: it ends partial, with what was reached and an answer', async () => {
    const after = (name: string, before: string) => call(name, { depends_on: [before] })
    const plan = { steps: [call('a'), after('b', 'a'), after('c', 'b'), after('d', 'c')] }
    const { response, source, events } = await request(
      { plan, synthesize: 'Some of it.' },
      { budget: { componentCalls: 2 } },
    )
    expect(source.calls.length).toBe(2)
    expect(statuses(response.steps)).toEqual(['a succeeded', 'b succeeded', 'c budget', 'd dependency-failed'])
    expect(response).toMatchObject({
      status: 'partial',
      stopReason: 'budget',
      answer: 'Some of it.',
      budget: { limits: { componentCalls: 2 }, used: { componentCalls: 2, modelCalls: 2 }, exceeded: 'componentCalls' },
    })
    expect(response.errors?.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'budget_exceeded: The budget of the run did not reach for everything (component_calls: 2 of 2). Not done: "c", "d". Raise budget.component_calls, or ask for less.',
    ])
    expect(exceeded(events)).toMatchObject([{ kind: 'componentCalls', limit: 2, used: 2, step: 'c' }])
  })
  it('stays within its model calls, and keeps one for the answer', async () => {
    const plan = { steps: [call('a'), ask('first'), ask('second', { depends_on: ['first'] })] }
    const { response, model } = await request(
      { plan, generate: 'said', synthesize: 'The answer.' },
      { budget: { modelCalls: 3 } },
    )
    expect(model.calls.map(({ purpose }) => purpose)).toEqual(['plan', 'generate', 'synthesize'])
    expect(statuses(response.steps)).toEqual(['a succeeded', 'first succeeded', 'second budget'])
    expect(response).toMatchObject({ status: 'partial', stopReason: 'budget', answer: 'The answer.' })
    expect(response.degraded).toBeUndefined()
  })
  it('spends its only model call on the plan; a template then gives the answer', async () => {
    const { response, model } = await request({ plan: { steps: [call('a')] } }, { budget: { modelCalls: 1 } })
    expect(model.calls.length).toBe(1)
    expect(response).toMatchObject({ status: 'partial', stopReason: 'budget', degraded: { way: 'template' } })
    expect(response.answer).toContain('seen true')
    expect(response.degraded?.reason).toContain('budget.model_calls')
  })
  it('stays within its tokens', async () => {
    const plan = answer({
      json: { steps: [call('a'), ask('first')] },
      usage: { inputTokens: 9_000, outputTokens: 500 },
    })
    const { response, model } = await request(
      { plan, synthesize: answer({ text: 'Short.', usage }) },
      { budget: { tokens: 17_000 } },
    )
    expect(model.of('generate')).toEqual([])
    expect(response).toMatchObject({ status: 'partial', answer: 'Short.', budget: { exceeded: 'tokens' } })
    expect(response.budget?.used.tokens).toBe(9_500 + 120)
  })
  it('stays within its cost, of models by the price table and of components by theirs', async () => {
    const plan = answer({ json: { steps: [call('a'), call('b'), call('c')] }, usage })
    const { response, source } = await request(
      { plan, synthesize: answer({ text: 'Short.', usage }) },
      { budget: { cost: 20 } },
      { options: { models: PRICED, components: { world: { cost: 4 } } } },
    )
    expect(source.calls.length, '20 less the share of the answer, 7, less 0.12 of the plan, are three calls of 4').toBe(
      3,
    )
    expect(response).toMatchObject({ status: 'succeeded', budget: { limits: { cost: 20 } } })
    expect(response.budget?.used.cost).toBeCloseTo(12 + 0.24)
    const less = await request(
      { plan, synthesize: answer({ text: 'Short.', usage }) },
      { budget: { cost: 18 } },
      { options: { models: PRICED, components: { world: { cost: 4 } } } },
    )
    expect(less.source.calls.length).toBe(2)
    expect(less.response).toMatchObject({ status: 'partial', budget: { exceeded: 'cost' } })
  })
  it('stays within its wall time: running steps end, and the answer is made within the share that is kept', async () => {
    const plan = { steps: [call('a'), call('b', { depends_on: ['a'] }), call('c', { depends_on: ['b'] })] }
    const { response, source } = await request(
      { plan, synthesize: answer({ text: 'In time.', delayMs: 500 }) },
      { budget: { wallTimeMs: 10_000 } },
      { delayMs: 6_000, advanceMs: 9_500 },
    )
    expect(source.calls.length).toBe(2)
    expect(statuses(response.steps)).toEqual(['a succeeded', 'b cancelled', 'c cancelled'])
    expect(response.steps[1]?.error?.code).toBe('budget_exceeded')
    expect(response).toMatchObject({
      status: 'partial',
      stopReason: 'budget',
      answer: 'In time.',
      timings: { totalMs: 9_500 },
      budget: { used: { componentCalls: 2, modelCalls: 2, wallTimeMs: 9_500 } },
    })
  })
  it('has a template answer when the model does not come back within the share', async () => {
    const plan = { steps: [call('a'), call('b', { depends_on: ['a'] })] }
    const { response } = await request(
      { plan, synthesize: answer({ hangs: true }) },
      { budget: { wallTimeMs: 10_000 } },
      { delayMs: 6_000, advanceMs: 10_000 },
    )
    expect(response).toMatchObject({ status: 'partial', stopReason: 'budget', degraded: { way: 'template' } })
    expect(response.answer).toContain('B: not finished, the time of the run was up')
    expect(response.timings.totalMs).toBe(10_000)
  })
  it('fails when nothing was reached, and says what was used up', async () => {
    const broken = 'no plan at all'
    const { response, model } = await request({ plan: broken }, { budget: { modelCalls: 2 } })
    expect(model.calls.length).toBe(1)
    expect(response).toMatchObject({ status: 'failed', stopReason: 'budget', budget: { exceeded: 'modelCalls' } })
    expect(response.answer).toContain('The model was not asked for "plan-repair"')
  })
  it('counts repeated calls too', async () => {
    const clock = createManualClock()
    const source = fakeSource({
      name: 'world',
      capabilities: {
        look: {
          run: () => reply(503, { error: 'down' }),
        },
      },
    })
    await using tutti = createOrchestrator({ sources: [source], clock })
    const asked = tutti.execute({ steps: [call('a')] }, {}, { budget: { componentCalls: 2 } })
    await clock.advance(60_000)
    const response = await asked
    expect(source.calls.length).toBe(2)
    expect(response).toMatchObject({ status: 'failed', stopReason: 'budget', budget: { used: { componentCalls: 2 } } })
  })
  it('is told in the answer also when it reached for everything', async () => {
    const { response, events } = await request(
      { plan: { steps: [call('a')] }, synthesize: 'All.' },
      { budget: { modelCalls: 10, wallTimeMs: 60_000 } },
    )
    expect(response).toMatchObject({
      status: 'succeeded',
      budget: { limits: { modelCalls: 10, wallTimeMs: 60_000 }, used: { modelCalls: 2, componentCalls: 1 } },
    })
    expect(response.stopReason).toBeUndefined()
    expect(exceeded(events)).toEqual([])
  })
})

describe('what is shed first', () => {
  it('are optional steps, whatever their place in the plan: mandatory ones and the answer keep their part', async () => {
    const plan = {
      steps: [
        call('extra', { optional: true }),
        ask('aside', { optional: true }),
        call('a'),
        call('b'),
        ask('needed', { depends_on: ['a'] }),
        call('uses-extra', { depends_on: ['extra', 'b'] }),
      ],
    }
    const { response, source } = await request(
      { plan, generate: 'said', synthesize: 'Without the extras.' },
      { budget: { componentCalls: 3, modelCalls: 3 } },
    )
    expect(statuses(response.steps)).toEqual([
      'extra budget',
      'aside budget',
      'a succeeded',
      'b succeeded',
      'needed succeeded',
      'uses-extra succeeded',
    ])
    expect(source.calls.length).toBe(3)
    expect(response).toMatchObject({ status: 'partial', stopReason: 'budget', answer: 'Without the extras.' })
    expect(response.errors?.[0]?.message).toContain('Not done: "extra", "aside".')
  })
  it('is nothing when there is enough for all', async () => {
    const plan = { steps: [call('extra', { optional: true }), call('a')] }
    const { response } = await request({ plan, synthesize: 'All.' }, { budget: { componentCalls: 2 } })
    expect(response.status).toBe('succeeded')
  })
  it('leaves optional steps what a mandatory one does not need after all', async () => {
    const plan = {
      steps: [call('never', { if: 'false' }), call('extra', { optional: true, depends_on: ['never', 'a'] }), call('a')],
    }
    const { response } = await request({ plan, synthesize: 'All.' }, { budget: { componentCalls: 2 } })
    expect(statuses(response.steps)).toEqual(['never condition', 'extra succeeded', 'a succeeded'])
  })
})

describe('a plan that is to be written anew within a budget', () => {
  const plan = { steps: [call('a', { replan_if: 'true' }), call('b', { depends_on: ['a'] })] }
  const options: OrchestratorOptions = { planner: { maxReplans: 1 } }
  it('leaves the answer its share of the time when it does not come', async () => {
    const { response } = await request(
      { plan: [plan, answer({ hangs: true })], synthesize: 'In time.' },
      { budget: { wallTimeMs: 10_000 } },
      { options, advanceMs: 10_000 },
    )
    expect(statuses(response.steps)).toEqual(['a succeeded', 'b replanned'])
    expect(response).toMatchObject({ status: 'partial', stopReason: 'budget', answer: 'In time.' })
    expect(response.degraded?.reason).toContain('The plan could not be written anew')
  })
  it('puts off nothing for good when the model may not be asked for it', async () => {
    const { response } = await request({ plan, synthesize: 'All.' }, { budget: { modelCalls: 2 } }, { options })
    expect(statuses(response.steps)).toEqual(['a succeeded', 'b succeeded'])
    expect(response.answer).toBe('All.')
  })
})

describe('where a budget comes from', () => {
  const document = (more: object = {}) => ({ name: 'doc', steps: [call('a'), call('b'), call('c')], ...more })
  const run = async (options: OrchestratorOptions, more: object, requestOptions: RequestOptions = {}) => {
    const world = createWorld({}, options)
    await using tutti = world.tutti
    return await tutti.execute(document(more), {}, requestOptions)
  }
  it('is a document: a workflow that runs out of it is partial, not failed', async () => {
    const response = await run({}, { budget: { component_calls: 2 } })
    expect(response).toMatchObject({
      status: 'partial',
      stopReason: 'budget',
      budget: { limits: { componentCalls: 2 } },
    })
    expect(response.steps.filter(({ status }) => status === 'succeeded').length).toBe(2)
  })
  it('is the configuration, the quota of the key and of what stands above it, and the smallest limit holds', async () => {
    const options: OrchestratorOptions = {
      budget: { componentCalls: 9, tokens: 5_000 },
      quotas: {
        payments: { budget: { componentCalls: 2 } },
        'payments/alice': { budget: { componentCalls: 5, modelCalls: 7 } },
        default: { budget: { componentCalls: 1 } },
      },
    }
    const limits = async (requestOptions: RequestOptions) => (await run(options, {}, requestOptions)).budget?.limits
    expect(await limits({ key: 'payments/alice' })).toEqual({ componentCalls: 2, modelCalls: 7, tokens: 5_000 })
    expect(await limits({ principal: 'bob' })).toEqual({ componentCalls: 1, tokens: 5_000 })
    expect(await limits({ key: 'payments', budget: { componentCalls: 1, tokens: 9_000 } })).toEqual({
      componentCalls: 1,
      tokens: 5_000,
    })
  })
  it('is nowhere by default: then nothing is counted', async () => {
    const response = await run({}, {})
    expect(response).not.toHaveProperty('budget')
    expect(response.status).toBe('succeeded')
  })
  it('is refused before the run when a model has no price, which is named with the place for it', async () => {
    const { tutti, model } = createWorld({})
    await using _ = tutti
    await expect(tutti.processRequest('Look', { budget: { cost: 1 } })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('Set models."scripted:model".input_price'),
    })
    const configured = createWorld({}, { budget: { cost: 1 }, components: { world: { cost: 1 } } })
    await using _c = configured.tutti
    await expect(configured.tutti.processRequest('Look')).rejects.toMatchObject({ code: 'invalid_config' })
    expect([...model.calls, ...configured.model.calls]).toEqual([])
  })
  it.each([
    [{ budget: { modelCalls: 0 } }, 'budget.model_calls'],
    [{ budget: { wallTimeMs: Number.NaN } }, 'budget.wall_time'],
    [{ budget: { cost: -1 } }, 'budget.cost'],
    [{ priority: 'urgent' as 'high' }, '"priority" must be one of critical, high, normal, low'],
    [{ dueInMs: Number.NaN }, '"dueInMs"'],
    [{ maxConcurrency: 0 }, '"maxConcurrency"'],
    [{ key: 'a//b' }, '"key"'],
  ])('refuses options that make no sense: %j', async (options, named) => {
    const { tutti } = createWorld({})
    await using _ = tutti
    await expect(tutti.processRequest('Look', options)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining(named),
    })
  })
  it('bounds the making of a plan alone too', async () => {
    const { tutti } = createWorld({ plan: 'no plan at all' }, { planner: { shortWay: false } })
    await using _ = tutti
    await expect(tutti.plan('Look', { budget: { modelCalls: 1 } })).rejects.toMatchObject({ code: 'budget_exceeded' })
  })
})

describe('the wall time of a budget', () => {
  it('stands still while the run only waits', async () => {
    const world = createWorld({})
    await using tutti = world.tutti
    const asked = tutti.execute(
      { steps: [{ name: 'nap', type: 'wait', wait: { for: '1h' } }, call('a', { depends_on: ['nap'] })] },
      {},
      { budget: { wallTimeMs: 1_000 } },
    )
    await world.clock.advance(3_600_000)
    expect((await asked).status).toBe('succeeded')
  })
})

describe('the limits of a model', () => {
  it('hold for all runs together, and are seen in the status', async () => {
    const clock = createManualClock()
    const plan = answer({ json: { steps: [], reason: 'Nothing fits.' }, delayMs: 100 })
    const model = createScriptedModel({ plan }, { clock })
    await using tutti = createOrchestrator({ model, clock, models: { 'scripted:model': { maxConcurrency: 1 } } })
    const runs = ['one', 'two', 'three'].map((request) => tutti.processRequest(request))
    await clock.advance(50)
    expect(model.calls.length).toBe(1)
    expect(tutti.status().limits).toContainEqual({
      kind: 'model',
      name: 'scripted:model',
      inUse: 1,
      limit: 1,
      waiting: 2,
    })
    await clock.advance(250)
    expect((await Promise.all(runs)).map(({ status }) => status)).toEqual(['partial', 'partial', 'partial'])
  })
})

describe('the place of a run among others', () => {
  it('is told to the engine: priority, key and when it is due', async () => {
    const jobs: Parameters<RunEngine['submit']>[0][] = []
    const inner = createInProcessEngine({ clock: createManualClock(), log: SILENT })
    const engine: RunEngine = {
      ...inner,
      async submit(job) {
        jobs.push(job)
        await inner.submit(job)
      },
    }
    const { tutti, clock } = createWorld({}, { parts: { engine } })
    await using _ = tutti
    const steps = [call('a')]
    await tutti.execute({ steps }, {}, { priority: 'high', key: 'team/alice', dueInMs: 5_000 })
    await tutti.execute({ steps, priority: 'low' }, {}, { principal: 'bob' })
    expect(jobs).toMatchObject([
      { priority: 'high', key: 'team/alice', deadline: clock.now() + 5_000 },
      { priority: 'low', key: 'bob' },
    ])
  })
})
