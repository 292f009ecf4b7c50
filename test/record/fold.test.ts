import { describe, expect, it } from 'vitest'
import type { EventStamp, RunFact } from '../../src/contracts/events.ts'
import type { PlanDocument } from '../../src/contracts/plan.ts'
import { createRunFold, foldEvents } from '../../src/record/fold.ts'

const stamped = (fact: RunFact, seq: number): RunFact & EventStamp => ({
  ...fact,
  runId: 'r',
  seq,
  at: `2026-01-01T00:00:00.00${seq}Z`,
})
const fold = (...facts: RunFact[]) =>
  foldEvents(
    'r',
    facts.map((fact, i) => stamped(fact, i + 1)),
  )

const document: PlanDocument = {
  steps: [
    { name: 'a', type: 'call', component: 'Geo', action: 'find', dependsOn: [] },
    { name: 'b', type: 'call', capability: 'rates', dependsOn: ['a'] },
  ],
}
const planned: RunFact = { type: 'plan-end', document, way: 'given', issues: [], durationMs: 7 }
const attempt = (step: string, n: number, inputs = { n }): RunFact => ({
  type: 'attempt-start',
  step,
  attempt: n,
  component: 'geo',
  action: 'find',
  instance: 'geo-1',
  inputs,
  idempotencyKey: `r:${step}:1`,
})
const error = { code: 'component_failed', message: 'It broke.', retryable: true } as const
const failed = (step: string, n: number): RunFact => ({
  type: 'attempt-end',
  step,
  attempt: n,
  status: 'failed',
  error,
  durationMs: 3,
})

describe('the fold of a run', () => {
  it('shows the steps of the plan before anything has happened to them', () => {
    expect(fold(planned).snapshot()).toStrictEqual({
      runId: 'r',
      status: 'queued',
      answer: null,
      plan: document,
      steps: [
        { name: 'a', component: 'Geo', action: 'find', status: 'pending', attempts: [], dependsOn: [] },
        { name: 'b', action: 'rates', status: 'pending', attempts: [], dependsOn: ['a'] },
      ],
      usage: { modelCalls: 0, inputTokens: 0, outputTokens: 0, byPurpose: {} },
      timings: { planningMs: 7, executionMs: 0, synthesisMs: 0, totalMs: 0 },
    })
  })
  it('holds exactly what a step that succeeded at once has told', () => {
    const { steps } = fold(
      planned,
      { type: 'step-start', step: 'a' },
      attempt('a', 1),
      { type: 'attempt-end', step: 'a', attempt: 1, status: 'succeeded', durationMs: 5 },
      { type: 'step-end', step: 'a', status: 'succeeded', output: 42, durationMs: 6 },
    ).snapshot()
    expect(steps[0]).toStrictEqual({
      name: 'a',
      component: 'geo',
      action: 'find',
      status: 'succeeded',
      inputs: { n: 1 },
      output: 42,
      attempts: [
        {
          n: 1,
          component: 'geo',
          action: 'find',
          instance: 'geo-1',
          inputs: { n: 1 },
          status: 'succeeded',
          startedAt: '2026-01-01T00:00:00.003Z',
          durationMs: 5,
        },
      ],
      dependsOn: [],
      startedAt: '2026-01-01T00:00:00.002Z',
      endedAt: '2026-01-01T00:00:00.005Z',
      durationMs: 6,
    })
  })
  it('keeps every attempt, the repairs, the decisions and the error of a step that failed (B42)', () => {
    const { steps } = fold(
      planned,
      { type: 'step-start', step: 'a' },
      attempt('a', 1),
      failed('a', 1),
      {
        type: 'recovery',
        step: 'a',
        class: 'backend',
        error,
        options: [],
        chosen: 're-resolve',
        why: 'It speaks of the inputs.',
      },
      { type: 'step-repair', step: 'a', way: 're-resolve', reason: 'It broke.', inputs: { n: 2 } },
      attempt('a', 2),
      failed('a', 2),
      { type: 'step-end', step: 'a', status: 'failed', error, durationMs: 9 },
    ).snapshot()
    expect(steps[0]).toMatchObject({
      status: 'failed',
      error,
      inputs: { n: 2 },
      attempts: [
        { n: 1, inputs: { n: 1 }, status: 'failed', error, durationMs: 3 },
        { n: 2, inputs: { n: 2 }, status: 'failed', error, durationMs: 3 },
      ],
      repairs: [{ way: 're-resolve', reason: 'It broke.', inputs: { n: 2 } }],
      recoveries: [{ class: 'backend', chosen: 're-resolve', why: 'It speaks of the inputs.' }],
    })
    expect(steps[0]).not.toHaveProperty('output')
  })
  it('says of a skipped step why, and shows a call in flight as running', () => {
    const { steps } = fold(planned, { type: 'step-start', step: 'a' }, attempt('a', 1), {
      type: 'step-end',
      step: 'b',
      status: 'skipped',
      skipReason: 'condition',
      durationMs: 0,
    }).snapshot()
    expect(steps[0]?.attempts).toEqual([expect.objectContaining({ n: 1, status: 'running' })])
    expect(steps[1]).toMatchObject({ status: 'skipped', skipReason: 'condition' })
  })
  it('gives out what does not change any more', () => {
    const live = createRunFold('r')
    const facts = [planned, { type: 'step-start', step: 'a' } as const, attempt('a', 1)]
    for (const [i, fact] of facts.entries()) live.apply(stamped(fact, i + 1))
    const before = live.snapshot()
    const copy = structuredClone(before)
    const later = [failed('a', 1), attempt('a', 2), failed('a', 2)]
    for (const [i, fact] of later.entries()) live.apply(stamped(fact, i + 4))
    live.apply(stamped({ type: 'step-end', step: 'a', status: 'failed', error, durationMs: 1 }, 7))
    expect(before).toEqual(copy)
    expect(live.snapshot().steps[0]?.attempts).toHaveLength(2)
  })
  it('lets expressions read a settled step, with the whole answer where that held more than the output', () => {
    const folded = fold(
      planned,
      { type: 'step-end', step: 'a', status: 'succeeded', output: 1, response: { data: 1 }, durationMs: 0 },
      { type: 'step-start', step: 'b' },
    )
    expect([...folded.settled()]).toEqual([
      ['a', { status: 'succeeded', success: true, error: null, output: 1, response: { data: 1 } }],
    ])
    expect(folded.view('b')).toMatchObject({ status: 'running', success: false, output: null, response: null })
    expect(folded.view('c')).toBeUndefined()
  })
  it('adds up what models used, in all and by purpose', () => {
    const call = (purpose: 'plan' | 'synthesize', inputTokens: number): RunFact => ({
      type: 'model-call',
      purpose,
      model: 'm',
      status: 'succeeded',
      usage: { inputTokens, outputTokens: 1 },
      durationMs: 0,
    })
    expect(fold(call('plan', 10), call('plan', 5), call('synthesize', 1)).snapshot().usage).toEqual({
      modelCalls: 3,
      inputTokens: 16,
      outputTokens: 3,
      byPurpose: {
        plan: { modelCalls: 2, inputTokens: 15, outputTokens: 2 },
        synthesize: { modelCalls: 1, inputTokens: 1, outputTokens: 1 },
      },
    })
  })
})

