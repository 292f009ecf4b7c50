import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../../src/contracts/errors.ts'
import type { ModelAsk } from '../../../src/contracts/parts.ts'
import { createManualClock } from '../../support/manual-clock.ts'
import { fail, fine, fix, go, inTurn, onlyGood, schema } from '../recovery-support.ts'
import { answer, call, createWorld, failure, type Handler, object } from '../support.ts'

describe('semantic re-resolution', () => {
  it('corrects the inputs from the request and the outputs, merged over what was tried (B51, B53)', async () => {
    const clock = createManualClock()
    const world = createWorld({
      clock,
      tools: {
        'stock/quote': () => answer({ success: true, data: { price: 468.285 } }),
        'money/convert': {
          inputs: object({ from: { type: 'string' }, to: { type: 'string' }, amount: { type: 'number' } }, [
            'from',
            'to',
            'amount',
          ]),
          on: ({ amount }) =>
            amount === 0 ? failure(400, 'X', 'amount must be greater than 0') : answer({ fine: true }),
        },
      },
      model: { 're-resolve': fix({ amount: '46828.5' }) },
    })
    const ran = await world.run(
      {
        steps: [
          call('price', 'stock/quote'),
          call('convert', 'money/convert', { from: 'USD', to: 'KRW', amount: 0 }, { dependsOn: ['price'] }),
        ],
      },
      { request: 'Sell 100 Tesla shares' },
    )
    expect(ran.end('convert').status).toBe('succeeded')
    expect(world.callsOf('money/convert').map(({ inputs, key }) => [inputs, key])).toEqual([
      [{ from: 'USD', to: 'KRW', amount: 0 }, 'run_1:convert:1'],
      [{ from: 'USD', to: 'KRW', amount: 46828.5 }, 'run_1:convert:2'],
    ])
    expect(ran.of('step-repair')).toMatchObject([{ way: 're-resolve', analysis: 'known' }])
    const { messages, system } = world.asked[0] as ModelAsk
    const prompt = messages[0]?.content ?? ''
    for (const part of [
      '100 Tesla shares',
      '"convert"',
      'money/convert',
      'output of step price',
      '468.285',
      'KRW',
      'amount must be greater than 0',
      '"number"',
    ]) {
      expect(prompt).toContain(part)
    }
    expect(system).not.toContain('468.285')
  })

  it('takes an analysis that is no text for none', async () => {
    const reply = (analysis: unknown) => () => ({ ...(fix({ q: 'good' })() as object), analysis }) as never
    const analyses = async (analysis: unknown) => {
      const { ran, end } = await go(onlyGood, { model: { 're-resolve': reply(analysis) } })
      expect(end.status).toBe('succeeded')
      return ran.of('step-repair').map((fact) => fact.analysis)
    }
    expect(await analyses(5)).toEqual([''])
    expect(await analyses('x'.repeat(2_000))).toEqual([expect.stringMatching(/^x{900,999}/)])
  })

  it.each([400, 404, 409, 422])('runs for HTTP %i, also without dependencies (B51)', async (status) => {
    const on: Handler = ({ q }) => (q === 'good' ? answer(1) : failure(status, 'BAD', 'no'))
    const { end, calls } = await go(on, { model: { 're-resolve': fix({ q: 'good' }) } })
    expect(end.status).toBe('succeeded')
    expect(calls.map(({ inputs }) => inputs)).toEqual([{ q: 'x' }, { q: 'good' }])
  })

  it.each([401, 403, 405])('costs no model call for HTTP %i (B47)', async (status) => {
    const { world, end } = await go(fail(status, 'INVALID', 'no'), { model: { 're-resolve': fix({ q: 'good' }) } })
    expect(end.status).toBe('failed')
    expect(world.asked).toEqual([])
  })

  it('corrects what binding could not convert, before anything is called', async () => {
    const { end, calls } = await go(fine, {
      inputs: { q: 'x', amount: 'one hundred' },
      model: { 're-resolve': fix({ amount: 100 }) },
    })
    expect(end.status).toBe('succeeded')
    expect(calls.map(({ inputs }) => inputs)).toEqual([{ q: 'x', amount: 100 }])
  })

  it('has a budget of its own: retries do not use it up (B52)', async () => {
    const on = inTurn(fail(503), fail(503), fail(400, 'BAD', 'first'), fail(503), fail(400, 'BAD', 'second'), fine)
    let n = 0
    const { end, world, calls } = await go(on, { model: { 're-resolve': () => fix({ q: `try ${++n}` })() } })
    expect(end.status).toBe('succeeded')
    expect(world.asked).toHaveLength(2)
    expect(calls.map(({ key }) => key.at(-1))).toEqual(['1', '1', '1', '2', '2', '3'])
  })

  it('ends after two corrections by default, with the reason of the last call', async () => {
    let n = 0
    const on: Handler = ({ q }) => failure(400, 'BAD', `not ${JSON.stringify(q)}`)
    const { end, world } = await go(on, { model: { 're-resolve': () => fix({ q: `try ${++n}` })() } })
    expect(world.asked).toHaveLength(2)
    expect(end.error?.message).toContain('not "try 2"')
  })

  it('stops when the model knows no better, or cannot be asked: the error of the call stands', async () => {
    const refusing = await go(onlyGood, {
      model: { 're-resolve': () => ({ should_retry: false, analysis: 'hopeless' }) },
    })
    expect(refusing.calls).toHaveLength(1)
    const failing = await go(onlyGood, {
      model: { 're-resolve': () => Promise.reject(new TuttiError('model_unavailable', 'away')) },
    })
    const senseless = await go(onlyGood, { model: { 're-resolve': () => ['what?'] } })
    for (const { end } of [refusing, failing, senseless])
      expect(end.error).toMatchObject({ code: 'component_rejected', details: { status: 400 } })
  })

  it('does not call the same inputs again when the model only pretends to change them', async () => {
    const { calls } = await go(onlyGood, {
      inputs: { q: 'x', amount: 5 },
      model: { 're-resolve': fix({ amount: '5' }) },
    })
    expect(calls).toHaveLength(1)
  })

  it('waits before a call that the model wants repeated unchanged, and does so once (B49)', async () => {
    const { attempts, calls, end } = await go(fail(404, 'BAD', 'not yet'), { model: { 're-resolve': fix({}) } })
    expect(calls).toHaveLength(2)
    expect(attempts).toHaveLength(2)
    expect(end.durationMs).toBeGreaterThanOrEqual(50)
  })

  it('checks the corrected inputs against the schema: what does not fit is not called (B53)', async () => {
    const { calls, world } = await go(onlyGood, {
      inputs: { q: 'x', amount: 1 },
      model: { 're-resolve': fix({ amount: 'many' }) },
    })
    expect(calls).toHaveLength(1)
    expect(world.asked).toHaveLength(2)
  })

  it('leaves out what a closed schema does not know, so that the rest of the correction counts (B53)', async () => {
    const { end, calls } = await go(
      { inputs: { ...schema, additionalProperties: false }, on: onlyGood },
      { model: { 're-resolve': fix({ q: 'good', colour: 'blue' }) } },
    )
    expect(end.status).toBe('succeeded')
    expect(calls.map(({ inputs }) => inputs)).toEqual([{ q: 'x' }, { q: 'good' }])
  })

  it.each(['${steps.a.output.x}', '{{a.response.x}}'])(
    'never sends a reference, %s, but says so to the model (B19)',
    async (q) => {
      const answers = [fix({ q }), fix({ q: 'good' })]
      const { end, calls, world } = await go(onlyGood, { model: { 're-resolve': () => answers.shift()?.() ?? null } })
      expect(end.status).toBe('succeeded')
      expect(calls.map(({ inputs }) => inputs)).toEqual([{ q: 'x' }, { q: 'good' }])
      expect(world.asked[1]?.messages[0]?.content).toContain('hold a reference')
    },
  )

  it('works for a capability that says nothing about its inputs (B55)', async () => {
    const { end } = await go({ inputs: {}, on: onlyGood }, { model: { 're-resolve': fix({ q: 'good' }) } })
    expect(end.status).toBe('succeeded')
  })

  it('is off when the setting says so, or when its budget is 0', async () => {
    for (const recovery of [{ semanticEnabled: false }, { semanticAttempts: 0 }]) {
      const { world } = await go(onlyGood, { settings: { recovery }, model: { 're-resolve': fix({ q: 'good' }) } })
      expect(world.asked).toEqual([])
    }
  })

  it('changes this step only: the plan runs with its own inputs the next time', async () => {
    const world = createWorld({
      tools: { 't/go': { inputs: schema, on: onlyGood } },
      model: { 're-resolve': fix({ q: 'good' }) },
    })
    const steps = [call('go', 't/go', { q: 'x' })]
    await world.run({ steps })
    await world.run({ steps })
    expect(world.callsOf('t/go').map(({ inputs }) => inputs)).toEqual([
      { q: 'x' },
      { q: 'good' },
      { q: 'x' },
      { q: 'good' },
    ])
  })

  it('shows large outputs in part only (B78)', async () => {
    const world = createWorld({
      tools: { 'src/emit': () => answer({ text: 'y'.repeat(500_000) }), 't/go': { inputs: schema, on: onlyGood } },
      model: { 're-resolve': fix({ q: 'good' }) },
    })
    await world.run({ steps: [call('src', 'src/emit'), call('go', 't/go', { q: 'x' }, { dependsOn: ['src'] })] })
    expect(world.asked[0]?.messages[0]?.content.length).toBeLessThan(40_000)
  })
})
