// Every limit on what may be at work at once, each with its effect.
import { describe, expect, it } from 'vitest'
import type { LimitUsage } from '../../src/contracts/api.ts'
import type { BudgetAmounts, RunBudget } from '../../src/contracts/budget.ts'
import type { ConfigInput } from '../../src/contracts/config.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { RunContext } from '../../src/contracts/executor.ts'
import type { Step } from '../../src/contracts/plan.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { answer, call, createWorld, failure, type Handler } from './support.ts'

/** Naps of 100 ms at the tools `t` and `u`, and how many of each are at work at once. */
function createNaps(settings: ConfigInput = {}, tools: Record<string, Handler> = {}) {
  const clock = createManualClock()
  const now: Record<string, number> = { t: 0, u: 0, all: 0 }
  const most: Record<string, number> = { t: 0, u: 0, all: 0 }
  const nap =
    (tool: string): Handler =>
    async ({ ms }, { signal }) => {
      for (const key of [tool, 'all']) most[key] = Math.max(most[key] ?? 0, (now[key] = (now[key] ?? 0) + 1))
      try {
        await clock.sleep(Number(ms ?? 100), signal)
      } finally {
        for (const key of [tool, 'all']) now[key] = (now[key] ?? 0) - 1
      }
      return answer(1)
    }
  const world = createWorld({ clock, settings, tools: { 't/nap': nap('t'), 'u/nap': nap('u'), ...tools } })
  const run = (steps: readonly Step[], context: Partial<RunContext> = {}) => world.run({ steps }, { context })
  const usage = (kind: LimitUsage['kind']): readonly LimitUsage[] =>
    world.executor
      .limits()
      .filter((limit) => limit.kind === kind)
      .sort((a, b) => a.name.localeCompare(b.name))
  return { clock, world, run, most, now, usage }
}
const steps = (count: number, target = 't/nap', more: Partial<Step> = {}): Step[] =>
  Array.from({ length: count }, (_, i) => call(`${target[0]}${i}`, target, {}, more))

