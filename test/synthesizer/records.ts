// Records of runs for tests of the answer.
import type { Response, StepRecord } from '../../src/contracts/run.ts'

export const step = (name: string, more: Partial<StepRecord> = {}): StepRecord => ({
  name,
  component: `${name}-tool`,
  action: 'get',
  status: 'succeeded',
  attempts: [],
  dependsOn: [],
  ...more,
})

export const failedStep = (name: string, message: string): StepRecord =>
  step(name, { status: 'failed', error: { code: 'component_rejected', message } })

export const record = (steps: readonly StepRecord[], more: Partial<Response> = {}): Response => ({
  runId: 'run_1',
  status: 'running',
  answer: null,
  plan: null,
  steps,
  usage: { modelCalls: 0, inputTokens: 0, outputTokens: 0, byPurpose: {} },
  timings: { planningMs: 0, executionMs: 0, synthesisMs: 0, totalMs: 0 },
  ...more,
})
