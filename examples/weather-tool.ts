import { capability, createComponent } from 'tutti/component'
import { z } from 'zod'

const weather = createComponent({
  name: 'weather-tool',
  kind: 'tool',
  description: 'Weather conditions',
  capabilities: [
    capability({
      name: 'get_weather',
      description: 'Gets the current weather in a city',
      input: z.object({ city: z.string().describe('Name of the city, such as Seoul') }),
      effect: 'read',
      execute: async ({ city }) => ({ city, celsius: 21, sky: 'clear' }),
    }),
  ],
})

const running = await weather.start(process.env.REDIS_URL === undefined ? {} : { registry: process.env.REDIS_URL })
console.log(`weather-tool listens at ${running.url}`)