describe('limits on work at once', () => {
  it('of the process hold over all runs, and are visible while they are used', async () => {
    const { clock, run, most, usage, world } = createNaps({ executor: { processConcurrency: 3 } })
    const running = Promise.all([run(steps(5), { runId: 'a' }), run(steps(5, 'u/nap'), { runId: 'b' })])
    await clock.advance(50)
    expect(usage('process')).toEqual([{ kind: 'process', name: '', inUse: 3, limit: 3, waiting: 7 }])
    await clock.advance(1_000)
    await running
    expect(most['all']).toBe(3)
    expect(world.executor.limits()).toEqual([])
  })

  it('of a key hold over its runs, and those of a team over its users; others are free', async () => {
    const quotas = { team: { maxConcurrency: 3 }, 'team/ann': { maxConcurrency: 2 } }
    const { clock, run, now, usage } = createNaps({ quotas })
    const running = Promise.all([
      run(steps(4), { runId: 'a', key: 'team/ann' }),
      run(steps(4), { runId: 'b', key: 'team/bob' }),
      run(steps(4, 'u/nap'), { runId: 'c', key: 'other' }),
    ])
    await clock.advance(50)
    expect(now).toMatchObject({ t: 3, u: 4 })
    expect(usage('key').map(({ name, inUse, limit }) => [name, inUse, limit])).toEqual([
      ['team', 3, 3],
      ['team/ann', 2, 2],
    ])
    await clock.advance(2_000)
    await running
  })

  it('of a key without an entry come from quotas.default, else executor.key_concurrency', async () => {
    for (const settings of [{ quotas: { default: { maxConcurrency: 2 } } }, { executor: { keyConcurrency: 2 } }]) {
      const { clock, run, most } = createNaps(settings)
      const running = run(steps(6), { key: 'somebody' })
      await clock.advance(1_000)
      await running
      expect(most['t']).toBe(2)
    }
  })

  it('of one component come from its policy, without regard to case, else from executor.component_concurrency', async () => {
    const { clock, run, most } = createNaps({
      components: { T: { maxConcurrency: 2 } },
      executor: { componentConcurrency: 4 },
    })
    const running = run([...steps(8), ...steps(8, 'u/nap')], { maxConcurrency: 20 })
    await clock.advance(1_000)
    await running
    expect(most).toMatchObject({ t: 2, u: 4 })
  })

  it('of a component leave the places of the run to other components', async () => {
    const { clock, run, most, usage } = createNaps({ components: { t: { maxConcurrency: 1 } } })
    const running = run([...steps(30), ...steps(8, 'u/nap')], { maxConcurrency: 4 })
    await clock.advance(50)
    expect(most).toMatchObject({ t: 1, u: 3 })
    expect(usage('component')).toMatchObject([
      { name: 't', inUse: 1, limit: 1, waiting: 4 },
      { name: 'u', inUse: 3, waiting: 0 },
    ])
    await clock.advance(5_000)
    expect((await running).of('step-end')).toHaveLength(38)
  })

  it('of a resource count what steps and their components need, all at once', async () => {
    const { clock, run, most } = createNaps({
      resources: { inventory: { gpu: 4, cpu: 3 } },
      components: { t: { resources: { cpu: 1 } } },
    })
    const needy = [...steps(6), ...steps(3, 'u/nap', { resources: { gpu: 3 } })]
    const running = run(needy, { maxConcurrency: 20 })
    await clock.advance(2_000)
    await running
    expect(most).toMatchObject({ t: 3, u: 1 })
  })

  it('of a resource of which there is never enough fail the step and say what there is', async () => {
    const { run } = createNaps({ resources: { inventory: { gpu: 2 } } })
    const ran = await run([
      call('big', 't/nap', {}, { resources: { gpu: 4 } }),
      call('odd', 't/nap', {}, { resources: { fpga: 1 } }),
    ])
    expect(ran.end('big').error?.message).toContain('needs 4 of the resource "gpu", of which this process has 2')
    expect(ran.end('odd')).toMatchObject({ status: 'failed', error: { code: 'not_supported' } })
    expect(ran.of('step-start')).toHaveLength(2)
  })

  it('by a key of steps hold over all runs, each value of the key by itself', async () => {
    const { clock, world, most } = createNaps()
    const document = {
      inputs: { tenant: { type: 'string' as const, required: true } },
      steps: steps(3, 't/nap', { concurrency: { key: 'tenant-${inputs.tenant}', limit: 1 } }),
    }
    const running = Promise.all(
      ['x', 'x', 'y'].map((tenant, i) => world.run(document, { inputs: { tenant }, context: { runId: `r${i}` } })),
    )
    await clock.advance(2_000)
    await running
    expect(most['t']).toBe(2)
  })

  it('of resources cannot lock up two runs that need the same things', async () => {
    const { clock, run } = createNaps({ resources: { inventory: { a: 1, b: 1 } } })
    const both = (first: string, second: string): Step[] =>
      steps(10, 't/nap', { resources: { [first]: 1, [second]: 1 } })
    const running = Promise.all([run(both('a', 'b'), { runId: '1' }), run(both('b', 'a'), { runId: '2' })])
    await clock.advance(5_000)
    for (const ran of await running) expect(ran.of('step-end').every(({ status }) => status === 'succeeded')).toBe(true)
  })
})

