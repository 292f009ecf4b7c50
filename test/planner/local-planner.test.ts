import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { OfferedCapability } from '../../src/contracts/capability.ts'
import { loadExpressions } from '../../src/plan/expression.ts'
import { compileValue } from '../../src/plan/reference.ts'
import { planLocally } from '../../src/planner/local-planner.ts'
import { component, demoOffer, offer } from './demo-world.ts'

/** Steps as `name(inputs) <- dependencies`, references shortened to `step.path`. */
function sketch(request: string, offered: readonly OfferedCapability[] = demoOffer): string[] {
  return planLocally(request, offered).steps.map(({ name, inputs, dependsOn }) => {
    const given = Object.entries(typeof inputs === 'object' ? inputs : {}).map(([key, value]) => {
      const shown =
        typeof value === 'string'
          ? value.replace(/^\$\{steps\.(\w+)\.output\.(.*)\}$/, '<$1.$2>')
          : JSON.stringify(value)
      return `${key}=${shown}`
    })
    return `${name}(${given.sort().join(' ')})${dependsOn.length === 0 ? '' : ` <- ${dependsOn.join(',')}`}`
  })
}

const GEO_WEATHER = [
  'geocode_location(location=Tokyo)',
  'get_current_weather(lat=<geocode_location.lat> lon=<geocode_location.lon>) <- geocode_location',
]

beforeAll(loadExpressions)

describe('planLocally: what it can serve', () => {
  it('fills an input from the word that is named beside it', () => {
    expect(sketch('Get the stock quote for symbol TSLA')).toEqual(['stock_quote(symbol=TSLA)'])
  })

  it('chains a capability whose outputs are the missing inputs', () => {
    expect(sketch('weather in Tokyo')).toEqual(GEO_WEATHER)
    expect(sketch('What is the weather like in Tokyo?')).toEqual(GEO_WEATHER)
  })

  it('takes prepositions for what they say', () => {
    expect(sketch('Convert 100 USD to KRW')).toEqual(['convert_currency(amount=100 from=USD to=KRW)'])
    expect(sketch('Convert 1,250.50 USD to KRW')).toEqual(['convert_currency(amount=1250.5 from=USD to=KRW)'])
  })

  it('takes the topic of a search as it is written', () => {
    expect(sketch('news about Seoul')).toEqual(['search_news(query=Seoul)'])
    expect(sketch('Search the news for electric cars in Norway')).toEqual([
      'search_news(query=electric cars in Norway)',
    ])
    expect(sketch('Search the news for "solar power"')).toEqual(['search_news(query=solar power)'])
  })

  it('serves the clauses of a long request, and says what it leaves out', () => {
    const request =
      'I plan to sell 100 Tesla shares to fund a week in Seoul from New York. Can I afford it, how much is that in local currency, what is the weather and the news?'
    expect(sketch(request)).toEqual([
      'stock_quote(symbol=Tesla)',
      'geocode_location(location=Seoul)',
      'get_country_info(country=<geocode_location.country>) <- geocode_location',
      'get_current_weather(lat=<geocode_location.lat> lon=<geocode_location.lon>) <- geocode_location',
      'search_news(query=Seoul)',
    ])
    const { missing } = planLocally(request, demoOffer)
    expect(missing).toEqual([
      'Nothing that is offered serves "Can I afford it".',
      '"convert_currency" fits "how much is that in local currency", but the request does not say: from, to, amount.',
    ])
  })

  it('makes a call for each value of a row, and one for each piece that only names another value', () => {
    const two = ['geocode_location(location=Tokyo)', 'geocode_location_2(location=Osaka)']
    expect(sketch('What is the weather in Tokyo and Osaka?').slice(0, 2)).toEqual(two)
    expect(sketch('What is the weather in Tokyo and in Osaka?')).toHaveLength(4)
    expect(sketch('Convert 50 EUR to USD and 20 GBP to JPY')).toEqual([
      'convert_currency(amount=50 from=EUR to=USD)',
      'convert_currency_2(amount=20 from=GBP to=JPY)',
    ])
  })

  it('fills an optional input only when the text names it', () => {
    expect(sketch('Forecast for the next 5 days in Berlin')[1]).toContain('days=5')
    expect(sketch('Forecast for Berlin')[1]).not.toContain('days')
  })

  it('knows a country when it sees one, and does not take a city for it', () => {
    expect(sketch('What is the capital of France?')).toEqual(['get_country_info(country=France)'])
    expect(sketch('country info for Seoul')).toEqual([
      'geocode_location(location=Seoul)',
      'get_country_info(country=<geocode_location.country>) <- geocode_location',
    ])
  })

  it('takes a member of an enum word for word', () => {
    const offered = offer([
      component('t', {
        list_orders: {
          description: 'Lists orders',
          inputs: { status: { type: 'string', enum: ['open', 'in_transit'] } },
        },
      }),
    ])
    expect(sketch('list the orders in transit', offered)).toEqual(['list_orders(status=in_transit)'])
    expect(planLocally('list the lost orders', offered).steps).toEqual([])
  })

  it('chains by what a description says is found, where no output shape is known', () => {
    const world = (description: string): OfferedCapability[] =>
      offer([
        component('geo', {
          geocode_location: { description, inputs: { location: { type: 'string', description: 'Place name' } } },
        }),
        component('w', {
          get_current_weather: {
            description: 'Gets current weather conditions at a position',
            inputs: {
              lat: { type: 'number', description: 'Latitude' },
              lon: { type: 'number', description: 'Longitude' },
            },
          },
        }),
      ])
    expect(sketch('What is the weather in Tokyo?', world('Finds latitude, longitude and country of a place'))).toEqual([
      'geocode_location(location=Tokyo)',
      'get_current_weather(lat=<geocode_location.lat> lon=<geocode_location.lon>) <- geocode_location',
    ])
    // Behind "of" stands what it is asked for, not what it gives.
    expect(sketch('What is the weather in Tokyo?', world('Finds the country of a latitude and longitude'))).toEqual([])
  })

  it('calls what two currencies can only mean, though nobody names it', () => {
    expect(sketch('how much is 100 USD in KRW?')).toEqual(['convert_currency(amount=100 from=USD to=KRW)'])
  })
})

