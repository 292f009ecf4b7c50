import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../../src/contracts/errors.ts'
import type { JsonValue } from '../../../src/contracts/json.ts'
import type { Step } from '../../../src/contracts/plan.ts'
import { fine, go, schema } from '../recovery-support.ts'
import { answer, call, createWorld, object, type RunOptions } from '../support.ts'

describe('fill', () => {
  it('takes a required input from the one output that has it, without a model', async () => {
    const world = createWorld({
      tools: { 'src/emit': () => answer({ q: 'from output', amount: 5 }), 't/go': { inputs: schema, on: fine } },
      model: { fill: () => ({ q: 'guessed' }) },
    })
    const ran = await world.run({ steps: [call('src', 'src/emit'), call('go', 't/go', {}, { dependsOn: ['src'] })] })
    expect(world.callsOf('t/go')[0]?.inputs).toEqual({ q: 'from output' })
    expect(ran.of('step-repair')).toMatchObject([{ way: 'fill', inputs: { q: 'from output' } }])
    expect(world.asked).toEqual([])
  })

  it('asks the model for what is still missing, with every dependency by its step (B29, B37)', async () => {
    const world = createWorld({
      tools: {
        'a/list': () => answer({ success: true, data: { companies: ['First Chip', 'Second Chip'] } }),
        'b/info': () => answer({ success: true, data: { currency: 'EUR' } }),
        't/go': { inputs: schema, on: fine },
      },
      model: { fill: () => ({ q: 'Second Chip', amount: 99 }) },
    })
    await world.run(
      {
        steps: [
          call('listing', 'a/list'),
          call('info', 'b/info'),
          call('go', 't/go', {}, { dependsOn: ['listing', 'info'], description: 'Look up the second chip company' }),
        ],
      },
      { request: 'What about the second AI chip company?' },
    )
    expect(world.callsOf('t/go')[0]?.inputs).toEqual({ q: 'Second Chip' })
    const prompt = world.asked[0]?.messages[0]?.content ?? ''
    for (const part of [
      'second AI chip company',
      'Look up the second',
      'listing',
      'Second Chip',
      'info',
      'EUR',
      'Missing inputs: q',
    ])
      expect(prompt).toContain(part)
  })

  it('fails naming what is missing when nothing gives it, or when it is turned off', async () => {
    for (const options of [
      { model: { fill: () => ({}) } },
      { model: { fill: () => ({ q: 'x' }) }, settings: { recovery: { fillEnabled: false } } },
      {},
    ]) {
      const { end, calls } = await go(fine, { inputs: { amount: 1 }, ...options })
      expect(calls).toHaveLength(0)
      expect(end.error).toMatchObject({ code: 'missing_input', details: { missing: ['q'] } })
      expect(end.error?.message).toContain('"q"')
    }
  })

  it('never sends a reference that the model gave for a value (B19)', async () => {
    const { end, calls } = await go(fine, { inputs: {}, model: { fill: () => ({ q: '${steps.src.output.q}' }) } })
    expect(calls).toHaveLength(0)
    expect(end.error?.code).toBe('missing_input')
  })

  it('checks what the model gave', async () => {
    const { end, calls } = await go(fine, { inputs: {}, model: { fill: () => ({ q: { a: 1, b: 'x', c: 'y' } }) } })
    expect(calls).toHaveLength(0)
    expect(end.error?.code).toBe('invalid_input')
  })

  it('leaves what is missing missing when the model fails, or gives no object', async () => {
    const failing = (): never => {
      throw new TuttiError('model_timeout', 'No answer.')
    }
    for (const fill of [failing, () => 'text', () => null]) {
      const { end, calls, ran } = await go(fine, { inputs: {}, model: { fill } })
      expect(calls).toHaveLength(0)
      expect(end.error?.code).toBe('missing_input')
      expect(ran.of('step-repair')).toEqual([])
    }
  })

  it('ends with the run, and not for want of an input, when it is cancelled while the model is asked', async () => {
    const controller = new AbortController()
    const world = createWorld({
      tools: { 't/go': { inputs: schema, on: fine } },
      model: {
        fill: () => {
          controller.abort(new TuttiError('cancelled', 'Stop.'))
          throw new Error('aborted')
        },
      },
    })
    const ran = await world.run({ steps: [call('go', 't/go')] }, { signal: controller.signal })
    expect(ran.end('go').error?.code).toBe('cancelled')
    expect(ran.of('recovery')).toEqual([])
  })

  it('takes nothing by its name where two outputs have it, or where the one that has it does not fit', async () => {
    const filled = async (first: JsonValue, second: JsonValue) => {
      const world = createWorld({
        tools: { 'a/one': () => answer(first), 'b/two': () => answer(second), 't/go': { inputs: schema, on: fine } },
      })
      const ran = await world.run({
        steps: [call('one', 'a/one'), call('two', 'b/two'), call('go', 't/go', {}, { dependsOn: ['one', 'two'] })],
      })
      return ran.end('go').error?.code ?? world.callsOf('t/go')[0]?.inputs
    }
    expect(await filled({ q: 'a' }, { p: 'b' })).toEqual({ q: 'a' })
    expect(await filled('q', { q: 'b' })).toEqual({ q: 'b' })
    expect(await filled({ q: 'a' }, { q: 'b' })).toBe('missing_input')
    expect(await filled({ q: 'a' }, { q: 'a' })).toBe('missing_input')
    expect(await filled({ q: ['a', { b: 1 }] }, {})).toBe('missing_input')
    expect(await filled({ p: 'a' }, ['q'])).toBe('missing_input')
  })

  it('tells where what was missing came from, and of nothing else', async () => {
    const wanted = object({ q: { type: 'string' }, p: { type: 'string' }, r: { type: 'string' } }, ['q', 'p', 'r'])
    const repairs = async (fill: Record<string, JsonValue>) => {
      const world = createWorld({
        tools: { 'a/one': () => answer({ q: 'by name' }), 't/go': { inputs: wanted, on: fine } },
        model: { fill: () => fill },
      })
      const ran = await world.run({
        steps: [call('one', 'a/one'), call('go', 't/go', { r: 'given' }, { dependsOn: ['one'] })],
      })
      return ran.of('step-repair').map(({ reason, inputs }) => ({ reason, inputs }))
    }
    const byName = 'Taken from the outputs of earlier steps by name.'
    const byModel = 'The model took what was missing from the request and earlier outputs.'
    expect(await repairs({ p: 'by model' })).toEqual([{ reason: byModel, inputs: { q: 'by name', p: 'by model' } }])
    expect(await repairs({})).toEqual([{ reason: byName, inputs: { q: 'by name' } }])
  })

  it('shows the model the request, the step and what it calls, each where there is one, and no empty parts', async () => {
    const prompt = async (step: Partial<Step>, asking: RunOptions, description?: string): Promise<string> => {
      const world = createWorld({
        tools: { 't/go': { inputs: schema, on: fine } },
        model: { fill: () => ({ q: 'x' }) },
      })
      if (description !== undefined) Object.assign(world.view.find('t', 'go') ?? {}, { description })
      await world.run({ steps: [call('go', 't/go', {}, step)] }, asking)
      return world.asked[0]?.messages[0]?.content ?? ''
    }
    const full = await prompt({ description: 'Find it' }, { request: 'Please find' })
    expect(full).toMatch(
      /^The user's request:\nPlease find\n\nThe step: "go", Find it\n\nIt calls "t\/go".\n\n[^]*Does go/,
    )
    const bare = await prompt({}, {}, '')
    expect(bare).toMatch(/^The step: "go"\n\nIt calls "t\/go".\n\n[^]*input schema/)
    expect(bare).not.toContain('\n\n\n')
    expect(bare).not.toMatch(/undefined|Does go/)
  })
})
