import { describe, expect, it } from 'vitest'
import { createOrchestrator, createSimpleOrchestrator, tool } from '../src/index.ts'
import { createScriptedModel, fakeSource } from '../src/testing/index.ts'

const upper = tool({
  name: 'upper',
  description: 'Writes a text in capitals',
  input: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
  effect: 'read',
  execute: (input) => ({ text: String(Reflect.get(Object(input) as object, 'text')).toUpperCase() }),
})
const steps = [{ name: 'u', component: 'upper', inputs: { text: 'a' } }]

describe('options that a caller without a compiler got wrong', () => {
  it.each([
    ['null', null, /must be an object/],
    ['text', 'openai:x', /must be an object/],
    ['a model that is a number', { model: 5 }, /"model" must be a name/],
    ['tools that are no list', { tools: 'x' }, /"tools" must be a list: each made with tool\(\)/],
    [
      'a tool not made with tool()',
      { tools: [upper, { name: 'x', execute: () => 1 }] },
      /"tools\[1\]" must be made with tool\(\)/,
    ],
    ['an empty source', { sources: [{}] }, /"sources\[0\]" must be a source/],
    ['a listener that is none', { onEvent: 5 }, /"onEvent" must be a function/],
    ['half a logger', { log: { info: () => undefined } }, /"log" must be an object with debug, info, warn, error/],
    ['an unknown part', { parts: { planer: {} } }, /Did you mean "planner"/],
    ['a step handler that runs nothing', { parts: { handlers: [{ type: 'gate' }] } }, /"handlers\[0\]" must be a step/],
    ['an unknown setting', { executor: { maxConcurency: 3 } }, /Did you mean "executor.maxConcurrency"/],
  ])('are refused with a sentence: %s', (_what, options, message) => {
    const create = (): unknown => Reflect.apply(createOrchestrator, undefined, [options])
    expect(create).toThrow(message)
    expect(create).toThrow(expect.objectContaining({ name: 'TuttiError', code: 'invalid_config' }))
  })
  it('are refused of createSimpleOrchestrator too', () => {
    const create = (): unknown => Reflect.apply(createSimpleOrchestrator, undefined, [undefined, 'openai:x'])
    expect(create).toThrow(expect.objectContaining({ code: 'invalid_config' }))
  })
})

describe('own step handlers', () => {
  it('run the steps of their type instead of ours', async () => {
    const handlers = [{ type: 'gate', run: async () => ({ output: 'mine' }) }]
    await using orchestrator = createOrchestrator({ parts: { handlers } })
    const { steps: done } = await orchestrator.execute({ steps: [{ name: 'g', type: 'gate', dependsOn: [] }] })
    expect(done).toMatchObject([{ name: 'g', status: 'succeeded', output: 'mine' }])
  })
})

describe('what is no document and no request', () => {
  it.each([[null], [undefined], [5], [[]], ['']])('is refused by execute: %j', async (document) => {
    await using orchestrator = createOrchestrator({ tools: [upper] })
    const error = await Reflect.apply(orchestrator.execute, orchestrator, [document]).catch((e: unknown) => e)
    expect(error).toMatchObject({
      name: 'TuttiError',
      code: 'invalid_document',
      message: expect.not.stringMatching(/^:/) as string,
    })
  })
  it.each([[null], [undefined], [5], ['  ']])('is refused by processRequest: %j', async (request) => {
    await using orchestrator = createOrchestrator({ tools: [upper] })
    const error = await Reflect.apply(orchestrator.processRequest, orchestrator, [request]).catch((e: unknown) => e)
    expect(error).toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('request is empty') as string,
    })
  })
})

describe('runs.submit', () => {
  it.each([[undefined], [{}], ['x']])('refuses what says nothing to run: %j', async (asked) => {
    await using orchestrator = createOrchestrator({})
    const error = await Reflect.apply(orchestrator.runs.submit, orchestrator.runs, [asked]).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'invalid_request' })
  })
})

describe('createOrchestrator({})', () => {
  it('answers without any model, source or setting, and says so', async () => {
    await using orchestrator = createOrchestrator({})
    const response = await orchestrator.processRequest('What is the weather?')
    expect(response).toMatchObject({ status: 'partial', degraded: { way: 'message' } })
    expect(response.answer).toContain('No model is configured')
    expect(await orchestrator.health()).toMatchObject({ ready: true })
  })
  it('can be closed before it started, and twice; afterwards it takes nothing', async () => {
    const orchestrator = createOrchestrator({})
    await orchestrator.close()
    await orchestrator.close()
    await expect(orchestrator.processRequest('x')).rejects.toMatchObject({ code: 'closed' })
    await expect(orchestrator.stream('x').result).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('createSimpleOrchestrator', () => {
  it('takes a discovery and a model', async () => {
    const model = createScriptedModel({ plan: [{ steps: [], reason: 'Nothing is registered.' }] })
    await using orchestrator = createSimpleOrchestrator({ name: 'mine', load: async () => [] }, model)
    expect(await orchestrator.processRequest('x')).toMatchObject({
      status: 'partial',
      answer: 'Nothing is registered.',
    })
  })
})

describe('a listener', () => {
  it('that throws changes nothing (B61)', async () => {
    await using orchestrator = createOrchestrator({
      tools: [upper],
      onEvent: () => {
        throw new Error('mine')
      },
    })
    expect(await orchestrator.execute({ steps })).toMatchObject({
      status: 'succeeded',
      steps: [{ output: { text: 'A' } }],
    })
  })
})

describe('a document that names what the catalog does not know', () => {
  it('has the catalog refreshed once before it is refused', async () => {
    const source = fakeSource({ name: 'late', capabilities: { go: { run: () => ({ done: true }) } } })
    let isThere = false
    let loads = 0
    const tutti = createOrchestrator({
      sources: [
        {
          ...source,
          discovery: {
            name: 'late',
            async load(signal) {
              loads++
              return isThere ? await source.discovery.load(signal) : []
            },
          },
        },
      ],
    })
    await tutti.start()
    isThere = true
    const response = await tutti.execute({ steps: [{ name: 'a', component: 'late', action: 'go' }] })
    expect([response.status, loads]).toEqual(['succeeded', 2])
    await expect(tutti.execute({ steps: [{ name: 'a', component: 'nowhere' }] })).rejects.toMatchObject({
      code: 'invalid_document',
    })
    await tutti.close()
  })
})
