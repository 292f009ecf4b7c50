import { createOrchestrator } from 'tutti'
import { fakeSource, reply } from 'tutti/testing'

const source = fakeSource(
  { name: 'fast-fx', capabilities: { rate: { run: () => reply(500, { error: 'down for the night' }) } } },
  { name: 'slow-fx', capabilities: { rate: { run: () => ({ won: 1390 }) } } },
)
const plan = `
steps:
  - name: rate
    component: fast-fx
    retry: {max_attempts: 1}
    fallback: {component: slow-fx, action: rate}
`

const tutti = createOrchestrator({ sources: [source] })
const { steps } = await tutti.execute(plan)
console.log(steps[0]?.output, steps[0]?.component)
console.log(steps[0]?.repairs?.map(({ way, reason }) => `${way}: ${reason}`))
await tutti.close()
