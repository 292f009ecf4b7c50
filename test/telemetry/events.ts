// Facts of a run, stamped, for the tests of its readers.
import type { RunEvent, RunFact } from '../../src/contracts/events.ts'
import type { Response, RunStatus } from '../../src/contracts/run.ts'

/** Stamps the facts as one run: seq from 1, all at the same time. */
export const stamp = (facts: readonly RunFact[], runId = 'run_1'): RunEvent[] =>
  facts.map((fact, i) => ({ ...fact, runId, seq: i + 1, at: '2026-01-01T00:00:00.000Z' }))

export const responseOf = (status: RunStatus, more: Partial<Response> = {}): Response => ({
  runId: 'run_1',
  status,
  answer: null,
  plan: null,
  steps: [],
  usage: { modelCalls: 0, inputTokens: 0, outputTokens: 0, byPurpose: {} },
  timings: { planningMs: 0, executionMs: 0, synthesisMs: 0, totalMs: 1000 },
  ...more,
})

export const start: RunFact = { type: 'run-start', request: 'x', inputs: {}, principal: 'local' }

/** One step with one attempt of the given length. */
export const stepFacts = (
  step: string,
  more: { component?: string; action?: string; status?: 'succeeded' | 'failed'; durationMs?: number } = {},
): RunFact[] => {
  const { component = 'stock-service', action = 'stock_quote', status = 'succeeded', durationMs = 40 } = more
  return [
    { type: 'step-start', step },
    { type: 'attempt-start', step, attempt: 1, component, action, inputs: {}, idempotencyKey: `run_1:${step}:1` },
    { type: 'attempt-end', step, attempt: 1, component, action, status, durationMs },
    { type: 'step-end', step, status, durationMs },
  ]
}
