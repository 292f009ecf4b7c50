import { describe, expect, it } from 'vitest'
import type { Component } from '../../src/contracts/capability.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { Step } from '../../src/contracts/plan.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { answer, call, createWorld, type WorldOptions } from './support.ts'

const step = (type: Step['type'], more: Partial<Step>): Step => ({ name: 's', type, dependsOn: [], ...more })
const START = Date.UTC(2026, 0, 1)

async function waited(wait: Step['wait'], inputs = {}) {
  const clock = createManualClock()
  const running = createWorld({ clock }).run(
    { steps: [step('wait', wait === undefined ? {} : { wait })], inputs: { at: { type: 'any' } } },
    { inputs },
  )
  await clock.advance(10_000)
  return (await running).end('s')
}

describe('wait', () => {
  it('waits for a time', async () => {
    expect(await waited({ forMs: 700 })).toMatchObject({ status: 'succeeded', output: null, durationMs: 700 })
  })

  it('waits until a moment, given as text or by an expression', async () => {
    const moment = new Date(START + 2_000).toISOString()
    expect(await waited({ until: moment })).toMatchObject({ status: 'succeeded', durationMs: 2_000 })
    expect(await waited({ until: '${inputs.at}' }, { at: moment })).toMatchObject({
      status: 'succeeded',
      durationMs: 2_000,
    })
  })

  it('ends at once for a moment that has passed', async () => {
    expect(await waited({ until: '2020-01-01T00:00:00Z' })).toMatchObject({ status: 'succeeded', durationMs: 0 })
  })

  it('fails when the moment is later than its timeout', async () => {
    expect(await waited({ until: '2027-01-01T00:00:00Z', timeoutMs: 1_000 })).toMatchObject({
      status: 'failed',
      durationMs: 1_000,
      error: { code: 'deadline_exceeded' },
    })
  })

  it('waits until a condition becomes true', async () => {
    let isHealthy = false
    const clock = createManualClock()
    const world = createWorld({ clock })
    const component = (): Pick<Component, 'instances'> => ({
      instances: [{ id: 'one', health: isHealthy ? 'healthy' : 'unhealthy' }],
    })
    Object.assign(world.view, { component })
    const running = world.run({ steps: [step('wait', { wait: { until: '${components.db.healthy}' } })] })
    await clock.advance(1_000)
    isHealthy = true
    await clock.advance(1_000)
    const end = (await running).end('s')
    expect(end).toMatchObject({ status: 'succeeded', output: null })
    expect(end.durationMs).toBeGreaterThanOrEqual(1_000)
    expect(end.durationMs).toBeLessThan(1_500)
  })

  it('fails when a condition does not become true within the timeout', async () => {
    const end = await waited({ until: '${inputs.at == "now"}', timeoutMs: 600 }, { at: 'later' })
    expect(end).toMatchObject({ status: 'failed', durationMs: 600, error: { code: 'deadline_exceeded' } })
  })

  it('ends with the timeout of the step, too (B41)', async () => {
    const clock = createManualClock()
    const running = createWorld({ clock }).run({ steps: [step('wait', { wait: { forMs: 5_000 }, timeoutMs: 300 })] })
    await clock.advance(10_000)
    expect((await running).end('s')).toMatchObject({
      status: 'failed',
      durationMs: 300,
      error: { code: 'deadline_exceeded' },
    })
  })

  it('fails on what is no time, and says what is wanted', async () => {
    const end = await waited({ until: '${inputs.at}' }, { at: 'soon' })
    expect(end).toMatchObject({ status: 'failed', error: { code: 'expression_failed' } })
    expect(end.error?.message).toContain('ISO 8601')
  })
})

