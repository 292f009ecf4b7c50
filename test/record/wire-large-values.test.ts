import { describe, expect, it } from 'vitest'
import type { RunEvent, RunFact } from '../../src/contracts/events.ts'
import type { Response } from '../../src/contracts/run.ts'
import { eventToWire } from '../../src/record/wire.ts'

const stamped = (fact: RunFact): RunEvent => ({ ...fact, runId: 'r', seq: 1, at: '2026-01-01T00:00:00.000Z' })
const big = { rows: Array.from({ length: 20_000 }, (_, i) => ({ i })) }
const short = (place: string) => ({
  $ref: place,
  bytes: expect.any(Number) as number,
  digest: expect.anything() as unknown,
})

describe('large values on the wire', () => {
  it('stand as reference and digest, by where they are', () => {
    const event = stamped({
      type: 'step-end',
      step: 'a',
      status: 'succeeded',
      output: big,
      response: { data: big, ok: 1 },
      durationMs: 1,
    })
    expect(eventToWire(event)).toMatchObject({
      output: short('steps.a.output'),
      response: { data: short('steps.a.response.data'), ok: 1 },
    })
    expect(event).toMatchObject({ output: { rows: { length: 20_000 } } })
    const start = stamped({
      type: 'attempt-start',
      step: 'b',
      attempt: 1,
      inputs: { data: big, n: 1 },
      idempotencyKey: 'k',
    })
    expect(eventToWire(start)).toMatchObject({ inputs: { data: short('steps.b.inputs.data'), n: 1 } })
  })

  it('leave small ones as they are', () => {
    const event = stamped({ type: 'step-end', step: 'a', status: 'succeeded', output: { a: 1 }, durationMs: 1 })
    expect(eventToWire(event)).toEqual({
      type: 'step-end',
      step: 'a',
      status: 'succeeded',
      output: { a: 1 },
      duration_ms: 1,
      run_id: 'r',
      seq: 1,
      at: event.at,
    })
  })

  it('stay whole in the response of the run', () => {
    const response: Response = {
      runId: 'r',
      status: 'succeeded',
      answer: null,
      plan: null,
      steps: [{ name: 'a', status: 'succeeded', output: big, attempts: [], dependsOn: [] }],
      usage: { modelCalls: 0, inputTokens: 0, outputTokens: 0, byPurpose: {} },
      timings: { planningMs: 0, executionMs: 0, synthesisMs: 0, totalMs: 0 },
    }
    expect(eventToWire(stamped({ type: 'run-end', response }))).toMatchObject({
      response: { steps: [{ output: big }] },
    })
  })
})
