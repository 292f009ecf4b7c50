import { describe, expect, it } from 'vitest'
import type { RunFact } from '../../src/contracts/events.ts'
import type { Step } from '../../src/contracts/plan.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { LONG_CHAIN } from '../support/long-chain.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { answer, call, createWorld, failure, type Handler } from './support.ts'

const gate = (name: string, more: Partial<Step> = {}): Step => ({ name, type: 'gate', dependsOn: [], ...more })
const fine: Handler = () => answer('fine')
const broken: Handler = () => failure(400, 'BAD', 'broken')
const tools = { 't/ok': fine, 't/bad': broken }
const ok = (name: string, dependsOn: string[] = [], more: Partial<Step> = {}): Step =>
  call(name, 't/ok', {}, { dependsOn, ...more })
const bad = (name: string, dependsOn: string[] = [], more: Partial<Step> = {}): Step =>
  call(name, 't/bad', {}, { dependsOn, ...more })

/** How each step ended: its status, or why it was skipped. */
const ends = async (steps: readonly Step[], more: { name?: string } = {}): Promise<Record<string, string>> => {
  const ran = await createWorld({ tools }).run({ steps, ...more })
  return Object.fromEntries(ran.of('step-end').map(({ step, status, skipReason }) => [step, skipReason ?? status]))
}

describe('settling', () => {
  it('skips a step whose dependency failed, and what depends on that one', async () => {
    expect(await ends([bad('a'), ok('b', ['a']), ok('c', ['b']), ok('d')])).toEqual({
      a: 'failed',
      b: 'dependency-failed',
      c: 'dependency-failed',
      d: 'succeeded',
    })
  })

  it('lets the "if" alone decide about a dependency whose status it mentions', async () => {
    const steps = [
      bad('a'),
      ok('rescue', ['a'], { if: "steps.a.status == 'failed'" }),
      ok('other', ['a'], { if: 'steps.a.success' }),
    ]
    expect(await ends(steps)).toMatchObject({ rescue: 'succeeded', other: 'condition' })
  })

  it('still skips it for another dependency that failed', async () => {
    const steps = [bad('a'), bad('b'), ok('rescue', ['a', 'b'], { if: "steps.a.status == 'failed'" })]
    expect(await ends(steps)).toMatchObject({ rescue: 'dependency-failed' })
  })

  it('fails when its "if" is a path that is not there, and says which and what is', async () => {
    const ran = await createWorld({ tools: { 't/ok': () => answer({ here: 1 }) } }).run({
      steps: [ok('a'), ok('b', ['a'], { if: 'steps.a.output.gone' })],
    })
    expect(ran.end('b')).toMatchObject({ status: 'failed', error: { code: 'expression_failed' } })
    expect(ran.end('b').error?.message).toContain('"steps.a.output.gone" is not there. "steps.a.output" has "here"')
  })

  it('is not held up by a dependency that its own "if" skipped, and is skipped when all were', async () => {
    const steps = [
      ok('off', [], { if: '1 == 2' }),
      ok('off2', [], { if: 'false' }),
      ok('on'),
      ok('join', ['off', 'on']),
      ok('none', ['off', 'off2']),
      ok('after', ['none']),
    ]
    expect(await ends(steps)).toEqual({
      off: 'condition',
      off2: 'condition',
      on: 'succeeded',
      join: 'succeeded',
      none: 'dependency-skipped',
      after: 'dependency-skipped',
    })
  })

  it('runs the dependants of a step that failed with on_error continue; its output is null and its error set', async () => {
    const world = createWorld({ tools })
    const ran = await world.run({
      steps: [
        bad('a', [], { onError: 'continue' }),
        {
          ...gate('b', { dependsOn: ['a'] }),
          type: 'transform',
          set: { out: '${steps.a.output}', code: '${steps.a.error.code}', text: '${steps.a.error.message}' },
        },
      ],
    })
    expect(ran.end('a')).toMatchObject({ status: 'failed' })
    expect(ran.end('b').output).toMatchObject({ out: null, code: 'component_rejected' })
    expect(JSON.stringify(ran.end('b').output)).toContain('broken')
  })

  it('starts no new step after a failure in a workflow that says fail; what runs ends', async () => {
    const clock = createManualClock()
    const world = createWorld({
      clock,
      tools: { ...tools, 't/slow': async (_, { signal }) => (await clock.sleep(1_000, signal), answer('slow')) },
    })
    const running = world.run({
      name: 'flow',
      steps: [bad('a'), call('s', 't/slow'), ok('after', ['s']), ok('b', ['a'])],
    })
    await clock.advance(2_000)
    const ran = await running
    expect(
      Object.fromEntries(ran.of('step-end').map(({ step, status, skipReason }) => [step, skipReason ?? status])),
    ).toEqual({
      a: 'failed',
      s: 'succeeded',
      after: 'run-stopped',
      b: 'dependency-failed',
    })
  })

  it('does not stop such a workflow for a step whose failure is covered', async () => {
    expect(await ends([bad('a', [], { onError: 'continue' }), ok('b', ['a'])], { name: 'flow' })).toEqual({
      a: 'failed',
      b: 'succeeded',
    })
  })

  it('fails a step whose "if" gives anything but true or false, and says so', async () => {
    const ran = await createWorld({ tools }).run({ steps: [ok('a', [], { if: '1 + 1' })] })
    expect(ran.end('a')).toMatchObject({ status: 'failed', error: { code: 'expression_failed' } })
    expect(ran.of('step-start')).toHaveLength(1)
  })

  it('tells a skipped step apart from a failed one: no start, no error, a reason (B64)', async () => {
    const ran = await createWorld({ tools }).run({ steps: [bad('a'), ok('b', ['a'])] })
    expect(ran.end('b')).toEqual({
      type: 'step-end',
      step: 'b',
      status: 'skipped',
      skipReason: 'dependency-failed',
      durationMs: 0,
    })
    expect(ran.of('step-start', 'b')).toEqual([])
  })
})

