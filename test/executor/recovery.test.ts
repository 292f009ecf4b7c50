import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { JsonObject, JsonValue } from '../../src/contracts/json.ts'
import type { ModelAsk } from '../../src/contracts/parts.ts'
import type { Step } from '../../src/contracts/plan.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { answer, call, createWorld, cut, failure, type Handler, object, type ToolSpec, unreachable, type WorldOptions } from './support.ts'

/** Answers in turn; the last one repeats. */
const inTurn = (...handlers: Handler[]): Handler => {
  let n = 0
  return (inputs, invocation) => {
    const handler = handlers[Math.min(n++, handlers.length - 1)]
    if (handler === undefined) throw new Error('no handler')
    return handler(inputs, invocation)
  }
}
const fine: Handler = () => answer({ success: true, data: { fine: true } })
const fail = (status: number, code = 'X', message = 'trouble', more: JsonObject = {}): Handler => () => failure(status, code, message, more)
const throwing = (make: () => Error): Handler => () => {
  throw make()
}
const schema = object({ q: { type: 'string' }, amount: { type: 'number' } }, ['q'])

/** One step `go` that calls `t/go`, with time by hand. */
async function go(tool: Handler | ToolSpec, options: WorldOptions & { step?: Partial<Step>; inputs?: JsonObject; request?: string } = {}) {
  const clock = createManualClock()
  const spec: ToolSpec = typeof tool === 'function' ? { on: tool } : tool
  const world = createWorld({ clock, ...options, tools: { 't/go': { inputs: schema, ...spec }, ...options.tools } })
  const running = world.run({ steps: [call('go', 't/go', options.inputs ?? { q: 'x' }, options.step)] }, { request: options.request ?? 'Sell 100 shares' })
  let isDone = false
  void running.finally(() => (isDone = true))
  for (let i = 0; i < 200 && !isDone; i++) await clock.advance(500)
  const ran = await running
  return { world, ran, end: ran.end('go'), calls: world.callsOf('t/go'), attempts: ran.of('attempt-end') }
}

describe('retry', () => {
  it('repeats a transient failure and records both attempts', async () => {
    const { end, attempts, calls, ran } = await go(inTurn(fail(503, 'BUSY', 'overloaded'), fine))
    expect(end).toMatchObject({ status: 'succeeded', output: { fine: true } })
    expect(attempts.map(({ status }) => status)).toEqual(['failed', 'succeeded'])
    expect(attempts[0]).toMatchObject({ attempt: 1, error: { code: 'component_failed' }, retryInMs: 75 })
    expect(new Set(calls.map(({ key }) => key))).toEqual(new Set(['run_1:go:1']))
    expect(ran.of('step-repair')).toEqual([])
  })

  it('calls three times by default, and as often as the step says (B41)', async () => {
    expect((await go(fail(500))).calls).toHaveLength(3)
    expect((await go(fail(500), { step: { retry: { maxAttempts: 5 } } })).calls).toHaveLength(5)
    expect((await go(fail(500), { settings: { recovery: { maxAttempts: 1 } } })).calls).toHaveLength(1)
  })

  it('calls once at least, whatever the step says (B101)', async () => {
    expect((await go(fail(500), { step: { retry: { maxAttempts: 0 } } })).calls).toHaveLength(1)
  })

  it('waits as long as Retry-After asks (B46)', async () => {
    const busy: Handler = () => answer({ error: 'slow down' }, 429, { 'retry-after': '5' })
    const { attempts, end } = await go(inTurn(busy, fine))
    expect(attempts[0]?.retryInMs).toBe(5_000)
    expect(end.durationMs).toBe(5_000)
  })

  it('does not wait beyond the deadline of the step: the reason is told at once', async () => {
    const busy: Handler = () => answer({ error: 'slow down' }, 429, { 'retry-after': '60' })
    const { end, calls } = await go(busy, { step: { deadlineMs: 10_000 } })
    expect(calls).toHaveLength(1)
    expect(end).toMatchObject({ status: 'failed', durationMs: 0, error: { code: 'component_rate_limited' } })
  })

  it.each([400, 401, 403, 404, 405, 409, 422])('does not repeat HTTP %i', async (status) => {
    expect((await go(fail(status))).calls).toHaveLength(1)
  })

  it('takes another instance for the next call (B56)', async () => {
    const { calls, end } = await go({ instances: ['one', 'two', 'three'], on: inTurn(fail(503), fail(503), fine) })
    expect(end.status).toBe('succeeded')
    expect(calls.map(({ instance }) => instance)).toEqual(['one', 'two', 'three'])
  })

  it('ends a call that takes too long, aborts it, and hears nothing it says later', async () => {
    let aborted: unknown
    const slow: Handler = (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted = signal.reason
          reject(new Error('late'))
        })
      })
    const { end, attempts } = await go(slow, { step: { timeoutMs: 700, retry: { maxAttempts: 1 } } })
    expect(end).toMatchObject({ status: 'failed', error: { code: 'component_timeout' }, durationMs: 700 })
    expect(end.error?.message).toContain('700ms')
    expect(aborted).toMatchObject({ code: 'component_timeout' })
    expect(attempts).toHaveLength(1)
  })

  it("takes the step's timeout before the capability's, and that before the setting (B41)", async () => {
    const hang: Handler = () => new Promise(() => undefined)
    const once = { retry: { maxAttempts: 1 } }
    expect((await go(hang, { step: once })).end.durationMs).toBe(30_000)
    expect((await go({ on: hang, timeoutMs: 4_000 }, { step: once })).end.durationMs).toBe(4_000)
    expect((await go({ on: hang, timeoutMs: 4_000 }, { step: { ...once, timeoutMs: 1_000 } })).end.durationMs).toBe(1_000)
  })
})

