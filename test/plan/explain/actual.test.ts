import { describe, expect, it } from 'vitest'
import type { Response, StepRecord } from '../../../src/contracts/run.ts'
import { actualOf, withoutRun } from '../../../src/plan/explain/actual.ts'
import { responseOf } from '../../telemetry/events.ts'
import { capability, component, explain, factsOf, took } from './support.ts'

const at = (ms: number): string => new Date(Date.UTC(2026, 0, 1) + ms).toISOString()

/** @param calls of each attempt, ms; the last one succeeded */
function record(
  name: string,
  [from, to]: readonly [number, number],
  calls: readonly number[],
  more: Partial<StepRecord> = {},
): StepRecord {
  return {
    name,
    component: 'k',
    action: 'go',
    status: 'succeeded',
    dependsOn: [],
    startedAt: at(from),
    endedAt: at(to),
    durationMs: to - from,
    attempts: calls.map((durationMs, i) => ({
      n: i + 1,
      component: 'k',
      action: 'go',
      inputs: {},
      status: i === calls.length - 1 ? 'succeeded' : 'failed',
      startedAt: at(from),
      durationMs,
    })),
    ...more,
  }
}

const PLAN = {
  steps: [
    { name: 'a', component: 'k', action: 'go' },
    { name: 'b', component: 'k', action: 'go', depends_on: ['a'] },
  ],
}
const runOf = (steps: readonly StepRecord[], more: Partial<Response> = {}): Response =>
  responseOf('succeeded', {
    runId: 'run_1',
    steps,
    timings: { planningMs: 0, executionMs: 200, synthesisMs: 0, totalMs: 210 },
    ...more,
  })
const facts = (calls = 10) =>
  factsOf([component('k', [capability('go')])], { 'k/go': took(100, { low: 90, high: 110, calls }) })

describe('a run beside what was to be expected of it', () => {
  it('tells how each step ended, how long it took and how long it waited', async () => {
    const run = runOf([record('a', [0, 100], [100]), record('b', [130, 300], [40, 60])])
    const { steps, actual, text } = await explain(PLAN, { facts: facts(), run })
    expect(steps.map((step) => step.actual)).toEqual([
      { status: 'succeeded', durationMs: 100, attempts: 1, waitedMs: 0 },
      // Ready at 100, ended at 300, 100 of these in calls.
      { status: 'succeeded', durationMs: 170, attempts: 2, waitedMs: 100 },
    ])
    expect(actual).toMatchObject({ runId: 'run_1', status: 'succeeded', executionMs: 200, modelCalls: 0 })
    expect(text).toContain('b: k/go; reads; after a; succeeded in 170 ms (2 attempts); expected 100 ms')
    expect(text).toContain('run run_1: succeeded, steps 200 ms, in all 210 ms, model calls 0')
  })

  it('says in words what went otherwise, the largest difference first, and nothing when all went as expected', async () => {
    const asExpected = runOf([record('a', [0, 100], [100]), record('b', [100, 200], [100])])
    expect((await explain(PLAN, { facts: facts(), run: asExpected })).actual?.drift).toEqual([])
    const slow = runOf([record('a', [0, 400], [400]), record('b', [400, 3_400], [100, 100])], {
      timings: { planningMs: 0, executionMs: 3_400, synthesisMs: 0, totalMs: 3_400 },
    })
    const { actual, text } = await explain(PLAN, { facts: facts(), run: slow })
    expect(actual?.drift).toEqual([
      'The steps took 3.4 s; slower than expected (180 ms to 220 ms).',
      '"b" took 3.0 s (2 attempts, 2.8 s of it waiting); slower than expected (90 ms to 110 ms).',
      '"a" took 400 ms; slower than expected (90 ms to 110 ms).',
    ])
    expect(text).toContain('\ndrift: "b" took 3.0 s')
  })

  it('counts model calls without those for planning', async () => {
    const used = { modelCalls: 1, inputTokens: 1, outputTokens: 1 }
    const usage = { ...used, byPurpose: { plan: used, 're-resolve': { ...used, modelCalls: 2 } } }
    const { actual } = await explain(PLAN, { facts: facts(), run: runOf([record('a', [0, 100], [100])], { usage }) })
    expect(actual?.modelCalls).toBe(2)
    expect(actual?.drift).toEqual(['2 model calls were made; at most 0 were expected.'])
  })

  it('tells of steps that failed, were skipped or have not begun', async () => {
    const { startedAt: _s, endedAt: _e, durationMs: _d, ...never } = record('b', [0, 0], [])
    const run = runOf([record('a', [0, 100], [100], { status: 'failed' }), { ...never, status: 'skipped' }])
    const { steps, actual } = await explain(PLAN, { facts: facts(), run })
    expect(steps[1]?.actual).toEqual({ status: 'skipped', attempts: 0 })
    expect(actual?.drift).toEqual(['"a" failed.'])
    expect((await explain(PLAN, { facts: facts(), run: runOf([]) })).steps[0]?.actual).toBeUndefined()
  })

  it('does not mix in what an earlier revision of the plan did', async () => {
    const run = runOf([record('a', [0, 900], [900], { superseded: true }), record('a', [900, 1_000], [100])])
    expect((await explain(PLAN, { facts: facts(), run })).steps[0]?.actual?.durationMs).toBe(100)
  })

  it('does not measure a run by itself', () => {
    const asked: unknown[] = []
    const { historyOf } = withoutRun(
      {
        historyOf: (...args) => {
          asked.push(args)
          return undefined
        },
        historyOfType: () => undefined,
      },
      runOf([record('a', [0, 100], [40, 60]), record('b', [0, 100], [70])]),
    )
    historyOf('K', 'go')
    historyOf('other', 'go')
    expect(asked).toEqual([
      ['K', 'go', [60, 70]],
      ['other', 'go', undefined],
    ])
  })

  it('knows no waiting of a step that is still at work', () => {
    const { endedAt: _e, durationMs: _d, ...running } = record('a', [0, 0], [5])
    expect(actualOf({ ...running, status: 'running' }, Number.NaN)).toEqual({ status: 'running', attempts: 1 })
  })
})
