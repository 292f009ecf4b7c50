import { describe, expect, it } from 'vitest'
import type { Config } from '../../src/contracts/config.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import { createModelLimits } from '../../src/providers/model-limits.ts'
import { createRetryingModel } from '../../src/providers/retrying.ts'
import { createGuardedModel } from '../../src/providers/stream-guard.ts'
import { answer, createScriptedModel, type ScriptEntry } from '../../src/testing/scripted-model.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { collect, createKeptLog, modelCall } from './collect.ts'

const ID = 'openai:m'
const setUp = (policy: Config['models'][string], plan: ScriptEntry | readonly ScriptEntry[] = 'ok') => {
  const clock = createManualClock()
  const inner = createScriptedModel({ plan }, { clock, id: ID })
  const limits = createModelLimits({ models: { [ID]: policy }, clock })
  const guarded = createGuardedModel(inner, clock, { idleTimeoutMs: 1_000, timeoutMs: 2_000 })
  const limited = limits.limit(guarded)
  const model = createRetryingModel(limited, { clock, random: () => 1, log: createKeptLog(), maxAttempts: 3 })
  return { clock, inner, limits, limited, model }
}
const slow = (delayMs: number) => answer({ text: 'ok', delayMs })
const refused = (retryAfterMs: number) =>
  answer({ error: new TuttiError('model_rate_limited', 'slow down', { details: { retryAfterMs } }) })

describe('the limits of a model', () => {
  it('lets so many calls through at once, and shows who waits', async () => {
    const { clock, inner, limits, model } = setUp({ maxConcurrency: 2 }, slow(100))
    const calls = [1, 2, 3].map(() => collect(model))
    await clock.advance(0)
    expect(inner.calls.length).toBe(2)
    expect(limits.usage()).toEqual([{ kind: 'model', name: ID, inUse: 2, limit: 2, waiting: 1 }])
    await clock.advance(100)
    expect(inner.calls.length).toBe(3)
    await clock.advance(100)
    expect((await Promise.all(calls)).map(({ text }) => text)).toEqual(['ok', 'ok', 'ok'])
    expect(limits.usage()).toEqual([{ kind: 'model', name: ID, inUse: 0, limit: 2, waiting: 0 }])
  })
  it('counts the wait for a place against no deadline of the model', async () => {
    const { clock, model } = setUp({ maxConcurrency: 1 }, slow(900))
    const calls = [1, 2, 3, 4].map(() => collect(model))
    await clock.advance(3_600)
    expect((await Promise.all(calls)).map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined])
  })
  it('keeps to a rate, also for the attempts that repeat a call', async () => {
    const { clock, inner, model } = setUp({ rateLimit: { requests: 1, perMs: 10_000 } }, [
      answer({ error: 'model_unavailable' }),
      'ok',
    ])
    const call = collect(model)
    await clock.advance(9_999)
    expect(inner.calls.length).toBe(1)
    await clock.advance(1)
    expect((await call).text).toBe('ok')
  })
  it('holds back questions that would pass the tokens of a minute, and gives back what was not used', async () => {
    const usage = { inputTokens: 50, outputTokens: 50 }
    const { clock, inner, model } = setUp({ tokensPerMinute: 1_220 }, answer({ text: 'ok', usage }))
    expect((await collect(model)).text).toBe('ok')
    expect((await collect(model)).text).toBe('ok')
    expect((await collect(model)).text, 'a hundred tokens each, though a thousand were set aside').toBe('ok')
    const fourth = collect(model)
    await clock.advance(0)
    expect(inner.calls.length).toBe(3)
    await clock.advance(60_000)
    expect((await fourth).text).toBe('ok')
  })
  it('lets a question pass alone that is larger than the tokens of a minute', async () => {
    const { model } = setUp({ tokensPerMinute: 100 })
    expect((await collect(model)).text).toBe('ok')
  })
  it('makes everybody heed the Retry-After that one call was given', async () => {
    const { clock, inner, limits, model } = setUp({}, [refused(5_000), 'ok', 'ok'])
    const first = collect(model)
    await clock.advance(0)
    const second = collect(model)
    await clock.advance(4_999)
    expect(inner.calls.length).toBe(1)
    expect(limits.usage()).toMatchObject([{ kind: 'model', name: ID, pausedUntil: '2026-01-01T00:00:05.000Z' }])
    await clock.advance(1)
    expect([(await first).text, (await second).text]).toEqual(['ok', 'ok'])
  })
  it('takes a model that wants to be left alone for long as away, for those that wait already too', async () => {
    const { clock, inner, model } = setUp({ maxConcurrency: 1 }, [refused(120_000)])
    const calls = [collect(model), collect(model)]
    await clock.advance(0)
    for (const { error } of await Promise.all(calls)) expect(error).toMatchObject({ code: 'model_rate_limited' })
    expect((await collect(model)).error?.message).toContain('left alone for')
    expect(inner.calls.length).toBe(1)
  })
  it('gives up its place in the queue at once when the call is cancelled', async () => {
    const { clock, limits, model } = setUp({ maxConcurrency: 1 }, slow(100))
    const first = collect(model)
    const abort = new AbortController()
    const second = collect(model, modelCall({ signal: abort.signal }))
    await clock.advance(0)
    abort.abort()
    expect((await second).error?.code).toBe('cancelled')
    expect(limits.usage()).toMatchObject([{ inUse: 1, waiting: 0 }])
    await clock.advance(100)
    expect((await first).text).toBe('ok')
    expect(limits.usage()).toMatchObject([{ inUse: 0 }])
  })
  it('shares one gate between models with the same id', async () => {
    const { clock, inner, limits, model } = setUp({ maxConcurrency: 1 }, slow(100))
    const other = createScriptedModel({ plan: 'ok' }, { clock, id: ID })
    const first = collect(model)
    await clock.advance(0)
    const second = collect(limits.limit(other))
    await clock.advance(0)
    expect([inner.calls.length, other.calls.length]).toEqual([1, 0])
    await clock.advance(100)
    expect([(await first).text, (await second).text]).toEqual(['ok', 'ok'])
  })
})