describe('steps that begin before the plan is known', () => {
  const early = (step: string): RunFact => ({ type: 'step-start', step, early: true })
  const ended = (step: string): RunFact => ({
    type: 'step-end',
    step,
    status: 'succeeded',
    output: step,
    durationMs: 1,
  })
  const gone = (step: string): RunFact => ({
    type: 'step-end',
    step,
    status: 'cancelled',
    skipReason: 'not-in-plan',
    durationMs: 0,
  })
  const names = (...facts: RunFact[]): string[] =>
    fold(...facts)
      .snapshot()
      .steps.map(({ name, status }) => `${name} ${status}`)

  it('take their place in the order of the plan', () => {
    const facts = [early('b'), ended('b'), planned, early('a')] as const
    expect(names(...facts)).toEqual(['a running', 'b succeeded'])
    expect(fold(...facts).snapshot().steps[1]).toMatchObject({ early: true, dependsOn: ['a'], output: 'b' })
  })
  it('come last when the plan has none of them, and leave the name to another', () => {
    const facts = [early('a'), ended('a'), gone('a'), planned] as const
    expect(names(...facts)).toEqual(['a pending', 'b pending', 'a cancelled'])
    expect(fold(...facts, { type: 'step-start', step: 'a' }).view('a')?.status).toBe('running')
    expect(fold(...facts).snapshot().steps[2]?.output).toBeUndefined()
  })
  it('belong to nothing that a later segment could take for done before there is a plan', () => {
    expect([...fold(early('a'), ended('a')).settled().keys()]).toEqual([])
    expect([...fold(early('a'), ended('a'), planned).settled().keys()]).toEqual(['a'])
  })
  it('tell by their last call which revision of the inputs comes next', () => {
    expect(fold(early('a'), attempt('a', 1), ended('a'), planned).revisions()).toBeUndefined()
    const second: RunFact = { ...attempt('a', 2), idempotencyKey: 'r:a:3' } as RunFact
    expect(fold(early('a'), attempt('a', 1), second, gone('a'), planned).revisions()).toEqual(new Map([['a', 3]]))
  })
  it('tell how long the run took to its first step', () => {
    const run: RunFact = { type: 'run-start', request: 'x', inputs: {}, principal: 'p' }
    expect(fold(run, early('a'), early('b')).snapshot().timings.firstStepMs).toBe(1)
  })
})

describe('a plan that is written anew', () => {
  const again: RunFact = {
    type: 'plan-end',
    document: { steps: [...document.steps.slice(0, 1), { name: 'c', type: 'call', component: 'x', dependsOn: ['a'] }] },
    way: 'model',
    issues: [],
    durationMs: 5,
    revision: 2,
    reason: 'Step "b" failed.',
  }
  const end = (step: string, status: 'succeeded' | 'failed' | 'skipped'): RunFact => ({
    type: 'step-end',
    step,
    status,
    durationMs: 1,
  })

  it('keeps what had finished, shows the others as superseded, and adds up the time of planning', () => {
    const { steps, revisions, timings } = fold(planned, end('a', 'succeeded'), end('b', 'failed'), again).snapshot()
    expect(steps.map(({ name, status, superseded }) => [name, status, superseded])).toEqual([
      ['a', 'succeeded', undefined],
      ['c', 'pending', undefined],
      ['b', 'failed', true],
    ])
    expect(revisions).toMatchObject([
      { revision: 1, document },
      { revision: 2, reason: 'Step "b" failed.', changes: { kept: ['a'], added: ['c'], changed: [], removed: ['b'] } },
    ])
    expect(timings.planningMs).toBe(12)
  })
  it('has what was skipped in it still to do', () => {
    const run = fold(planned, end('a', 'skipped'), again)
    expect(run.view('a')?.status).toBe('pending')
    expect([...run.settled().keys()]).toEqual([])
  })
})
