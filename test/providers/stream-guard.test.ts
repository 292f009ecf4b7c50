import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { ModelEvent } from '../../src/contracts/model.ts'
import { createOpenAi } from '../../src/providers/openai.ts'
import { createGuardedModel } from '../../src/providers/stream-guard.ts'
import type { Pulse, WireModel } from '../../src/providers/wire-model.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { chat, HANG, type RawServer, startRawServer } from '../support/raw-sse-server.ts'
import { collect, modelCall } from './collect.ts'

const END: ModelEvent = { type: 'end', finish: 'stop', usage: { inputTokens: 1, outputTokens: 1 }, model: 'm' }
const wire = (stream: WireModel['stream']): WireModel => ({ id: 'openai:m', stream })
const forever = (): Promise<never> => new Promise(() => undefined)

describe('deadlines of model calls', () => {
  it('ends a call that stays silent after the idle timeout, naming the model and the setting', async () => {
    const clock = createManualClock()
    let seen: AbortSignal | undefined
    const model = createGuardedModel(
      wire(async function* ({ signal }) {
        seen = signal
        await forever()
        yield END
      }),
      clock,
      { idleTimeoutMs: 1_000, timeoutMs: 60_000 },
    )
    const done = collect(model)
    await clock.advance(999)
    expect(seen?.aborted).toBe(false)
    await clock.advance(1)
    const { error } = await done
    expect(error).toMatchObject({
      code: 'model_timeout',
      retryable: true,
      details: { timeoutMs: 1_000, model: 'openai:m' },
    })
    expect(error?.message).toMatch(/"openai:m".*1000 ms.*idle_timeout/)
    expect(seen?.aborted, 'the request is aborted').toBe(true)
  })

  it('restarts the idle clock with every piece, also with thoughts, which are not the answer', async () => {
    const clock = createManualClock()
    const pulse: Pulse = { type: 'pulse' }
    const model = createGuardedModel(
      wire(async function* ({ signal }) {
        for (const event of [pulse, { type: 'text', text: 'a' } as const, pulse, END]) {
          await clock.sleep(900, signal)
          yield event
        }
      }),
      clock,
      { idleTimeoutMs: 1_000, timeoutMs: 60_000 },
    )
    const done = collect(model)
    await clock.advance(3_600)
    expect(await done).toMatchObject({ text: 'a', end: END, error: undefined })
  })

  it('ends a stream that never ends after the total timeout; what was given out stays given out (B73)', async () => {
    const clock = createManualClock()
    const model = createGuardedModel(
      wire(async function* ({ signal }) {
        for (;;) {
          await clock.sleep(500, signal)
          yield { type: 'text', text: '.' }
        }
      }),
      clock,
      { idleTimeoutMs: 1_000, timeoutMs: 5_000 },
    )
    const done = collect(model)
    await clock.advance(6_000)
    const { text, error } = await done
    expect(text).toMatch(/^\.{9,10}$/)
    expect(error).toMatchObject({
      code: 'model_stream_cut',
      retryable: false,
      details: { partial: true, reason: 'model_timeout' },
    })
  })

  it('does not count the pauses of a slow reader as the model’s', async () => {
    const clock = createManualClock()
    const model = createGuardedModel(
      wire(async function* () {
        yield { type: 'text', text: 'a' }
        yield { type: 'text', text: 'b' }
        yield END
      }),
      clock,
      { idleTimeoutMs: 1_000, timeoutMs: 60_000 },
    )
    const seen: string[] = []
    for await (const event of model.stream(modelCall())) {
      seen.push(event.type)
      await clock.advance(5_000)
    }
    expect(seen).toEqual(['text', 'text', 'end'])
  })

  it('cancels at once, also a model that never looks at its signal', async () => {
    const controller = new AbortController()
    const model = createGuardedModel(
      wire(async function* () {
        await forever()
        yield END
      }),
      createManualClock(),
      { idleTimeoutMs: 0, timeoutMs: 0 },
    )
    const done = collect(model, modelCall({ signal: controller.signal }))
    controller.abort(new TuttiError('run_timeout', 'The run took too long.'))
    expect((await done).error).toMatchObject({ code: 'cancelled', cause: { code: 'run_timeout' } })
  })

  it('throws for a stream that just ends', async () => {
    const model = createGuardedModel(
      wire(async function* () {}),
      createManualClock(),
      { idleTimeoutMs: 0, timeoutMs: 0 },
    )
    expect((await collect(model)).error).toMatchObject({ code: 'model_stream_cut', retryable: true })
  })

  describe('over real HTTP', () => {
    let server: RawServer
    beforeAll(async () => {
      server = await startRawServer()
    })
    afterAll(() => server.close())

    it('ends the silence of a server that keeps its connection, and closes it', async () => {
      const clock = createManualClock()
      server.reply({ frames: [chat.text('begun'), HANG] })
      const model = createGuardedModel(createOpenAi({ baseUrl: server.url }, clock).model('m'), clock, {
        idleTimeoutMs: 1_000,
        timeoutMs: 9_000,
      })
      const reader = model.stream(modelCall())[Symbol.asyncIterator]()
      expect((await reader.next()).value).toEqual({ type: 'text', text: 'begun' })
      const rest = reader.next()
      const failed = expect(rest).rejects.toMatchObject({
        code: 'model_stream_cut',
        details: { reason: 'model_timeout' },
      })
      await clock.advance(1_000)
      await failed
      await server.requests.at(-1)?.closed
    })
  })
})