describe('the loop', () => {
  it('starts a step when its own dependencies have settled, not when a wave has (B39)', async () => {
    const clock = createManualClock()
    const nap: Handler = async ({ ms }, { signal }) => (await clock.sleep(Number(ms), signal), answer(ms ?? null))
    const world = createWorld({ clock, tools: { 't/nap': nap } })
    const starts: Record<string, number> = {}
    const begun = clock.now()
    const running = world.run(
      {
        steps: [
          call('a', 't/nap', { ms: 10 }),
          call('c', 't/nap', { ms: 2_000 }),
          call('b', 't/nap', { ms: 5 }, { dependsOn: ['a'] }),
        ],
      },
      { onEvent: (fact) => fact.type === 'step-start' && (starts[fact.step] = clock.now() - begun) },
    )
    await clock.advance(3_000)
    await running
    expect(starts).toEqual({ a: 0, c: 0, b: 10 })
  })

  it('tells each step in order: start, attempt, its end, the end of the step', async () => {
    const ran = await createWorld({ tools }).run({ steps: [ok('a'), ok('b', ['a'])] })
    expect(ran.events.map((fact) => `${fact.type} ${'step' in fact ? fact.step : ''}`)).toEqual([
      'step-start a',
      'attempt-start a',
      'attempt-end a',
      'step-end a',
      'step-start b',
      'attempt-start b',
      'attempt-end b',
      'step-end b',
    ])
  })

  it('has at most as many steps in flight as the run allows, and uses all of them (B41)', async () => {
    for (const [maxConcurrency, expected] of [
      [undefined, 10],
      [3, 3],
      [1, 1],
    ] as const) {
      const clock = createManualClock()
      let inFlight = 0
      let most = 0
      const nap: Handler = async (_, { signal }) => {
        most = Math.max(most, ++inFlight)
        await clock.sleep(100, signal)
        inFlight--
        return answer(1)
      }
      const world = createWorld({ clock, tools: { 't/nap': nap } })
      const running = world.run(
        { steps: Array.from({ length: 24 }, (_, i) => call(`s${i}`, 't/nap')) },
        { ...(maxConcurrency !== undefined && { maxConcurrency }) },
      )
      await clock.advance(5_000)
      await running
      expect(most).toBe(expected)
    }
  })

  it('has at most the set number of calls to one component in flight, over all runs', async () => {
    const clock = createManualClock()
    let inFlight = 0
    let most = 0
    const nap: Handler = async (_, { signal }) => {
      most = Math.max(most, ++inFlight)
      await clock.sleep(100, signal)
      inFlight--
      return answer(1)
    }
    const world = createWorld({ clock, tools: { 't/nap': nap }, settings: { executor: { componentConcurrency: 2 } } })
    const steps = Array.from({ length: 5 }, (_, i) => call(`s${i}`, 't/nap'))
    const running = Promise.all([world.run({ steps }), world.run({ steps })])
    await clock.advance(2_000)
    const [first] = await running
    expect(most).toBe(2)
    expect(first.of('step-end').every(({ status }) => status === 'succeeded')).toBe(true)
  })

  it('gives waiting steps no place: a full run still begins a wait', async () => {
    const clock = createManualClock()
    const hang: Handler = async (_, { signal }) => (await clock.sleep(1_000, signal), answer(1))
    const world = createWorld({ clock, tools: { 't/hang': hang } })
    const running = world.run(
      {
        steps: [
          call('busy', 't/hang'),
          { ...gate('w'), type: 'wait', wait: { forMs: 100 } },
          gate('g', { dependsOn: ['w'] }),
        ],
      },
      { maxConcurrency: 1 },
    )
    await clock.advance(2_000)
    const ran = await running
    expect(ran.of('step-end').map(({ step }) => step)).toEqual(['w', 'g', 'busy'])
  })

  it('turns a handler that throws into one failed step, five at once as well as one (B63)', async () => {
    const world = createWorld({
      tools: {
        't/crash': () => {
          throw new TypeError('cannot read x of undefined')
        },
        't/ok': fine,
      },
    })
    const ran = await world.run({ steps: [...Array.from({ length: 5 }, (_, i) => call(`c${i}`, 't/crash')), ok('d')] })
    expect(ran.of('step-end').filter(({ status }) => status === 'failed')).toHaveLength(5)
    expect(ran.end('c0').error?.message).toContain('cannot read x')
    expect(ran.end('d').status).toBe('succeeded')
  })

  it('runs a chain of 100,000 steps without recursion', async () => {
    const steps = Array.from({ length: LONG_CHAIN }, (_, i) =>
      gate(`g${i}`, { dependsOn: i === 0 ? [] : [`g${i - 1}`] }),
    )
    const { plan } = await compilePlan({ steps })
    if (plan === undefined) throw new Error('no plan')
    const ran = await createWorld().runPlan(plan)
    expect(ran.of('step-end')).toHaveLength(LONG_CHAIN)
  })

  it('skips a chain of 100,000 steps without recursion', async () => {
    const steps = Array.from({ length: LONG_CHAIN }, (_, i) =>
      gate(`g${i}`, i === 0 ? { if: 'false' } : { dependsOn: [`g${i - 1}`] }),
    )
    const { plan } = await compilePlan({ steps })
    if (plan === undefined) throw new Error('no plan')
    const ran = await createWorld().runPlan(plan)
    expect(ran.of('step-end').filter(({ skipReason }) => skipReason === 'dependency-skipped')).toHaveLength(
      LONG_CHAIN - 1,
    )
  })

  it('lets other work of the process have its turn during a long run', async () => {
    let turns = 0
    const count = (): void => {
      turns++
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    await createWorld({ tools }).run({ steps: Array.from({ length: 5_000 }, (_, i) => ok(`s${i}`)) })
    clearImmediate(timer)
    expect(turns).toBeGreaterThanOrEqual(4)
  })

  it('ends at once for a plan without steps', async () => {
    const { plan } = await compilePlan({ steps: [] })
    if (plan === undefined) throw new Error('no plan')
    expect((await createWorld().runPlan(plan)).events).toEqual([])
  })
})

describe('the journal', () => {
  it('has a write on disk before it is called, and its end before anything builds on it', async () => {
    const order: string[] = []
    const note = (fact: RunFact): void => {
      if ('step' in fact) order.push(`${fact.type} ${fact.step}`)
    }
    const flush = async (): Promise<void> => {
      order.push('flush')
      await Promise.resolve()
      order.push('flushed')
    }
    const world = createWorld({
      tools: { 't/write': { effect: 'write', on: () => (order.push('call'), answer(1)) }, 't/ok': fine },
    })
    await world.run({ steps: [call('w', 't/write'), ok('r', ['w'])] }, { flush, onEvent: note })
    expect(order).toEqual([
      'step-start w',
      'attempt-start w',
      'flush',
      'flushed',
      'call',
      'attempt-end w',
      'step-end w',
      'flush',
      'flushed',
      'step-start r',
      'attempt-start r',
      'attempt-end r',
      'step-end r',
    ])
  })

  it('that cannot be written keeps a write from being called, and stops the run', async () => {
    const world = createWorld({ tools: { 't/write': { effect: 'write', on: fine }, 't/ok': fine } })
    const ran = await world.run(
      { steps: [call('w', 't/write'), ok('r', ['w'], { if: "steps.w.status == 'failed'" })] },
      { flush: () => Promise.reject(new Error('disk full')) },
    )
    expect(world.calls).toEqual([])
    expect(ran.end('w').status).toBe('failed')
    expect(ran.end('r').skipReason).toBe('run-stopped')
  })
})
