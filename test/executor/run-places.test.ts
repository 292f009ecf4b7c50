// Who waits for a place within a run, who comes back for one, and who leaves.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import type { Step } from '../../src/contracts/plan.ts'
import { createRunBudget } from '../../src/resilience/budget.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { answer, call, createWorld, failure, type Handler, type Ran } from './support.ts'

const one = { components: { t: { maxConcurrency: 1 } } }
const status = (ran: Ran, step: string): string => {
  const { status, skipReason, error } = ran.end(step)
  return skipReason ?? error?.code ?? status
}

/** A tool `t/go` that takes 100 ms, and fails the first time for steps named in `first`. */
function createSlow(first: Readonly<Record<string, Handler>> = {}) {
  const clock = createManualClock()
  const failed = new Set<string>()
  const began: string[] = []
  const go: Handler = async (inputs, invocation) => {
    const who = typeof inputs['who'] === 'string' ? inputs['who'] : ''
    began.push(who)
    const fault = failed.has(who) ? undefined : first[who]
    failed.add(who)
    if (fault !== undefined) return await fault(inputs, invocation)
    await clock.sleep(100, invocation.signal)
    return answer(who)
  }
  const world = createWorld({
    clock,
    tools: { 't/go': go },
    settings: { ...one, recovery: { initialWaitMs: 50, maxAttempts: 2 } },
  })
  const step = (name: string, more: Partial<Step> = {}): Step => call(name, 't/go', { who: name }, more)
  return { clock, world, began, step }
}
const down: Handler = () => failure(500, 'DOWN', 'down')

describe('a step that waits for its component', () => {
  it('never begins when the run is stopped, by a failure or by a cancel', async () => {
    const { clock, world, step, began } = createSlow({ a: () => failure(400, 'BAD', 'no') })
    const running = world.run({ name: 'flow', steps: ['a', 'b', 'c'].map((name) => step(name)) })
    await clock.advance(1_000)
    const ran = await running
    expect(['a', 'b', 'c'].map((name) => status(ran, name))).toEqual([
      'component_rejected',
      'run-stopped',
      'run-stopped',
    ])
    expect(began).toEqual(['a'])

    const other = createSlow()
    const controller = new AbortController()
    const cancelled = other.world.run(
      { steps: ['a', 'b', 'c'].map((name) => other.step(name)) },
      { signal: controller.signal },
    )
    await other.clock.advance(50)
    controller.abort(new TuttiError('cancelled', 'Stop.'))
    await other.clock.advance(50)
    const stopped = await cancelled
    expect(other.began).toEqual(['a'])
    expect(stopped.of('step-end')).toHaveLength(3)
    expect(other.world.executor.limits()).toEqual([])
  })

  it('goes before others of its run, and before other runs, when it is more urgent and comes late', async () => {
    const { clock, world, step, began } = createSlow()
    const first = world.run({
      steps: [
        step('held'),
        step('low', { priority: 'low' }),
        { name: 'late', type: 'wait', wait: { forMs: 20 }, dependsOn: [] },
        step('critical', { priority: 'critical', dependsOn: ['late'] }),
      ],
    })
    await clock.advance(10)
    const second = world.run({ steps: [step('normal')] })
    await clock.advance(1_000)
    await Promise.all([first, second])
    expect(began).toEqual(['held', 'critical', 'normal', 'low'])
  })

  it('leaves its rank behind when its time is up: the next one of its run is less urgent', async () => {
    const { clock, world, step, began } = createSlow()
    const first = world.run({
      steps: [
        step('held', { priority: 'critical' }),
        step('gone', { priority: 'critical', deadlineMs: 50 }),
        step('low', { priority: 'low' }),
      ],
    })
    const second = world.run({ steps: [step('normal')] })
    await clock.advance(1_000)
    const ran = await first
    await second
    expect(status(ran, 'gone')).toBe('deadline_exceeded')
    expect(began).toEqual(['held', 'normal', 'low'])
  })
})

