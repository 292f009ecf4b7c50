// currency-tool: conversions at fixed rates.
import { z } from 'zod'
import type { ServableComponent } from '../component/index.ts'
import { capability, componentError, createComponent } from '../component/index.ts'
import type { Clock } from '../contracts/parts.ts'
import type { Currency } from './data/currencies.ts'
import { CURRENCIES } from './data/currencies.ts'
import { createIndex, dateOf, notFound, plain, round } from './lookup.ts'

const byName = createIndex(CURRENCIES, ({ code, name }) => [code, name])
const KNOWN = CURRENCIES.map(({ code }) => code)

function findCurrency(word: string): Currency {
  const currency = byName.get(plain(word))
  if (currency === undefined) throw notFound('Currency', 'currency', word, KNOWN)
  return currency
}

const rateOf = (from: Currency, to: Currency): number => round(to.perDollar / from.perDollar, 6)

const code = (text: string, example: string) =>
  z
    .string()
    .min(1)
    .describe(`${text}: ISO 4217 code, such as "${example}"`)
    .meta({ examples: [example] })

export function createCurrencyTool(clock: Clock): ServableComponent {
  const convert = capability({
    name: 'convert_currency',
    description: 'Converts an amount of money from one currency to another.',
    input: z.object({
      from: code('Currency of the amount', 'USD'),
      to: code('Currency to convert to', 'KRW'),
      amount: z
        .number()
        .describe('Amount of money to convert, greater than 0')
        .meta({ examples: [1000] }),
    }),
    output: z.object({
      from: z.string(),
      to: z.string(),
      amount: z.number(),
      result: z.number().describe('The amount in the target currency'),
      rate: z.number(),
      date: z.string(),
    }),
    effect: 'read',
    tags: ['money'],
    execute: ({ from, to, amount }) => {
      if (!(amount > 0)) {
        throw componentError('INPUT_ERROR', 'INVALID_AMOUNT', 'amount must be greater than 0', {
          field: 'amount',
          original_input: String(amount),
        })
      }
      const source = findCurrency(from)
      const target = findCurrency(to)
      const rate = rateOf(source, target)
      return {
        from: source.code,
        to: target.code,
        amount,
        result: round(amount * rate, 2),
        rate,
        date: dateOf(clock.now()),
      }
    },
  })
  const rates = capability({
    name: 'get_exchange_rates',
    description: 'Gets the exchange rates of a base currency to other currencies.',
    input: z.object({
      base: code('Base currency', 'USD'),
      currencies: z
        .array(z.string())
        .optional()
        .describe('Codes of the currencies wanted; all when left out')
        .meta({ examples: [['EUR', 'KRW']] }),
    }),
    output: z.object({ base: z.string(), date: z.string(), rates: z.record(z.string(), z.number()) }),
    effect: 'read',
    tags: ['money'],
    execute: ({ base, currencies }) => {
      const source = findCurrency(base)
      const wanted = currencies === undefined || currencies.length === 0 ? CURRENCIES : currencies.map(findCurrency)
      const pairs = wanted.map((target) => [target.code, rateOf(source, target)] as const)
      return { base: source.code, date: dateOf(clock.now()), rates: Object.fromEntries(pairs) }
    },
  })
  return createComponent({
    name: 'currency-tool',
    description: 'Converts money between currencies and gives exchange rates.',
    capabilities: [convert, rates],
  })
}
