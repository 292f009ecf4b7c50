import { createOrchestrator } from 'tutti'
import { fakeSource, reply } from 'tutti/testing'

const source = fakeSource({
  name: 'payments',
  capabilities: { balance: { run: () => reply(500, { error: 'no database' }) } },
})

const tutti = createOrchestrator({
  sources: [source],
  components: { payments: { recovery: { maxAttempts: 1, escalateAfter: 3 } } },
  onEvent: (event) => {
    if (event.type === 'escalation') console.log(`${event.component}: ${event.failures} failed steps in a row`)
  },
})
for (let i = 0; i < 5; i++) await tutti.execute({ steps: [{ name: 'balance', component: 'payments' }] })
await tutti.close()
