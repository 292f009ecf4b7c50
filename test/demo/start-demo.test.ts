import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRedisSource } from '../../src/connectors/redis/redis-source.ts'
import type { Component } from '../../src/contracts/capability.ts'
import type { JsonObject } from '../../src/contracts/json.ts'
import type { Source } from '../../src/contracts/parts.ts'
import type { Demo } from '../../src/demo/start-demo.ts'
import { startDemo } from '../../src/demo/start-demo.ts'
import { compileSchema, loadSchemas } from '../../src/plan/schema.ts'
import { createManualClock } from '../../src/testing/manual-clock.ts'
import { describeWithRedis, startRedisServer } from '../support/redis-server.ts'

const signal = new AbortController().signal
const NAMES = ['country-info-tool', 'currency-tool', 'geocoding-tool', 'news-tool', 'stock-service', 'weather-tool-v2']

describe('the demo world', () => {
  let demo: Demo
  let components: readonly Component[]
  let source: Source

  beforeAll(async () => {
    await loadSchemas()
    demo = await startDemo({ clock: createManualClock() })
    if (demo.source === undefined) throw new Error('The demo has no source.')
    source = demo.source
    components = await source.discovery.load(signal)
  })
  afterAll(async () => {
    await source.invoker.close?.()
    await demo.close()
  })

  async function call(action: string, inputs: JsonObject) {
    const component = components.find(({ capabilities }) => capabilities.some(({ name }) => name === action))
    const capability = component?.capabilities.find(({ name }) => name === action)
    const instance = component?.instances[0]
    if (component === undefined || capability === undefined || instance === undefined) throw new Error(`no ${action}`)
    const result = await source.invoker.invoke({
      component,
      capability,
      instance,
      inputs,
      idempotencyKey: 'k',
      runId: 'r',
      headers: {},
      signal,
    })
    return { ...result, capability }
  }

  it('has the components of the Go examples, all of whose capabilities only read and say what they give', () => {
    expect(components.map(({ name }) => name)).toEqual(NAMES)
    for (const { capabilities } of components) {
      for (const { name, description, effect, inputSchema, outputSchema } of capabilities) {
        expect(effect, name).toBe('read')
        expect(description.length, name).toBeGreaterThan(20)
        expect(outputSchema, name).toMatchObject({ type: 'object' })
        const { properties } = inputSchema as {
          properties: Record<string, { description?: string; examples?: unknown[] }>
        }
        for (const [field, schema] of Object.entries(properties)) {
          expect(schema.description, `${name}.${field}`).toBeTruthy()
          expect(schema.examples?.length, `${name}.${field}`).toBeGreaterThan(0)
        }
      }
    }
  })

  it.each([
    [
      'geocode_location',
      { location: 'Seoul' },
      { lat: 37.5665, lon: 126.978, display_name: 'Seoul, South Korea', country: 'South Korea', country_code: 'kr' },
    ],
    ['geocode_location', { location: 'tokyo, JP' }, { lat: 35.6762, display_name: 'Tokyo, Japan' }],
    ['geocode_location', { location: 'New York' }, { state: 'New York', country: 'United States' }],
    ['geocode_location', { location: 'Sao Paulo, Brazil' }, { city: 'São Paulo' }],
    ['geocode_location', { location: 'France' }, { country: 'France', display_name: 'France' }],
    ['reverse_geocode', { lat: 37.5, lon: 127 }, { city: 'Seoul' }],
    ['reverse_geocode', { lat: -36.9, lon: -179.9 }, { city: 'Auckland' }],
    ['get_current_weather', { lat: 35.6762, lon: 139.6503 }, { lat: 35.6762, lon: 139.6503 }],
    [
      'get_weather_forecast',
      { lat: 35.6762, lon: 139.6503, days: 2 },
      { forecast: [{ date: '2026-01-01' }, { date: '2026-01-02' }] },
    ],
    [
      'convert_currency',
      { from: 'USD', to: 'KRW', amount: 46828.5 },
      { from: 'USD', to: 'KRW', amount: 46828.5, rate: 1390, result: 65091615, date: '2026-01-01' },
    ],
    ['convert_currency', { from: 'usd', to: 'Euro', amount: 100 }, { from: 'USD', to: 'EUR', result: 92 }],
    [
      'get_exchange_rates',
      { base: 'USD', currencies: ['EUR', 'JPY'] },
      { base: 'USD', rates: { EUR: 0.92, JPY: 152.4 } },
    ],
    [
      'get_country_info',
      { country: 'France' },
      { capital: 'Paris', population: 67390000, currency: { code: 'EUR', name: 'Euro', symbol: '€' }, flag: '🇫🇷' },
    ],
    ['get_country_info', { country: 'FR' }, { name: 'France' }],
    ['get_country_info', { country: 'usa' }, { name: 'United States' }],
    [
      'search_news',
      { query: 'Seoul travel', max_results: 2 },
      { total_articles: 2, articles: [{ published_at: '2026-01-01T08:00:00Z' }, {}] },
    ],
    [
      'stock_quote',
      { symbol: 'TSLA' },
      { symbol: 'TSLA', current_price: 468.285, previous_close: 462.07, timestamp: 1767225600 },
    ],
    ['stock_quote', { symbol: 'Tesla' }, { symbol: 'TSLA' }],
    ['company_profile', { symbol: 'nvidia' }, { symbol: 'NVDA', name: 'NVIDIA Corp' }],
    ['company_news', { symbol: 'AAPL', from: '2025-12-31' }, { symbol: 'AAPL', articles: [{}, {}] }],
    ['market_news', {}, { category: 'general' }],
  ])('%s of %j gives what its output schema says', async (action, inputs: JsonObject, expected) => {
    const { status, body, capability } = await call(action, inputs)
    expect(status).toBe(200)
    expect(body).toMatchObject({ success: true, data: expected })
    const { data } = body as { data: JsonObject }
    expect(compileSchema(capability.outputSchema ?? {}).check(data)).toEqual([])
  })

  it.each([
    [
      'geocode_location',
      { location: 'Tokio' },
      404,
      {
        code: 'LOCATION_NOT_FOUND',
        category: 'NOT_FOUND',
        details: { original_location: 'Tokio', hint: 'Did you mean "Tokyo, Japan"?' },
      },
    ],
    ['geocode_location', { location: 'Paris, Japan' }, 404, { code: 'LOCATION_NOT_FOUND' }],
    [
      'get_country_info',
      { country: 'Frence' },
      404,
      { code: 'COUNTRY_NOT_FOUND', details: { hint: 'Did you mean "France"?' } },
    ],
    [
      'convert_currency',
      { from: 'USD', to: 'KRW', amount: 0 },
      400,
      { code: 'INVALID_AMOUNT', category: 'INPUT_ERROR', message: 'amount must be greater than 0' },
    ],
    ['convert_currency', { from: 'USD', to: 'XXX', amount: 1 }, 404, { code: 'CURRENCY_NOT_FOUND' }],
    [
      'convert_currency',
      { from: 'USD', to: 'KRW', amount: 'one hundred' },
      400,
      { code: 'INVALID_INPUT', details: { field: 'amount' } },
    ],
    ['stock_quote', { symbol: 'TSLAA' }, 404, { code: 'SYMBOL_NOT_FOUND', details: { hint: 'Did you mean "TSLA"?' } }],
    ['get_current_weather', { lat: 91, lon: 0 }, 400, { code: 'INVALID_INPUT', details: { field: 'lat' } }],
  ])('%s of %j answers %i with a reason and a hint', async (action, inputs: JsonObject, status, error) => {
    const result = await call(action, inputs)
    expect(result.status).toBe(status)
    expect(result.body).toMatchObject({ success: false, error })
  })

  it('gives the same weather for the same place and day, colder in winter and far from the equator', async () => {
    const temperatureAt = async (lat: number, lon: number): Promise<number> => {
      const { body } = await call('get_current_weather', { lat, lon })
      return (body as { data: { temperature_current: number } }).data.temperature_current
    }
    const oslo = await temperatureAt(59.91, 10.75)
    expect(await temperatureAt(59.91, 10.75)).toBe(oslo)
    expect(oslo).toBeLessThan(await temperatureAt(1.35, 103.82))
    expect(oslo).toBeLessThan(await temperatureAt(-33.87, 151.21))
  })
})

describeWithRedis('the demo world in Redis', () => {
  it('registers there and is found by the Redis source', async () => {
    const redis = await startRedisServer()
    const demo = await startDemo({ registry: redis.url })
    const source = createRedisSource({ url: redis.url })
    expect(demo.source).toBeUndefined()
    expect((await source.discovery.load(signal)).map(({ name }) => name)).toEqual(NAMES)
    await demo.close()
    expect(await source.discovery.load(signal)).toEqual([])
    await source.discovery.close?.()
    await source.invoker.close?.()
    await redis.stop()
  })
})
