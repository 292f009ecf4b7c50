// stock-service: prices and profiles of listed companies, from a table, and news about them.
import { z } from 'zod'
import type { ServableComponent, ServedCapability } from '../component/index.ts'
import { capability, createComponent } from '../component/index.ts'
import type { Clock } from '../contracts/parts.ts'
import { article, writeArticles } from './articles.ts'
import type { Company } from './data/companies.ts'
import { COMPANIES } from './data/companies.ts'
import { createIndex, notFound, plain, round } from './lookup.ts'

/** Without what a company's name ends in: people say "Tesla". */
const shortName = (name: string): string =>
  name.replace(/\s+(?:Inc|Corp|Co|& Co|Group Corp|Platforms Inc|\.com Inc)$/u, '')

const byName = createIndex(COMPANIES, ({ symbol, name }) => [
  symbol,
  name,
  shortName(name),
  name.split(/[\s.]/)[0] ?? name,
])
const KNOWN = COMPANIES.map(({ symbol }) => symbol)

function findCompany(word: string): Company {
  const company = byName.get(plain(word))
  if (company === undefined) throw notFound('Symbol', 'symbol', word, KNOWN)
  return company
}

const symbol = z
  .string()
  .min(1)
  .describe('Ticker symbol of the share or name of the company, such as TSLA')
  .meta({ examples: ['TSLA'] })

function createQuote(clock: Clock): ServedCapability {
  return capability({
    name: 'stock_quote',
    description:
      'Gets the current price of a share (stock) by its ticker symbol, with the change since the day before.',
    input: z.object({ symbol }),
    output: z.object({
      symbol: z.string(),
      current_price: z.number().describe('US dollars per share'),
      change: z.number(),
      percent_change: z.number(),
      high: z.number(),
      low: z.number(),
      open: z.number(),
      previous_close: z.number(),
      timestamp: z.number().describe('Seconds since 1970'),
    }),
    effect: 'read',
    tags: ['finance'],
    execute: (input) => {
      const { price, previousClose, ...company } = findCompany(input.symbol)
      return {
        symbol: company.symbol,
        current_price: price,
        change: round(price - previousClose, 3),
        percent_change: round(((price - previousClose) / previousClose) * 100, 4),
        high: round(Math.max(price, previousClose) * 1.006, 2),
        low: round(Math.min(price, previousClose) * 0.993, 2),
        open: round(previousClose * 1.002, 2),
        previous_close: previousClose,
        timestamp: Math.floor(clock.now() / 1000),
      }
    },
  })
}

function createProfile(): ServedCapability {
  return capability({
    name: 'company_profile',
    description: 'Gets the profile of a listed company by its ticker symbol: name, industry, country and market value.',
    input: z.object({ symbol }),
    output: z.object({
      symbol: z.string(),
      name: z.string(),
      industry: z.string(),
      country: z.string(),
      currency: z.string(),
      market_capitalization: z.number().describe('Millions of US dollars'),
    }),
    effect: 'read',
    tags: ['finance'],
    execute: (input) => {
      const { name, industry, country, marketCap, ...company } = findCompany(input.symbol)
      return {
        symbol: company.symbol,
        name,
        industry,
        country,
        currency: 'USD',
        market_capitalization: marketCap * 1000,
      }
    },
  })
}

function createNews(clock: Clock): ServedCapability[] {
  const date = (text: string) =>
    z
      .string()
      .optional()
      .describe(text)
      .meta({ examples: ['2026-01-01'] })
  const company = capability({
    name: 'company_news',
    description: 'Gets news about a listed company by its ticker symbol.',
    input: z.object({ symbol, from: date('First day, YYYY-MM-DD'), to: date('Last day, YYYY-MM-DD') }),
    output: z.object({ symbol: z.string(), articles: z.array(article) }),
    effect: 'read',
    tags: ['finance', 'news'],
    execute: (input) => {
      const found = findCompany(input.symbol)
      const isWithin = (day: string): boolean => day >= (input.from ?? '') && day <= (input.to ?? '9999-12-31')
      const articles = writeArticles(shortName(found.name), 8, clock.now())
      return {
        symbol: found.symbol,
        articles: articles.filter((one) => isWithin(one.published_at.slice(0, 10))).slice(0, 5),
      }
    },
  })
  const market = capability({
    name: 'market_news',
    description: 'Gets general news of the stock market.',
    input: z.object({
      category: z
        .enum(['general', 'forex', 'crypto', 'merger'])
        .default('general')
        .describe('Kind of news')
        .meta({ examples: ['general'] }),
    }),
    output: z.object({ category: z.string(), articles: z.array(article) }),
    effect: 'read',
    tags: ['finance', 'news'],
    execute: ({ category }) => ({ category, articles: writeArticles(`the ${category} market`, 5, clock.now()) }),
  })
  return [company, market]
}

export function createStockService(clock: Clock): ServableComponent {
  return createComponent({
    name: 'stock-service',
    description: 'Share prices, company profiles and financial news.',
    capabilities: [createQuote(clock), createProfile(), ...createNews(clock)],
  })
}
