import { describe, expect, it } from 'vitest'
import { tool } from '../../src/connectors/local/tool.ts'
import type { RunJournal } from '../../src/contracts/journal.ts'
import type { LanguageModel } from '../../src/contracts/model.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import type { OrchestratorOptions } from '../../src/orchestrator-options.ts'
import { createMemoryJournal } from '../../src/runs/journals/memory.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { FAST, honest, watchProcess } from './support.ts'

watchProcess()

const never = (): Promise<never> => new Promise(() => undefined)
const fail = (thrown: unknown) => (): never => {
  throw thrown
}
const bad = (execute: () => unknown) =>
  tool({ name: 'bad', description: 'Misbehaves.', input: { type: 'object' }, effect: 'read', execute })
const BOTH = {
  steps: [
    { name: 'bad', component: 'bad' },
    { name: 'good', component: 'honest' },
  ],
}
const cyclic: Record<string, unknown> = {}
cyclic['self'] = cyclic
const memory = (): RunJournal => createMemoryJournal({ keepEnded: 100, keepEndedBytes: 1e9 })

describe('a tool that', () => {
  it.each<readonly [string, () => unknown, string]>([
    ['throws', fail(new Error('x')), 'component_failed'],
    ['throws nothing', fail(undefined), 'component_failed'],
    ['rejects', () => Promise.reject(new Error('late')), 'component_failed'],
    ['never settles', never, 'component_timeout'],
    ['gives a thenable that throws', () => ({ then: fail(new Error('then')) }), 'component_failed'],
    ['gives a thenable that never settles', () => ({ then: () => undefined }), 'component_timeout'],
    [
      'gives a getter that throws',
      () => Object.defineProperty({}, 'a', { enumerable: true, get: fail(new Error('g')) }),
      'component_failed',
    ],
    ['gives a function', () => () => 1, 'bad_response'],
    ['gives what contains itself', () => cyclic, 'bad_response'],
    ['gives infinity', () => ({ a: [Infinity] }), 'bad_response'],
    ['throws 10 MB of text', fail(new Error('y'.repeat(10_000_000))), 'component_failed'],
  ])('%s fails its step with a code, and the other step succeeds', async (_, execute, code) => {
    const orchestrator = createOrchestrator({
      ...FAST,
      tools: [bad(execute), honest],
      executor: { stepTimeoutMs: 100 },
    })
    const { steps, status } = await orchestrator.execute(BOTH)
    expect([status, steps[0]?.error?.code, steps[1]?.output]).toEqual(['partial', code, { truth: 42 }])
    expect(steps[0]?.error?.message.length).toBeLessThan(5_000)
    await orchestrator.close()
  })
})

describe('a listener that', () => {
  it.each<readonly [string, () => unknown]>([
    ['throws', fail(new Error('a'))],
    ['rejects later', () => Promise.reject(new Error('b'))],
    ['never settles', never],
  ])('%s is not heard of by the run (B61)', async (_, onEvent) => {
    const orchestrator = createOrchestrator({ ...FAST, tools: [honest], onEvent })
    expect((await orchestrator.execute({ steps: [{ component: 'honest' }] }, {}, { onEvent })).status).toBe('succeeded')
    await orchestrator.close()
  })
})

describe('a model of the caller that', () => {
  it.each<readonly [string, unknown]>([
    ['throws', { id: 'm', stream: fail(new Error('boom')) }],
    ['gives nothing to iterate', { id: 'm', stream: () => undefined }],
    [
      'hangs, and throws when it is stopped',
      { id: 'm', stream: () => ({ [Symbol.asyncIterator]: () => ({ next: never, return: fail(new Error('ret')) }) }) },
    ],
    [
      'throws nothing',
      {
        id: 'm',
        async *stream() {
          throw null
        },
      },
    ],
    [
      'streams what is no event',
      {
        id: 'm',
        async *stream() {
          yield null
        },
      },
    ],
  ])('%s counts as away', async (_, model) => {
    const orchestrator = createOrchestrator({
      ...FAST,
      tools: [honest],
      model: { default: model as LanguageModel, idleTimeoutMs: 50 },
    })
    const { degraded, status } = await orchestrator.processRequest('honest')
    expect(status).not.toBe('failed')
    expect(degraded?.reason).not.toBe('')
    await orchestrator.close()
  })
})

