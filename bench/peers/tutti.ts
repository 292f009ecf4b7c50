// The public way: one local tool, a document, `execute`; every event with a listener, input checks, breaker, limits, in-memory journal.
import { createOrchestrator, type Orchestrator, tool } from '../../src/index.ts'
import type { Adapter, Work } from './adapter.ts'

let orchestrator: Orchestrator | undefined
let events = 0

const workTool = (work: Work) =>
  tool({
    name: 'work',
    description: 'Does the work of one step.',
    input: { type: 'object', properties: { index: { type: 'integer' }, previous: {} }, required: ['index'] },
    effect: 'read',
    execute: ({ index, previous }: { index: number; previous?: unknown }) => work(index, previous),
  })

export const build: Adapter['build'] = async (nodes, work, { workload }) => {
  const own = createOrchestrator({
    tools: [workTool(work)],
    // As everywhere in this comparison, limits that would only queue are lifted; ten steps of a run at once is the default.
    executor: { maxSteps: 200_000, componentConcurrency: 100_000 },
    runs: { maxQueued: 100_000, concurrency: 100_000 },
    onEvent: () => {
      events++
    },
  })
  orchestrator = own
  const prepared = await own.prepare({
    steps: nodes.map(({ id, deps }, i) => ({
      name: id,
      component: 'work',
      action: 'work',
      inputs: { index: i, ...(workload === 'W6' && i > 0 && { previous: `\${steps.n${i - 1}.output}` }) },
      dependsOn: deps.map((d) => `n${d}`),
    })),
  })
  return {
    async run() {
      const response = await own.execute(prepared)
      if (response.status !== 'succeeded')
        throw new Error(`the run ended as ${response.status}: ${JSON.stringify(response.errors?.[0])}`)
      if (events === 0) throw new Error('no events were seen')
    },
  }
}

export const teardown = async (): Promise<void> => {
  await orchestrator?.close()
}
