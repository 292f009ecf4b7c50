import { describe, expect, it } from 'vitest'
import type { Component, OfferedCapability } from '../../src/contracts/capability.ts'
import { type ConfigInput, configSchema } from '../../src/contracts/config.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import type { Logger, PlanAsk, PlanEvent } from '../../src/contracts/parts.ts'
import { createPlanner } from '../../src/planner/planner.ts'
import { createManualClock } from '../../src/testing/manual-clock.ts'
import { component, demoComponents, demoOffer, offer, viewOf } from './demo-world.ts'
import { away, collect, type Said, scriptedAsk } from './scripted-ask.ts'

const log: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

const step = (component: string, action: string, inputs: unknown, more: object = {}): object => ({
  name: 'a',
  component,
  action,
  inputs,
  ...more,
})
const plan = (...steps: object[]): string => JSON.stringify({ steps })
const news = (query = 'x', more: object = {}): object =>
  step('news-tool', 'search_news', { query }, { name: 'news', ...more })
const GOOD = plan(news())

interface Setup {
  readonly answers?: readonly Said[]
  readonly available?: boolean
  readonly planner?: NonNullable<ConfigInput['planner']>
  readonly components?: readonly Component[]
  readonly offered?: readonly OfferedCapability[]
  readonly widened?: readonly OfferedCapability[]
}

function setup({
  answers = [],
  available = true,
  planner: given = {},
  components = demoComponents,
  offered = demoOffer,
  widened = [],
}: Setup) {
  const model = scriptedAsk(answers, { available })
  const clock = createManualClock()
  const planner = createPlanner({ ask: model, settings: configSchema.parse({ planner: given }), clock, log })
  const facts: RunFact[] = []
  const words: string[] = []
  const askOf = (more: Partial<PlanAsk> = {}): PlanAsk => ({
    request: 'Search the news',
    runId: 'run_1',
    principal: 'local',
    turns: [],
    offered,
    widen: async (text) => {
      words.push(text)
      return widened
    },
    view: viewOf(components),
    signal: new AbortController().signal,
    emit: (fact) => facts.push(fact),
    ...more,
  })
  const run = async (more: Partial<PlanAsk> = {}) => {
    const events: PlanEvent[] = await collect(planner.plan(askOf(more)))
    const last = events.at(-1)
    if (last?.type !== 'document') throw new Error('no document')
    const deltas = events.flatMap((event) => (event.type === 'delta' ? [event.text] : [])).join('')
    return { ...last, deltas, errors: last.issues.filter(({ severity }) => severity === 'error') }
  }
  const invalid = () => facts.flatMap((fact) => (fact.type === 'plan-invalid' ? [fact] : []))
  return { model, clock, planner, run, words, facts, invalid, askOf }
}

