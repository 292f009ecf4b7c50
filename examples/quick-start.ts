import { createOrchestrator, tool } from 'tutti'
import { z } from 'zod'

const weather = tool({
  name: 'get_weather',
  description: 'Gets the current weather in a city',
  input: z.object({ city: z.string().describe('Name of the city, such as Seoul') }),
  effect: 'read',
  execute: async ({ city }) => ({ city, celsius: 21, sky: 'clear' }),
})

const tutti = createOrchestrator({ tools: [weather] })
const { status, answer } = await tutti.processRequest('What is the weather in Seoul?')
console.log(status)
console.log(answer)
await tutti.close()