describe('transform and gate', () => {
  it('makes an object of expressions', async () => {
    const ran = await createWorld({ tools: { 'a/b': () => answer({ price: 468.285 }) } }).run({
      steps: [
        call('q', 'a/b'),
        step('transform', {
          set: { total: '${steps.q.output.price * 100}', fixed: [1, { a: null }], text: 'is ${steps.q.output.price}' },
        }),
      ],
    })
    expect(ran.end('s').output).toEqual({ total: 46828.5, fixed: [1, { a: null }], text: 'is 468.285' })
  })

  it('fails where a value is not there', async () => {
    const ran = await createWorld({ tools: { 'a/b': () => answer({}) } }).run({
      steps: [call('q', 'a/b'), step('transform', { set: { x: '${steps.q.output.gone}' } })],
    })
    expect(ran.end('s')).toMatchObject({ status: 'failed', error: { code: 'binding_failed' } })
  })

  it('reaches a gate without calling anything', async () => {
    expect((await createWorld().run({ steps: [step('gate', {})] })).end('s')).toMatchObject({
      status: 'succeeded',
      output: null,
    })
  })
})

describe('ai-generate', () => {
  const generate = async (more: Partial<Step>, options: WorldOptions = {}) => {
    const world = createWorld({
      tools: { 'a/b': () => answer({ topic: 'trains' }) },
      model: { generate: () => 'written' },
      ...options,
    })
    const ran = await world.run(
      { steps: [call('src', 'a/b'), step('ai-generate', { name: 'write_the-summary', dependsOn: ['src'], ...more })] },
      { request: 'Tell me of travel' },
    )
    return {
      end: ran.end('write_the-summary'),
      ask: world.asked[0],
      prompt: world.asked[0]?.messages[0]?.content ?? '',
    }
  }

  it('gives the text of the model, which sees prompt, request and the outputs before it', async () => {
    const { end, ask, prompt } = await generate({ prompt: 'Write about ${steps.src.output.topic}' })
    expect(end).toMatchObject({ status: 'succeeded', output: 'written' })
    for (const part of ['Write about trains', 'Tell me of travel', 'output of step src']) expect(prompt).toContain(part)
    expect(ask).toMatchObject({ purpose: 'generate', step: 'write_the-summary' })
  })

  it('uses the description without a prompt, and the name in words without both', async () => {
    expect((await generate({ description: 'Sum it up' })).prompt).toContain('Sum it up')
    expect((await generate({})).prompt).toContain('write the summary')
  })

  it('gives JSON by the output schema', async () => {
    const outputSchema = { type: 'object', properties: { n: { type: 'number' } } }
    const { end, ask } = await generate({ outputSchema }, { model: { generate: () => ({ n: 1 }) } })
    expect(end.output).toEqual({ n: 1 })
    expect(ask?.schema).toEqual(outputSchema)
  })

  it('ends with its timeout, whatever the model does (B41)', async () => {
    const clock = createManualClock()
    const world = createWorld({ clock, model: { generate: () => new Promise(() => undefined) } })
    const running = world.run({ steps: [step('ai-generate', { timeoutMs: 2_000 })] })
    await clock.advance(5_000)
    const ran = await running
    expect(ran.end('s')).toMatchObject({ status: 'failed', durationMs: 2_000, error: { code: 'model_timeout' } })
    expect(world.asked[0]?.signal.aborted).toBe(true)
  })

  it('shows the model the inputs of the step', async () => {
    const { prompt } = await generate({
      inputs: { tone: 'formal', about: '${steps.src.output.topic}', gone: '${inputs.x}' },
    })
    expect(prompt).toContain('"tone": "formal"')
    expect(prompt).toContain('"about": "trains"')
    expect(prompt).not.toContain('gone')
  })

  it('shows inputs that are one expression as a whole, and nothing where they are not there', async () => {
    expect((await generate({ inputs: '${steps.src.output}' })).prompt).toMatch(
      /inputs of your step[^]*"topic": "trains"/,
    )
    expect((await generate({ inputs: '${steps.src.output.gone}' })).prompt).not.toContain('inputs of your step')
  })

  it('shows nothing but the prompt where there is nothing else', async () => {
    const world = createWorld({ model: { generate: () => 'written' } })
    await world.run({ steps: [step('ai-generate', { prompt: 'Write', inputs: {} })] })
    expect(world.asked[0]?.messages[0]?.content).toBe('Your step:\nWrite')
  })

  it('fails when its prompt refers to what is not there', async () => {
    const { end, ask } = await generate({ prompt: '${steps.src.output.gone}' })
    expect(end).toMatchObject({ status: 'failed', error: { code: 'binding_failed' } })
    expect(ask).toBeUndefined()
  })

  it('is asked again as its retry says, also after an answer of no use, and only then (B41)', async () => {
    const answering = (): WorldOptions => {
      let asked = 0
      const reply = (): string => {
        if (++asked < 3) throw new TuttiError('model_output_invalid', 'Not by the schema.')
        return 'third'
      }
      return { model: { generate: reply } }
    }
    const retry = { maxAttempts: 3, initialWaitMs: 1 }
    expect((await generate({ retry }, answering())).end).toMatchObject({ status: 'succeeded', output: 'third' })
    expect((await generate({}, answering())).end).toMatchObject({ status: 'failed' })
    const { end } = await generate({ retry: { ...retry, maxAttempts: 2 } }, answering())
    expect(end).toMatchObject({ status: 'failed', error: { code: 'model_output_invalid' } })
  })

  it('bounds one attempt with its timeout, and then asks again', async () => {
    const clock = createManualClock()
    let asked = 0
    const generate = (): Promise<string> => (++asked === 1 ? new Promise(() => undefined) : Promise.resolve('second'))
    const running = createWorld({ clock, model: { generate } }).run({
      steps: [step('ai-generate', { timeoutMs: 2_000, retry: { maxAttempts: 2, initialWaitMs: 100 } })],
    })
    await clock.advance(5_000)
    expect((await running).end('s')).toMatchObject({ status: 'succeeded', output: 'second' })
  })

  it('tells what was decided when the model failed, as for every step (T8)', async () => {
    const failing = (code: 'model_timeout' | 'model_refused') => ({
      model: {
        generate: () => {
          throw new TuttiError(code, 'The model did not.')
        },
      },
    })
    const decisionsOf = async (code: 'model_timeout' | 'model_refused', more: Partial<Step>) => {
      const world = createWorld(failing(code))
      const ran = await world.run({ steps: [step('ai-generate', more)] })
      return ran.of('recovery').map(({ chosen, options, next }) => ({ chosen, why: options[0]?.why, next }))
    }
    expect(await decisionsOf('model_timeout', { retry: { maxAttempts: 2, initialWaitMs: 0 } })).toEqual([
      { chosen: 'retry', why: '"model_timeout" may pass: 1 of 2 calls were made.', next: 'give-up' },
      { chosen: 'give-up', why: 'The calls are used up: 2 of 2.' },
    ])
    expect(await decisionsOf('model_timeout', {})).toEqual([
      { chosen: 'give-up', why: 'The step declares no "retry" of its own.' },
    ])
    expect(await decisionsOf('model_refused', { retry: { maxAttempts: 3 } })).toEqual([
      { chosen: 'give-up', why: 'The same question would end the same way (model_refused).' },
    ])
  })

  it('fails with the reason when no model answers', async () => {
    expect((await generate({}, { model: {} })).end).toMatchObject({ status: 'failed', error: { code: 'no_model' } })
  })
})

describe('a fallback', () => {
  it('stands in for a step of any kind', async () => {
    const ran = await createWorld({ tools: { 'a/b': () => answer({ from: 'b' }) } }).run({
      steps: [
        step('ai-generate', { name: 'text', fallback: [{ component: 'a', action: 'b' }] }),
        step('transform', { name: 'sum', set: { x: '${1 / 0}' }, fallback: [{ value: { x: 0 } }] }),
      ],
    })
    expect(ran.end('text')).toMatchObject({ status: 'succeeded', output: { from: 'b' } })
    expect(ran.end('sum')).toMatchObject({ status: 'succeeded', output: { x: 0 } })
    expect(
      ran
        .of('step-repair')
        .map(({ step: name, way }) => `${name} ${way}`)
        .sort(),
    ).toEqual(['sum fallback', 'text fallback'])
  })
})

describe('own handlers', () => {
  it('take the place of a built-in kind', async () => {
    const ran = await createWorld({
      handlers: [{ type: 'gate', run: async (compiled) => ({ output: `own ${compiled.name}` }) }],
    }).run({ steps: [step('gate', {})] })
    expect(ran.end('s').output).toBe('own s')
  })
})
