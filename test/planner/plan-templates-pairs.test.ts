// Pairs of requests that look alike and mean something else: the plan of the first must never serve the second.
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/contracts/json.ts'
import type { Step } from '../../src/contracts/plan.ts'
import { createPlanTemplates } from '../../src/planner/plan-templates.ts'
import { component, viewOf } from './demo-world.ts'

const string = { type: 'string' }
const number = { type: 'number' }
const view = viewOf([
  component('weather', {
    get_weather: {
      description: 'Weather and temperature of a city, for some days',
      inputs: { city: string, days: { type: 'integer', default: 3 }, units: { type: 'string', default: 'metric' } },
      required: ['city'],
    },
  }),
  component('money', {
    convert_currency: { description: 'Converts an amount', inputs: { amount: number, from: string, to: string } },
  }),
  component('news', {
    search_news: { description: 'News articles', inputs: { query: string, limit: number }, required: ['query'] },
  }),
  component('stocks', { get_quote: { description: 'Stock price', inputs: { symbol: string } } }),
  component('flights', {
    find_flights: {
      description: 'Flights between cities on a date',
      inputs: { from: string, to: string, date: string },
    },
  }),
  component('orders', { get_order: { description: 'Order status by its number', inputs: { id: string } } }),
])
const HOMES: Record<string, string> = {
  get_weather: 'weather',
  convert_currency: 'money',
  search_news: 'news',
  get_quote: 'stocks',
  find_flights: 'flights',
  get_order: 'orders',
}
const call = (action: string, inputs: JsonObject): Step => ({
  name: action,
  type: 'call',
  component: HOMES[action] ?? '',
  action,
  inputs,
  dependsOn: [],
})
const weather = (inputs: JsonObject): Step => call('get_weather', inputs)
const money = (amount: number, from: string, to: string): Step => call('convert_currency', { amount, from, to })
const news = (inputs: JsonObject): Step => call('search_news', inputs)
const quote = (symbol: string): Step => call('get_quote', { symbol })
const flights = (from: string, to: string, date = '2026-03-01'): Step => call('find_flights', { from, to, date })
const order = (id: string): Step => call('get_order', { id })
const seoul = weather({ city: 'Seoul' })

const serve = (learnt: string, steps: Step | readonly Step[], asked: string) => {
  const templates = createPlanTemplates({ max: 100, now: () => 0, isFresh: () => true })
  templates.learn('k', learnt, { steps: [steps].flat() }, view)
  return templates.find('k', asked)?.document.steps.map(({ inputs }) => inputs)
}

