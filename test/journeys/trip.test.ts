// The whole way, real everywhere: components registered in a real Redis, called over HTTP, a model spoken to through the
// vendors' own SDKs, and a 400 that is saved by understanding it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startDemo } from '../../src/demo/start-demo.ts'
import { createOrchestrator, type Orchestrator, type OrchestratorOptions, type RunEvent } from '../../src/index.ts'
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.ts'
import { describeWithRedis, startRedisServer } from '../support/redis-server.ts'

const REQUEST =
  'I plan to sell 100 Tesla shares to fund a week in Seoul from New York. Can I afford it, how much is that in local currency, what is the weather and the news?'
const ANSWER = 'You can afford it: 46828.5 USD are plenty of KRW. [convert]'

/** A plan whose amount the model left at 0: the tool refuses it, and re-resolution computes it. */
const PLAN = {
  steps: [
    { name: 'stock-price', component: 'stock-service', action: 'stock_quote', inputs: { symbol: 'TSLA' } },
    { name: 'geocode', component: 'geocoding-tool', action: 'geocode_location', inputs: { location: 'Seoul' } },
    {
      name: 'country-info',
      component: 'country-info-tool',
      action: 'get_country_info',
      inputs: { country: 'South Korea' },
    },
    { name: 'news', component: 'news-tool', action: 'search_news', inputs: { query: 'Seoul travel' } },
    {
      name: 'weather',
      component: 'weather-tool-v2',
      action: 'get_current_weather',
      inputs: { lat: '${steps.geocode.output.lat}', lon: '${steps.geocode.output.lon}' },
      depends_on: ['geocode'],
    },
    {
      name: 'convert',
      component: 'currency-tool',
      action: 'convert_currency',
      inputs: { from: 'USD', to: '${steps.country-info.output.currency.code}', amount: 0 },
      depends_on: ['stock-price', 'country-info'],
    },
  ],
}
const CORRECTION = { should_retry: true, analysis: '100 shares at 468.285', corrected_parameters: { amount: 46828.5 } }

type Wire = {
  readonly name: string
  readonly api: string
  readonly options: (vendor: FakeVendor) => OrchestratorOptions
}
const WIRES: readonly Wire[] = [
  {
    name: 'OpenAI chat completions',
    api: 'chat',
    options: (v) => ({ model: 'openai:fake-model', openai: { apiKey: 'sk-test-key', baseUrl: v.openaiUrl } }),
  },
  {
    name: 'Anthropic messages',
    api: 'messages',
    options: (v) => ({ model: 'anthropic:claude-fake', anthropic: { apiKey: 'ak-test-key', baseUrl: v.anthropicUrl } }),
  },
]

describeWithRedis('the trip', () => {
  let redis: Awaited<ReturnType<typeof startRedisServer>>
  let demo: Awaited<ReturnType<typeof startDemo>>
  let vendor: FakeVendor
  beforeAll(async () => {
    redis = await startRedisServer()
    demo = await startDemo({ registry: redis.url })
    vendor = await startFakeVendor()
  })
  afterAll(async () => {
    await vendor.close()
    await demo.close()
    await redis.stop()
  })

  describe.each(WIRES)('over $name', ({ api, options }) => {
    let tutti: Orchestrator
    const events: RunEvent[] = []
    beforeAll(async () => {
      vendor.calls.length = 0
      vendor.script({
        plan: `Here is the plan:\n\`\`\`json\n${JSON.stringify(PLAN)}\n\`\`\``,
        're-resolve': { json: CORRECTION },
        synthesize: ANSWER,
      })
      tutti = createOrchestrator({
        ...options(vendor),
        redis: { url: redis.url },
        onEvent: (event) => events.push(event),
      })
      await tutti.start()
    })
    afterAll(() => tutti.close())

    it('answers the request, with the refused amount corrected by meaning', async () => {
      const response = await tutti.processRequest(REQUEST)
      expect(response.errors).toBeUndefined()
      expect(response).toMatchObject({ status: 'succeeded', answer: ANSWER })
      const convert = response.steps.find((step) => step.name === 'convert')
      expect(convert).toMatchObject({ status: 'succeeded', inputs: { from: 'USD', to: 'KRW', amount: 46828.5 } })
      expect(convert?.attempts.map((a) => [a.status, a.inputs])).toEqual([
        ['failed', { from: 'USD', to: 'KRW', amount: 0 }],
        ['succeeded', { from: 'USD', to: 'KRW', amount: 46828.5 }],
      ])
      expect(convert?.repairs).toMatchObject([{ way: 're-resolve', analysis: '100 shares at 468.285' }])
      expect(response.steps.every((step) => step.status === 'succeeded')).toBe(true)
    })
    it('asked the model once to plan, once to correct, once to answer, each call with its purpose and run', () => {
      expect(vendor.calls.map((call) => [call.api, call.purpose])).toEqual([
        [api, 'plan'],
        [api, 're-resolve'],
        [api, 'synthesize'],
      ])
      expect(new Set(vendor.calls.map((call) => call.runId))).toEqual(new Set([events[0]?.runId]))
    })
    it('showed the model for the correction all that it needs (B51): request, outputs by step, schema, what was tried, what came back', () => {
      const [call] = vendor.of('re-resolve')
      for (const part of [
        '100 Tesla shares',
        'stock-price',
        '468.285',
        'country-info',
        'KRW',
        'convert_currency',
        'amount must be greater than 0',
      ])
        expect(call?.prompt).toContain(part)
    })
    it('counted usage from the wire', () => {
      const end = events.at(-1)
      expect(end).toMatchObject({
        type: 'run-end',
        response: { usage: { modelCalls: 3, inputTokens: 33, outputTokens: 21 } },
      })
    })
    it('emitted its events in order and without gaps', () => {
      expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1))
      expect(events[0]?.type).toBe('run-start')
    })
    it('serves the next same request from the plan cache', async () => {
      const before = vendor.of('plan').length
      vendor.script({ 're-resolve': { json: CORRECTION }, synthesize: ANSWER })
      expect((await tutti.processRequest(`  ${REQUEST}`)).status).toBe('succeeded')
      expect(vendor.of('plan')).toHaveLength(before)
      expect(tutti.metrics().planCache.hits).toBe(1)
    })
  })
})
