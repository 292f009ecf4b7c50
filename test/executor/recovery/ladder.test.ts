import { describe, expect, it } from 'vitest'
import type { RunFact } from '../../../src/contracts/events.ts'
import { createManualClock } from '../../support/manual-clock.ts'
import { fail, fine, fix, go, inTurn, onlyGood, throwing } from '../recovery-support.ts'
import { answer, call, createWorld, cut, failure, type Handler, type Ran, unreachable } from '../support.ts'

const decisions = (ran: Ran) => ran.of('recovery')
const chosen = (ran: Ran) => decisions(ran).map((decision) => decision.chosen)
const busy: Handler = () => answer({ error: 'slow down' }, 429, { 'retry-after': '5' })

describe('the ladder of recovery', () => {
  it('is not there for a step whose first call succeeds', async () => {
    const { ran } = await go(fine)
    expect(ran.events.map(({ type }) => type)).toEqual(['step-start', 'attempt-start', 'attempt-end', 'step-end'])
  })

  it('tells each decision: what was possible, what was chosen and why, and what comes next (T8)', async () => {
    const { ran } = await go(inTurn(fail(503, 'BUSY', 'overloaded'), fine), { tools: { 'other/go': fine } })
    expect(ran.events.map(({ type }) => type)).toEqual([
      'step-start',
      'attempt-start',
      'attempt-end',
      'recovery',
      'attempt-start',
      'attempt-end',
      'recovered',
      'step-end',
    ])
    const [decision] = decisions(ran)
    expect(decision).toMatchObject({
      step: 'go',
      component: 't',
      class: 'backend',
      error: { code: 'component_failed', message: expect.stringContaining('overloaded') },
      chosen: 'retry',
      why: '"component_failed" may pass: 1 of 3 calls were made.',
      next: 'retry',
    })
    expect(decision?.options.map(({ way, feasible, cost, impact }) => [way, feasible, cost, impact])).toEqual([
      ['refresh', false, 'call', 'none'],
      ['retry', true, 'call', 'none'],
      ['re-resolve', false, 'model-call', 'inputs'],
      ['fallback', false, 'call', 'substitute'],
      ['equivalent', false, 'call', 'substitute'],
      ['give-up', true, 'none', 'none'],
    ])
    expect(decision?.options[1]).toMatchObject({ waitMs: 75, what: 'the same call' })
    for (const { why } of decision?.options ?? []) expect(why).toMatch(/^[A-Z"].*\.$/)
    expect(ran.of('recovered')).toEqual([{ type: 'recovered', step: 'go', component: 't', way: 'retry' }])
  })

  it('goes from what changes least to what changes most', async () => {
    const { ran, end, calls } = await go(inTurn(fail(503), fail(503), fail(400, 'BAD', 'no')), {
      model: { 're-resolve': fix({ q: 'other' }) },
      settings: { recovery: { semanticAttempts: 1 } },
      tools: { 'b/go': fail(500), 'c/go': () => answer({ from: 'c' }) },
      step: {
        fallback: [
          { component: 'b', action: 'go' },
          { component: 'c', action: 'go' },
        ],
      },
    })
    expect(end).toMatchObject({ status: 'succeeded', output: { from: 'c' } })
    expect(calls).toHaveLength(4)
    expect(chosen(ran)).toEqual(['retry', 'retry', 're-resolve', 'fallback', 'retry', 'retry', 'fallback'])
    expect(decisions(ran).map(({ next }) => next)).toEqual([
      'retry',
      'fallback',
      'fallback',
      'fallback',
      'retry',
      'fallback',
      'give-up',
    ])
    expect(ran.of('recovered')).toMatchObject([{ component: 't', way: 'fallback' }])
  })

  it('that leads nowhere says so once, with every way and why it was none, and the step has a reason (B42)', async () => {
    const { ran, end } = await go(fail(403, '', ''))
    expect(chosen(ran)).toEqual(['give-up'])
    expect(decisions(ran)[0]).not.toHaveProperty('next')
    expect(decisions(ran)[0]?.options.filter(({ feasible }) => feasible)).toMatchObject([{ way: 'give-up' }])
    expect(end.error?.message).toMatch(/"t\/go" answered HTTP 403 without saying why/)
    expect(ran.of('recovery-failed')).toEqual([
      { type: 'recovery-failed', step: 'go', component: 't', error: end.error, tried: [] },
    ])
  })

  it('names every way that was tried when all of them failed', async () => {
    const { ran, end } = await go(fail(500), {
      tools: { 'b/go': fail(500) },
      step: { fallback: [{ component: 'b', action: 'go' }] },
    })
    expect(ran.of('recovery-failed')).toMatchObject([{ tried: ['retry', 'fallback'], error: end.error }])
  })

  it.each<[string, Handler, string]>([
    ['transient', throwing(cut), 'component_unavailable'],
    ['backend', fail(500), 'component_failed'],
    ['authentication', fail(401), 'component_unauthorized'],
    ['resource', busy, 'component_rate_limited'],
    ['input', fail(422), 'component_rejected'],
    ['permanent', () => answer(null, 302), 'redirect_refused'],
  ])('knows an error of class %s', async (errorClass, on, code) => {
    const { ran } = await go(on)
    expect(decisions(ran)[0]).toMatchObject({ class: errorClass, error: { code } })
  })

  it('waits out a lack of resources and comes back (B46)', async () => {
    const { ran, end } = await go(inTurn(busy, fine))
    expect(decisions(ran)[0]).toMatchObject({ class: 'resource', chosen: 'retry' })
    expect(decisions(ran)[0]?.options[1]).toMatchObject({ waitMs: 5_000 })
    expect(end.durationMs).toBe(5_000)
  })

  it('comes back to a component whose queue was full, and takes the fallback when it stays so', async () => {
    const run = async (callMs: number) => {
      const clock = createManualClock()
      const world = createWorld({
        clock,
        tools: {
          't/go': () =>
            new Promise((resolve) => {
              clock.after(callMs, () => resolve(answer('called')))
            }),
        },
        settings: {
          executor: { maxQueued: 1 },
          components: { t: { maxConcurrency: 1, recovery: { initialWaitMs: 4_000, fallbacks: [{ value: 'busy' }] } } },
        },
      })
      const running = world.run({ steps: ['a', 'b', 'c'].map((name) => call(name, 't/go')) })
      for (let i = 0; i < 100; i++) await clock.advance(500)
      return await running
    }
    const soon = await run(1_000)
    expect(['a', 'b', 'c'].map((name) => soon.end(name).output)).toEqual(['called', 'called', 'called'])
    expect(soon.of('recovery')).toMatchObject([
      { step: 'c', class: 'resource', chosen: 'retry', error: { code: 'queue_full' } },
    ])
    const late = await run(20_000)
    expect(late.end('c').output).toBe('busy')
    expect(chosen(late)).toEqual(['retry', 'retry', 'fallback'])
  })

  it('looks for a component that has moved before it waits for it (B57)', async () => {
    const { ran } = await go(throwing(unreachable))
    expect(chosen(ran)).toEqual(['refresh', 'retry', 'retry', 'give-up'])
    expect(decisions(ran)[0]).toMatchObject({ next: 'retry', why: expect.stringContaining('may have moved') })
  })

  it('finds a step its component when the catalog had lost it for a moment (B57)', async () => {
    const world = createWorld({ tools: {}, onRefresh: (w) => w.register('late/act', fine) })
    const ran = await world.run({ steps: [call('go', 'late/act')] })
    expect(ran.end('go').status).toBe('succeeded')
    expect(chosen(ran)).toEqual(['refresh'])
    expect(ran.of('recovered')).toMatchObject([{ way: 'refresh' }])
  })

  it('tells nothing after the step was stopped, and takes no further way', async () => {
    const stop = new AbortController()
    const world = createWorld({
      tools: {
        't/go': () => {
          stop.abort()
          return failure(500, 'X', 'late')
        },
        'b/go': fine,
      },
    })
    const ran = await world.run(
      { steps: [call('go', 't/go', {}, { fallback: [{ component: 'b', action: 'go' }] })] },
      { signal: stop.signal },
    )
    expect(ran.end('go').status).toBe('cancelled')
    expect(decisions(ran)).toEqual([])
    expect(world.calls).toHaveLength(1)
  })

  it('takes the next way at once where a pause is longer than the deadline allows', async () => {
    const { end, ran } = await go(busy, { step: { deadlineMs: 2_000, fallback: [{ value: 1 }] } })
    expect(end).toMatchObject({ status: 'succeeded', output: 1, durationMs: 0 })
    expect(decisions(ran)[0]?.options[1]).toMatchObject({
      way: 'retry',
      feasible: false,
      why: 'A pause of 5s is longer than the deadline of the step allows.',
    })
  })

  it('leaves the calls of a handler of its own alone: only a fallback stands in', async () => {
    const world = createWorld({
      tools: { 't/go': fine },
      handlers: [{ type: 'call', run: () => Promise.reject(unreachable()) }],
    })
    const ran = await world.run({ steps: [call('go', 't/go', {}, { fallback: [{ value: 1 }] })] })
    expect(ran.end('go').output).toBe(1)
    expect(chosen(ran)).toEqual(['fallback'])
    expect(world.calls).toEqual([])
  })

  it('shows no secret in its words', async () => {
    const world = createWorld({ tools: { 't/go': () => failure(400, 'BAD', 'the key hush-hush is not known') } })
    const ran = await world.run({ steps: [call('go', 't/go')] }, { secrets: new Map([['key', 'hush-hush']]) })
    expect(JSON.stringify(decisions(ran))).toContain('[secret key]')
    expect(JSON.stringify(ran.events)).not.toContain('hush-hush')
  })

  it('stands behind steps of other kinds that declare a fallback', async () => {
    const world = createWorld({
      tools: { 'b/go': () => answer({ from: 'b' }) },
      handlers: [{ type: 'transform', run: () => Promise.reject(new Error('broken')) }],
    })
    const ran = await world.run({
      steps: [{ name: 'go', type: 'transform', dependsOn: [], set: {}, fallback: [{ component: 'b', action: 'go' }] }],
    })
    expect(ran.end('go')).toMatchObject({ status: 'succeeded', output: { from: 'b' } })
    expect(decisions(ran)[0]?.options.map(({ way }) => way)).toEqual(['fallback', 'give-up'])
  })
})

describe('corrections on the ladder', () => {
  const refuse: Handler = ({ q }) => failure(400, 'BAD', `not ${JSON.stringify(q)}`)
  const asked = async (answers: RunFact[] | object[], settings = {}) => {
    const left = [...answers] as object[]
    return await go(refuse, {
      settings: { recovery: { semanticAttempts: 5, ...settings } },
      model: { 're-resolve': () => fix((left.shift() ?? {}) as never)() },
    })
  }

  it('end when inputs come back that failed before, also alternating A, B, A', async () => {
    const { calls, world, ran } = await asked([{ q: 'b' }, { q: 'x' }, { q: 'b' }])
    expect(calls.map(({ inputs }) => inputs['q'])).toEqual(['x', 'b'])
    expect(world.asked).toHaveLength(2)
    expect(
      decisions(ran)
        .at(-1)
        ?.options.find(({ way }) => way === 're-resolve'),
    ).toMatchObject({
      feasible: false,
      why: 'The correction gave inputs that had failed before.',
    })
  })

  it('end when the schema makes of them what failed before', async () => {
    const { calls, world } = await go(refuse, {
      inputs: { q: 'x', amount: 5 },
      settings: { recovery: { semanticAttempts: 5 } },
      model: { 're-resolve': fix({ amount: '5' }) },
    })
    expect(calls).toHaveLength(1)
    expect(world.asked).toHaveLength(1)
  })

  it('count apart from calls: each correction has all calls again (B52)', async () => {
    const on = inTurn(fail(400, 'BAD', 'no'), fail(503), fail(503), fine)
    const { end, ran, calls } = await go(on, { model: { 're-resolve': fix({ q: 'good' }) } })
    expect(end.status).toBe('succeeded')
    expect(calls).toHaveLength(4)
    expect(chosen(ran)).toEqual(['re-resolve', 'retry', 'retry'])
  })

  it('are made for a stand-in too, from its own budget', async () => {
    const { end, world } = await go(fail(500), {
      tools: { 'b/go': onlyGood },
      step: { retry: { maxAttempts: 1 }, fallback: [{ component: 'b', action: 'go' }] },
      model: { 're-resolve': fix({ q: 'good' }) },
    })
    expect(end.status).toBe('succeeded')
    expect(world.callsOf('b/go').map(({ inputs }) => inputs['q'])).toEqual(['x', 'good'])
  })

  it('say that another one comes next as long as there is one', async () => {
    const { ran } = await asked([{ q: 'b' }, { q: 'c' }], { semanticAttempts: 2 })
    expect(decisions(ran).map(({ chosen, next }) => [chosen, next])).toEqual([
      ['re-resolve', 're-resolve'],
      ['re-resolve', 'give-up'],
      ['give-up', undefined],
    ])
  })

  it('stop at the number that is set', async () => {
    let n = 0
    const { world, ran } = await go(refuse, {
      settings: { recovery: { semanticAttempts: 1 } },
      model: { 're-resolve': () => fix({ q: `try ${++n}` })() },
    })
    expect(world.asked).toHaveLength(1)
    expect(
      decisions(ran)
        .at(-1)
        ?.options.find(({ way }) => way === 're-resolve')?.why,
    ).toContain('used up (1)')
  })
})

describe('refused credentials', () => {
  const renewing = (answers: (boolean | Error)[]) => {
    const asked: string[] = []
    const refreshCredentials = (component: string): Promise<boolean> => {
      asked.push(component)
      const next = answers.shift() ?? false
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next)
    }
    return { asked, refreshCredentials }
  }

  it('are renewed once, and the same call is made once more', async () => {
    const { asked, refreshCredentials } = renewing([true])
    const { end, calls, ran } = await go(inTurn(fail(401), fine), { refreshCredentials })
    expect(end.status).toBe('succeeded')
    expect(asked).toEqual(['t'])
    expect(calls.map(({ key }) => key)).toEqual(['run_1:go:1', 'run_1:go:1'])
    expect(ran.of('step-repair')).toMatchObject([{ way: 'credentials' }])
    expect(ran.of('recovered')).toMatchObject([{ way: 'credentials' }])
  })

  it.each([401, 403])('are not renewed twice for HTTP %i, and no model is asked (B47)', async (status) => {
    const { asked, refreshCredentials } = renewing([true, true])
    const { end, calls, world, ran } = await go(fail(status, 'INVALID', 'no'), {
      refreshCredentials,
      model: { 're-resolve': fix({ q: 'good' }) },
    })
    expect(end.error?.code).toBe('component_unauthorized')
    expect(calls).toHaveLength(2)
    expect(asked).toHaveLength(1)
    expect(world.asked).toEqual([])
    expect(chosen(ran)).toEqual(['credentials', 'give-up'])
  })

  it.each([
    ['there are none', false],
    ['the server of tokens is away', new Error('away')],
  ])('leave the error as it was when %s', async (_, result) => {
    const { refreshCredentials } = renewing([result])
    const { end, calls, ran } = await go(fail(401, '', 'who are you?'), { refreshCredentials })
    expect(calls).toHaveLength(1)
    expect(end.error?.message).toContain('who are you?')
    expect(ran.of('step-repair')).toEqual([])
  })

  it('are renewed for a stand-in as well, once', async () => {
    const { asked, refreshCredentials } = renewing([true, true, true])
    const { end, ran } = await go(fail(401), {
      refreshCredentials,
      tools: { 'b/go': inTurn(fail(401), fine) },
      step: { fallback: [{ component: 'b', action: 'go' }] },
    })
    expect(end.status).toBe('succeeded')
    expect(asked).toEqual(['t', 'b'])
    expect(chosen(ran)).toEqual(['credentials', 'fallback', 'credentials'])
  })

  it('are left alone where the policy goes straight to the fallback', async () => {
    const { asked, refreshCredentials } = renewing([true])
    const { end } = await go(fail(401), {
      refreshCredentials,
      settings: {
        components: {
          t: { recovery: { classes: { authentication: { strategy: 'fallback' } }, fallbacks: [{ value: 1 }] } },
        },
      },
    })
    expect([end.output, asked]).toEqual([1, []])
  })
})
