import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { ReviseAsk } from '../../src/contracts/planner.ts'
import type { StepRecord } from '../../src/contracts/run.ts'
import { component, demoComponents, demoOffer, offer } from './demo-world.ts'
import { GOOD, news, plan, setup, step } from './planner-setup.ts'
import { away } from './scripted-ask.ts'

const NO_INPUTS = plan(step('stock-service', 'stock_quote', {}))

describe('createPlanner in dialogue with the model', () => {
  it('ends early when the model answers the same plan again, however it is spaced', async () => {
    const ghost = { steps: [step('ghost', 'go', {})] }
    const { run, model } = setup({
      answers: [JSON.stringify(ghost), JSON.stringify(ghost, null, 2)],
      planner: { maxRepairs: 5 },
    })
    expect((await run()).errors[0]?.code).toBe('unknown_component')
    expect(model.asks).toHaveLength(2)
  })

  it('ends early when the model says the same again that is no plan', async () => {
    const { run, model } = setup({ answers: ['I cannot.', 'I cannot.'], planner: { maxRepairs: 5 } })
    expect((await run()).errors[0]?.code).toBe('syntax')
    expect(model.asks).toHaveLength(2)
  })

  it('reads a plan that the model wrote as YAML, and asks again for one that is broken', async () => {
    const yaml = 'steps:\n  - name: n\n    component: news-tool\n    action: search_news\n    inputs: {query: x}\n'
    const { run, model } = setup({ answers: [yaml] })
    expect((await run()).document.steps).toMatchObject([{ name: 'n', component: 'news-tool', inputs: { query: 'x' } }])
    expect(model.asks).toHaveLength(1)
    const broken = setup({ answers: [`${yaml}  - {`, GOOD] })
    expect((await broken.run()).document.steps).toHaveLength(1)
    expect(broken.model.asks).toHaveLength(2)
  })

  it('turns a plan that lacks nothing but required inputs into a question to the user', async () => {
    const { run, invalid } = setup({
      answers: [
        NO_INPUTS,
        plan(
          step('stock-service', 'stock_quote', {}),
          step('currency-tool', 'convert_currency', { from: 'USD' }, { name: 'b' }),
        ),
        NO_INPUTS,
      ],
    })
    const { document, errors, way } = await run({ request: 'Quote it' })
    expect({ errors, way }).toEqual({ errors: [], way: 'model' })
    expect(document).toEqual({
      steps: [],
      reason: 'To do this, I still need to know: stock_quote.symbol: Ticker symbol or company name.',
      missing: ['stock_quote.symbol: Ticker symbol or company name'],
    })
    expect(invalid()).toHaveLength(3)
  })

  it('asks for everything at once, and tells the model before that it may ask', async () => {
    const bad = plan(
      step('stock-service', 'stock_quote', {}),
      step('currency-tool', 'convert_currency', { from: 'USD' }, { name: 'b' }),
    )
    const { run, model } = setup({ answers: [bad, bad] })
    const { document } = await run()
    expect(document.missing).toEqual([
      'stock_quote.symbol: Ticker symbol or company name',
      'convert_currency.to: Target currency code',
      'convert_currency.amount: Amount to convert',
    ])
    expect(model.asks[1]?.messages.at(-1)?.content).toContain('[missing_input] /steps/0/inputs/symbol (step "a")')
    expect(model.asks[1]?.messages.at(-1)?.content).toContain('a question to the user in "reason"')
  })

  it('asks nothing when something else is wrong too', async () => {
    const bad = plan(step('stock-service', 'stock_quote', {}), step('ghost', 'go', {}, { name: 'b' }))
    const { run } = setup({ answers: [bad, bad] })
    expect((await run()).errors.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['missing_input', 'unknown_component']),
    )
  })

  it('passes on a question that the model asks itself (B03)', async () => {
    const asked = { steps: [], reason: 'Which city do you mean?', missing: ['get_weather.city: the city'] }
    const { run, model } = setup({ answers: [JSON.stringify(asked)] })
    expect((await run({ request: 'weather there' })).document).toEqual(asked)
    expect(model.asks).toHaveLength(1)
  })

  it('admits a real capability that was not offered when its inputs fit its schema (B05)', async () => {
    const offered = demoOffer.filter(({ component: { name } }) => name === 'stock-service')
    const { run, model } = setup({ offered, answers: [GOOD] })
    expect(await run()).toMatchObject({ errors: [], document: { steps: [{ component: 'news-tool' }] } })
    expect(model.asks).toHaveLength(1)
  })

  it('never asks the same question twice: an invented step brings what its words find, once (B02)', async () => {
    const clock = component('clock', {
      time_in: { description: 'Time in a zone', inputs: { zone: { type: 'string' } } },
    })
    const { run, model, words } = setup({
      components: [...demoComponents, clock],
      offered: demoOffer.slice(0, 1),
      widened: offer([clock]),
      answers: [
        plan(step('time-agent', 'tell_time', { zone: 'CST' })),
        plan(step('clock', 'time_in', { zone: 'CST' })),
      ],
    })
    expect((await run({ request: 'what time is it in CST' })).errors).toEqual([])
    expect(words).toEqual(['time agent tell time zone CST'])
    expect(model.asks[1]?.messages).not.toEqual(model.asks[0]?.messages)
    expect(model.asks[1]?.messages.at(-1)?.content).toContain('## clock / time_in (read)')
  })

  it('has one rule for names, without regard to case (B08)', async () => {
    const { run, model } = setup({ answers: [plan(step('News-Tool', 'Search_News', { query: 'x' }))] })
    expect((await run()).document.steps[0]).toMatchObject({ component: 'news-tool', action: 'search_news' })
    expect(model.asks).toHaveLength(1)
  })

  it("speaks with the operator's own text, its rules and its persona in every question", async () => {
    const { run, model } = setup({
      answers: ['no plan', GOOD],
      planner: { template: 'House style.\n{{rules}}', persona: 'a clerk', domain: 'Prices in EUR.' },
    })
    await run()
    for (const n of [0, 1]) {
      expect(model.asks[n]?.system).toMatch(/^You speak as: a clerk\n\nHouse style\.\nYou write plans/)
      expect(model.asks[n]?.system).toMatch(/Prices in EUR\.$/)
    }
  })

  it('keeps the inside of every text of a plan (B12)', async () => {
    const texts = ['*/5 * * * *', '2 * 3 * 4', '**kwargs**', 'see ```json\n{"a": 1}\n``` there', 'a // b', 'x, }']
    for (const text of texts) {
      const { run } = setup({ answers: [`Here:\n\`\`\`json\n${plan(news(text))}\n\`\`\``] })
      expect((await run()).document.steps[0]?.inputs).toEqual({ query: text })
    }
  })
})