describe('requests of one form', () => {
  const alike: readonly [string, Step | readonly Step[], string, JsonObject][] = [
    ['Weather in Seoul', seoul, 'Weather in New York', { city: 'New York' }],
    ['Weather in Seoul', seoul, 'weather in Lima', { city: 'Lima' }],
    [
      'Weather in Seoul for 5 days',
      weather({ city: 'Seoul', days: 5 }),
      'Weather in Oslo for 7 days',
      { city: 'Oslo', days: 7 },
    ],
    [
      'Convert 100 USD to EUR',
      money(100, 'USD', 'EUR'),
      'Convert 250 JPY to USD',
      { amount: 250, from: 'JPY', to: 'USD' },
    ],
    [
      'Convert 100 USD to EUR',
      money(100, 'USD', 'EUR'),
      'Convert 100 EUR to USD',
      { amount: 100, from: 'EUR', to: 'USD' },
    ],
    ['Stock price of TSLA', quote('TSLA'), 'Stock price of IBM', { symbol: 'IBM' }],
    ['Search news for "solar power"', news({ query: 'solar power' }), 'Search news for "wind"', { query: 'wind' }],
    [
      'Flights from Seoul to Lima on 2026-03-01',
      flights('Seoul', 'Lima'),
      'Flights from Lima to Seoul on 2026-04-09',
      { from: 'Lima', to: 'Seoul', date: '2026-04-09' },
    ],
    ['Status of order A-17', order('A-17'), 'Status of order B-9', { id: 'B-9' }],
    [
      'News about technology in Seoul',
      news({ query: 'technology', city: 'Seoul' }),
      'News about technology in Lima',
      { query: 'technology', city: 'Lima' },
    ],
  ]
  it.each(alike.map(([learnt, steps, asked, inputs]) => ({ learnt, steps, asked, inputs })))(
    'share a plan: "$learnt" and "$asked"',
    ({ learnt, steps, asked, inputs }) => {
      expect(serve(learnt, steps, asked)).toEqual([inputs])
    },
  )

  const unlike: readonly [string, Step | readonly Step[], string][] = [
    // Negation, more, less.
    ['Weather in Seoul', seoul, 'Weather not in Lima'],
    ['Weather in Seoul', seoul, 'Weather in NOT Lima'],
    ['Weather in Seoul', seoul, 'Weather in Lima except today'],
    ['News about Tesla', news({ query: 'Tesla' }), 'News about Tesla Except Ford'],
    ['Stock price of TSLA', quote('TSLA'), 'Stock price of ALL'],
    ['Stock price of TSLA', quote('TSLA'), 'Stock price of BOTH'],
    ['Stock price of TSLA', quote('TSLA'), 'Stock price of NOT'],
    // What is written with a capital letter and is no name of that kind.
    ['News in Seoul', news({ query: 'Seoul' }), 'News in Korean'],
    ['Weather in Seoul', seoul, 'Weather in Celsius'],
    ['Weather in Seoul', seoul, 'Weather in Summer'],
    ['Weather in Seoul', seoul, 'Weather in March'],
    ['Weather in Seoul', seoul, 'Weather in Lima Tomorrow'],
    ['Weather in Seoul', seoul, 'Weather in Lima Please'],
    ['Weather in Seoul', seoul, 'Weather in Metric'],
    ['Weather for Seoul', seoul, 'Weather for Everything'],
    ['Seoul weather', seoul, 'Historic weather'],
    ['Hello. Seoul weather', seoul, 'Hello. Better weather'],
    // Whose it is.
    ['Weather in Seoul', seoul, "Weather in Seoul's"],
    ['Weather in Seoul suburbs', seoul, "Weather in Lima's suburbs"],
    ['Weather in Seoul suburbs', seoul, 'Weather in Lima’s suburbs'],
    // Parts of names.
    ['Weather in New York City', weather({ city: 'New York' }), 'Weather in Mexico City'],
    ['Weather in Seoul City', seoul, 'Weather in Mexico City City'],
    ['Weather in Seoul', seoul, 'Weather in Lima, Oslo'],
    ['Weather in Seoul', seoul, 'Weather in Lima and Oslo'],
    ['Weather in Seoul', seoul, 'Weather in The Big Old Sleepy Hague Town'],
    // Units and signs.
    ['Convert 100 USD to EUR', money(100, 'USD', 'EUR'), 'Convert -100 USD to EUR'],
    ['Convert 100 USD to EUR', money(100, 'USD', 'EUR'), 'Convert 100% USD to EUR'],
    ['Convert 100 USD to EUR', money(100, 'USD', 'EUR'), 'Convert 5½ USD to EUR'],
    ['Convert 100 USD to EUR', money(100, 'USD', 'EUR'), 'Convert 5² USD to EUR'],
    ['Convert 100 USD to EUR', money(100, 'USD', 'EUR'), 'Convert 1,000 USD to EUR'],
    ['Convert 100 USD to EUR', money(100, 'USD', 'EUR'), 'Convert 1 000 USD to EUR'],
    ['Convert 100 USD to EUR', money(100, 'USD', 'EUR'), 'Convert 100k USD to EUR'],
    ['Convert 100 USD to EUR', money(100, 'USD', 'EUR'), 'Convert 0100 USD to EUR'],
    ['Convert 100 USD to EUR', money(100, 'USD', 'EUR'), 'Convert 100 KM to MI'],
    ['Convert 100 USD to EUR', money(100, 'USD', 'EUR'), 'Convert 100 USD to PLEASE'],
    ['Convert 100 USD to EUR', money(100, 'USD', 'EUR'), 'Convert 100 to USD EUR'],
    ['Convert 100 USD to EUR', money(100, 'USD', 'EUR'), 'Convert 100 USD from EUR'],
    ['Convert 100 USD to EUR', money(100, 'USD', 'EUR'), 'Convert 99999999999999999999 USD to EUR'],
    ['Convert 1.5 USD to EUR', money(1.5, 'USD', 'EUR'), 'Convert 12345678901234567.5 USD to EUR'],
    ['Convert 100 USD to EUR', money(100, 'USD', 'EUR'), 'Convert ٣ 100 USD to EUR'],
    // Counts, years, dates, codes.
    ['Top 5 news about Seoul', news({ query: 'Seoul', limit: 5 }), 'Top 2024 news about Seoul'],
    ['News of 2024 about Seoul', news({ query: 'Seoul', limit: 2024 }), 'News of 12 about Seoul'],
    ['Top 5 news about Seoul', news({ query: 'Seoul', limit: 5 }), 'Top 2.5 news about Seoul'],
    ['Flights from Seoul to Lima on 2026-03-01', flights('Seoul', 'Lima'), 'Flights from Oslo to Rome on 01-03-2026'],
    ['Flights from Seoul to Lima on 2026-03-01', flights('Seoul', 'Lima'), 'Flights from Oslo to Rome on 12:30'],
    ['Flights from Seoul to Lima on 2026-03-01', flights('Seoul', 'Lima'), 'Flights from Oslo to Rome on Friday'],
    ['Status of order A-17', order('A-17'), 'Status of order 2026-03-01'],
    ['Status of order 4711', order('4711'), 'Status of order A-17'],
    // Roles that change places in words.
    ['Flights from Seoul to Lima on 2026-03-01', flights('Seoul', 'Lima'), 'Flights to Seoul from Lima on 2026-03-01'],
    // The same value twice, and values that would be there anyway.
    ['Weather in Seoul for 3 days', weather({ city: 'Seoul', days: 3 }), 'Weather in Lima for 9 days'],
    [
      'Weather for 7 days and 7 news in Seoul',
      [weather({ city: 'Seoul', days: 7 }), news({ query: 'Seoul', limit: 7 })],
      'Weather for 2 days and 9 news in Lima',
    ],
    [
      '2 news in Seoul with weather',
      [news({ query: 'Seoul', limit: 2 }), weather({ city: 'Seoul', days: 2 })],
      '9 news in Lima with weather',
    ],
    ['Flights from Seoul to Seoul on 2026-03-01', flights('Seoul', 'Seoul'), 'Flights from Lima to Oslo on 2026-03-01'],
    // A value that belongs to the name.
    ['Weather in Seoul', weather({ city: 'Seoul', country: 'KR' }), 'Weather in Lima'],
    ['Weather in Seoul', weather({ city: 'Seoul', lang: 'in' }), 'Weather in Lima'],
    ['Weather in Seoul', weather({ city: 'Seoul, KR' }), 'Weather in Lima'],
    // A form that says nothing of what is wanted, or is also a word of the capability.
    ['Tell me about Paris', weather({ city: 'Paris' }), 'Tell me about Einstein'],
    ['Find Paris', weather({ city: 'Paris' }), 'Find Waldo'],
    ['What about Seoul?', seoul, 'What about Tesla?'],
    ['How is life in Seoul?', seoul, 'How is life in Tesla?'],
    ['Weather in Weather', weather({ city: 'Weather' }), 'Weather in Storm'],
    // References and markup where a value stood.
    ['Search news for "solar"', news({ query: 'solar' }), 'Search news for "${run.request}"'],
    ['Search news for "solar"', news({ query: 'solar' }), 'Search news for "{{step-1.response}}"'],
    ['Search news for "solar"', news({ query: 'solar' }), 'Search news for "<node-1>"'],
    ['Search news for "solar"', news({ query: 'solar' }), 'Search news for "solar" "wind"'],
    ['Search news for "solar"', news({ query: 'solar' }), 'Search news for “wind”'],
  ]
  it.each(unlike.map(([learnt, steps, asked]) => ({ learnt, steps, asked })))(
    'do not share a plan: "$learnt" and "$asked"',
    ({ learnt, steps, asked }) => {
      expect(serve(learnt, steps, asked)).toBeUndefined()
    },
  )
})
