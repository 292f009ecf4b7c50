import { describe, expect, it } from 'vitest'
import { type AskModelParts, createAskModel } from '../../src/asking/ask-model.ts'
import { configSchema } from '../../src/contracts/config.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import type { LanguageModel, Purpose } from '../../src/contracts/model.ts'
import type { ModelAsk } from '../../src/contracts/parts.ts'
import { answer, createScriptedModel, type Script } from '../../src/testing/scripted-model.ts'
import { createManualClock } from '../support/manual-clock.ts'

const settings = (temperature?: number) => configSchema.parse({ model: { temperature } }).model

const setUp = (script: Script, more: Partial<AskModelParts> = {}) => {
  const clock = createManualClock()
  const model = createScriptedModel(script, { clock })
  const facts: RunFact[] = []
  const door = createAskModel({ modelFor: () => model, clock, settings: settings(), ...more })
  const ask = (fields: Partial<ModelAsk> = {}): ModelAsk => ({
    purpose: 'plan',
    system: 'Rules.',
    messages: [{ role: 'user', content: 'Do it.' }],
    runId: 'run_7',
    signal: new AbortController().signal,
    emit: (fact) => facts.push(fact),
    ...fields,
  })
  return { clock, model, facts, door, ask }
}
const drain = async (pieces: AsyncIterable<string>): Promise<void> => {
  for await (const _ of pieces);
}
const callsOf = (facts: readonly RunFact[]) => facts.filter((fact) => fact.type === 'model-call')

describe('asking a model', () => {
  it('streams the text, and emits one model-call with usage and duration', async () => {
    const usage = { inputTokens: 30, outputTokens: 4, cachedTokens: 20 }
    const { door, ask, facts, clock } = setUp({
      plan: answer({ text: 'one two three', pieceChars: 4, delayMs: 250, usage }),
    })
    const pieces: string[] = []
    const reading = (async () => {
      for await (const piece of door.stream(ask({ step: 'rates' }))) pieces.push(piece)
    })()
    await clock.advance(250)
    await reading
    expect(pieces).toEqual(['one ', 'two ', 'thre', 'e'])
    expect(facts).toEqual([
      {
        type: 'model-call',
        purpose: 'plan',
        model: 'scripted:model',
        step: 'rates',
        status: 'succeeded',
        usage,
        durationMs: 250,
      },
    ])
  })

  it('asks once more for a collected answer that broke off: nobody has seen its pieces', async () => {
    const { door, ask, facts } = setUp({ fill: [answer({ text: '{"q": "x"}', cutAfter: 4 }), '{"q": "x"}'] })
    expect(await door.json(ask({ purpose: 'fill' }))).toEqual({ q: 'x' })
    expect(callsOf(facts).map(({ status }) => status)).toEqual(['failed', 'succeeded'])
    const again = setUp({ fill: [answer({ text: 'abc', cutAfter: 1 }), answer({ text: 'abc', cutAfter: 1 })] })
    await expect(again.door.text(again.ask({ purpose: 'fill' }))).rejects.toMatchObject({ code: 'model_stream_cut' })
  })

  it('sends purpose and run id as headers', async () => {
    const { door, ask, model } = setUp({ 'plan-repair': 'x' })
    await door.text(ask({ purpose: 'plan-repair' }))
    expect(model.calls[0]?.headers).toEqual({ 'x-tutti-purpose': 'plan-repair', 'x-tutti-run-id': 'run_7' })
  })

  it('asks programs’ questions at temperature 0, and leaves texts to the vendor, unless told otherwise (B17)', async () => {
    const purposes: readonly Purpose[] = [
      'plan',
      'plan-repair',
      'select',
      'fill',
      're-resolve',
      'generate',
      'synthesize',
    ]
    const temperatures = async (temperature?: number, given?: number) => {
      const script: Script = Object.fromEntries(purposes.map((purpose) => [purpose, 'x']))
      const { door, ask, model } = setUp(script, { settings: settings(temperature) })
      for (const purpose of purposes)
        await door.text(ask({ purpose, ...(given !== undefined && { temperature: given }) }))
      return model.calls.map((call) => call.temperature)
    }
    expect(await temperatures()).toEqual([0, 0, 0, 0, 0, undefined, undefined])
    expect(await temperatures(0.3)).toEqual(Array(7).fill(0.3))
    expect(await temperatures(0.3, 0)).toEqual(Array(7).fill(0))
  })

  it('says what is missing when no model is configured, and emits nothing', async () => {
    const { door, ask, facts } = setUp({}, { modelFor: () => undefined })
    expect([door.available('plan'), door.modelId('plan')]).toEqual([false, undefined])
    await expect(door.text(ask())).rejects.toMatchObject({
      code: 'no_model',
      message: expect.stringContaining('TUTTI_MODEL'),
    })
    expect(facts).toEqual([])
  })

  it('emits a failed call with its error, and what it is known to have used', async () => {
    const error = new TuttiError('model_stream_cut', 'Cut.', {
      retryable: false,
      details: { partial: true, model: 'anthropic:b', usage: { inputTokens: 12, outputTokens: 1 } },
    })
    const { door, ask, facts } = setUp({ plan: answer({ error }) })
    await expect(drain(door.stream(ask()))).rejects.toBe(error)
    expect(callsOf(facts)).toMatchObject([
      {
        status: 'failed',
        model: 'anthropic:b',
        usage: { inputTokens: 12, outputTokens: 1 },
        error: { code: 'model_stream_cut' },
      },
    ])
  })

  it('cancels at once, also a model that never looks at its signal, and emits one cancelled call', async () => {
    const deaf: LanguageModel = {
      id: 'deaf',
      stream: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) }),
    }
    const { door, ask, facts } = setUp({}, { modelFor: () => deaf })
    const controller = new AbortController()
    const done = door.text(ask({ signal: controller.signal }))
    controller.abort()
    await expect(done).rejects.toMatchObject({ code: 'cancelled' })
    expect(callsOf(facts)).toMatchObject([{ status: 'cancelled', usage: { inputTokens: 0 } }])
  })

  it('emits one cancelled call when the reader stops early', async () => {
    const { door, ask, facts } = setUp({ synthesize: answer({ text: 'a long answer', pieceChars: 2 }) })
    for await (const _ of door.stream(ask({ purpose: 'synthesize' }))) break
    expect(callsOf(facts)).toMatchObject([{ status: 'cancelled' }])
  })

  it('takes a stream without its last event as cut', async () => {
    const silent: LanguageModel = { id: 'silent', stream: async function* () {} }
    const { door, ask, facts } = setUp({}, { modelFor: () => silent })
    await expect(drain(door.stream(ask()))).rejects.toMatchObject({ code: 'model_stream_cut' })
    expect(callsOf(facts)).toMatchObject([{ status: 'failed' }])
  })

  it('takes what a foreign model throws as unavailable, with the cause kept', async () => {
    const cause = new Error('boom')
    const broken: LanguageModel = {
      id: 'broken',
      stream: async function* () {
        throw cause
      },
    }
    const { door, ask } = setUp({}, { modelFor: () => broken })
    await expect(door.text(ask())).rejects.toMatchObject({ code: 'model_unavailable', cause })
  })

  it('throws model_refused when the model declined', async () => {
    const { door, ask, facts } = setUp({ generate: answer({ text: '', finish: 'refused' }) })
    await expect(door.text(ask({ purpose: 'generate' }))).rejects.toMatchObject({ code: 'model_refused' })
    expect(callsOf(facts)).toMatchObject([{ status: 'failed', error: { code: 'model_refused' } }])
  })
})

