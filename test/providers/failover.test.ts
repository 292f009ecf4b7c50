import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../src/contracts/errors.ts'
import { createFailoverModel } from '../../src/providers/failover.ts'
import { answer, createScriptedModel, type ScriptEntry } from '../../src/testing/scripted-model.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { collect, createKeptLog } from './collect.ts'

const setUp = (first: ScriptEntry, second: ScriptEntry = 'from the second') => {
  const clock = createManualClock()
  const log = createKeptLog()
  const a = createScriptedModel({ plan: first }, { clock, id: 'openai:a' })
  const b = createScriptedModel({ plan: second }, { clock, id: 'anthropic:b' })
  return { clock, log, a, b, model: createFailoverModel([a, b], { clock, log }) }
}
const failing = (code: ErrorCode): ScriptEntry => answer({ error: code })

describe('failover between models', () => {
  it('has the ids of its models, and asks the first', async () => {
    const { model, b } = setUp('from the first')
    expect(model.id).toBe('openai:a,anthropic:b')
    expect((await collect(model)).end?.model).toBe('openai:a')
    expect(b.calls).toEqual([])
  })

  it.each([
    'model_unavailable',
    'model_rate_limited',
    'model_timeout',
    'model_stream_cut',
    'model_unauthorized',
  ] as const)('asks the next model on %s (B115)', async (code) => {
    const { model, log } = setUp(failing(code))
    expect(await collect(model)).toMatchObject({
      text: 'from the second',
      end: { model: 'anthropic:b' },
      error: undefined,
    })
    expect(log.lines).toMatchObject([{ level: 'warn', facts: { model: 'openai:a', next: 'anthropic:b', code } }])
  })

  it.each(['model_rejected', 'model_refused', 'cancelled'] as const)('stops on %s (B115)', async (code) => {
    const { model, b } = setUp(failing(code))
    expect((await collect(model)).error?.code).toBe(code)
    expect(b.calls).toEqual([])
  })

  it('does not switch after partial text: the reader has it already (B73)', async () => {
    const { model, b } = setUp(answer({ text: 'half of it', cutAfter: 4 }))
    expect(await collect(model)).toMatchObject({
      text: 'half',
      error: { code: 'model_stream_cut', details: { partial: true } },
    })
    expect(b.calls).toEqual([])
  })

  it('puts a model that failed behind the others until it has cooled down', async () => {
    const { model, clock, a, b } = setUp((_, n) => (n === 1 ? answer({ error: 'model_unavailable' }) : 'a again'))
    await collect(model)
    await collect(model)
    expect([a.calls.length, b.calls.length]).toEqual([1, 2])
    await clock.advance(30_000)
    expect((await collect(model)).text).toBe('a again')
  })

  it('still asks a model that cools down when the others fail too, and says what was tried', async () => {
    const { model, a, b } = setUp(failing('model_unavailable'), failing('model_unauthorized'))
    await collect(model)
    const { error } = await collect(model)
    expect([a.calls.length, b.calls.length]).toEqual([2, 2])
    expect(error).toMatchObject({
      code: 'model_unauthorized',
      details: {
        tried: [
          { model: 'openai:a', code: 'model_unavailable' },
          { model: 'anthropic:b', code: 'model_unauthorized' },
        ],
      },
    })
  })
})
