import { createOrchestrator } from 'tutti'
import { fakeSource, reply } from 'tutti/testing'

// Overloaded at the first call, well at the second.
const source = fakeSource({
  name: 'quotes',
  capabilities: {
    quote: { run: (_inputs, _call, n) => (n === 1 ? reply(503, { error: 'overloaded' }) : { price: 468.285 }) },
  },
})

const tutti = createOrchestrator({ sources: [source] })
const { steps } = await tutti.execute({ steps: [{ name: 'quote', component: 'quotes' }] })
const [step] = steps
console.log(step?.attempts.map(({ status }) => status))
console.log(
  step?.recoveries?.map(({ class: errorClass, chosen, why, next }) => ({ class: errorClass, chosen, why, next })),
)
await tutti.close()
