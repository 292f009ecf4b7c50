import { createOrchestrator } from 'tutti'
import { fakeSource } from 'tutti/testing'

const show = () => {
  for (const { kind, name, inUse, limit, waiting } of tutti.status().limits)
    if (kind === 'resource') console.log(`${name}: ${inUse} of ${limit}, ${waiting} wait`)
}
const source = fakeSource({
  name: 'render',
  capabilities: {
    frame: {
      run: async ({ n }) => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        if (n === 0) show()
        return { n: n ?? null }
      },
    },
  },
})

// The machine has two GPUs and 16 GB; a frame takes half of a GPU, and a licence is a resource like any other.
const tutti = createOrchestrator({
  sources: [source],
  resources: { inventory: { gpu: 2, memory_gb: 16, licence: 3 } },
  components: { render: { resources: { gpu: 0.5, memory_gb: 4 } } },
})
const { status } = await tutti.execute({
  steps: [0, 1, 2, 3, 4].map((n) => ({
    name: `frame${n}`,
    component: 'render',
    inputs: { n },
    resources: { licence: 1 },
  })),
})
console.log(status)
await tutti.close()