describe('lost answers', () => {
  it('are followed by the same call with the same key when the step may be repeated', async () => {
    const { end, calls } = await go({ effect: 'unknown', on: inTurn(throwing(cut), fine) })
    expect(end.status).toBe('succeeded')
    expect(calls.map(({ key }) => key)).toEqual(['run_1:go:1', 'run_1:go:1'])
  })

  it('are not followed by a second call of a write, and the error says how to allow one (B50)', async () => {
    const { end, calls } = await go({ effect: 'write', on: throwing(cut) })
    expect(calls).toHaveLength(1)
    expect(end.error).toMatchObject({ code: 'outcome_unknown', details: { reason: 'component_unavailable' } })
    expect(end.error?.message).toContain('idempotent: true')
  })

  it('of a timed-out write are unknown as well', async () => {
    const { end, calls } = await go({ effect: 'write', on: () => new Promise(() => undefined) }, { step: { timeoutMs: 500 } })
    expect(calls).toHaveLength(1)
    expect(end.error?.code).toBe('outcome_unknown')
  })

  it('of a write are repeated when capability or step is declared idempotent', async () => {
    expect((await go({ effect: 'write', idempotent: true, on: inTurn(throwing(cut), fine) })).calls).toHaveLength(2)
    expect((await go({ effect: 'write', on: inTurn(throwing(cut), fine) }, { step: { idempotent: true } })).calls).toHaveLength(2)
    expect((await go({ effect: 'read', on: inTurn(throwing(cut), fine) }, { step: { idempotent: false } })).calls).toHaveLength(1)
  })

  it('of an unknown effect follow the setting', async () => {
    const { calls } = await go({ effect: 'unknown', on: throwing(cut) }, { settings: { recovery: { unknown: 'ask' } } })
    expect(calls).toHaveLength(1)
  })

  it('are no matter for a write that was never sent, or that was answered', async () => {
    expect((await go({ effect: 'write', on: inTurn(throwing(unreachable), fine) })).end.status).toBe('succeeded')
    expect((await go({ effect: 'write', on: inTurn(fail(503), fine) })).end.status).toBe('succeeded')
  })
})

