import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Config, type ConfigInput, configSchema } from '../../src/contracts/config.ts'
import type { LanguageModel, Purpose } from '../../src/contracts/model.ts'
import { createModels, DEFAULT_MODELS } from '../../src/providers/registry.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { chat, messages, type RawServer, startRawServer } from '../support/raw-sse-server.ts'
import { collect, createKeptLog, modelCall } from './collect.ts'

const PURPOSES: readonly Purpose[] = ['plan', 'plan-repair', 'select', 'fill', 're-resolve', 'generate', 'synthesize']
const configOf = (input: ConfigInput): Config => configSchema.parse(input)
const modelsOf = (input: ConfigInput, clock = createManualClock()) =>
  createModels(configOf(input), { clock, random: () => 0, log: createKeptLog() })
const planModel = (input: ConfigInput, clock = createManualClock()): LanguageModel => {
  const model = modelsOf(input, clock)('plan')
  if (model === undefined) throw new Error('no model for plan')
  return model
}
const fault = (input: ConfigInput): unknown => {
  try {
    modelsOf(input)
  } catch (thrown) {
    return thrown
  }
  return undefined
}

describe('models by configuration', () => {
  it('gives no model when nothing is configured', () => {
    const models = modelsOf({})
    expect(PURPOSES.map((purpose) => models(purpose))).toEqual(PURPOSES.map(() => undefined))
    expect(
      modelsOf({ openai: { baseUrl: 'http://127.0.0.1:1/v1' } })('plan'),
      'an address alone names no model',
    ).toBeUndefined()
  })

  it('takes the vendor’s default model when only a key is there', () => {
    expect(modelsOf({ openai: { apiKey: 'k' } })('plan')?.id).toBe(`openai:${DEFAULT_MODELS.openai}`)
    expect(modelsOf({ anthropic: { apiKey: 'k' } })('synthesize')?.id).toBe(`anthropic:${DEFAULT_MODELS.anthropic}`)
    expect(
      modelsOf({ model: { default: 'anthropic' }, openai: { apiKey: 'k' }, anthropic: { apiKey: 'k' } })('plan')?.id,
    ).toBe(`anthropic:${DEFAULT_MODELS.anthropic}`)
  })

  it('takes a model per purpose; a plan is corrected by the model that made it', () => {
    const models = modelsOf({
      model: { default: 'openai:base', plan: 'anthropic:big', reResolve: 'openai:llama3:8b' },
      openai: { apiKey: 'k' },
      anthropic: { apiKey: 'k' },
    })
    expect(PURPOSES.map((purpose) => models(purpose)?.id)).toEqual([
      'anthropic:big',
      'anthropic:big',
      'openai:base',
      'openai:base',
      'openai:llama3:8b',
      'openai:base',
      'openai:base',
    ])
    expect(models('select'), 'the same model is one object, with one cooldown').toBe(models('fill'))
  })

  it('gives models only to the purposes that name one when there is no default', () => {
    const models = modelsOf({ model: { plan: 'openai:m' }, openai: { baseUrl: 'http://127.0.0.1:1/v1' } })
    expect(models('plan')?.id).toBe('openai:m')
    expect(models('synthesize')).toBeUndefined()
  })

  it('never takes another vendor’s key for the one that was asked (B116)', () => {
    const thrown = fault({ model: { default: 'openai:gpt-4o' }, anthropic: { apiKey: 'ak-secret' } })
    expect(thrown).toMatchObject({ code: 'invalid_config', details: { variable: 'OPENAI_API_KEY' } })
    expect(String(thrown)).toContain('OPENAI_API_KEY')
    expect(String(thrown)).not.toContain('ak-secret')
    expect(fault({ model: { default: 'anthropic' }, openai: { apiKey: 'k' } })).toMatchObject({
      details: { variable: 'ANTHROPIC_API_KEY' },
    })
  })

  it.each([
    ['gpt-4o', 'openai:gpt-4o'],
    ['claude-sonnet-5-5', 'anthropic:claude-sonnet-5-5'],
    ['opnai:gpt-4o', 'openai'],
    ['openai:a,,openai:b', 'empty place'],
    ['openai:', 'names no model'],
  ])('refuses "%s" and says what to write', (name, hint) => {
    const thrown = fault({ model: { default: name }, openai: { apiKey: 'k' }, anthropic: { apiKey: 'k' } })
    expect(thrown).toMatchObject({ code: 'invalid_config' })
    expect(String(thrown)).toContain(hint)
  })

  it('refuses an address that is none, without repeating it', () => {
    const thrown = fault({
      model: { default: 'openai:m' },
      openai: { apiKey: 'k', baseUrl: 'localhost:1/v1?key=secret' },
    })
    expect(thrown).toMatchObject({ code: 'invalid_config' })
    expect(String(thrown)).not.toContain('secret')
  })

  describe('over real HTTP', () => {
    let openai: RawServer
    let anthropic: RawServer
    beforeAll(async () => {
      openai = await startRawServer()
      anthropic = await startRawServer()
    })
    afterAll(async () => {
      await openai.close()
      await anthropic.close()
    })
    const both = (): ConfigInput => ({
      model: { default: 'openai:one, anthropic:two', maxAttempts: 2 },
      openai: { apiKey: 'ok', baseUrl: openai.url },
      anthropic: { apiKey: 'ak', baseUrl: anthropic.url },
    })

    it('moves on from a refused key; names, keys and forms stay with their vendor (B115)', async () => {
      openai.reply({ status: 401, body: '{"error":{"message":"wrong key"}}' })
      anthropic.reply({ frames: messages.whole('from the second') })
      const call = modelCall()
      const { text, end } = await collect(planModel(both()), call)
      expect([text, end?.model]).toEqual(['from the second', 'anthropic:two'])
      expect(openai.requests.at(-1)).toMatchObject({ headers: { authorization: 'Bearer ok' }, body: { model: 'one' } })
      expect(anthropic.requests.at(-1)).toMatchObject({ headers: { 'x-api-key': 'ak' }, body: { model: 'two' } })
      expect(call).not.toHaveProperty('model')
    })

    it('repeats a call with its whole body after a 429, as late as it asks (B118)', async () => {
      const clock = createManualClock()
      const first = openai.requests.length
      openai.reply({ status: 429, body: '{}', headers: { 'retry-after': '2' } }, { frames: chat.whole('at last') })
      const model = planModel({ ...both(), model: { default: 'openai:one' } }, clock)
      const done = collect(model)
      await expect
        .poll(async () => {
          await clock.advance(500)
          return openai.requests.length - first
        })
        .toBe(2)
      expect((await done).text).toBe('at last')
      expect(clock.now() - Date.UTC(2026, 0, 1)).toBeGreaterThanOrEqual(2_000)
      expect(openai.requests[first]?.body).toEqual(openai.requests[first + 1]?.body)
    })
  })
})