describe('waiting', () => {
  it('holds no place: a pause before a retry leaves it to others, and takes it again afterwards', async () => {
    let calls = 0
    const flaky: Handler = () => (++calls === 1 ? failure(500, 'ODD', 'odd') : answer('fine'))
    const { clock, world } = createNaps({ recovery: { initialWaitMs: 1_000 } }, { 'f/flaky': flaky })
    const ends: string[] = []
    const running = world.run(
      { steps: [call('f', 'f/flaky'), call('s', 't/nap')] },
      { maxConcurrency: 1, onEvent: (fact) => fact.type === 'step-end' && ends.push(fact.step) },
    )
    await clock.advance(3_000)
    await running
    expect(ends).toEqual(['s', 'f'])
  })

  it('for a component ends with the deadline of the step, which then leaves the queue at once', async () => {
    const { clock, run, usage } = createNaps({ components: { t: { maxConcurrency: 1 } } })
    const running = run([call('a', 't/nap', { ms: 1_000 }), call('b', 't/nap', {}, { deadlineMs: 50 })])
    await clock.advance(40)
    expect(usage('component')[0]?.waiting).toBe(1)
    await clock.advance(20)
    expect(usage('component')[0]?.waiting).toBe(0)
    await clock.advance(2_000)
    expect((await running).end('b').error?.code).toBe('deadline_exceeded')
  })

  it('for a component is bounded: what is more fails with queue_full, unless recovery finds another way', async () => {
    const { clock, run } = createNaps({
      components: { t: { maxConcurrency: 1, maxQueued: 3, recovery: { maxAttempts: 1, equivalents: false } } },
    })
    const running = run(steps(10), { maxConcurrency: 10 })
    await clock.advance(2_000)
    const ends = (await running).of('step-end')
    expect(ends.filter(({ status }) => status === 'succeeded')).toHaveLength(4)
    expect(ends.filter(({ error }) => error?.code === 'queue_full')).toHaveLength(6)
  })

  it('of one large run counts no more in that bound than the run may have at work at once', async () => {
    const { clock, run } = createNaps({ components: { t: { maxConcurrency: 1, maxQueued: 5 } } })
    const running = run(steps(50), { maxConcurrency: 4 })
    await clock.advance(10_000)
    expect((await running).of('step-end').filter(({ status }) => status === 'succeeded')).toHaveLength(50)
  })

  it('ends when the run is cancelled, and its place in every queue is free (B60)', async () => {
    const { clock, world, usage, run } = createNaps({ components: { t: { maxConcurrency: 1 } } })
    const controller = new AbortController()
    const first = run([call('a', 't/nap', { ms: 500 })], { runId: 'first' })
    const second = world.run({ steps: steps(5) }, { signal: controller.signal, context: { runId: 'second' } })
    await clock.advance(10)
    controller.abort(new TuttiError('cancelled', 'Stop.'))
    await second
    expect(usage('component')).toMatchObject([{ inUse: 1, waiting: 0 }])
    await clock.advance(1_000)
    await first
    expect(world.executor.limits()).toEqual([])
  })
})

describe('rates and pauses', () => {
  it('begin so many calls within so long, whatever the number of places', async () => {
    const { clock, run, world } = createNaps({ components: { t: { rateLimit: { requests: 2, perMs: 1_000 } } } })
    const running = run(steps(6))
    await clock.advance(10)
    expect(world.calls).toHaveLength(2)
    await clock.advance(1_000)
    expect(world.calls.length).toBeLessThanOrEqual(5)
    await clock.advance(5_000)
    await running
    expect(world.calls).toHaveLength(6)
  })

  it('hold up everybody when the component says Retry-After (B46)', async () => {
    let isBusy = true
    const limited: Handler = () =>
      isBusy ? answer({ error: { code: 'SLOW', message: 'slow' } }, 429, { 'retry-after': '5' }) : answer('fine')
    const { clock, run, usage, world } = createNaps({}, { 'l/go': limited })
    const first = run([call('a', 'l/go')], { runId: 'a' })
    await clock.advance(10)
    isBusy = false
    const second = run([call('b', 'l/go')], { runId: 'b' })
    await clock.advance(4_000)
    expect(world.calls).toHaveLength(1)
    expect(usage('rate')[0]?.pausedUntil).toBe(new Date(Date.UTC(2026, 0, 1) + 5_000).toISOString())
    await clock.advance(3_000)
    const ends = [...(await first).of('step-end'), ...(await second).of('step-end')]
    expect(ends.map(({ status }) => status)).toEqual(['succeeded', 'succeeded'])
    expect(world.calls).toHaveLength(3)
  })
})

describe('the adaptive limit of a component', () => {
  it('has half as many calls in flight after signs of overload, one burst counting once; off does not', async () => {
    for (const [adaptive, expected] of [
      ['errors', 4],
      ['off', 8],
    ] as const) {
      let isOver = true
      const busy: Handler = async (_, { signal }) => {
        await clock.sleep(50, signal)
        return isOver ? failure(429, 'SLOW', 'slow') : answer('fine')
      }
      const { clock, run, usage } = createNaps(
        {
          components: { b: { maxConcurrency: 8, adaptive } },
          recovery: { maxAttempts: 1 },
          breaker: { enabled: false },
        },
        { 'b/go': busy },
      )
      const first = run(steps(8, 'b/go'))
      await clock.advance(100)
      await first
      isOver = false
      const second = run(steps(10, 'b/go'))
      await clock.advance(10)
      expect(usage('component')).toMatchObject([{ name: 'b', limit: expected, inUse: expected }])
      await clock.advance(2_000)
      await second
    }
  })
})

