import { describe, expect, it } from 'vitest'
import type { JsonSchema } from '../../src/contracts/json.ts'
import type { LanguageModel } from '../../src/contracts/model.ts'
import { createOpenAi } from '../../src/providers/openai.ts'
import { chat } from '../support/raw-sse-server.ts'
import { collect, modelCall } from './collect.ts'
import { clock, guarded, lastBody, server } from './vendor-server.ts'

const modelAt = (name: string, apiKey = 'sk-secret-key'): LanguageModel =>
  guarded(createOpenAi({ apiKey, baseUrl: `${server.url}/v1` }, clock).model(name))

const STRICT: JsonSchema = {
  type: 'object',
  properties: { city: { type: 'string', minLength: 1 }, n: { type: ['integer', 'null'], minimum: 0 } },
  required: ['city', 'n'],
}

describe('JSON answers of openai', () => {
  it('asks for JSON mode, and sees to it that the messages speak of JSON', async () => {
    server.reply({ frames: chat.whole('{}') })
    await collect(modelAt('gpt-4o'), modelCall({ json: true }))
    expect(lastBody().response_format).toEqual({ type: 'json_object' })
    expect(JSON.stringify(lastBody().messages)).toMatch(/Plan a trip\.\\n\\nAnswer with one JSON object/)
    await collect(
      modelAt('gpt-4o'),
      modelCall({ json: true, messages: [{ role: 'user', content: 'As json please.' }] }),
    )
    expect(JSON.stringify(lastBody().messages)).not.toContain('Answer with one')
  })

  it('asks strictly by a schema that fits, and in words by one that does not', async () => {
    server.reply({ frames: chat.whole('{}') })
    await collect(modelAt('gpt-4o'), modelCall({ schema: STRICT }))
    expect(lastBody().response_format).toEqual({
      type: 'json_schema',
      json_schema: {
        name: 'answer',
        strict: true,
        schema: {
          type: 'object',
          properties: {
            city: { type: 'string', description: 'Must fit {"minLength":1}.' },
            n: { type: ['integer', 'null'], minimum: 0 },
          },
          required: ['city', 'n'],
          additionalProperties: false,
        },
      },
    })
    await collect(
      modelAt('gpt-4o'),
      modelCall({ schema: { type: 'object', properties: { free: { type: 'object' } } } }),
    )
    expect(lastBody().response_format).toEqual({ type: 'json_object' })
    expect(JSON.stringify(lastBody().messages)).toContain('JSON Schema')
    await collect(modelAt('gpt-4o'), modelCall({ schema: { type: 'array', items: { type: 'string' } } }))
    expect(lastBody(), 'JSON mode gives objects only').not.toHaveProperty('response_format')
  })

  it('asks once more in words where a server refuses the format, and remembers it for that model', async () => {
    const refusal = { status: 400, body: '{"error":{"message":"response_format is not supported"}}' }
    server.reply(refusal, { frames: chat.whole('{}') })
    const model = modelAt('old-llama')
    const first = server.requests.length
    expect((await collect(model, modelCall({ schema: STRICT }))).end?.finish).toBe('stop')
    await collect(model, modelCall({ json: true }))
    const sent = server.requests.slice(first).map((request) => request.body)
    expect(sent.map((body) => 'response_format' in body)).toEqual([true, false, false])
    expect(JSON.stringify(sent[1]?.messages)).toContain('JSON Schema')
  })

  it('gives up a format only once, and not for a refusal that is about something else', async () => {
    const first = server.requests.length
    server.reply({ status: 400, body: '{"error":{"message":"no"}}' })
    expect((await collect(modelAt('gpt-4o'), modelCall({ json: true }))).error?.code).toBe('model_rejected')
    expect(server.requests.length - first).toBe(2)
    server.reply({
      status: 400,
      body: '{"error":{"message":"too long","code":"context_length_exceeded","param":"messages"}}',
    })
    await collect(modelAt('gpt-4o'), modelCall({ json: true }))
    expect(server.requests.length - first).toBe(3)
  })

  it('leaves out a temperature that the vendor names as the fault', async () => {
    server.reply(
      {
        status: 400,
        body: '{"error":{"message":"Unsupported value","param":"temperature","code":"unsupported_value"}}',
      },
      { frames: chat.whole('ok') },
    )
    expect((await collect(modelAt('gpt-new'), modelCall({ temperature: 0 }))).text).toBe('ok')
    expect(lastBody()).not.toHaveProperty('temperature')
  })
})
