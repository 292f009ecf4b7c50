import { createOrchestrator } from 'tutti'
import { fakeSource, reply } from 'tutti/testing'

// Two instances run; whichever is asked first is broken.
let broken: string | undefined
const source = fakeSource({
  name: 'quotes',
  instances: 2,
  capabilities: {
    quote: {
      run: (_inputs, { instance }) => {
        broken ??= instance.id
        return instance.id === broken ? reply(500, { error: 'disk full' }) : { price: 468.285 }
      },
    },
  },
})

const tutti = createOrchestrator({ sources: [source] })
const { status, steps } = await tutti.execute({ steps: [{ name: 'quote', component: 'quotes' }] })
const instances = new Set(steps[0]?.attempts.map(({ instance }) => instance))
console.log(status, `${instances.size} instances were asked`)
await tutti.close()
