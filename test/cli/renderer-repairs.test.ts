import { expect, it } from 'vitest'
import { createRenderer } from '../../src/cli/render/renderer.ts'
import type { RunFact } from '../../src/contracts/events.ts'

it('says how recovery saved steps where lines are only printed, for forty steps at most', () => {
  const plain = (_style: unknown, text: string): string => text
  const renderer = createRenderer({ paint: plain, columns: 80, live: false, streamAnswer: false })
  const play = (fact: RunFact): readonly string[] =>
    renderer.on({ ...fact, runId: 'run_1', seq: 1, at: '2026-01-01T00:00:00.000Z' }, 0).print ?? []
  for (let i = 0; i < 42; i++) {
    play({ type: 'step-repair', step: `s${i}`, way: 'fallback', reason: 'HTTP 503. "fx" stands in.' })
    play({ type: 'step-end', step: `s${i}`, status: 'succeeded', output: 1, durationMs: 1 })
  }
  const print = play({ type: 'answer-delta', delta: 'x' })
  expect(print[0]).toBe('  ↻ s0: fell back. HTTP 503. "fx" stands in.')
  expect(print.slice(40)).toEqual(['  ↻ 2 more steps were saved', ''])
})
