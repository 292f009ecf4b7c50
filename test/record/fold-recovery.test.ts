import { describe, expect, it } from 'vitest'
import type { RunEvent, RunFact } from '../../src/contracts/events.ts'
import type { RecoveryDecision } from '../../src/contracts/run.ts'
import { endResponse } from '../../src/record/ending.ts'
import { createRunFold, foldEvents } from '../../src/record/fold.ts'
import { eventToWire, responseToWire } from '../../src/record/wire.ts'

const error = { code: 'component_failed', message: 'down', retryable: true } as const
const decision: RecoveryDecision = {
  class: 'backend',
  error,
  options: [
    { way: 'retry', feasible: true, why: 'It may pass.', cost: 'call', impact: 'none', waitMs: 75 },
    { way: 'give-up', feasible: true, why: 'What is left.', cost: 'none', impact: 'none' },
  ],
  chosen: 'retry',
  why: 'It may pass.',
  next: 'give-up',
}
const stamped = (facts: readonly RunFact[]): RunEvent[] =>
  facts.map((fact, i) => ({ ...fact, runId: 'run_1', seq: i + 1, at: '2026-01-01T00:00:00.000Z' }))
const facts: RunFact[] = [
  { type: 'step-start', step: 'go' },
  { type: 'recovery', step: 'go', component: 't', ...decision },
  { type: 'escalation', step: 'go', component: 't', error, failures: 3, notify: ['on-call'] },
  { type: 'recovered', step: 'go', component: 't', way: 'fallback', degraded: true },
  { type: 'recovery-failed', step: 'other', error, tried: ['retry'] },
  { type: 'step-end', step: 'go', status: 'succeeded', output: 1, durationMs: 1 },
]

describe('the record of recovery', () => {
  it('holds each decision of a step as it was told, and whether its output only stands in (T8)', () => {
    const [step] = foldEvents('run_1', stamped(facts)).snapshot().steps
    expect(step).toMatchObject({ name: 'go', status: 'succeeded', output: 1, degraded: true })
    expect(step?.recoveries).toEqual([decision])
  })

  it('does not change once it is given out', () => {
    const fold = createRunFold('run_1')
    const events = stamped([...facts.slice(0, 2), ...facts.slice(1, 2)])
    for (const event of events.slice(0, 2)) fold.apply(event)
    const before = fold.snapshot()
    for (const event of events.slice(2)) fold.apply(event)
    expect(before.steps[0]?.recoveries).toHaveLength(1)
    expect(fold.snapshot().steps[0]?.recoveries).toHaveLength(2)
  })

  it('makes the whole answer degraded when a declared value stands in for a result', () => {
    const record = foldEvents('run_1', stamped(facts)).snapshot()
    const facts_ = { isRequest: false, signal: new AbortController().signal, totalMs: 1, endedAt: '' }
    expect(endResponse(record, {}, facts_).degraded).toEqual({
      reason: 'A declared value stands in for the result of "go".',
      way: 'fallback-value',
    })
    const both = endResponse(record, { degraded: { reason: 'No model.', way: 'template' } }, facts_)
    expect(both.degraded?.way).toBe('template, fallback-value')
  })

  it('leaves the process in snake_case, in events and in responses', () => {
    const events = stamped(facts)
    const [first] = (eventToWire(events[1] as RunEvent)['options'] ?? []) as object[]
    expect(first).toMatchObject({ way: 'retry', wait_ms: 75 })
    const wire = JSON.stringify(responseToWire(foldEvents('run_1', events).snapshot()))
    expect(wire).toContain('"wait_ms":75')
    expect(wire).not.toContain('waitMs')
  })
})