describe('components that move', () => {
  it('are found by one refresh before the step fails (B57)', async () => {
    const { ran, end, world } = await go(
      { instances: ['old'], on: (_, { instance }) => (instance.id === 'old' ? Promise.reject(unreachable()) : fine({}, undefined as never)) },
      {
        onRefresh: (w) => {
          w.remove('t')
          w.register('t/go', { inputs: schema, instances: ['new'], on: fine })
        },
      },
    )
    expect(end).toMatchObject({ status: 'succeeded', durationMs: 0 })
    expect(world.refreshes).toBe(1)
    expect(ran.of('step-repair').map(({ way }) => way)).toEqual(['refresh'])
  })

  it('are looked for once when the catalog has lost them, and are never called at a made-up place (B57, B58)', async () => {
    const world = createWorld({ tools: {} })
    const ran = await world.run({ steps: [call('go', 'ghost/act')] })
    expect(ran.end('go')).toMatchObject({ status: 'failed', error: { code: 'component_unavailable' } })
    expect(ran.end('go').error?.message).toContain('ghost/act')
    expect(world.refreshes).toBe(1)
    expect(world.calls).toEqual([])
  })

  it('without any instance are refreshed once, then fail with a reason', async () => {
    const { end, world } = await go({ instances: [], on: fine })
    expect(end.error).toMatchObject({ code: 'component_unavailable' })
    expect(end.error?.message).toContain('no healthy instance')
    expect(world.refreshes).toBe(1)
  })
})

describe('the breaker', () => {
  it('stops calls to an instance that keeps failing, and the error says so', async () => {
    const world = createWorld({ tools: { 't/go': { on: fail(500, 'DOWN', 'down') } }, settings: { recovery: { initialWaitMs: 0 } } })
    const ends: unknown[] = []
    for (let i = 0; i < 15; i++) ends.push((await world.run({ steps: [call('go', 't/go')] })).end('go').error)
    expect(world.calls).toHaveLength(10)
    expect(ends.at(-1)).toMatchObject({ code: 'breaker_open' })
    expect(JSON.stringify(ends.at(-1))).toMatch(/circuit breaker .* is open/)
    await world.executor.close()
  })

  it('leads to another instance where there is one', async () => {
    const on: Handler = (_, { instance }) => (instance.id === 'bad' ? failure(500, 'DOWN', 'down') : answer({ fine: true }))
    const world = createWorld({ tools: { 't/go': { instances: ['bad', 'good'], on } }, settings: { recovery: { initialWaitMs: 0 } } })
    for (let i = 0; i < 15; i++) expect((await world.run({ steps: [call('go', 't/go')] })).end('go').status).toBe('succeeded')
    expect(world.calls.filter(({ instance }) => instance === 'bad')).toHaveLength(10)
    await world.executor.close()
  })
})

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
      { steps: [call('listing', 'a/list'), call('info', 'b/info'), call('go', 't/go', {}, { dependsOn: ['listing', 'info'], description: 'Look up the second chip company' })] },
      { request: 'What about the second AI chip company?' },
    )
    expect(world.callsOf('t/go')[0]?.inputs).toEqual({ q: 'Second Chip' })
    const prompt = world.asked[0]?.messages[0]?.content ?? ''
    for (const part of ['second AI chip company', 'Look up the second', 'listing', 'Second Chip', 'info', 'EUR', 'Missing inputs: q']) expect(prompt).toContain(part)
  })

  it('fails naming what is missing when nothing gives it, or when it is turned off', async () => {
    for (const options of [{ model: { fill: () => ({}) } }, { model: { fill: () => ({ q: 'x' }) }, settings: { recovery: { fillEnabled: false } } }, {}]) {
      const { end, calls } = await go(fine, { inputs: { amount: 1 }, ...options })
      expect(calls).toHaveLength(0)
      expect(end.error).toMatchObject({ code: 'missing_input', details: { missing: ['q'] } })
      expect(end.error?.message).toContain('"q"')
    }
  })

  it('checks what the model gave', async () => {
    const { end, calls } = await go(fine, { inputs: {}, model: { fill: () => ({ q: { a: 1, b: 'x', c: 'y' } }) } })
    expect(calls).toHaveLength(0)
    expect(end.error?.code).toBe('invalid_input')
  })
})

