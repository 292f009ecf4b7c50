import { describe, expect, it } from 'vitest'
import { answer, createManualClock, createScriptedModel } from '../../src/testing/index.ts'
import { collect, modelCall } from '../providers/collect.ts'

describe('a scripted model', () => {
  it('answers by purpose: text, JSON, a function of the call, a sequence', async () => {
    const model = createScriptedModel({
      plan: [{ steps: [] }, (call, n) => `${n}: ${call.messages[0]?.content}`],
      select: answer({ json: ['a/b'] }),
      synthesize: 'Done.',
    })
    const texts = []
    for (const purpose of ['plan', 'plan', 'select', 'synthesize', 'synthesize'] as const)
      texts.push((await collect(model, modelCall({ purpose }))).text)
    expect(texts).toEqual(['{"steps":[]}', '2: Plan a trip.', '["a/b"]', 'Done.', 'Done.'])
    expect(model.of('plan').length).toBe(2)
    expect(() => model.assertDone()).not.toThrow()
  })

  it('streams in pieces that end at characters, and ends with usage', async () => {
    const { pieces, end } = await collect(createScriptedModel({ plan: answer({ text: 'a🎻b東', pieceChars: 2 }) }))
    expect(pieces).toEqual(['a🎻', 'b東'])
    expect(end).toMatchObject({ finish: 'stop', usage: { outputTokens: 3 }, model: 'scripted:model' })
  })

  it('throws on a call that the script does not expect, and remembers it when the caller swallowed that', async () => {
    const model = createScriptedModel({ plan: ['once'] })
    await collect(model)
    expect((await collect(model)).error).toMatchObject({
      code: 'internal',
      message: expect.stringContaining('call 2 for "plan"'),
    })
    expect((await collect(model, modelCall({ purpose: 'fill' }))).error?.message).toContain('call 1 for "fill"')
    expect(() => model.assertDone()).toThrow(/call 2 for "plan".*call 1 for "fill"/)
  })

  it('tells which answers nobody asked for', async () => {
    const model = createScriptedModel({ plan: ['one', 'two'], synthesize: 'never' })
    await collect(model)
    expect(() => model.assertDone()).toThrow(
      '1 of 2 answers for "plan" were never asked for; 1 of 1 answers for "synthesize"',
    )
  })

  it('fails, breaks off, ends and waits as told', async () => {
    const clock = createManualClock()
    const model = createScriptedModel(
      {
        plan: [
          answer({ error: 'model_rate_limited' }),
          answer({ text: 'abcdef', cutAfter: 3 }),
          answer({ text: 'x', finish: 'length' }),
          answer({ text: 'ab', delayMs: 10, pieceChars: 1, pieceDelayMs: 5 }),
        ],
      },
      { clock },
    )
    expect((await collect(model)).error?.code).toBe('model_rate_limited')
    expect(await collect(model)).toMatchObject({
      text: 'abc',
      error: { code: 'model_stream_cut', details: { partial: true } },
    })
    expect((await collect(model)).end?.finish).toBe('length')
    const done = collect(model)
    await clock.advance(15)
    expect((await done).text).toBe('ab')
    expect(clock.now()).toBe(Date.UTC(2026, 0, 1) + 15)
  })

  it('hangs until it is cancelled', async () => {
    const controller = new AbortController()
    const done = collect(
      createScriptedModel({ plan: answer({ hangs: true }) }),
      modelCall({ signal: controller.signal }),
    )
    controller.abort()
    expect((await done).error?.code).toBe('cancelled')
  })
})
