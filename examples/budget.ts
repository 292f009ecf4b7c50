import { createOrchestrator } from 'tutti'
import { fakeSource } from 'tutti/testing'

const source = fakeSource({
  name: 'archive',
  capabilities: { search: { run: ({ year }) => ({ year: year ?? null, hits: 3 }) } },
})

// Each search costs a quarter; the run may spend half of one.
const tutti = createOrchestrator({ sources: [source], components: { archive: { cost: 0.25 } } })
const search = (year: number, more = {}) => ({ name: `y${year}`, component: 'archive', inputs: { year }, ...more })
const run = await tutti.execute(
  { steps: [search(2023, { optional: true }), search(2024), search(2025)] },
  {},
  { budget: { cost: 0.5 } },
)
console.log(run.status, run.stopReason, run.budget)
console.log(run.steps.map(({ name, status, skipReason }) => `${name} ${skipReason ?? status}`))
await tutti.close()