describe('createPlanner with the model', () => {
  it('streams what the model writes and ends with the document', async () => {
    const { run, model } = setup({ answers: [[GOOD.slice(0, 10), GOOD.slice(10)]] })
    const { document, errors, way, deltas, degraded } = await run()
    expect(document.steps).toMatchObject([
      { name: 'news', type: 'call', component: 'news-tool', action: 'search_news', inputs: { query: 'x' } },
    ])
    expect({ errors, way, deltas, degraded }).toEqual({ errors: [], way: 'model', deltas: GOOD, degraded: undefined })
    expect(model.asks).toHaveLength(1)
    expect(model.asks[0]).toMatchObject({ purpose: 'plan', json: true, runId: 'run_1' })
  })

  it('keeps earlier turns apart from the request', async () => {
    const { run, model } = setup({ answers: [GOOD] })
    await run({ request: 'And in Osaka?', turns: [{ request: 'When does the castle open?', answer: 'At nine.' }] })
    expect(model.textOf(0)).toContain('When does the castle open?')
    expect(model.asks[0]?.messages.at(-1)?.content).not.toContain('castle')
  })

  it('takes no steps with a reason for a valid plan (B03)', async () => {
    const { run, model } = setup({
      answers: ['{"steps": [], "reason": "Nothing here tells the time.", "missing": ["a clock"]}'],
    })
    const { document, errors } = await run({ request: 'what time is it in CST' })
    expect(errors).toEqual([])
    expect(document).toMatchObject({ steps: [], reason: 'Nothing here tells the time.', missing: ['a clock'] })
    expect(model.asks).toHaveLength(1)
  })

  it('asks again with the issues, the legal alternatives and the answer before (B01)', async () => {
    const { run, model, invalid } = setup({ answers: [plan(step('nws-tool', 'search_news', { query: 'bad' })), GOOD] })
    const { document, errors } = await run()
    expect(errors).toEqual([])
    expect(document.steps.map((one) => one.component)).toEqual(['news-tool'])
    expect(model.asks.map(({ purpose }) => purpose)).toEqual(['plan', 'plan-repair'])
    const said = model.asks[1]?.messages.at(-1)?.content ?? ''
    expect(said).toContain('/steps/0/component')
    expect(said).toContain('"nws-tool"')
    expect(said).toContain('"news-tool"')
    expect(model.asks[1]?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user'])
    expect(invalid()).toMatchObject([{ attempt: 1, issues: [{ code: 'unknown_component', step: 'a' }] }])
  })

  it('looks again for what an invented step tried to do (B02)', async () => {
    const quote = demoOffer.filter(({ capability }) => capability.name === 'stock_quote')
    const calculator = component('calculator', {
      multiply: { description: 'Multiplies numbers', inputs: { a: { type: 'number' } } },
    })
    const { run, model, words } = setup({
      components: [...demoComponents, calculator],
      offered: quote,
      widened: offer([calculator]),
      answers: [
        plan(
          step('stock-service', 'stock_quote', { symbol: 'TSLA' }),
          step(
            'calculation-agent',
            'multiplyNumbers',
            { first_factor: 100 },
            { name: 'b', description: 'Price times 100' },
          ),
        ),
        plan(step('stock-service', 'stock_quote', { symbol: 'TSLA' })),
      ],
    })
    const { errors } = await run()
    expect(errors).toEqual([])
    expect(words).toEqual(['calculation agent multiply Numbers Price times 100 first factor'])
    expect(model.textOf(0)).not.toContain('calculator')
    expect(model.asks[1]?.messages.at(-1)?.content).toContain('## calculator / multiply')
  })

  it('validates a corrected plan like the first one, and gives up after two corrections (B06)', async () => {
    const ghost = (name: string): string => plan(step(name, 'go', {}))
    const { run, model, invalid } = setup({ answers: [ghost('ghost-one'), ghost('ghost-two'), ghost('ghost-three')] })
    const { errors, document } = await run()
    expect(model.asks).toHaveLength(3)
    expect(errors[0]?.code).toBe('unknown_component')
    expect(document.steps[0]?.component).toBe('ghost-three')
    expect(invalid().map(({ attempt }) => attempt)).toEqual([1, 2, 3])
  })

  it('asks for no correction when none is allowed', async () => {
    const { run, model } = setup({ answers: ['no plan'], planner: { maxRepairs: 0 } })
    const { errors, document } = await run()
    expect(errors[0]?.code).toBe('syntax')
    expect(document).toEqual({ steps: [] })
    expect(model.asks).toHaveLength(1)
  })

  it('admits a real capability that was not offered, its inputs checked, and shows it with the correction (B05)', async () => {
    const { run, model } = setup({
      offered: demoOffer.filter(({ component: { name } }) => name === 'stock-service'),
      answers: [plan(step('news-tool', 'search_news', { topic: 'x' })), GOOD],
    })
    const { errors } = await run()
    expect(errors).toEqual([])
    expect(model.textOf(0)).not.toContain('news-tool')
    expect(model.asks[1]?.messages.at(-1)?.content).toContain('## news-tool / search_news')
  })

  it('never admits an internal capability (B13)', async () => {
    const agent = component('agent', {
      orchestrate: { description: 'Itself', inputs: { request: { type: 'string' } }, internal: true },
    })
    const { run, model } = setup({
      components: [...demoComponents, agent],
      answers: [plan(step('agent', 'orchestrate', { request: 'x' })), GOOD],
    })
    const { document } = await run()
    expect(document.steps[0]?.component).toBe('news-tool')
    expect(model.asks[1]?.messages.at(-1)?.content).not.toContain('## agent / orchestrate')
  })

  it.each([
    [
      'a cycle (B07)',
      plan(news('x', { name: 'a', depends_on: ['b'] }), news('x', { name: 'b', depends_on: ['a'] })),
      'cycle',
    ],
    ['a missing input (B10)', plan(step('news-tool', 'search_news', {})), 'missing_input'],
    ['an unknown reference (B09)', plan(news('${steps.ghost.output.a}')), 'unknown_reference'],
    ['an answer that broke off', GOOD.slice(0, -9), 'syntax'],
    ['an empty answer', '', 'syntax'],
  ])('has %s corrected', async (_, bad, code) => {
    const { run, invalid } = setup({ answers: [bad, GOOD] })
    expect((await run()).errors).toEqual([])
    expect(invalid()[0]?.issues.map((issue) => issue.code)).toContain(code)
  })

  it('reads arithmetic and expression objects as what they are not: values (B11)', async () => {
    const convert = (amount: string): string =>
      `{"steps": [{"name": "c", "component": "currency-tool", "action": "convert_currency", "inputs": {"from": "USD", "to": "KRW", "amount": ${amount}}}]}`
    const { run, invalid } = setup({ answers: [convert('{"expression": "100 * 468.28"}'), convert('100')] })
    const { document, errors } = await run()
    expect(errors).toEqual([])
    expect(document.steps[0]?.inputs).toMatchObject({ amount: 100 })
    expect(invalid()).toHaveLength(1)
  })

  it('tells the model when its answer was cut at a limit', async () => {
    const cut = new TuttiError('model_output_invalid', 'The JSON of "m" for "plan" was cut at its limit of 10 tokens.')
    const { run, model } = setup({ answers: [{ pieces: ['{"steps": ['], then: cut }, GOOD] })
    expect((await run()).errors).toEqual([])
    expect(model.asks[1]?.messages.at(-1)?.content).toContain('cut at its limit of 10 tokens')
  })

  it.each(['model_rejected', 'model_refused', 'cancelled'] as const)(
    'lets %s through: nothing stands in for it',
    async (code) => {
      const { run } = setup({ answers: [new TuttiError(code, 'no')] })
      await expect(run()).rejects.toMatchObject({ code })
    },
  )
})

describe('createPlanner with its cache', () => {
  it('plans the same request once, and validates the kept plan again', async () => {
    const cannot = '{"steps": [], "reason": "No news here.", "missing": ["news"]}'
    const { run, model, planner } = setup({ answers: [GOOD, cannot] })
    await run()
    const again = await run({ request: '  Search   the news ' })
    expect(again).toMatchObject({ way: 'cache', errors: [], document: { steps: [{ name: 'news' }] } })
    expect(model.asks).toHaveLength(1)
    expect(planner.stats?.()).toEqual({ hits: 1, misses: 1, size: 1 })
    // A catalog that lies about its fingerprint: the component is gone.
    const gone = await run({ view: viewOf(demoComponents.filter(({ name }) => name !== 'news-tool')) })
    expect(gone).toMatchObject({ way: 'model', document: { steps: [], reason: 'No news here.' } })
    expect(model.asks).toHaveLength(2)
  })

  it('keeps neither an invalid plan nor an empty one', async () => {
    const cannot = '{"steps": [], "reason": "no", "missing": ["x"]}'
    const { run, model } = setup({ answers: ['no plan', cannot, GOOD], planner: { maxRepairs: 0 } })
    await run()
    await run()
    expect(await run()).toMatchObject({ way: 'model', errors: [] })
    expect(model.asks).toHaveLength(3)
  })

  it('forgets a plan that served badly', async () => {
    const { run, model, planner, askOf } = setup({ answers: [GOOD, GOOD] })
    await run()
    planner.evict?.(askOf())
    expect((await run()).way).toBe('model')
    expect(model.asks).toHaveLength(2)
  })
})

describe('createPlanner without a model', () => {
  it('plans by the words of the request, and says so', async () => {
    const { run, model } = setup({ available: false })
    const { document, way, degraded, errors } = await run({ request: 'Get the stock quote for symbol TSLA' })
    expect(document.steps).toMatchObject([
      { component: 'stock-service', action: 'stock_quote', inputs: { symbol: 'TSLA' } },
    ])
    expect({ way, errors }).toEqual({ way: 'local', errors: [] })
    expect(degraded).toMatchObject({ way: 'local-planner' })
    expect(degraded?.reason).toContain('OPENAI_API_KEY')
    expect(model.asks).toHaveLength(0)
  })

  it('gives chained plans that pass the validation, with what is left out in missing', async () => {
    const { run } = setup({ available: false })
    const request =
      'I plan to sell 100 Tesla shares to fund a week in Seoul from New York. Can I afford it, how much is that in local currency, what is the weather and the news?'
    const { document, errors } = await run({ request })
    expect(errors).toEqual([])
    expect(document.steps.map(({ name }) => name)).toEqual([
      'stock_quote',
      'geocode_location',
      'get_country_info',
      'get_current_weather',
      'search_news',
    ])
    expect(document.missing).toHaveLength(2)
  })

  it('answers honestly where nothing fits', async () => {
    const { run } = setup({ available: false })
    const { document, degraded, errors } = await run({ request: 'Compose a sonata for two violins and a harp' })
    expect(document.steps).toEqual([])
    expect(document.reason).toContain('sonata')
    expect(document.reason).toContain('No model is configured')
    expect({ errors, way: degraded?.way }).toEqual({ errors: [], way: 'message' })
  })

  it('takes the kept plan when the model is away, however old', async () => {
    const { run, clock } = setup({ answers: [GOOD, away()] })
    await run()
    await clock.advance(3_600_000)
    const { way, degraded, document } = await run()
    expect(way).toBe('cache')
    expect(document.steps[0]?.name).toBe('news')
    expect(degraded).toEqual({
      way: 'cached-plan',
      reason: 'The model "test:model" cannot be reached. A plan for the same request was used that is 1h old.',
    })
  })

  it('goes on without the model when it leaves in the midst of a correction', async () => {
    const { run } = setup({ answers: [plan(step('ghost', 'go', {})), away()] })
    const { way, degraded, errors } = await run({ request: 'news about Seoul' })
    expect({ way, errors }).toEqual({ way: 'local', errors: [] })
    expect(degraded?.reason).toContain('cannot be reached')
  })
})