const fix = (corrected: JsonObject) => (): JsonValue => ({ should_retry: true, analysis: 'known', corrected_parameters: corrected })
const onlyGood: Handler = ({ q }) => (q === 'good' ? answer({ fine: true }) : failure(400, 'BAD', 'q is not acceptable'))

describe('semantic re-resolution', () => {
  it('corrects the inputs from the request and the outputs, merged over what was tried (B51, B53)', async () => {
    const clock = createManualClock()
    const world = createWorld({
      clock,
      tools: {
        'stock/quote': () => answer({ success: true, data: { price: 468.285 } }),
        'money/convert': {
          inputs: object({ from: { type: 'string' }, to: { type: 'string' }, amount: { type: 'number' } }, ['from', 'to', 'amount']),
          on: ({ amount }) => (amount === 0 ? failure(400, 'X', 'amount must be greater than 0') : answer({ fine: true })),
        },
      },
      model: { 're-resolve': fix({ amount: '46828.5' }) },
    })
    const ran = await world.run(
      { steps: [call('price', 'stock/quote'), call('convert', 'money/convert', { from: 'USD', to: 'KRW', amount: 0 }, { dependsOn: ['price'] })] },
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
    for (const part of ['100 Tesla shares', '"convert"', 'money/convert', 'output of step price', '468.285', 'KRW', 'amount must be greater than 0', '"number"']) {
      expect(prompt).toContain(part)
    }
    expect(system).not.toContain('468.285')
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
    const { end, calls } = await go(fine, { inputs: { q: 'x', amount: 'one hundred' }, model: { 're-resolve': fix({ amount: 100 }) } })
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
    const on: Handler = ({ q }) => failure(400, 'BAD', `not ${String(q)}`)
    const { end, world } = await go(on, { model: { 're-resolve': () => fix({ q: `try ${++n}` })() } })
    expect(world.asked).toHaveLength(2)
    expect(end.error?.message).toContain('not try 2')
  })

  it('stops when the model knows no better, or cannot be asked: the error of the call stands', async () => {
    const refusing = await go(onlyGood, { model: { 're-resolve': () => ({ should_retry: false, analysis: 'hopeless' }) } })
    expect(refusing.calls).toHaveLength(1)
    const failing = await go(onlyGood, { model: { 're-resolve': () => Promise.reject(new TuttiError('model_unavailable', 'away')) } })
    const senseless = await go(onlyGood, { model: { 're-resolve': () => ['what?'] } })
    for (const { end } of [refusing, failing, senseless]) expect(end.error).toMatchObject({ code: 'component_rejected', details: { status: 400 } })
  })

  it('does not call the same inputs again when the model only pretends to change them', async () => {
    const { calls } = await go(onlyGood, { inputs: { q: 'x', amount: 5 }, model: { 're-resolve': fix({ amount: '5' }) } })
    expect(calls).toHaveLength(1)
  })

  it('waits before a call that the model wants repeated unchanged, and does so once (B49)', async () => {
    const { attempts, calls, end } = await go(fail(404, 'BAD', 'not yet'), { model: { 're-resolve': fix({}) } })
    expect(calls).toHaveLength(2)
    expect(attempts).toHaveLength(2)
    expect(end.durationMs).toBeGreaterThanOrEqual(50)
  })

  it('checks the corrected inputs against the schema: what does not fit is not called (B53)', async () => {
    const { calls, world } = await go(onlyGood, { inputs: { q: 'x', amount: 1 }, model: { 're-resolve': fix({ amount: 'many' }) } })
    expect(calls).toHaveLength(1)
    expect(world.asked).toHaveLength(2)
  })

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
    const world = createWorld({ tools: { 't/go': { inputs: schema, on: onlyGood } }, model: { 're-resolve': fix({ q: 'good' }) } })
    const steps = [call('go', 't/go', { q: 'x' })]
    await world.run({ steps })
    await world.run({ steps })
    expect(world.callsOf('t/go').map(({ inputs }) => inputs)).toEqual([{ q: 'x' }, { q: 'good' }, { q: 'x' }, { q: 'good' }])
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

describe('fallback', () => {
  it('is tried in order, and says what stood in', async () => {
    const { ran, end } = await go(fail(400), {
      tools: { 'b/go': fail(400), 'c/go': () => answer({ from: 'c' }) },
      step: { fallback: [{ component: 'b', action: 'go' }, { component: 'c', action: 'go', inputs: { q: 'other' } }] },
    })
    expect(end).toMatchObject({ status: 'succeeded', output: { from: 'c' } })
    expect(ran.of('step-repair').map(({ way }) => way)).toEqual(['fallback', 'fallback'])
    expect(ran.of('attempt-start').map(({ component, inputs, idempotencyKey }) => [component, inputs, idempotencyKey])).toEqual([
      ['t', { q: 'x' }, 'run_1:go:1'],
      ['b', { q: 'x' }, 'run_1:go:2'],
      ['c', { q: 'other' }, 'run_1:go:3'],
    ])
  })

  it('may be a value', async () => {
    expect((await go(fail(400), { step: { fallback: [{ value: { rate: 1 } }] } })).end).toMatchObject({ status: 'succeeded', output: { rate: 1 } })
  })

  it('that fails as well leaves the first error, with both reasons', async () => {
    const { end } = await go(fail(400, 'FIRST', 'first trouble'), { tools: { 'b/go': fail(400, 'SECOND', 'second trouble') }, step: { fallback: [{ component: 'b', action: 'go' }] } })
    expect(end.error?.code).toBe('component_rejected')
    expect(end.error?.message).toMatch(/first trouble.*second trouble/)
  })

  it('does not become what the step calls the next time', async () => {
    const world = createWorld({ tools: { 't/go': { inputs: schema, on: ({ q }) => (q === 'x' ? failure(400, 'B', 'no') : answer(1)) } } })
    const steps = [call('go', 't/go', { q: 'x' }, { fallback: [{ component: 't', action: 'go', inputs: { q: 'y' } }] })]
    const { plan } = await (await import('../../src/plan/compile.ts')).compilePlan({ steps })
    if (plan === undefined) throw new Error('no plan')
    await world.runPlan(plan)
    await world.runPlan(plan)
    expect(world.callsOf('t/go').map(({ inputs }) => inputs['q'])).toEqual(['x', 'y', 'x', 'y'])
  })
})

describe('secrets', () => {
  it('reach the component, and neither events nor prompts', async () => {
    const world = createWorld({
      tools: { 't/go': { inputs: schema, on: ({ q, amount }) => (amount === 2 ? answer({ echo: q ?? null }) : failure(400, 'BAD', `key ${String(q)} refused`)) } },
      model: { 're-resolve': fix({ amount: 2, q: '[secret key]' }) },
    })
    const ran = await world.run(
      { inputs: { key: { type: 'string', secret: true } }, steps: [call('go', 't/go', { q: '${inputs.key}', amount: 1 })] },
      { inputs: { key: 's3cr3t-value' }, secrets: new Map([['key', 's3cr3t-value']]) },
    )
    expect(world.callsOf('t/go').map(({ inputs }) => inputs['q'])).toEqual(['s3cr3t-value', 's3cr3t-value'])
    expect(ran.end('go')).toMatchObject({ status: 'succeeded', output: { echo: '[secret key]' } })
    expect(JSON.stringify(ran.events)).not.toContain('s3cr3t')
    expect(JSON.stringify(world.asked.map(({ messages }) => messages))).not.toContain('s3cr3t')
  })
})