describe('a budget', () => {
  const createBudget = (calls: number) => {
    const told: BudgetAmounts[] = []
    const asked: unknown[] = []
    let left = calls
    const budget: RunBudget = {
      reserve(need, use) {
        asked.push([need, use])
        if (left < 1) return undefined
        left--
        return { settle: (used) => (left += 1 - (used.componentCalls ?? 0)) }
      },
      expect: (need) => told.push(need),
      exceeded: undefined,
      report: () => ({ limits: {}, used: {} }),
    }
    return { budget, told, asked, left: () => left }
  }

  it('is asked before a step begins, and a step that it has no room for is skipped and never called', async () => {
    const { clock, run, world } = createNaps({ components: { t: { cost: 0.5 } } })
    const { budget, asked } = createBudget(2)
    const running = run([...steps(3), call('after', 'u/nap', {}, { dependsOn: ['t2'] })], { budget })
    await clock.advance(500)
    const ran = await running
    expect(ran.of('step-end').map(({ step, skipReason, status }) => [step, skipReason ?? status])).toEqual([
      ['t2', 'budget'],
      ['after', 'dependency-failed'],
      ['t0', 'succeeded'],
      ['t1', 'succeeded'],
    ])
    expect(world.calls).toHaveLength(2)
    expect(asked[0]).toEqual([
      { componentCalls: 1, cost: 0.5 },
      { optional: false, step: 't0' },
    ])
  })

  it('hears at the start what the mandatory calls need, and takes it back step by step', async () => {
    const { clock, run } = createNaps()
    const { budget, told } = createBudget(9)
    const running = run(
      [...steps(2), call('o', 'u/nap', {}, { optional: true }), call('off', 'u/nap', {}, { if: 'false' })],
      { budget },
    )
    await clock.advance(500)
    await running
    expect(told[0]).toMatchObject({ componentCalls: 3 })
    expect(told.slice(1).reduce((sum, { componentCalls = 0 }) => sum + componentCalls, 0)).toBe(-3)
  })

  it('does not block what depends on an optional step that was shed', async () => {
    const { clock, run } = createNaps()
    const { budget } = createBudget(0)
    const running = run(
      [
        call('shed', 't/nap', {}, { optional: true }),
        { name: 'here', type: 'gate', dependsOn: [] },
        { name: 'join', type: 'gate', dependsOn: ['shed', 'here'] },
      ],
      { budget },
    )
    await clock.advance(10)
    const ran = await running
    expect(ran.end('shed').skipReason).toBe('budget')
    expect(ran.end('join').status).toBe('succeeded')
  })

  it('is asked again before each further attempt', async () => {
    const { clock, run, world } = createNaps({}, { 'b/go': () => failure(500, 'ODD', 'odd') })
    const { budget } = createBudget(2)
    const running = run([call('b', 'b/go')], { budget })
    await clock.advance(10_000)
    const ran = await running
    expect(world.calls).toHaveLength(2)
    expect(ran.end('b').error?.code).toBe('budget_exceeded')
  })

  it('gets back what was set aside for a call that was never made', async () => {
    const { clock, run, world } = createNaps({ breaker: { volume: 1 } }, { 'b/go': () => failure(500, 'ODD', 'odd') })
    const { budget, left } = createBudget(5)
    const running = run([call('b', 'b/go', {}, { retry: { maxAttempts: 1 } })], { budget })
    await clock.advance(10_000)
    await running
    const refused = run([call('c', 'b/go', {}, { retry: { maxAttempts: 1 } })], { budget })
    await clock.advance(1_000)
    expect((await refused).end('c').error?.code).toBe('breaker_open')
    expect(world.calls).toHaveLength(1)
    expect(left()).toBe(4)
  })
})
