import { OpenAI } from 'openai'
import { describe, expect, it } from 'vitest'
import { formatAnswer } from '../../src/providers/answer-format.ts'
import { streamResponse } from '../../src/providers/openai-responses.ts'
import { responses } from '../support/raw-sse-server.ts'
import { collect, modelCall } from './collect.ts'
import { guarded, lastBody, server } from './vendor-server.ts'

describe('openai over the Responses API', () => {
  // The vendor's own address cannot be reached here, so the SDK's client is pointed at the fake.
  const open = async (name: string, call = modelCall()) => {
    const client = new OpenAI({ apiKey: 'k', baseURL: `${server.url}/v1`, maxRetries: 0, logLevel: 'off' })
    const request = {
      client,
      name,
      call,
      answer: formatAnswer(call, { dialect: 'openai' }),
      temperature: call.temperature,
      maxTokens: call.maxTokens,
      isReasoning: false,
      limits: { wordsOnly: false, noTemperature: false, noStreamOptions: false },
    }
    const id = `openai:${name}`
    return await collect(guarded({ id, stream: () => streamResponse(request, id) }), call)
  }

  it('streams text and ends with usage; thoughts are left out', async () => {
    server.reply({
      frames: [responses.thought('hm'), responses.text('Hal'), responses.text('lo'), responses.end('completed')],
    })
    const { text, end } = await open('gpt-4o', modelCall({ temperature: 0, maxTokens: 9, json: true }))
    expect(text).toBe('Hallo')
    expect(end).toEqual({
      type: 'end',
      finish: 'stop',
      model: 'openai:gpt-4o',
      usage: { inputTokens: 20, outputTokens: 6, cachedTokens: 8 },
    })
    expect(server.requests.at(-1)?.path).toBe('/v1/responses')
    expect(lastBody()).toMatchObject({
      instructions: 'You plan.',
      temperature: 0,
      max_output_tokens: 9,
      store: false,
      text: { format: { type: 'json_object' } },
    })
  })

  it.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'refused'],
  ])('reads an answer that is incomplete for %s as %s', async (reason, finish) => {
    server.reply({ frames: [responses.text('x'), responses.end('incomplete', { incomplete_details: { reason } })] })
    expect((await open('gpt-4o')).end?.finish).toBe(finish)
  })

  it('throws for a failed answer, and for one without a last event', async () => {
    server.reply({
      frames: [responses.end('failed', { error: { code: 'rate_limit_exceeded', message: 'slow down' } })],
    })
    expect((await open('gpt-4o')).error).toMatchObject({ code: 'model_rate_limited' })
    server.reply({ frames: [responses.text('part')] })
    expect((await open('gpt-4o')).error).toMatchObject({ code: 'model_stream_cut', details: { partial: true } })
  })
})
