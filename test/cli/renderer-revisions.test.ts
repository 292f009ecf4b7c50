// Plans that are written anew, and steps that begin before there is one, as people watch them.
import { describe, expect, it } from 'vitest'
import { createRenderer } from '../../src/cli/render/renderer.ts'
import { createPaint } from '../../src/cli/render/text.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import type { Step } from '../../src/contracts/plan.ts'
import type { Response } from '../../src/contracts/run.ts'
import { responseOf, stamp, start } from '../telemetry/events.ts'

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
    .map((event) => renderer.on(event, 0))
    .flatMap(({ print = [], after = [] }) => [...print, ...after])
    .join('\n')
}

describe('a plan that is written anew', () => {
  it('is shown with its number and the reason', () => {
    const text = show(planned(['a']), planned(['a', 'b'], { revision: 2, reason: 'Step "a" failed (bad_response).' }))
    expect(text).toContain('Plan  1 step')
    expect(text).toMatch(/Plan 2 {2}2 steps.*\n {2}↻ Step "a" failed \(bad_response\)\./)
  })
  it('counts the steps of the last plan in the end, and the calls of all', () => {
    const at = '2026-01-01T00:00:00.000Z'
    const attempt = { n: 1, inputs: {}, status: 'succeeded', startedAt: at } as const
    const step = (name: string, more: object = {}) =>
      ({ name, status: 'succeeded', attempts: [attempt], dependsOn: [], ...more }) as const
    const response: Response = {
      ...responseOf('succeeded'),
      steps: [
        step('a'),
        step('b', { superseded: true }),
        step('c', { status: 'cancelled', skipReason: 'not-in-plan' }),
      ],
    }
    expect(show(planned(['a']), { type: 'run-end', response })).toContain(' · 1 step · 3 calls · ')
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
