// The capabilities of the demo world, as a catalog offers them, and a view over them.
import type {
  Capability,
  Component,
  Effect,
  Example,
  OfferedCapability,
  Trust,
} from '../../src/contracts/capability.ts'
import type { JsonObject, JsonSchema } from '../../src/contracts/json.ts'
import type { CatalogView } from '../../src/contracts/parts.ts'

interface Sketch {
  readonly description: string
  readonly inputs?: JsonObject
  readonly required?: readonly string[]
  readonly output?: JsonObject
  readonly effect?: Effect
  readonly internal?: boolean
  readonly examples?: readonly Example[]
}

const number = (description: string): JsonObject => ({ type: 'number', description })
const text = (description: string, ...examples: string[]): JsonObject => ({
  type: 'string',
  description,
  ...(examples.length > 0 && { examples }),
})
const shape = (properties: JsonObject): JsonSchema => ({ type: 'object', properties })

export function component(name: string, capabilities: Record<string, Sketch>, trust: Trust = 'discovered'): Component {
  return {
    name,
    kind: 'tool',
    source: 'test',
    trust,
    instances: [{ id: `${name}-1`, health: 'healthy' }],
    capabilities: Object.entries(capabilities).map(
      ([key, sketch]): Capability => ({
        name: key,
        description: sketch.description,
        inputSchema: {
          type: 'object',
          properties: sketch.inputs ?? {},
          required: sketch.required ?? Object.keys(sketch.inputs ?? {}),
          additionalProperties: false,
        },
        ...(sketch.output !== undefined && { outputSchema: shape(sketch.output) }),
        effect: sketch.effect ?? 'read',
        ...(sketch.internal !== undefined && { internal: sketch.internal }),
        ...(sketch.examples !== undefined && { examples: sketch.examples }),
      }),
    ),
  }
}

export const offer = (components: readonly Component[]): OfferedCapability[] =>
  components.flatMap((one) => one.capabilities.map((capability) => ({ component: one, capability })))

const position = { lat: number('Latitude, -90 to 90'), lon: number('Longitude, -180 to 180') }
const weather = { lat: number(''), lon: number(''), temperature_current: number(''), condition: text('') }
const symbol = text('Ticker symbol or company name', 'TSLA')
const articles = { type: 'array', items: { type: 'object', properties: { title: text(''), url: text('') } } }

export const demoComponents: readonly Component[] = [
  component('geocoding-tool', {
    geocode_location: {
      description: 'Finds latitude, longitude and country of a place name',
      inputs: { location: text('Place name', 'Tokyo, Japan') },
      output: { lat: number(''), lon: number(''), display_name: text(''), country: text(''), country_code: text('') },
    },
    reverse_geocode: {
      description: 'Finds the place at a position',
      inputs: position,
      output: { display_name: text(''), country: text('') },
    },
  }),
  component('weather-tool-v2', {
    get_current_weather: { description: 'Current weather conditions at a position', inputs: position, output: weather },
    get_weather_forecast: {
      description: 'The weather forecast of the next days at a position',
      inputs: { ...position, days: { type: 'integer', minimum: 1, maximum: 16, description: 'How many days' } },
      required: ['lat', 'lon'],
      output: { lat: number(''), lon: number(''), forecast: { type: 'array', items: { type: 'object' } } },
    },
  }),
  component('currency-tool', {
    convert_currency: {
      description: 'Converts an amount from one currency to another',
      inputs: {
        from: text('Source currency code', 'USD'),
        to: text('Target currency code', 'KRW'),
        amount: number('Amount to convert'),
      },
      output: { from: text(''), to: text(''), amount: number(''), result: number(''), rate: number('') },
    },
    get_exchange_rates: {
      description: 'Exchange rates of a base currency',
      inputs: { base: text('Base currency code', 'USD'), currencies: { type: 'array', items: { type: 'string' } } },
      required: ['base'],
      output: { base: text(''), date: text(''), rates: { type: 'object' } },
    },
  }),
  component('country-info-tool', {
    get_country_info: {
      description: 'Capital, population, languages and currency of a country',
      inputs: { country: text('Country name', 'France') },
      output: {
        name: text(''),
        capital: text(''),
        population: number(''),
        currency: { type: 'object', properties: { code: text(''), name: text(''), symbol: text('') } },
      },
    },
  }),
  component('news-tool', {
    search_news: {
      description: 'Searches recent news articles',
      inputs: {
        query: text('What to search for', 'electric cars'),
        max_results: { type: 'integer' },
        language: text(''),
      },
      required: ['query'],
      output: { articles, total_articles: number('') },
    },
  }),
  component('stock-service', {
    stock_quote: {
      description: 'Gets the current price of a share',
      inputs: { symbol },
      output: { symbol: text(''), current_price: number(''), change: number(''), timestamp: number('') },
    },
    company_profile: {
      description: 'Profile of a company',
      inputs: { symbol },
      output: { name: text(''), industry: text('') },
    },
    company_news: {
      description: 'News about one company',
      inputs: { symbol, from: text('First day', '2026-01-01'), to: text('Last day', '2026-01-31') },
      required: ['symbol'],
      output: { articles },
    },
    market_news: {
      description: 'General market news',
      inputs: { category: text('') },
      required: [],
      output: { articles },
    },
  }),
  component('grocery-service', {
    list_products: {
      description: 'Lists the products of the store',
      inputs: { category: text(''), limit: { type: 'integer' } },
      required: [],
      output: { products: { type: 'array', items: { type: 'object' } } },
    },
    get_product: {
      description: 'One product by its id',
      inputs: { product_id: text('Product id') },
      output: { name: text(''), price: number('') },
    },
    create_cart: { description: 'Creates a shopping cart', output: { cart_id: text('') }, effect: 'write' },
    add_to_cart: {
      description: 'Adds a product to a cart',
      inputs: { cart_id: text('Cart id'), product_id: text('Product id'), quantity: { type: 'integer', minimum: 1 } },
      output: { cart_id: text(''), total: number('') },
      effect: 'write',
    },
  }),
]

export const demoOffer: readonly OfferedCapability[] = offer(demoComponents)

/** A view over fixed components; names without regard to case. */
export function viewOf(components: readonly Component[], fingerprint = 'f1'): CatalogView {
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()
  const byName = (name: string): Component | undefined => components.find((one) => same(one.name, name))
  return {
    fingerprint,
    components: () => components,
    component: byName,
    find: (name, action) => byName(name)?.capabilities.find((one) => same(one.name, action)),
    offering: (name) => components.filter((one) => one.capabilities.some((capability) => same(capability.name, name))),
    pick: (name) => byName(name)?.instances[0],
    busy: () => () => undefined,
    refresh: async () => undefined,
  }
}
