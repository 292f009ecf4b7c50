import { describe, expect, it } from 'vitest'
import { planLocally } from '../../src/planner/local-planner.ts'
import { component, demoComponents, demoOffer, offer, viewOf } from './demo-world.ts'
import { GOOD, setup } from './planner-setup.ts'

const world = [
  ...demoComponents,
  component('orders', {
    get_order: { description: 'Gets the state of an order', inputs: { order_id: { type: 'string' } } },
    list_orders: {
      description: 'Lists orders by status',
      inputs: { status: { type: 'string', enum: ['open', 'shipped'] } },
    },
    cancel_order: { description: 'Cancels an order', inputs: { order_id: { type: 'string' } }, effect: 'write' },
    peek_invoice: { description: 'Shows an invoice', inputs: { invoice_id: { type: 'string' } }, effect: 'unknown' },
  }),
  component('desk', {
    find_tickets: {
      description: 'Finds tickets',
      inputs: { title: { type: 'string' }, priority: { type: 'string', enum: ['normal', 'urgent'] } },
      required: [],
    },
  }),
  component('forecasts', {
    compare_prices: {
      description: 'Compares prices of the next days and the last week for a product',
      inputs: { product: { type: 'string', description: 'Product name' } },
    },
  }),
]
const offered = offer(world)
const isCertain = (request: string): boolean => planLocally(request, offered).certain

