import { LLMock } from '@copilotkit/aimock'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configSchema } from '../../src/contracts/config.ts'
import { createModels } from '../../src/providers/registry.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { collect, createKeptLog, modelCall } from './collect.ts'

// A server that none of us wrote, between the real SDKs and our providers.
describe('the vendors’ SDKs against an independent server', () => {
  let mock: LLMock
  beforeAll(async () => {
    mock = new LLMock({ port: 0, chunkSize: 5 })
    mock.onMessage(/trip/, { content: 'First Seoul, then 東京.', reasoning: 'Let me think of cities.' })
    await mock.start()
  })
  afterAll(() => mock.stop())

  const models = (name: string) => {
    const config = configSchema.parse({
      model: { default: name, maxAttempts: 1 },
      openai: { apiKey: 'k', baseUrl: `${mock.url}/v1` },
      anthropic: { apiKey: 'k', baseUrl: mock.url },
    })
    const model = createModels(config, { clock: createManualClock(), random: () => 0, log: createKeptLog() })('plan')
    if (model === undefined) throw new Error(`"${name}" gave no model`)
    return model
  }

  it.each([
    ['openai:gpt-4o', '/v1/chat/completions'],
    ['anthropic:claude-sonnet-4-6', '/v1/messages'],
  ])('%s streams an answer in several pieces, without its thoughts', async (name, path) => {
    const { pieces, text, end, error } = await collect(models(name), modelCall({ temperature: 0 }))
    expect(error).toBeUndefined()
    expect(text).toBe('First Seoul, then 東京.')
    expect(pieces.length).toBeGreaterThan(1)
    expect(end).toMatchObject({ finish: 'stop', model: name })
    expect(mock.getLastRequest()?.path).toBe(path)
  })

  it.each([
    ['openai:gpt-4o', 429, 'model_rate_limited'],
    ['anthropic:claude-sonnet-4-6', 503, 'model_unavailable'],
  ])('%s reads status %d as its code', async (name, status, code) => {
    mock.nextRequestError(status, { message: 'no' })
    expect((await collect(models(name))).error?.code).toBe(code)
  })
})
