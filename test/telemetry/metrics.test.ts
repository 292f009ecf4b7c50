import { describe, expect, it } from 'vitest'
import type { MetricsSnapshot } from '../../src/contracts/api.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { renderPrometheus } from '../../src/telemetry/prometheus.ts'
import { responseOf, stamp, start, stepFacts } from './events.ts'

const fold = (...runs: RunFact[][]) => {
  const metrics = createMetrics()
  runs.forEach((facts, i) => {
    for (const event of stamp(facts, `run_${i}`)) metrics.observe(event)
  })
  return metrics.snapshot()
}
const end: RunFact = { type: 'run-end', response: responseOf('succeeded') }

describe('createMetrics', () => {
  it('counts runs by the status they end with, and those still at work', () => {
    const snapshot = fold([start, end], [start, { type: 'run-end', response: responseOf('partial') }], [start])
    expect(snapshot.runs).toMatchObject({ succeeded: 1, partial: 1, failed: 0, running: 1 })
  })
  it('keeps sum and count, so that an average is an average, and cumulative buckets (B77)', () => {
    const snapshot = fold([start, ...[10, 20, 60].flatMap((durationMs, i) => stepFacts(`s${i}`, { durationMs })), end])
    const [calls] = snapshot.componentCalls
    expect(calls).toMatchObject({ component: 'stock-service', action: 'stock_quote', status: 'succeeded', count: 3 })
    expect(calls?.seconds.sum).toBeCloseTo(0.09)
    expect(calls?.seconds.buckets.filter((b) => b.le <= 0.1).map((b) => b.count)).toEqual([0, 1, 2, 2, 3])
  })
  it('counts an attempt for the component it went to, also when a fallback took over', () => {
    const fallback: RunFact[] = [
      { type: 'step-start', step: 'a' },
      { type: 'attempt-start', step: 'a', attempt: 1, component: 'one', action: 'do', inputs: {}, idempotencyKey: 'k' },
      { type: 'attempt-end', step: 'a', attempt: 1, component: 'one', action: 'do', status: 'failed', durationMs: 1 },
      { type: 'step-repair', step: 'a', way: 'fallback', reason: 'declared' },
      { type: 'attempt-start', step: 'a', attempt: 2, component: 'two', action: 'do', inputs: {}, idempotencyKey: 'k' },
      {
        type: 'attempt-end',
        step: 'a',
        attempt: 2,
        component: 'two',
        action: 'do',
        status: 'succeeded',
        durationMs: 1,
      },
      { type: 'step-end', step: 'a', status: 'succeeded', durationMs: 2 },
    ]
    const snapshot = fold([start, ...fallback, end])
    expect(snapshot.componentCalls.map((c) => [c.component, c.status, c.count])).toEqual([
      ['one', 'failed', 1],
      ['two', 'succeeded', 1],
    ])
    expect(snapshot.repairs).toEqual({ fallback: 1 })
  })
  it('counts steps that began early, those of the plan and those that are not, each end once', () => {
    const early = (step: string): RunFact => ({ type: 'step-start', step, early: true })
    const ended = (step: string): RunFact => ({ type: 'step-end', step, status: 'succeeded', durationMs: 1 })
    const gone = (step: string): RunFact => ({
      type: 'step-end',
      step,
      status: 'cancelled',
      skipReason: 'not-in-plan',
      durationMs: 0,
    })
    const planned: RunFact = { type: 'plan-end', document: { steps: [] }, way: 'model', issues: [], durationMs: 2_000 }
    const response = { ...responseOf('succeeded') }
    const ending: RunFact = {
      type: 'run-end',
      response: { ...response, timings: { ...response.timings, firstStepMs: 500 } },
    }
    const facts = [early('a'), early('b'), early('c'), ended('a'), ended('b'), gone('b'), gone('c'), planned, ending]
    const snapshot = fold([start, ...facts])
    expect(snapshot.earlySteps).toEqual({ begun: 3, kept: 1, dropped: 2 })
    expect(snapshot.steps).toMatchObject({ succeeded: 2, cancelled: 1 })
    expect(snapshot.planningSeconds).toMatchObject({ count: 1, sum: 2 })
    expect(snapshot.firstStepSeconds).toMatchObject({ count: 1, sum: 0.5 })
    expect(fold([start, { ...planned, way: 'given' }, end]).planningSeconds.count).toBe(0)
    // One that its own condition skipped had not begun: it is neither kept nor dropped.
    const skipped: RunFact = { type: 'step-end', step: 'b', status: 'skipped', skipReason: 'condition', durationMs: 0 }
    const withSkipped = fold([start, early('a'), skipped, ended('a'), gone('b'), planned, ending])
    expect(withSkipped.earlySteps).toEqual({ begun: 1, kept: 1, dropped: 0 })
  })
  it('adds up tokens by purpose and model', () => {
    const call = (inputTokens: number): RunFact => ({
      type: 'model-call',
      purpose: 'plan',
      model: 'openai:m',
      status: 'succeeded',
      usage: { inputTokens, outputTokens: 5 },
      durationMs: 1,
    })
    const snapshot = fold([start, call(10), end], [start, call(20), end])
    expect(snapshot.modelCalls).toEqual([
      { purpose: 'plan', model: 'openai:m', status: 'succeeded', count: 2, inputTokens: 30, outputTokens: 10 },
    ])
  })
  it('knows the most steps that one run had at work at once', () => {
    const begin = (step: string): RunFact => ({ type: 'step-start', step })
    const finish = (step: string): RunFact => ({ type: 'step-end', step, status: 'succeeded', durationMs: 1 })
    const run = [start, begin('a'), begin('b'), finish('a'), begin('c'), finish('b'), finish('c'), end]
    expect(fold(run, run).maxParallelSteps).toBe(2)
  })
  it('counts names beyond a thousand together, so that memory is bounded', () => {
    const many = Array.from({ length: 1_500 }, (_, i) => stepFacts(`s${i}`, { component: `c${i}` })).flat()
    const { componentCalls } = fold([start, ...many, end])
    expect(componentCalls.length).toBe(1_001)
    expect(componentCalls.at(-1)).toMatchObject({ component: 'other', count: 500 })
  })
})

