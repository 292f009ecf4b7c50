import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import { component, demoComponents, demoOffer, offer } from './demo-world.ts'
import { GOOD, news, plan, setup, step } from './planner-setup.ts'

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

  it('asks once more when the plan broke off, since half of it was of no use to anybody', async () => {
    const cut = new TuttiError('model_stream_cut', 'The answer broke off.')
    const { run, model } = setup({ answers: [{ pieces: [GOOD.slice(0, 20)], then: cut }, GOOD] })
    expect(await run()).toMatchObject({ way: 'model', errors: [], document: { steps: [{ name: 'news' }] } })
    expect(model.asks.map(({ purpose }) => purpose)).toEqual(['plan', 'plan'])
    const twice = setup({ answers: [cut, cut] })
    expect((await twice.run({ request: 'Compose a sonata' })).degraded?.way).toBe('message')
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
