import { describe, expect, it } from 'vitest'
import type { LanguageModel } from '../../src/contracts/model.ts'
import { createOpenAi } from '../../src/providers/openai.ts'
import { CUT, chat, HANG, splitBytes, startRawServer } from '../support/raw-sse-server.ts'
import { collect, modelCall } from './collect.ts'
import { clock, guarded, lastBody, server } from './vendor-server.ts'

const modelAt = (name: string, apiKey = 'sk-secret-key'): LanguageModel =>
  guarded(createOpenAi({ apiKey, baseUrl: `${server.url}/v1` }, clock).model(name))

describe('openai over chat completions', () => {
  it('streams the pieces as they come, and ends with usage that counts cached tokens', async () => {
    server.reply({ frames: [chat.text('Hel'), chat.text('lo'), ...chat.whole('!').slice(2)] })
    const { pieces, end } = await collect(modelAt('gpt-4o'))
    expect(pieces).toEqual(['Hel', 'lo'])
    expect(end).toEqual({
      type: 'end',
      finish: 'stop',
      model: 'openai:gpt-4o',
      usage: { inputTokens: 11, outputTokens: 7, cachedTokens: 4 },
    })
  })

  it('sends the headers of the call, the system text first, and asks for usage in the stream', async () => {
    server.reply({ frames: chat.whole('ok') })
    await collect(modelAt('gpt-4o'))
    const request = server.requests.at(-1)
    expect(request?.path).toBe('/v1/chat/completions')
    expect(request?.headers).toMatchObject({
      'x-tutti-purpose': 'plan',
      'x-tutti-run-id': 'run_1',
      authorization: 'Bearer sk-secret-key',
    })
    expect(lastBody()).toEqual({
      model: 'gpt-4o',
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: 'You plan.' },
        { role: 'user', content: 'Plan a trip.' },
      ],
    })
  })

  it('sends temperature 0 as 0, and none when none is asked (B17)', async () => {
    server.reply({ frames: chat.whole('ok') })
    await collect(modelAt('gpt-4o'), modelCall({ temperature: 0, maxTokens: 50 }))
    expect(lastBody()).toMatchObject({ temperature: 0, max_tokens: 50 })
    await collect(modelAt('gpt-4o'))
    expect(lastBody()).not.toHaveProperty('temperature')
  })

  it.each(['o3', 'o4-mini', 'gpt-5.4-mini', 'gpt-6-sol', 'openai/o3'])(
    'gives the reasoning model %s no temperature, no max_tokens, and room to think (B117)',
    async (name) => {
      server.reply({ frames: chat.whole('ok') })
      await collect(modelAt(name), modelCall({ temperature: 0, maxTokens: 500 }))
      expect(lastBody()).not.toHaveProperty('temperature')
      expect(lastBody()).not.toHaveProperty('max_tokens')
      expect(lastBody().max_completion_tokens).toBeGreaterThanOrEqual(4_500)
    },
  )

  it('never gives thoughts as the answer, neither from a field of their own nor from tags (B117)', async () => {
    const thought = (text: string): string => chat.delta({ reasoning_content: text, content: null })
    server.reply({
      frames: [
        thought('{"steps": "no"}'),
        chat.text('<thi'),
        chat.text('nk>{"a":1} hm'),
        chat.text('m</th'),
        chat.text('ink>\n\n{"b":'),
        chat.text('2}'),
        chat.delta({}, 'stop'),
        chat.done,
      ],
    })
    expect((await collect(modelAt('qwen'))).text).toBe('{"b":2}')
    server.reply({ frames: [thought('only thoughts'), chat.delta({}, 'stop'), chat.done] })
    expect(await collect(modelAt('qwen'))).toMatchObject({ text: '', end: { finish: 'stop' }, error: undefined })
  })

  it('keeps an answer that begins like a tag', async () => {
    server.reply({ frames: [chat.text('<'), chat.text('th'), chat.delta({}, 'stop'), chat.done] })
    expect((await collect(modelAt('qwen'))).text).toBe('<th')
  })

  it('puts characters together that came split over packets (B72)', async () => {
    server.reply({ frames: splitBytes(chat.whole('Zürich 東京 🎻 Ж').join(''), 3) })
    expect((await collect(modelAt('gpt-4o'))).text).toBe('Zürich 東京 🎻 Ж')
  })

  it('takes a frame of a megabyte', async () => {
    const huge = 'ä'.repeat(500_000)
    server.reply({ frames: chat.whole(huge) })
    const { text, end } = await collect(modelAt('gpt-4o'))
    expect(text.length).toBe(huge.length)
    expect(end?.finish).toBe('stop')
  })

  it('takes a missing [DONE] when the finish reason came, and a missing account', async () => {
    server.reply({ frames: [chat.text('whole'), chat.delta({}, 'stop')] })
    expect(await collect(modelAt('gpt-4o'))).toMatchObject({
      text: 'whole',
      end: { usage: { inputTokens: 0, outputTokens: 0 } },
    })
  })

  it('throws model_stream_cut when the body ends early without an error, and says that text was given out (B73)', async () => {
    server.reply({ frames: [chat.text('The beginn')] })
    const { text, end, error } = await collect(modelAt('gpt-4o'))
    expect({ text, end }).toEqual({ text: 'The beginn', end: undefined })
    expect(error).toMatchObject({
      code: 'model_stream_cut',
      retryable: false,
      details: { partial: true, model: 'openai:gpt-4o' },
    })
  })

  it.each([
    ['before any text', [chat.delta({ role: 'assistant', content: '' }), CUT], undefined],
    ['within the text', [chat.text('part'), CUT], true],
  ] as const)('throws model_stream_cut when the socket is cut %s', async (_, frames, partial) => {
    server.reply({ frames })
    const { error } = await collect(modelAt('gpt-4o'))
    expect(error?.code).toBe('model_stream_cut')
    expect(error?.details.partial).toBe(partial)
    expect(error?.retryable).toBe(partial === undefined)
  })

  it('keeps an answer whose finish reason came before the socket was cut', async () => {
    server.reply({ frames: [chat.text('whole'), chat.delta({}, 'stop'), CUT] })
    expect(await collect(modelAt('gpt-4o'))).toMatchObject({ text: 'whole', error: undefined, end: { finish: 'stop' } })
  })

  it.each([
    ['length', 'length'],
    ['content_filter', 'refused'],
    ['stop', 'stop'],
  ])('reads the finish reason %s as %s', async (reason, finish) => {
    server.reply({ frames: chat.whole('x', reason) })
    expect((await collect(modelAt('gpt-4o'))).end?.finish).toBe(finish)
  })

  it('reads a refusal as one', async () => {
    server.reply({ frames: [chat.delta({ refusal: 'I cannot.' }), chat.delta({}, 'stop'), chat.done] })
    expect(await collect(modelAt('gpt-4o'))).toMatchObject({ text: '', end: { finish: 'refused' } })
  })

  it('ends with cancelled when the caller aborts, before and within the answer, and closes the connection', async () => {
    const controller = new AbortController()
    server.reply({ frames: [chat.text('begun'), HANG] })
    const pieces: string[] = []
    const reading = (async () => {
      for await (const event of modelAt('gpt-4o').stream(modelCall({ signal: controller.signal }))) {
        if (event.type === 'text') pieces.push(event.text)
        controller.abort()
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' })
    expect(pieces).toEqual(['begun'])
    await server.requests.at(-1)?.closed
    const count = server.requests.length
    expect((await collect(modelAt('gpt-4o'), modelCall({ signal: AbortSignal.abort() }))).error?.code).toBe('cancelled')
    expect(server.requests.length).toBe(count)
  })

  it('closes the connection when the reader stops early', async () => {
    server.reply({ frames: [chat.text('begun'), HANG] })
    for await (const event of modelAt('gpt-4o').stream(modelCall())) if (event.type === 'text') break
    await server.requests.at(-1)?.closed
    expect(server.requests.length).toBeGreaterThan(0)
  })
})

describe('errors of openai', () => {
  const body = (fields: object): string =>
    JSON.stringify({ error: { message: 'said the vendor', type: null, param: null, code: null, ...fields } })
  it.each([
    [401, body({ code: 'invalid_api_key' }), 'model_unauthorized', false],
    [403, body({}), 'model_unauthorized', false],
    [404, body({ code: 'model_not_found' }), 'model_rejected', false],
    [400, body({ code: 'content_policy_violation' }), 'model_refused', false],
    [400, body({}), 'model_rejected', false],
    [408, body({}), 'model_unavailable', true],
    [429, body({ code: 'rate_limit_exceeded' }), 'model_rate_limited', true],
    [429, body({ code: 'insufficient_quota' }), 'model_rate_limited', false],
    [500, body({}), 'model_unavailable', true],
    [502, '<html><h1>Bad gateway</h1></html>', 'model_unavailable', true],
  ])('reads status %s as its code', async (status, text, code, retryable) => {
    server.reply({ status, body: text })
    const { error } = await collect(modelAt('gpt-4o'))
    expect(error).toMatchObject({ code, retryable, details: { status, model: 'openai:gpt-4o' } })
    expect(error?.message).toContain('openai:gpt-4o')
    expect(error?.message).not.toContain('<html>')
  })

  it('does not ask again in other words when the vendor says that no parameter is at fault (B115)', async () => {
    server.reply({ status: 400, body: body({}) })
    const before = server.requests.length
    await collect(modelAt('gpt-4o'), modelCall({ json: true }))
    expect(server.requests.length).toBe(before + 1)
    server.reply({ status: 400, body: JSON.stringify({ error: "'response_format.type' must be 'text'" }) })
    await collect(modelAt('gpt-4o-other'), modelCall({ json: true }))
    expect(server.requests.length).toBe(before + 3)
  })

  it('keeps what Retry-After asks, in ms', async () => {
    server.reply({ status: 429, body: body({}), headers: { 'retry-after': '7' } })
    expect((await collect(modelAt('gpt-4o'))).error?.details.retryAfterMs).toBe(7_000)
  })

  it('never shows a key, also when the vendor repeats it', async () => {
    for (const status of [401, 400]) {
      server.reply({ status, body: body({ message: 'Incorrect key sk-secret-key given' }) })
      const { error } = await collect(modelAt('gpt-4o'))
      expect(`${error?.message} ${JSON.stringify(error?.details)} ${String(error?.cause)}`).not.toContain('sk-secret')
    }
  })

  it('reads an error within the stream', async () => {
    server.reply({ frames: [`data: ${body({ type: 'server_error', code: 'rate_limit_exceeded' })}\n\n`] })
    expect((await collect(modelAt('gpt-4o'))).error).toMatchObject({ code: 'model_rate_limited' })
    server.reply({ frames: [chat.text('part'), `data: ${body({ type: 'server_error' })}\n\n`] })
    expect((await collect(modelAt('gpt-4o'))).error).toMatchObject({
      code: 'model_stream_cut',
      details: { partial: true, reason: 'model_unavailable' },
    })
  })

  it('reads a frame that is no JSON as a cut stream, and a page instead of a stream too', async () => {
    server.reply({ frames: ['data: {"choices": [\n\n'] })
    expect((await collect(modelAt('gpt-4o'))).error?.code).toBe('model_stream_cut')
    server.reply({ status: 200, body: '<html>Please log in</html>', headers: { 'content-type': 'text/html' } })
    expect((await collect(modelAt('gpt-4o'))).error?.code).toBe('model_stream_cut')
  })

  it('says what system error kept it from a server that is not there', async () => {
    const gone = await startRawServer()
    await gone.close()
    const model = guarded(createOpenAi({ baseUrl: gone.url }, clock).model('llama3'))
    expect((await collect(model)).error).toMatchObject({
      code: 'model_unavailable',
      retryable: true,
      details: { system: 'ECONNREFUSED' },
    })
  })
})
