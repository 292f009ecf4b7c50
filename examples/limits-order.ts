import { createOrchestrator } from 'tutti'
import { fakeSource } from 'tutti/testing'

const begun: unknown[] = []
const source = fakeSource({
  name: 'press',
  capabilities: {
    print: {
      run: async ({ page }) => {
        begun.push(page)
        await new Promise((resolve) => setTimeout(resolve, 5))
        return { page: page ?? null }
      },
    },
  },
})

// One page at a time, whoever asks; editors get twice the share of others.
const tutti = createOrchestrator({
  sources: [source],
  components: { press: { maxConcurrency: 1 } },
  quotas: { editors: { weight: 2 } },
})
const pages = (name: string) => ({
  steps: [1, 2, 3, 4].map((i) => ({ name: `p${i}`, component: 'press', inputs: { page: `${name} ${i}` } })),
})
await tutti.start()
await Promise.all([
  tutti.execute(pages('draft'), {}, { key: 'authors', priority: 'low' }),
  tutti.execute(pages('author'), {}, { key: 'authors' }),
  tutti.execute(pages('editor'), {}, { key: 'editors' }),
  tutti.execute(pages('due'), {}, { key: 'editors', dueInMs: 60_000 }),
  tutti.execute(pages('alarm'), {}, { priority: 'critical' }),
])
console.log(begun.join(', '))
await tutti.close()
