import { createOrchestrator, tool } from 'tutti'

const input = { type: 'object', properties: { id: { type: 'string' } } } as const
const many = Array.from({ length: 10_000 }, (_, i) =>
  tool({ name: `report_${i}`, description: `Prints report number ${i}`, input, execute: ({ id }) => id ?? null }),
)
const locate = tool({ name: 'locate_city', description: 'Coordinates', input, effect: 'read', execute: () => null })
const weather = tool({
  name: 'get_weather',
  description: 'The weather at a position',
  input: { type: 'object', properties: { lat: { type: 'number' }, lon: { type: 'number' } }, required: ['lat', 'lon'] },
  effect: 'read',
  requires: ['locate_city'],
  execute: () => ({ sky: 'clear' }),
})
const wipe = tool({
  name: 'wipe_weather',
  description: 'Forgets the weather',
  input,
  effect: 'write',
  execute: () => null,
})

const tutti = createOrchestrator({
  tools: [...many, weather, locate, wipe],
  capabilities: { topK: 8 },
  parts: { mayUse: (principal, _, { effect }) => effect !== 'write' || principal === 'admin' },
})
const { offered, hidden } = await tutti.catalog.choose('What is the weather in Seoul?', { principal: 'ann' })
for (const { capability, why } of offered) console.log(capability.name, '|', why)
console.log(hidden)
await tutti.close()
