import { createOrchestrator } from 'tutti'
import { fakeSource, reply } from 'tutti/testing'

const source = fakeSource(
  { name: 'fast-fx', capabilities: { rate: { run: () => reply(500, { error: 'down for the night' }) } } },
  { name: 'slow-fx', capabilities: { rate: { run: () => ({ won: 1390 }) } } },
)

const tutti = createOrchestrator({
  sources: [source],
  components: {
    'fast-fx': {
      recovery: {
        // What is broken stays broken for a while; what is busy is worth waiting for.
        classes: { backend: { strategy: 'fallback' }, resource: { maxAttempts: 5, initialWaitMs: 1_000 } },
        fallbacks: [{ component: 'slow-fx', when: 'error.class == "backend"' }],
      },
    },
  },
})
const { steps } = await tutti.execute({ steps: [{ name: 'rate', component: 'fast-fx' }] })
console.log(steps[0]?.attempts.map(({ component, status }) => `${component} ${status}`))
console.log(
  steps[0]?.recoveries?.[0]?.options.map(({ way, feasible, why }) => `${way} ${feasible ? 'yes' : 'no'}: ${why}`),
)
await tutti.close()