describe('createPlanner asked to write the rest of a plan anew', () => {
  const geo = (name: string, location: string, more: object = {}): object =>
    step('geocoding-tool', 'geocode_location', { location }, { name, ...more })
  const weather = (from: string): object =>
    step(
      'weather-tool-v2',
      'get_current_weather',
      { lat: `\${steps.${from}.output.lat}`, lon: `\${steps.${from}.output.lon}` },
      { name: 'weather' },
    )
  const record = (name: string, status: StepRecord['status'], more: Partial<StepRecord> = {}): StepRecord => ({
    name,
    status,
    attempts: [],
    dependsOn: [],
    ...more,
  })
  async function reviseOf(failed = 'Soul'): Promise<ReviseAsk> {
    const first = setup({ answers: [plan(geo('country', 'Korea'), geo('city', failed), weather('city'))] })
    const { document } = await first.run()
    return {
      document,
      steps: [
        record('country', 'succeeded', { output: { lat: 36, lon: 128, display_name: 'Korea' } }),
        record('city', 'failed', { error: { code: 'component_failed', message: 'No such place.' } }),
        record('weather', 'skipped', { skipReason: 'dependency-failed' }),
      ],
      reason: 'Step "city" failed for good.',
      revision: 2,
    }
  }

  it('shows the plan so far, how each step ended and why, and takes the whole new plan', async () => {
    const revise = await reviseOf()
    const { run, model } = setup({ answers: [plan(geo('country', 'Korea'), geo('seoul', 'Seoul'), weather('seoul'))] })
    const { document, errors } = await run({ revise })
    expect(errors).toEqual([])
    expect(document.steps.map(({ name }) => name)).toEqual(['country', 'seoul', 'weather'])
    const messages = model.asks[0]?.messages ?? []
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user'])
    expect(messages.at(-1)?.content).toContain('"city": failed\n  error: [component_failed] No such place.')
    expect(messages.at(-1)?.content).toContain('"display_name":"Korea"')
  })

  it('puts back finished steps that the new plan builds on and did not repeat', async () => {
    const { run } = setup({ answers: [plan(weather('country'))] })
    const { document, errors } = await run({ revise: await reviseOf() })
    expect(errors).toEqual([])
    expect(document.steps).toMatchObject([
      { name: 'country', inputs: { location: 'Korea' } },
      { name: 'weather', dependsOn: ['country'] },
    ])
  })

  it('puts back no step that failed', async () => {
    const { run } = setup({ answers: [plan(weather('city'))], planner: { maxRepairs: 0 } })
    expect((await run({ revise: await reviseOf() })).errors.map(({ code }) => code)).toContain('unknown_reference')
  })

  it('neither uses nor feeds the cache, shows no earlier plans and takes no short way', async () => {
    const request = 'country info for France'
    const france = plan(step('country-info-tool', 'get_country_info', { country: 'France' }))
    const revise = await reviseOf()
    const { run, model } = setup({ answers: [GOOD, france] })
    expect((await run({ request, revise })).way).toBe('model')
    expect((await run({ request, turns: [{ request: 'a', answer: 'b' }] })).way).toBe('model')
    expect(model.asks).toHaveLength(2)
  })

  it('keeps a large output within its budget', async () => {
    const revise = await reviseOf()
    const output = { rows: Array.from({ length: 5_000 }, (_, i) => ({ i, text: 'x'.repeat(50) })) }
    const { run, model } = setup({ answers: [GOOD] })
    await run({ revise: { ...revise, steps: [record('country', 'succeeded', { output }), ...revise.steps.slice(1)] } })
    expect(model.asks[0]?.messages.at(-1)?.content.length).toBeLessThan(20_000)
  })

  it('says that the model is away: nothing else knows how far the plan came', async () => {
    const revise = await reviseOf()
    await expect(setup({ answers: [away()] }).run({ revise })).rejects.toMatchObject({ code: 'model_unavailable' })
    await expect(setup({ available: false }).run({ revise })).rejects.toThrow(TuttiError)
  })
})
