// weather-tool-v2: weather that depends on nothing but position and day, plausible for the climate and the season.
import { z } from 'zod'
import type { ServableComponent } from '../component/index.ts'
import { capability, createComponent } from '../component/index.ts'
import type { Clock } from '../contracts/parts.ts'
import { chanceOf, dateOf, round } from './lookup.ts'

const DAY_MS = 86_400_000
const CONDITIONS = ['Clear', 'Sunny', 'Partly cloudy', 'Cloudy', 'Light rain', 'Rain', 'Thunderstorm']

const position = {
  lat: z
    .number()
    .min(-90)
    .max(90)
    .describe('Latitude of the place in degrees, -90 to 90')
    .meta({ examples: [35.6762] }),
  lon: z
    .number()
    .min(-180)
    .max(180)
    .describe('Longitude of the place in degrees, -180 to 180')
    .meta({ examples: [139.6503] }),
}

const current = z.object({
  lat: z.number(),
  lon: z.number(),
  temperature_current: z.number().describe('Degrees Celsius'),
  condition: z.string(),
  humidity: z.number().describe('Percent'),
  wind_speed: z.number().describe('Kilometres per hour'),
})

const day = z.object({
  date: z.string(),
  temperature_max: z.number().describe('Degrees Celsius'),
  temperature_min: z.number().describe('Degrees Celsius'),
  condition: z.string(),
  precipitation_probability: z.number().describe('Percent'),
})

interface Place {
  readonly lat: number
  readonly lon: number
}

/** Mean temperature of a day: warm at the equator, with seasons that grow towards the poles. */
function meanOf(place: Place, date: string): number {
  const start = Date.UTC(Number(date.slice(0, 4)), 0, 1)
  const season = Math.cos(((Date.parse(date) - start) / DAY_MS - 200) * ((2 * Math.PI) / 365))
  const distance = Math.abs(place.lat)
  const northern = place.lat < 0 ? -1 : 1
  return (
    28 - distance * 0.42 + northern * season * distance * 0.24 + (chanceOf(...keyOf(place), date, 'mean') - 0.5) * 6
  )
}

// To a tenth of a degree, so that the same city has one weather whatever geocoder was asked.
const keyOf = ({ lat, lon }: Place): [number, number] => [round(lat, 1), round(lon, 1)]

const conditionOf = (place: Place, date: string): string =>
  CONDITIONS[Math.floor(chanceOf(...keyOf(place), date, 'sky') * CONDITIONS.length)] ?? 'Clear'

function currentOf(place: Place, date: string): z.output<typeof current> {
  return {
    ...place,
    temperature_current: round(meanOf(place, date), 1),
    condition: conditionOf(place, date),
    humidity: Math.round(35 + chanceOf(...keyOf(place), date, 'humidity') * 50),
    wind_speed: round(2 + chanceOf(...keyOf(place), date, 'wind') * 26, 1),
  }
}

function dayOf(place: Place, date: string): z.output<typeof day> {
  const mean = meanOf(place, date)
  const spread = 3 + chanceOf(...keyOf(place), date, 'spread') * 4
  const condition = conditionOf(place, date)
  const isWet = /rain|storm/i.test(condition)
  return {
    date,
    temperature_max: round(mean + spread, 1),
    temperature_min: round(mean - spread, 1),
    condition,
    precipitation_probability: Math.round((isWet ? 60 : 5) + chanceOf(...keyOf(place), date, 'wet') * 35),
  }
}

export function createWeatherTool(clock: Clock): ServableComponent {
  const now = capability({
    name: 'get_current_weather',
    description:
      'Gets the current weather (temperature, condition, humidity, wind) at a position given as latitude and longitude.',
    input: z.object(position),
    output: current,
    effect: 'read',
    tags: ['weather'],
    execute: (place) => currentOf(place, dateOf(clock.now())),
  })
  const forecast = capability({
    name: 'get_weather_forecast',
    description: 'Gets the weather forecast of the next days at a position given as latitude and longitude.',
    input: z.object({
      ...position,
      days: z
        .number()
        .int()
        .min(1)
        .max(14)
        .default(7)
        .describe('Number of days, 1 to 14')
        .meta({ examples: [7] }),
    }),
    output: current.extend({ forecast: z.array(day) }),
    effect: 'read',
    tags: ['weather'],
    execute: ({ lat, lon, days }) => {
      const today = clock.now()
      return {
        ...currentOf({ lat, lon }, dateOf(today)),
        forecast: Array.from({ length: days }, (_, i) => dayOf({ lat, lon }, dateOf(today + i * DAY_MS))),
      }
    },
  })
  return createComponent({
    name: 'weather-tool-v2',
    description: 'Current weather and weather forecasts for coordinates.',
    capabilities: [now, forecast],
  })
}