describe('asking for JSON', () => {
  it('asks for it, and reads what models make of it', async () => {
    const { door, ask, model } = setUp({ fill: 'Here you are:\n```json\n{"amount": 12345678901234567890,}\n```' })
    expect(await door.json(ask({ purpose: 'fill' }))).toEqual({ amount: 12345678901234567890n })
    expect(model.calls[0]?.json).toBe(true)
  })

  it('sends a schema on, and says in words what does not fit it', async () => {
    const schema = { type: 'object' }
    const { door, ask, model } = setUp(
      { fill: ['{"n": "x"}', '{"n": 1}'] },
      { check: (_, value) => (JSON.stringify(value) === '{"n":1}' ? [] : ['/n must be a number']) },
    )
    await expect(door.json(ask({ purpose: 'fill', schema }))).rejects.toMatchObject({
      code: 'model_output_invalid',
      message: expect.stringContaining('/n must be a number'),
      details: { issues: ['/n must be a number'] },
    })
    expect(await door.json(ask({ purpose: 'fill', schema }))).toEqual({ n: 1 })
    expect(model.calls[0]).toMatchObject({ schema })
  })

  it.each([
    ['', 'is empty'],
    ['I do not know.', 'holds no JSON'],
    ['{"steps": [{"name": "a"', 'breaks off'],
  ])('throws model_output_invalid for %j', async (text, words) => {
    const { door, ask, facts } = setUp({ select: text })
    await expect(door.json(ask({ purpose: 'select' }))).rejects.toMatchObject({
      code: 'model_output_invalid',
      message: expect.stringContaining(words),
    })
    expect(callsOf(facts), 'the call itself went well').toMatchObject([{ status: 'succeeded' }])
  })

  it('says that the limit cut the JSON, also while streaming; a text may end there, an answer to a person is said to be cut', async () => {
    const cut = answer({ text: '{"steps": []}', finish: 'length', usage: { inputTokens: 1, outputTokens: 99 } })
    const text = answer({ text: 'An answer that', finish: 'length' })
    const { door, ask } = setUp({ plan: cut, generate: text, synthesize: text })
    await expect(door.json(ask())).rejects.toMatchObject({
      code: 'model_output_invalid',
      message: expect.stringContaining('99 tokens'),
    })
    await expect(door.text(ask({ json: true }))).rejects.toMatchObject({ details: { finish: 'length' } })
    expect(await door.text(ask({ purpose: 'generate' }))).toBe('An answer that')
    const pieces = drain(door.stream(ask({ purpose: 'synthesize' })))
    await expect(pieces).rejects.toMatchObject({ code: 'model_stream_cut', details: { finish: 'length' } })
  })
})
