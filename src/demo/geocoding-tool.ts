// geocoding-tool: places to coordinates and back, from a table of cities.
import { z } from 'zod'
import type { ServableComponent } from '../component/index.ts'
import { capability, createComponent } from '../component/index.ts'
import type { City } from './data/cities.ts'
import { CITIES } from './data/cities.ts'
import { COUNTRIES, countryByCode } from './data/countries.ts'
import { createIndex, notFound, plain } from './lookup.ts'

const place = z.object({
  lat: z.number().describe('Latitude in degrees'),
  lon: z.number().describe('Longitude in degrees'),
  display_name: z.string(),
  country: z.string().describe('Name of the country'),
  country_code: z.string().describe('Two letters, lower case'),
  city: z.string().optional(),
  state: z.string().optional(),
})

const countryNameOf = (city: City): string => countryByCode.get(city.countryCode)?.name ?? city.countryCode

function describePlace(city: City): z.output<typeof place> {
  const country = countryNameOf(city)
  return {
    lat: city.lat,
    lon: city.lon,
    display_name: [city.name, city.state, country].filter((part) => part !== undefined).join(', '),
    country,
    country_code: city.countryCode.toLowerCase(),
    city: city.name,
    ...(city.state === undefined ? {} : { state: city.state }),
  }
}

const byCity = createIndex(CITIES, ({ name }) => [name, `${name} City`])
const byCountry = createIndex(COUNTRIES, ({ name, officialName, code, aliases }) => [
  name,
  officialName,
  code,
  ...aliases,
])
const KNOWN = CITIES.map((city) => `${city.name}, ${countryNameOf(city)}`)

/** Whether what stands behind the comma (a country, its code, a state) is where the city lies. */
function liesIn(city: City, region: string): boolean {
  const wanted = plain(region)
  return wanted === '' || plain(city.state ?? '') === wanted || byCountry.get(wanted)?.code === city.countryCode
}

function findPlace(location: string): z.output<typeof place> {
  const [first = '', ...others] = location.split(',')
  const city = byCity.get(plain(first))
  // The last part says most surely where it is: "Seattle, WA, USA".
  if (city !== undefined && (others.length === 0 || others.some((region) => liesIn(city, region)))) {
    return describePlace(city)
  }
  const country = byCountry.get(plain(location))
  const capital = country === undefined ? undefined : byCity.get(plain(country.capital))
  if (country !== undefined && capital !== undefined) {
    const { lat, lon, country_code } = describePlace(capital)
    return { lat, lon, display_name: country.name, country: country.name, country_code }
  }
  throw notFound('Location', 'location', location, KNOWN)
}

function findNearest(lat: number, lon: number): City | undefined {
  const squareOf = (city: City): number => {
    const east = Math.abs(city.lon - lon)
    const width = Math.min(east, 360 - east) * Math.cos((lat * Math.PI) / 180)
    return (city.lat - lat) ** 2 + width ** 2
  }
  return CITIES.toSorted((a, b) => squareOf(a) - squareOf(b))[0]
}

export function createGeocodingTool(): ServableComponent {
  const geocode = capability({
    name: 'geocode_location',
    description: 'Finds the coordinates (latitude and longitude) and the country of a city or place by its name.',
    input: z.object({
      location: z
        .string()
        .min(1)
        .describe('Name of a city, optionally with its country, such as "Tokyo, Japan"')
        .meta({ examples: ['Tokyo, Japan'] }),
    }),
    output: place,
    effect: 'read',
    tags: ['places'],
    execute: ({ location }) => findPlace(location),
  })
  const reverse = capability({
    name: 'reverse_geocode',
    description: 'Finds the city and country nearest to a position given as latitude and longitude.',
    input: z.object({
      lat: z
        .number()
        .min(-90)
        .max(90)
        .describe('Latitude in degrees, -90 to 90')
        .meta({ examples: [37.5665] }),
      lon: z
        .number()
        .min(-180)
        .max(180)
        .describe('Longitude in degrees, -180 to 180')
        .meta({ examples: [126.978] }),
    }),
    output: place,
    effect: 'read',
    tags: ['places'],
    execute: ({ lat, lon }) => {
      const city = findNearest(lat, lon)
      if (city === undefined) throw notFound('Position', 'position', `${lat}, ${lon}`, KNOWN)
      return describePlace(city)
    },
  })
  return createComponent({
    name: 'geocoding-tool',
    description: 'Finds coordinates of cities and places, and places at coordinates.',
    capabilities: [geocode, reverse],
  })
}
