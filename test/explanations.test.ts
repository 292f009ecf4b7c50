import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { tool } from '../src/connectors/local/tool.ts'
import type { RunEvent } from '../src/contracts/events.ts'
import type { LanguageModel } from '../src/contracts/model.ts'
import { createOrchestrator } from '../src/create-orchestrator.ts'
import type { OrchestratorOptions } from '../src/orchestrator-options.ts'
import { createManualClock } from '../src/testing/manual-clock.ts'

const clock = createManualClock()
const slow = tool({
  name: 'rates',
  description: 'Gives exchange rates.',
  effect: 'read',
  input: z.object({ base: z.string() }),
  output: z.object({ rate: z.number() }),
  execute: async () => {
    await clock.advance(200)
    return { rate: 2 }
  },
})
const pay = tool({
  name: 'pay',
  description: 'Pays.',
  effect: 'write',
  input: z.object({ amount: z.number() }),
  execute: () => ({ ok: true }),
})
const wire = tool({
  name: 'wire',
  description: 'Pays far away.',
  effect: 'write',
  approval: 'always',
  input: z.object({ amount: z.number() }),
  execute: () => ({ ok: true }),
})
const PLAN = {
  steps: [
    { name: 'rate', component: 'rates', inputs: { base: 'EUR' } },
    { name: 'pay', component: 'pay', inputs: { amount: '${steps.rate.output.rate}' } },
  ],
}
const open = (options: OrchestratorOptions = {}) => createOrchestrator({ tools: [slow, pay, wire], clock, ...options })

describe('orchestrator.explain', () => {
  it('learns what to expect from what was run, and compares a run with what was known before it', async () => {
    await using orchestrator = open({ components: { pay: { cost: 0.5 } } })
    const before = await orchestrator.explain(PLAN)
    expect(before).toMatchObject({
      criticalPath: ['rate', 'pay'],
      unknownTimes: ['rate', 'pay'],
      cost: { low: 0.5, high: 1.5 },
      sideEffects: ['pay'],
      approvals: [],
      modelCalls: { low: 0, high: 0 },
      issues: [],
    })
    const careful = await orchestrator.explain({ steps: [{ name: 'far', component: 'wire', inputs: { amount: 5 } }] })
    expect(careful.approvals).toEqual(['far'])
    const first = await orchestrator.execute(PLAN)
    // All that is known was learnt from this very run.
    const alone = await orchestrator.runs.explain(first.runId)
    expect(alone).toMatchObject({ unknownTimes: ['rate', 'pay'], actual: { status: 'succeeded', drift: [] } })
    expect(alone.expectedMs).toBeUndefined()
    await orchestrator.execute(PLAN)
    const after = await orchestrator.explain(PLAN)
    expect(after.unknownTimes).toEqual([])
    expect(after.steps[0]).toMatchObject({ expectedMs: { typical: 200 }, history: { calls: 2, successRate: 1 } })
    expect((await orchestrator.runs.explain(first.runId)).steps[0]).toMatchObject({
      history: { calls: 1 },
      actual: { status: 'succeeded', durationMs: 200, attempts: 1, waitedMs: 0 },
    })
  })

  it('explains what is not valid as far as it can, with the issues; what cannot be read is refused', async () => {
    await using orchestrator = open()
    const steps = [
      { name: 'a', component: 'ghost', action: 'x' },
      { name: 'b', component: 'rates' },
    ]
    const { issues, steps: explained } = await orchestrator.explain({ steps })
    expect(issues.map(({ code }) => code)).toEqual(['unknown_component', 'missing_input'])
    expect(explained.map(({ trouble }) => trouble)).toEqual(['unknown-component', undefined])
    for (const unreadable of ['steps: [', { steps: [{ name: 'a', component: 'rates', depends_on: ['a'] }] }])
      await expect(orchestrator.explain(unreadable)).rejects.toMatchObject({ code: 'invalid_document' })
  })

  it('tells with a plan what a model will take: its calls by earlier ones, at declared prices', async () => {
    const plan = JSON.stringify({ steps: [PLAN.steps[0], { name: 'note', type: 'ai-generate', prompt: 'x' }] })
    const model: LanguageModel = {
      id: 'test:m',
      async *stream({ purpose }) {
        yield { type: 'text', text: purpose === 'plan' ? plan : 'An answer.' }
        yield { type: 'end', finish: 'stop', usage: { inputTokens: 1_000, outputTokens: 100 }, model: 'm' }
      },
    }
    await using orchestrator = open({ model, models: { 'test:m': { inputPrice: 1, outputPrice: 10 } } })
    const request = 'What is the rate of the euro, and write a note on it?'
    const before = await orchestrator.plan(request)
    expect(before.explanation).toMatchObject({ modelCalls: { low: 2 } })
    expect(before.explanation.cost).toBeUndefined()
    const events: RunEvent[] = []
    const { runId } = await orchestrator.processRequest(request, { onEvent: (event) => events.push(event) })
    const { explanation } = await orchestrator.plan(request)
    // 1,000 tokens in and 100 out are 0.002: for the note, and for the answer.
    expect(explanation.cost?.low).toBeCloseTo(0.004, 10)
    expect((await orchestrator.runs.explain(runId)).actual?.modelCalls).toBe(2)
  })

  it('shows a run only to its principal', async () => {
    await using orchestrator = open()
    const { runId } = await orchestrator.execute(PLAN, {}, { principal: 'ann' })
    await expect(orchestrator.runs.explain(runId, { principal: 'bob' })).rejects.toMatchObject({ code: 'unknown_run' })
    await expect(orchestrator.runs.explain('run_x')).rejects.toMatchObject({ code: 'unknown_run' })
  })
})

describe('orchestrator.lock', () => {
  it('locks a document to what it calls, and tells in another process what has changed', async () => {
    await using orchestrator = open()
    const lock = await orchestrator.lock(PLAN)
    expect(Object.keys(lock.capabilities)).toEqual(['pay/pay', 'rates/rates'])
    expect(await orchestrator.validate(PLAN, { lock })).toEqual({ valid: true, issues: [] })
    expect(await orchestrator.validate(await orchestrator.prepare(PLAN), { lock })).toEqual({ valid: true, issues: [] })
    const writes = tool({
      ...slow,
      name: 'rates',
      description: 'x',
      effect: 'write',
      input: z.object({ base: z.string() }),
      execute: () => ({ rate: 1 }),
    })
    await using later = createOrchestrator({ tools: [writes, pay], clock })
    const { valid, issues } = await later.validate(PLAN, { lock })
    expect(valid).toBe(false)
    expect(issues).toMatchObject([
      { code: 'lock_drift', severity: 'error', step: 'rate', message: expect.stringContaining('writes now') },
      { code: 'lock_drift', severity: 'warning', message: expect.stringContaining('no longer says what it returns') },
    ])
    await expect(orchestrator.lock({ steps: [{ component: 'ghost' }] })).rejects.toMatchObject({
      code: 'invalid_document',
    })
  })
})
