import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../../src/contracts/errors.ts'
import { fail, fine, go, inTurn, schema, throwing } from '../recovery-support.ts'
import { answer, call, createWorld, cut, failure, type Handler, unreachable } from '../support.ts'

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
    expect((await go({ on: hang, timeoutMs: 4_000 }, { step: { ...once, timeoutMs: 1_000 } })).end.durationMs).toBe(
      1_000,
    )
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

  it.each([
    [200, 1, 'outcome_unknown'],
    [503, 3, 'component_unavailable'],
  ])('with status %i whose body broke off: a write is called %i times (B50)', async (status, count, code) => {
    const broken = (): TuttiError =>
      new TuttiError('component_unavailable', 'The answer broke off.', { details: { sent: true, status } })
    const { end, calls } = await go({ effect: 'write', on: throwing(broken) })
    expect(calls).toHaveLength(count)
    expect(end.error?.code).toBe(code)
  })

  it('of a timed-out write are unknown as well', async () => {
    const { end, calls } = await go(
      { effect: 'write', on: () => new Promise(() => undefined) },
      { step: { timeoutMs: 500 } },
    )
    expect(calls).toHaveLength(1)
    expect(end.error?.code).toBe('outcome_unknown')
  })

  it('of a write are repeated when capability or step is declared idempotent', async () => {
    expect((await go({ effect: 'write', idempotent: true, on: inTurn(throwing(cut), fine) })).calls).toHaveLength(2)
    expect(
      (await go({ effect: 'write', on: inTurn(throwing(cut), fine) }, { step: { idempotent: true } })).calls,
    ).toHaveLength(2)
    expect(
      (await go({ effect: 'read', on: inTurn(throwing(cut), fine) }, { step: { idempotent: false } })).calls,
    ).toHaveLength(1)
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
      {
        instances: ['old'],
        on: (_, { instance }) => (instance.id === 'old' ? Promise.reject(unreachable()) : fine({}, undefined as never)),
      },
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
    const world = createWorld({
      tools: { 't/go': { on: fail(500, 'DOWN', 'down') } },
      settings: { recovery: { initialWaitMs: 0 } },
    })
    const ends: unknown[] = []
    for (let i = 0; i < 15; i++) ends.push((await world.run({ steps: [call('go', 't/go')] })).end('go').error)
    expect(world.calls).toHaveLength(10)
    expect(ends.at(-1)).toMatchObject({ code: 'breaker_open' })
    expect(JSON.stringify(ends.at(-1))).toMatch(/circuit breaker .* is open/)
    await world.executor.close()
  })

  it('leads to another instance where there is one', async () => {
    const on: Handler = (_, { instance }) =>
      instance.id === 'bad' ? failure(500, 'DOWN', 'down') : answer({ fine: true })
    const world = createWorld({
      tools: { 't/go': { instances: ['bad', 'good'], on } },
      settings: { recovery: { initialWaitMs: 0 } },
    })
    for (let i = 0; i < 15; i++)
      expect((await world.run({ steps: [call('go', 't/go')] })).end('go').status).toBe('succeeded')
    expect(world.calls.filter(({ instance }) => instance === 'bad')).toHaveLength(10)
    await world.executor.close()
  })
})