describe('a part of the caller that never settles', () => {
  it.each<readonly [string, unknown]>([
    ['provider', { provider: { offer: never } }],
    [
      'planner',
      {
        planner: {
          async *plan() {
            await never()
          },
        },
      },
    ],
    [
      'synthesizer',
      {
        synthesizer: {
          async *synthesize() {
            await never()
          },
        },
      },
    ],
    ['executor', { executor: { execute: never } }],
  ])('(%s) is left behind when the run is cancelled, and when the orchestrator closes', async (_, parts) => {
    const orchestrator = createOrchestrator({
      ...FAST,
      tools: [honest],
      parts: parts as NonNullable<OrchestratorOptions['parts']>,
    })
    const caller = new AbortController()
    const begun = Promise.withResolvers<void>()
    const first = orchestrator.processRequest('honest', { signal: caller.signal, onEvent: () => begun.resolve() })
    await begun.promise
    caller.abort()
    expect((await first).status).toBe('cancelled')
    const second = await orchestrator.runs.submit({ request: 'honest' })
    const ended = orchestrator.runs.wait(second.runId)
    await orchestrator.close()
    expect((await ended).status).toBe('cancelled')
  })
})

describe('a journal that', () => {
  it('cannot be written holds its runs up, says so in health, and loses nothing once it can', async () => {
    const inner = memory()
    let isAway = true
    const clock = createManualClock()
    const journal: RunJournal = {
      ...inner,
      durable: true,
      append: (...ask) => (isAway ? Promise.reject(new Error('disk full')) : inner.append(...ask)),
    }
    const orchestrator = createOrchestrator({ ...FAST, tools: [honest], journal, clock })
    let isDone = false
    const running = orchestrator.execute({ steps: [{ component: 'honest' }] }).finally(() => {
      isDone = true
    })
    await clock.advance(1_000)
    const { ready, checks } = await orchestrator.health()
    expect([isDone, ready, checks['journal']?.status]).toEqual([false, false, 'failed'])
    expect(checks['journal']?.message).toContain('disk full')
    isAway = false
    await clock.advance(6_000)
    const { runId, status } = await running
    expect(status).toBe('succeeded')
    const seqs: number[] = []
    for await (const { seq } of inner.read(runId, 1)) seqs.push(seq)
    expect(seqs).toEqual(seqs.map((_, i) => i + 1))
    expect((await orchestrator.health()).ready).toBe(true)
    await orchestrator.close()
  })
  it('stays away does not keep who cancels, nor close()', async () => {
    const clock = createManualClock()
    const orchestrator = createOrchestrator({
      ...FAST,
      tools: [honest],
      journal: { ...memory(), durable: true, append: never, begin: async () => ({ epoch: 1, lastSeq: 0 }) },
      clock,
    })
    const caller = new AbortController()
    const cancelled = orchestrator.execute({ steps: [{ component: 'honest' }] }, {}, { signal: caller.signal })
    await clock.advance(10)
    caller.abort()
    expect(['cancelled', 'succeeded']).toContain((await cancelled).status)
    const left = orchestrator.execute({ steps: [{ component: 'honest' }] })
    await clock.advance(10)
    const closed = orchestrator.close()
    await clock.advance(10_000)
    await closed
    expect((await left).status).toBe('succeeded')
  })
  it.each<readonly [string, Partial<RunJournal>]>([
    ['refuses new runs', { create: () => Promise.reject(new Error('read-only')) }],
    ['throws at once', { create: fail(new Error('read-only')) }],
  ])('%s rejects the run with journal_failed, and is not ready for a while', async (_, broken) => {
    const clock = createManualClock()
    const orchestrator = createOrchestrator({ ...FAST, tools: [honest], journal: { ...memory(), ...broken }, clock })
    await expect(orchestrator.execute({ steps: [{ component: 'honest' }] })).rejects.toMatchObject({
      code: 'journal_failed',
    })
    expect((await orchestrator.health()).ready).toBe(false)
    await clock.advance(6_000)
    expect((await orchestrator.health()).ready).toBe(true)
    await orchestrator.close()
  })
  it('gives the run to somebody else stops it here without a word', async () => {
    const inner = memory()
    const seen: string[] = []
    const orchestrator = createOrchestrator({
      ...FAST,
      tools: [honest],
      onEvent: ({ type }) => seen.push(type),
      journal: {
        ...inner,
        append: async (runId, epoch, events) => {
          await inner.begin(runId)
          await inner.append(runId, epoch, events)
        },
      },
    })
    await orchestrator.execute({ steps: [{ name: 'p', type: 'wait', wait: { for: '1h' } }] })
    expect(seen).not.toContain('run-end')
    await orchestrator.close()
  })
})
