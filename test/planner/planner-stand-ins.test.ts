import { describe, expect, it } from 'vitest'
import { component, demoComponents, offer, viewOf } from './demo-world.ts'
import { GOOD, plan, setup, step } from './planner-setup.ts'
import { away } from './scripted-ask.ts'

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

  it('asks the model where the form of a kept plan does not bear a value, and trusts the form still', async () => {
    const press = component('press', {
      list_news: { description: 'Lists news', inputs: { count: { type: 'integer', maximum: 20 } } },
    })
    const few = (count: number): string => plan(step('press', 'list_news', { count }))
    const { run, model, planner, askOf } = setup({
      answers: [few(3), few(20)],
      components: [press],
      offered: offer([press]),
    })
    const request = (many: string): string => `List exactly ${many} news, friend`
    const { document } = await run({ request: request('3') })
    planner.learn?.(askOf({ request: request('3') }), { document, isGood: true })
    expect((await run({ request: request('5') })).way).toBe('cache')
    expect((await run({ request: request('99') })).way).toBe('model')
    expect((await run({ request: request('7') })).way).toBe('cache')
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