describe('a step that comes back', () => {
  it('gives its place to others while it pauses, and waits for one afterwards', async () => {
    const { clock, world, step, began } = createSlow({ a: down })
    const running = world.run({ steps: [step('a'), step('b'), step('c')] })
    await clock.advance(2_000)
    const ran = await running
    expect(began.slice(0, 2)).toEqual(['a', 'b'])
    expect([...began].sort()).toEqual(['a', 'a', 'b', 'c'])
    for (const name of ['a', 'b', 'c']) expect(status(ran, name)).toBe('succeeded')
    expect(world.executor.limits()).toEqual([])
  })

  it('ends at once when it is stopped while it waits for a place again', async () => {
    const { clock, world, step, began } = createSlow({ a: down })
    const running = world.run({ steps: [step('a', { deadlineMs: 70 }), step('b')] })
    await clock.advance(60)
    expect(began).toEqual(['a', 'b'])
    await clock.advance(10)
    await clock.advance(500)
    const ran = await running
    expect([status(ran, 'a'), ran.end('a').durationMs, status(ran, 'b')]).toEqual([
      'deadline_exceeded',
      70,
      'succeeded',
    ])
    expect(world.executor.limits()).toEqual([])
  })

  it('goes on when the run stops beginning others: what has begun ends', async () => {
    const { clock, world, step, began } = createSlow({ a: down, bad: () => failure(400, 'BAD', 'no') })
    const running = world.run({ name: 'flow', steps: [step('a'), step('bad'), step('never')] })
    await clock.advance(2_000)
    const ran = await running
    expect(['a', 'bad', 'never'].map((name) => status(ran, name))).toEqual([
      'succeeded',
      'component_rejected',
      'run-stopped',
    ])
    expect(began).toEqual(['a', 'bad', 'a'])
  })
})

describe('a step of the model that will not be asked', () => {
  it('leaves what was kept for it to an optional one', async () => {
    const clock = createManualClock()
    const facts: RunFact[] = []
    const open = () =>
      createRunBudget({ limits: { modelCalls: 1 }, clock, emit: (fact) => void facts.push(fact), synthesisShare: {} })
    const generate = (name: string, more: Partial<Step> = {}): Step => ({
      name,
      type: 'ai-generate',
      prompt: 'Write',
      dependsOn: [],
      ...more,
    })
    const run = async (condition: string) => {
      const world = createWorld({ clock, model: { generate: () => 'written' } })
      const steps = [
        generate('needed', { if: condition, priority: 'low' }),
        generate('extra', { optional: true, if: "steps.needed.status == 'skipped'" }),
      ]
      return status(await world.run({ steps }, { context: { budget: open() } }), 'extra')
    }
    expect(await run('false')).toBe('succeeded')
  })
})

describe('a component that is tried again', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }))
  afterEach(() => void vi.useRealTimers())

  it('gets one call, by which its breaker closes or rests again', async () => {
    let isDown = true
    const clock = createManualClock()
    const world = createWorld({
      clock,
      tools: { 't/go': () => (isDown ? failure(500, 'DOWN', 'down') : answer('up')) },
      settings: {
        breaker: { volume: 2, windowMs: 10_000, resetMs: 1_000 },
        components: { t: { recovery: { maxAttempts: 1 } } },
      },
    })
    const go = async () => await world.run({ steps: [call('go', 't/go')] })
    const rest = async (): Promise<void> => {
      vi.advanceTimersByTime(1_000)
      await clock.advance(1_000)
    }
    for (let i = 0; i < 2; i++) expect(status(await go(), 'go')).toBe('component_failed')
    expect(world.executor.breakers()).toMatchObject([{ state: 'open' }])
    expect(status(await go(), 'go')).toBe('breaker_open')
    await rest()
    const tried = await go()
    expect(status(tried, 'go')).toBe('component_failed')
    expect(tried.of('attempt-end')).toMatchObject([{ status: 'failed', error: { code: 'component_failed' } }])
    expect(world.executor.breakers()).toMatchObject([{ state: 'open' }])
    await rest()
    isDown = false
    const well = await go()
    expect(well.end('go')).toMatchObject({ status: 'succeeded', output: 'up' })
    expect(well.of('attempt-end')).toMatchObject([{ status: 'succeeded' }])
    expect(world.executor.breakers()).toMatchObject([{ state: 'closed', share: 0.1 }])
    expect(world.calls).toHaveLength(4)
    await world.executor.close()
  })
})
