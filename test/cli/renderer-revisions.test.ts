// Plans that are written anew, and steps that begin before there is one, as people watch them.
import { describe, expect, it } from 'vitest'
import { createRenderer } from '../../src/cli/render/renderer.ts'
import { createPaint } from '../../src/cli/render/text.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import type { Step } from '../../src/contracts/plan.ts'
import { stamp, start } from '../telemetry/events.ts'

const call = (name: string): Step => ({ name, type: 'call', component: name, dependsOn: [] })
const planned = (names: readonly string[], more: Partial<Extract<RunFact, { type: 'plan-end' }>> = {}): RunFact => ({
  type: 'plan-end',
  document: { steps: names.map(call) },
  way: 'model',
  issues: [],
  durationMs: 1000,
  ...more,
})
const show = (...facts: RunFact[]): string => {
  const renderer = createRenderer({ paint: createPaint(false), columns: 100, live: false, streamAnswer: false })
  return stamp([start, ...facts])
    .flatMap((event) => renderer.on(event, 0).print ?? [])
    .join('\n')
}

describe('a plan that is written anew', () => {
  it('is shown with its number and the reason', () => {
    const text = show(planned(['a']), planned(['a', 'b'], { revision: 2, reason: 'Step "a" failed (bad_response).' }))
    expect(text).toContain('Plan  1 step')
    expect(text).toMatch(/Plan 2 {2}2 steps.*\n {2}↻ Step "a" failed \(bad_response\)\./)
  })
  it('says of steps why they were put off, or are none of it', () => {
    const text = show(
      { type: 'step-start', step: 'x', early: true },
      { type: 'step-end', step: 'x', status: 'cancelled', skipReason: 'not-in-plan', durationMs: 0 },
      planned(['a']),
      { type: 'step-end', step: 'a', status: 'skipped', skipReason: 'replanned', durationMs: 0 },
    )
    expect(text).toMatch(/x .*not in the plan/)
    expect(text).toMatch(/a .*the plan is being thought over/)
  })
})