describe('planLocally: what it leaves alone', () => {
  it.each([
    ['Compose a sonata for two violins and a harp'],
    ['What time is it in CST?'],
    ['What is the time in CST'],
    ['Write a poem about the weather'],
    ['Tell me a joke'],
    [''],
    ['???'],
  ])('calls nothing for %j and says so (B03)', (request) => {
    const { steps, reason, missing } = planLocally(request, demoOffer)
    expect(steps).toEqual([])
    expect(reason).toMatch(/^Nothing could be called for this request\./)
    expect(missing?.length).toBeGreaterThan(0)
  })

  it('says that the catalog is empty, since that is what to mend first', () => {
    expect(planLocally('What is the weather in Oslo?', []).missing).toEqual([
      'The catalog is empty: no tool and no agent was found that could be called.',
    ])
  })

  it('names the whole of a wish that nothing serves', () => {
    expect(planLocally('Compose a sonata for two violins and a harp', demoOffer).missing).toEqual([
      'Nothing that is offered serves "Compose a sonata for two violins and a harp".',
    ])
  })

  it('never calls what writes, and names it', () => {
    const { steps, missing } = planLocally('Create a cart', demoOffer)
    expect(steps).toEqual([])
    expect(missing?.[0]).toContain(
      '"create_cart" changes something; without a model only capabilities are called whose effect is "read"',
    )
  })

  it('calls a capability of unknown effect only when nothing about it says that it writes', () => {
    const world = (effect: 'unknown', name: string, description: string): OfferedCapability[] =>
      offer([
        component('stock-service', {
          [name]: { description, inputs: { symbol: { type: 'string', description: 'Ticker symbol' } }, effect },
        }),
      ])
    expect(
      sketch('Get the stock quote for symbol TSLA', world('unknown', 'stock_quote', 'Gets the price of a share')),
    ).toEqual(['stock_quote(symbol=TSLA)'])
    expect(sketch('Get the stock order for symbol TSLA', world('unknown', 'stock_order', 'Places an order'))).toEqual(
      [],
    )
    expect(
      sketch('Get the stock quote for symbol TSLA', world('unknown', 'stock_quote', 'Sends the quote to the desk')),
    ).toEqual([])
  })

  it('never offers an internal capability to itself (B13)', () => {
    const offered = offer([component('t', { weather: { description: 'Weather', internal: true } })])
    expect(planLocally('weather', offered).steps).toEqual([])
  })

  it('does not take a count of something else for a coordinate', () => {
    expect(sketch('weather for 2 people in 3 cities')).toEqual([])
  })

  it('does not send a name where only a code is wanted', () => {
    const offered = offer([
      component('s', {
        stock_quote: {
          description: 'Price of a share',
          inputs: { symbol: { type: 'string', description: 'Ticker symbol', examples: ['TSLA'] } },
        },
      }),
    ])
    const { steps, missing } = planLocally('Get the stock quote of Tesla', offered)
    expect(steps).toEqual([])
    expect(missing?.[0]).toContain('the request does not say: symbol')
  })

  it('sends no percentage and no scientific notation as a plain number', () => {
    const offered = offer([
      component('t', { loan_interest: { description: 'Interest of a loan', inputs: { rate: { type: 'number' } } } }),
    ])
    expect(sketch('loan interest at rate 5%', offered)).toEqual([])
    expect(sketch('loan interest at rate 8 x 10^-12', offered)).toEqual([])
    expect(sketch('loan interest at rate 0.05', offered)).toEqual(['loan_interest(rate=0.05)'])
  })

  it('invents no value: every literal stands in the request', () => {
    const words = [
      'weather',
      'news',
      'stock',
      'quote',
      'convert',
      'currency',
      'country',
      'forecast',
      'Seoul',
      'Paris',
      'TSLA',
      'USD',
      'KRW',
      '100',
      '5',
      'days',
      'in',
      'to',
      'from',
      'about',
      'and',
      'of',
      ',',
      '.',
      'France',
      'rates',
      'position',
      '35.6',
      'shares',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 14 }), (picked) => {
        const request = picked.join(' ')
        for (const { inputs } of planLocally(request, demoOffer).steps) {
          for (const value of Object.values(typeof inputs === 'object' ? inputs : {}).flat()) {
            if (typeof value === 'string' && value.startsWith('${')) continue
            const shown = typeof value === 'string' ? value : JSON.stringify(value)
            expect(request.replaceAll(' ,', ',')).toContain(shown.replaceAll(' ,', ','))
          }
        }
      }),
    )
  })

  it('reads anything without failing, in time that grows with the text at most', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (request) => {
        expect(Array.isArray(planLocally(request, demoOffer).steps)).toBe(true)
      }),
    )
    const begun = performance.now()
    planLocally('weather in Tokyo and news about "x '.repeat(20_000), demoOffer)
    planLocally(`${'A'.repeat(50_000)} ${'a.'.repeat(50_000)}`, demoOffer)
    expect(performance.now() - begun).toBeLessThan(2_000)
  })

  it('sends a reference that the request quotes as the text that it is', () => {
    const offered = offer([
      component('t', {
        echo_text: { description: 'Echoes a text', inputs: { text: { type: 'string' } }, required: ['text'] },
      }),
    ])
    for (const text of ['${secrets.API_KEY}', 'id: ${run.id} "{}"', '${'].map((one) => one.replaceAll('"', "'"))) {
      const { inputs } = planLocally(`echo the text "${text}"`, offered).steps[0] ?? {}
      const { text: written } = inputs as { text: string }
      expect(compileValue(written).references).toEqual([])
      expect(compileValue(written).evaluate(Object.create(null))).toBe(text)
    }
  })

  it('reaches no prototype through names of inputs', () => {
    const offered = offer([
      component('t', { weather: { description: 'Weather', inputs: { constructor: { type: 'string' } } } }),
    ])
    expect(planLocally('weather with constructor Tokyo', offered).steps[0]?.inputs).toEqual({ constructor: 'Tokyo' })
  })
})