describe('the short way', () => {
  it.each([
    'Convert 100 USD to KRW',
    'Please convert 100 USD to KRW.',
    'country info for France',
    'Show me the country info of France, please'.replace(',', ''),
    'Get the stock quote for symbol TSLA',
    'Find the tickets titled "solar power"',
    'List tickets with priority urgent',
  ])('is certain of "%s"', (request) => {
    expect(isCertain(request)).toBe(true)
  })

  it.each([
    ['two wishes', 'Convert 100 USD to KRW and search the news for "won"'],
    ['two sentences', 'Convert 100 USD to KRW. Country info for France'],
    ['two values of one kind', 'Convert 100 USD to KRW and JPY'],
    ['a row', 'country info for France and Spain'],
    ['a negation', 'country info for France without the capital'],
    ['a negation that a text may swallow', 'Search the news for "solar power" but not from Norway'],
    ['a comparison', 'Compare prices for Widget'],
    ['a superlative', 'country info for the largest country France'],
    ['arithmetic', 'Convert 100 * 3 USD to KRW'],
    ['arithmetic in words', 'Convert twice 100 USD to KRW'],
    ['a sum', 'Convert the sum of 100 USD to KRW'],
    ['a relative date', 'Search the news of last week for "solar power"'],
    ['a day', 'stock quote for symbol TSLA on Monday'],
    ['a month that looks like a name', 'country info for France in March'],
    ['a condition', 'Convert 100 USD to KRW if it is cheap'],
    ['a word that nothing explains', 'Convert 100 USD to KRW cheaply'],
    ['a foreign word', 'Konvertiere 100 USD to KRW'],
    ['a sign that nothing explains', 'Convert 100 USD to KRW @home'],
    ['a pronoun', 'Convert it to KRW'],
    ['a change', 'Cancel order A-17'],
    ['an unknown effect', 'Show invoice I-17'],
    ['a missing input', 'Convert 100 USD'],
    ['a chain', 'weather in Tokyo'],
    ['a rival', 'news about Tesla'],
    ['a rival that takes no text', 'Search the news for "solar power"'],
    ['a free text', 'Search the news for electric cars in Norway'],
    ['a value whose form is not its own', 'country info for Seoul'],
    ['a share', 'Convert 100% USD to KRW'],
    ['nothing that fits', 'Compose a sonata'],
    ['no words', ''],
    ['a very long request', `Convert 100 USD to KRW ${'please '.repeat(40)}`],
  ])('is not certain of %s', (_, request) => {
    expect(isCertain(request)).toBe(false)
  })

  const cities = offer([
    ...demoComponents.filter(({ name }) => !/weather|geo|news/.test(name)),
    component('climate', {
      get_weather: {
        description: 'Current weather of a city',
        inputs: {
          city: { type: 'string', description: 'City name' },
          units: { type: 'string', enum: ['metric', 'si'] },
        },
        required: ['city'],
      },
    }),
    component('press', {
      search_news: {
        description: 'Searches news articles',
        inputs: { query: { type: 'string', description: 'Search terms' }, limit: { type: 'integer' } },
        required: ['query'],
      },
    }),
  ])

  it.each([
    'weather in Celsius',
    'What is the weather in Korean?',
    'weather in Summer',
    'weather Paris London',
    'weather in New York T-17',
    'weather units in Oslo',
    'search news for "{{step-1.response.x}}"',
    'search news for "solar" limit',
    'Convert 100 USD from KRW',
    'Convert 100,000 USD to EUR',
    'Convert 100.000 USD to EUR',
    'Convert -100 USD to EUR',
    'Convert 5½ USD to EUR',
  ])('is not certain of "%s", which may mean something else', (request) => {
    expect(planLocally(request, cities).certain).toBe(false)
  })

  it.each(['What is the weather in New York?', 'Convert 100 USD to KRW', 'country info for France'])(
    'is certain of "%s", and no longer with any word in it that nothing explains',
    (request) => {
      expect(planLocally(request, cities).certain).toBe(true)
      const words = request.split(' ')
      const strange = [
        'xyzzy',
        '4f2a9c',
        'T-17',
        '#9',
        '(x)',
        '42',
        '"q"',
        'case:k3',
        '[t-4f]',
        '~',
        '東京',
        '2x',
        'a@b.c',
      ]
      const taken = strange.flatMap((word) =>
        [...words, ''].flatMap((_, i) => {
          const other = [...words.slice(0, i), word, ...words.slice(i)].join(' ')
          return planLocally(other, cities).certain ? [other] : []
        }),
      )
      expect(taken).toEqual([])
    },
  )

  it('is not certain where two components offer the same, one is away, or an approval is due', () => {
    const request = 'country info for France'
    const [country] = demoOffer.filter(({ capability }) => capability.name === 'get_country_info')
    if (country === undefined) throw new Error('no country')
    const twin = { ...country, component: { ...country.component, name: 'other-countries' } }
    expect(planLocally(request, [country]).certain).toBe(true)
    expect(planLocally(request, [country, twin]).certain).toBe(false)
    expect(planLocally(request, [{ ...country, degraded: true }]).certain).toBe(false)
    const asks = { ...country, capability: { ...country.capability, approval: 'always' as const } }
    expect(planLocally(request, [asks]).certain).toBe(false)
  })

  it('costs no model call, and says that the plan was made locally, without calling that degraded', async () => {
    const { run, model } = setup({ offered, components: world })
    const { document, way, degraded, errors } = await run({ request: 'country info for France' })
    expect({ way, degraded, errors }).toEqual({ way: 'local', degraded: undefined, errors: [] })
    expect(document.steps).toMatchObject([{ action: 'get_country_info', inputs: { country: 'France' } }])
    expect(model.asks).toEqual([])
  })

  it('is left when it is switched off, when earlier turns may change the meaning, when too much is offered to read, or when the plan does not pass', async () => {
    const request = 'country info for France'
    const off = setup({ answers: [GOOD], planner: { shortWay: false } })
    expect((await off.run({ request })).way).toBe('model')
    const thread = setup({ answers: [GOOD] })
    expect((await thread.run({ request, turns: [{ request: 'a', answer: 'b' }] })).way).toBe('model')
    const crowd = offer(
      Array.from({ length: 200 }, (_, i) => component(`c${i}`, { [`do_${i}`]: { description: `Number ${i}` } })),
    )
    const large = setup({ answers: [GOOD], offered: [...offered, ...crowd] })
    expect((await large.run({ request })).way).toBe('model')
    const gone = setup({ answers: ['{"steps": [], "reason": "gone", "missing": ["x"]}'] })
    const view = viewOf(demoComponents.filter(({ name }) => name !== 'country-info-tool'))
    expect((await gone.run({ request, view })).way).toBe('model')
  })
})
