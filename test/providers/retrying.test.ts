import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import { createRetryingModel } from '../../src/providers/retrying.ts'
import { answer, createScriptedModel, type ScriptEntry } from '../../src/testing/scripted-model.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { collect, createKeptLog, modelCall } from './collect.ts'

const setUp = (plan: readonly ScriptEntry[], maxAttempts = 3) => {
  const clock = createManualClock()
  const log = createKeptLog()
  const inner = createScriptedModel({ plan }, { clock, id: 'openai:m' })
  return { clock, log, inner, model: createRetryingModel(inner, { clock, random: () => 1, log, maxAttempts }) }
}
const fails = (
  code: 'model_unavailable' | 'model_rejected' | 'model_timeout' | 'model_stream_cut',
  retryAfterMs?: number,
) =>
  answer({ error: new TuttiError(code, 'told', { details: { ...(retryAfterMs !== undefined && { retryAfterMs }) } }) })

describe('retries of model calls', () => {
  it('repeats the same call after transient failures, waiting longer each time', async () => {
    const { clock, log, inner, model } = setUp([fails('model_unavailable'), fails('model_stream_cut'), 'ok'])
    const call = modelCall()
    const done = collect(model, call)
    await clock.advance(499)
    expect(inner.calls.length).toBe(1)
    await clock.advance(1)
    expect(inner.calls.length).toBe(2)
    await clock.advance(1_000)
    expect(await done).toMatchObject({ text: 'ok', error: undefined })
    expect(
      inner.calls.every((one) => one === call),
      'the whole call is sent again (B118)',
    ).toBe(true)
    expect(log.lines.map(({ level, facts }) => [level, facts.attempt, facts.code])).toEqual([
      ['warn', 1, 'model_unavailable'],
      ['warn', 2, 'model_stream_cut'],
    ])
  })

  it('waits as long as Retry-After asks', async () => {
    const { clock, inner, model } = setUp([fails('model_unavailable', 7_000), 'ok'])
    const done = collect(model)
    await clock.advance(6_999)
    expect(inner.calls.length).toBe(1)
    await clock.advance(1)
    expect((await done).text).toBe('ok')
  })

  it('gives up at once when asked to wait longer than a minute, so that another model can answer', async () => {
    const { model, inner } = setUp([fails('model_unavailable', 61_000)])
    expect((await collect(model)).error?.code).toBe('model_unavailable')
    expect(inner.calls.length).toBe(1)
  })

  it('gives up after maxAttempts calls', async () => {
    const { clock, model, inner } = setUp([fails('model_unavailable'), fails('model_unavailable')], 2)
    const done = collect(model)
    await clock.advance(60_000)
    expect((await done).error?.code).toBe('model_unavailable')
    expect(inner.calls.length).toBe(2)
  })

  it('does not repeat a call whose deadline passed', async () => {
    const { model, inner } = setUp([fails('model_timeout')])
    expect((await collect(model)).error?.code).toBe('model_timeout')
    expect(inner.calls.length).toBe(1)
  })

  it('does not repeat what the vendor refused, nor what it had begun to answer (B73)', async () => {
    const refused = setUp([fails('model_rejected')])
    expect((await collect(refused.model)).error?.code).toBe('model_rejected')
    const cut = setUp([answer({ text: 'The beginning of it all', cutAfter: 10 })])
    expect(await collect(cut.model)).toMatchObject({ text: 'The beginn', error: { code: 'model_stream_cut' } })
    expect([refused.inner.calls.length, cut.inner.calls.length]).toEqual([1, 1])
  })

  it('ends the wait at once when the call is cancelled', async () => {
    const { clock, model, inner } = setUp([fails('model_unavailable')])
    const controller = new AbortController()
    const done = collect(model, modelCall({ signal: controller.signal }))
    await clock.advance(100)
    controller.abort()
    expect((await done).error?.code).toBe('cancelled')
    expect(inner.calls.length).toBe(1)
  })
})
