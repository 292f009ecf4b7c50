// What both orchestrators of the chaos suite run, and how they are set up.
import type { OrchestratorOptions } from '../../src/orchestrator-options.ts'
import { honest } from '../faults/support.ts'

/** Of `beta`, in each orchestrator. */
export const BETA_LIMIT = 24
/** The second orchestrator asks with numbers from here on. */
export const SECOND_FROM = 1_000_000

export const DOCUMENT = {
  inputs: { n: 'integer' },
  steps: [
    { name: 'look', component: 'alpha', action: 'look', inputs: { n: '${inputs.n}' } },
    { name: 'again', component: 'beta', action: 'look', inputs: { n: '${steps.look.output.echo.n}' } },
    { name: 'change', component: 'beta', action: 'change', inputs: { n: '${inputs.n}' } },
    {
      name: 'odd',
      component: 'gamma',
      action: 'look',
      inputs: { n: '${inputs.n}' },
      fallback: { value: { by: 'fallback' } },
    },
    { name: 'sure', component: 'honest' },
    {
      name: 'last',
      component: 'honest',
      depends_on: ['look', 'again', 'change', 'odd', 'sure'],
      if: 'steps.sure.success',
    },
  ],
}

export const optionsOf = (redisUrl: string): OrchestratorOptions => ({
  tools: [honest],
  redis: { url: redisUrl },
  catalog: { refreshMs: 200 },
  executor: { stepTimeoutMs: 600 },
  components: { beta: { maxConcurrency: BETA_LIMIT } },
  recovery: { initialWaitMs: 20, maxWaitMs: 200 },
  breaker: { resetMs: 300, windowMs: 5_000 },
  runs: { keepEnded: 10 },
})
