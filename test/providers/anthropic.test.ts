import { describe, expect, it } from 'vitest'
import type { LanguageModel } from '../../src/contracts/model.ts'
import { createAnthropic, defaultMaxTokens, takesTemperature } from '../../src/providers/anthropic.ts'
import { CUT, HANG, messages, splitBytes } from '../support/raw-sse-server.ts'
import { collect, modelCall } from './collect.ts'
import { clock, guarded, lastBody, server } from './vendor-server.ts'

const modelAt = (name = 'claude-sonnet-4-6'): LanguageModel =>
  guarded(createAnthropic({ apiKey: 'ak-secret-key', baseUrl: server.url }, clock).model(name))

describe('anthropic', () => {
  it('streams text, counts cached tokens into the input, and takes the cumulative output', async () => {
    server.reply({
      frames: [
        messages.start,
        messages.ping,
        messages.thought('hm'),
        messages.text('Gu'),
        messages.text('ten Tag'),
        messages.delta('end_turn'),
        messages.stop,
      ],
    })
    const { pieces, end } = await collect(modelAt())
    expect(pieces).toEqual(['Gu', 'ten Tag'])
    expect(end).toEqual({
      type: 'end',
      finish: 'stop',
      model: 'anthropic:claude-sonnet-4-6',
      usage: { inputTokens: 18, outputTokens: 9, cachedTokens: 5 },
    })
  })

  it('marks the system text for the cache, sends the headers of the call, temperature 0 as 0, and the limit that the API demands (B17)', async () => {
    server.reply({ frames: messages.whole('ok') })
    await collect(modelAt(), modelCall({ temperature: 0 }))
    expect(server.requests.at(-1)).toMatchObject({
      path: '/v1/messages',
      headers: { 'x-api-key': 'ak-secret-key', 'x-tutti-purpose': 'plan', 'x-tutti-run-id': 'run_1' },
    })
    expect(server.requests.at(-1)?.headers).not.toHaveProperty('authorization')
    expect(lastBody()).toEqual({
      model: 'claude-sonnet-4-6',
      max_tokens: 32_000,
      temperature: 0,
      stream: true,
      system: [{ type: 'text', text: 'You plan.', cache_control: { type: 'ephemeral' } }],
      messages: [{ role: 'user', content: 'Plan a trip.' }],
    })
  })

  it.each([
    ['claude-3-haiku-20240307', true, 4_096],
    ['claude-3-7-sonnet-latest', true, 8_192],
    ['claude-sonnet-4-5-20250929', true, 32_000],
    ['claude-opus-4-20250514', true, 32_000],
    ['claude-opus-4-7', false, 32_000],
    ['claude-sonnet-5-5', false, 32_000],
    ['glm-4.6', true, 32_000],
  ])('knows of %s whether it takes a temperature, and its largest output', (name, temperature, maxTokens) => {
    expect([takesTemperature(name), defaultMaxTokens(name)]).toEqual([temperature, maxTokens])
  })

  it('asks strictly by a schema that fits, else in words', async () => {
    server.reply({ frames: messages.whole('{}') })
    await collect(
      modelAt(),
      modelCall({ schema: { type: 'object', properties: { n: { type: 'integer', minimum: 1 } }, required: ['n'] } }),
    )
    expect(lastBody().output_config).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: { n: { type: 'integer', description: 'Must fit {"minimum":1}.' } },
          required: ['n'],
          additionalProperties: false,
        },
      },
    })
    await collect(modelAt(), modelCall({ schema: { type: 'object', properties: { n: { type: 'integer' } } } }))
    expect(lastBody()).not.toHaveProperty('output_config')
    expect(JSON.stringify(lastBody().messages)).toContain('JSON Schema')
  })

  it('asks once more in words where a model refuses schemas, and remembers it', async () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] }
    const model = modelAt('claude-old')
    const first = server.requests.length
    server.reply(
      { status: 400, body: '{"type":"error","error":{"type":"invalid_request_error","message":"no output_config"}}' },
      { frames: messages.whole('{"n":1}') },
    )
    expect((await collect(model, modelCall({ schema }))).text).toBe('{"n":1}')
    await collect(model, modelCall({ schema }))
    expect(server.requests.slice(first).map((request) => 'output_config' in request.body)).toEqual([true, false, false])
  })

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['refusal', 'refused'],
  ])('reads the stop reason %s as %s', async (reason, finish) => {
    server.reply({ frames: messages.whole('x', reason) })
    expect((await collect(modelAt())).end?.finish).toBe(finish)
  })

  it('puts characters together that came split over packets (B72)', async () => {
    server.reply({ frames: splitBytes(messages.whole('Zürich 東京 🎻').join(''), 2) })
    expect((await collect(modelAt())).text).toBe('Zürich 東京 🎻')
  })

  it.each([
    ['a body that ends early', [messages.start, messages.text('part')]],
    ['a socket that is cut', [messages.start, messages.text('part'), CUT]],
  ] as const)('throws model_stream_cut for %s, with the usage that is known (B73)', async (_, frames) => {
    server.reply({ frames })
    const { text, error } = await collect(modelAt())
    expect(text).toBe('part')
    expect(error).toMatchObject({
      code: 'model_stream_cut',
      retryable: false,
      details: { partial: true, usage: { inputTokens: 18, outputTokens: 1 } },
    })
  })

  it('ends with cancelled when the caller aborts within the answer', async () => {
    const controller = new AbortController()
    server.reply({ frames: [messages.start, messages.text('begun'), HANG] })
    const reading = (async () => {
      for await (const event of modelAt().stream(modelCall({ signal: controller.signal })))
        if (event.type === 'text') controller.abort()
    })()
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' })
    await server.requests.at(-1)?.closed
  })

  it.each([
    ['overloaded_error', 'model_unavailable', true],
    ['rate_limit_error', 'model_rate_limited', true],
    ['invalid_request_error', 'model_rejected', false],
    ['authentication_error', 'model_unauthorized', false],
  ])('reads %s within the stream as %s', async (type, code, retryable) => {
    server.reply({ frames: [messages.start, messages.error(type)] })
    expect((await collect(modelAt())).error).toMatchObject({ code, retryable })
  })

  it.each([
    [401, 'authentication_error', 'model_unauthorized'],
    [400, 'invalid_request_error', 'model_rejected'],
    [429, 'rate_limit_error', 'model_rate_limited'],
    [529, 'overloaded_error', 'model_unavailable'],
    [500, 'api_error', 'model_unavailable'],
  ])('reads status %s as its code, without the key', async (status, type, code) => {
    server.reply({
      status,
      body: JSON.stringify({ type: 'error', error: { type, message: 'about ak-secret-key' } }),
      headers: { 'retry-after': '3' },
    })
    const { error } = await collect(modelAt())
    expect(error).toMatchObject({ code, details: { status, retryAfterMs: 3_000 } })
    expect(JSON.stringify([error?.message, error?.details])).not.toContain('ak-secret')
  })
})
