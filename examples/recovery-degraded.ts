import { createOrchestrator } from 'tutti'
import { fakeSource, reply } from 'tutti/testing'

const source = fakeSource({
  name: 'recommender',
  capabilities: { suggest: { run: () => reply(500, { error: 'no index' }) } },
})

const tutti = createOrchestrator({
  sources: [source],
  components: { recommender: { recovery: { maxAttempts: 1, fallbacks: [{ value: { items: [] } }] } } },
})
const { status, steps, degraded } = await tutti.execute({ steps: [{ name: 'suggest', component: 'recommender' }] })
console.log(status, steps[0]?.output, steps[0]?.degraded)
console.log(degraded)
await tutti.close()
