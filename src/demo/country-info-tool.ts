// country-info-tool: facts about countries, from a table.
import { z } from 'zod'
import type { ServableComponent } from '../component/index.ts'
import { capability, createComponent } from '../component/index.ts'
import { COUNTRIES } from './data/countries.ts'
import { currencyByCode } from './data/currencies.ts'
import { createIndex, notFound, plain } from './lookup.ts'

const byName = createIndex(COUNTRIES, ({ name, officialName, code, aliases }) => [name, officialName, code, ...aliases])

/** The letters of the code as regional indicators, which are shown as a flag. */
const flagOf = (code: string): string =>
  String.fromCodePoint(...[...code].map((letter) => 0x1f1a5 + letter.charCodeAt(0)))

export function createCountryInfoTool(): ServableComponent {
  const info = capability({
    name: 'get_country_info',
    description: 'Gets facts about a country: capital, population, region, languages, time zones and its currency.',
    input: z.object({
      country: z
        .string()
        .min(1)
        .describe('Name of the country, or its two-letter code, such as "South Korea"')
        .meta({ examples: ['South Korea'] }),
    }),
    output: z.object({
      name: z.string(),
      official_name: z.string(),
      capital: z.string(),
      region: z.string(),
      population: z.number(),
      languages: z.array(z.string()),
      timezones: z.array(z.string()),
      currency: z.object({ code: z.string().describe('ISO 4217 code'), name: z.string(), symbol: z.string() }),
      flag: z.string(),
      flag_url: z.string(),
    }),
    effect: 'read',
    tags: ['countries'],
    execute: ({ country }) => {
      const found = byName.get(plain(country))
      if (found === undefined)
        throw notFound(
          'Country',
          'country',
          country,
          COUNTRIES.map(({ name }) => name),
        )
      const { name, officialName, capital, region, population, languages, timezones, code } = found
      const currency = currencyByCode.get(found.currency)
      return {
        name,
        official_name: officialName,
        capital,
        region,
        population,
        languages,
        timezones,
        currency: { code: found.currency, name: currency?.name ?? found.currency, symbol: currency?.symbol ?? '' },
        flag: flagOf(code),
        flag_url: `https://flagcdn.com/w320/${code.toLowerCase()}.png`,
      }
    },
  })
  return createComponent({
    name: 'country-info-tool',
    description: 'Facts about countries.',
    capabilities: [info],
  })
}