describe('renderPrometheus', () => {
  const snapshot = fold([start, ...stepFacts('a', { component: 'we"ird\\\nname', durationMs: 40 }), end])
  const rest: Omit<MetricsSnapshot, keyof typeof snapshot> = {
    activeRuns: 0,
    limits: [
      { kind: 'component', name: 'we"ird', inUse: 3, limit: 64, waiting: 2 },
      { kind: 'component', name: 'we"ird', inUse: 3, limit: 64, waiting: 2 },
    ],
    breakers: [{ component: 'rates', instance: 'rates-1', state: 'open', share: 0 }],
    notices: { sent: 2, failed: 1, dropped: 0 },
    planCache: { hits: 1, misses: 2, size: 1 },
  }
  const text = renderPrometheus({ ...snapshot, ...rest })

  it('writes only lines that Prometheus can read, each series once', () => {
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    for (const line of samples) {
      expect(line).toMatch(
        /^[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"(,[a-z]+="(?:[^"\\\n]|\\["\\n])*")*\})? [\d.e+-]+$/,
      )
    }
    const names = samples.map((line) => line.slice(0, line.lastIndexOf(' ')))
    expect(new Set(names).size).toBe(names.length)
    expect(text.endsWith('\n')).toBe(true)
  })
  it('declares every name once, before its samples', () => {
    const declared = [...text.matchAll(/^# TYPE (\S+)/gm)].map((m) => m[1])
    expect(new Set(declared).size).toBe(declared.length)
    expect(declared).toContain('tutti_component_call_duration_seconds')
  })
  it('escapes quotes, backslashes and line ends in labels', () => {
    expect(text).toContain(
      'tutti_component_calls_total{component="we\\"ird\\\\\\nname",action="stock_quote",status="succeeded"} 1',
    )
  })
  it('ends a histogram with +Inf equal to its count', () => {
    expect(text).toContain(
      'tutti_run_duration_seconds_bucket{le="+Inf"} 1\ntutti_run_duration_seconds_sum 1\ntutti_run_duration_seconds_count 1',
    )
  })
  it('shows every limit and what is taken of it, once', () => {
    const labels = '{kind="component",name="we\\"ird"}'
    expect(text).toContain(`\ntutti_limit_in_use${labels} 3\n`)
    expect(text).toContain(`\ntutti_limit${labels} 64\n`)
    expect(text).toContain(`\ntutti_limit_waiting${labels} 2\n`)
  })
  it('shows breakers as numbers that an alert can compare', () => {
    expect(text).toContain('\ntutti_breaker_state{component="rates",instance="rates-1"} 2\n')
    expect(text).toContain('\ntutti_breaker_share{component="rates",instance="rates-1"} 0\n')
  })
  it('counts recoveries, notices and budgets that were reached', () => {
    const error = { code: 'component_failed', message: 'x' } as const
    const counted = fold([
      start,
      { type: 'recovered', step: 'a', way: 'retry' },
      { type: 'recovered', step: 'b', way: 'equivalent' },
      { type: 'recovery-failed', step: 'c', error, tried: ['retry'] },
      { type: 'budget-exceeded', kind: 'modelCalls', limit: 1, used: 1 },
    ])
    expect(counted.recoveries).toEqual({ retry: 1, equivalent: 1, none: 1 })
    const shown = renderPrometheus({ ...rest, ...counted })
    expect(shown).toContain('\ntutti_recoveries_total{way="equivalent"} 1\n')
    expect(shown).toContain('\ntutti_recoveries_total{way="none"} 1\n')
    expect(shown).toContain('\ntutti_budget_exceeded_total{kind="model_calls"} 1\n')
    expect(shown).toContain('\ntutti_notices_total{result="failed"} 1\n')
  })
  it('shows at most 1,000 limits and breakers, those that matter most', () => {
    const limits = Array.from({ length: 3_000 }, (_, i) => ({
      kind: 'key' as const,
      name: `k${i}`,
      inUse: 0,
      limit: 1,
      waiting: i === 2_999 ? 1 : 0,
    }))
    const shown = renderPrometheus({ ...rest, ...snapshot, limits })
    expect(shown.match(/^tutti_limit_in_use\{/gm)).toHaveLength(1_000)
    expect(shown).toContain('tutti_limit_waiting{kind="key",name="k2999"} 1')
  })
  it('names every status of ended runs, so that a rate of failures is 0 and not absent', () => {
    expect(text).toContain('tutti_runs_total{status="failed"} 0')
  })
})
