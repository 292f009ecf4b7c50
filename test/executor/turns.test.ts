// Who begins when not all can: priorities, due dates, fairness, the critical path.
import { describe, expect, it } from 'vitest'
import type { ConfigInput } from '../../src/contracts/config.ts'
import type { RunContext } from '../../src/contracts/executor.ts'
import type { Step } from '../../src/contracts/plan.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { answer, call, createWorld } from './support.ts'

/** A world of naps, and the order in which they begin. */
function createNaps(executor: ConfigInput['executor'] = {}, more: ConfigInput = {}) {
  const clock = createManualClock()
  const begun: string[] = []
  const world = createWorld({
    clock,
    settings: { ...more, executor },
    tools: {
      't/nap': async ({ ms }, { signal, idempotencyKey }) => {
        const [run = '', step = ''] = idempotencyKey.split(':')
        begun.push(run === 'run_1' ? step : `${run}.${step}`)
        await clock.sleep(Number(ms ?? 10), signal)
        return answer(1)
      },
    },
  })
  const run = (steps: readonly Step[], runId: string, context: Partial<RunContext> = {}) =>
    world.run({ steps }, { context: { runId, ...context } })
  return { clock, begun, world, run }
}
const nap = (name: string, more: Partial<Step> = {}, ms = 10): Step => call(name, 't/nap', { ms }, more)
const naps = (count: number, prefix = 's'): Step[] => Array.from({ length: count }, (_, i) => nap(`${prefix}${i}`))

describe('priority', () => {
  it('within a run begins the most urgent step first', async () => {
    const { clock, begun, world } = createNaps()
    const steps = [
      nap('low', { priority: 'low' }),
      nap('normal'),
      nap('critical', { priority: 'critical' }),
      nap('high', { priority: 'high' }),
    ]
    const running = world.run({ steps }, { maxConcurrency: 1 })
    await clock.advance(100)
    await running
    expect(begun).toEqual(['critical', 'high', 'normal', 'low'])
  })

  it('between runs gives a freed place to the most urgent waiter: what runs is not disturbed', async () => {
    const { clock, begun, run } = createNaps({ processConcurrency: 1 })
    const all = [run(naps(3), 'a', { priority: 'low' })]
    await clock.advance(5)
    all.push(run(naps(2), 'b', { priority: 'high' }))
    await clock.advance(200)
    await Promise.all(all)
    expect(begun).toEqual(['a.s0', 'b.s0', 'b.s1', 'a.s1', 'a.s2'])
  })

  it('of a step is stronger than that of its run, and that of the run than that of its document', async () => {
    const { clock, begun, world } = createNaps({ processConcurrency: 1 })
    const first = world.run({ steps: [nap('first')] })
    await clock.advance(1)
    const documents = [
      world.run({ steps: [nap('document')], priority: 'critical' }, { context: { runId: 'x', priority: 'low' } }),
      world.run({ steps: [nap('plain')] }, { context: { runId: 'y' } }),
      world.run({ steps: [nap('step', { priority: 'high' })] }, { context: { runId: 'z', priority: 'low' } }),
    ]
    await clock.advance(200)
    await Promise.all([first, ...documents])
    expect(begun).toEqual(['first', 'z.step', 'y.plain', 'x.document'])
  })
})

describe('fairness', () => {
  it('gives runs of one key turns, however many steps one of them has (B40)', async () => {
    const { clock, begun, run } = createNaps({ componentConcurrency: 1 })
    const all = [run(naps(6), 'a'), run(naps(2), 'b')]
    await clock.advance(200)
    await Promise.all(all)
    expect(begun.indexOf('b.s1')).toBeLessThanOrEqual(4)
  })

  it('gives keys shares by weight, whatever the number of their runs', async () => {
    const quotas = { big: { weight: 3 } }
    const { clock, begun, run } = createNaps({ processConcurrency: 1, maxConcurrency: 20 }, { quotas })
    const all = [run(naps(1), 'first', { key: 'other' })]
    await clock.advance(1)
    all.push(run(naps(12), 'big', { key: 'big/one' }))
    for (let i = 0; i < 4; i++) all.push(run(naps(6), `small${i}`, { key: 'small' }))
    await clock.advance(130)
    const turns = begun.slice(1, 13)
    expect(turns.filter((name) => name.startsWith('big'))).toHaveLength(9)
    await clock.advance(2_000)
    await Promise.all(all)
    expect(begun).toHaveLength(37)
  })

  it('within a key begins with what is due first', async () => {
    const { clock, begun, run } = createNaps({ processConcurrency: 1 })
    const all = [run(naps(1), 'first')]
    await clock.advance(1)
    all.push(run(naps(1), 'never'), run(naps(1), 'later', { dueAtMs: 9_000 }), run(naps(1), 'soon', { dueAtMs: 5_000 }))
    await clock.advance(200)
    await Promise.all(all)
    expect(begun.map((name) => name.split('.')[0])).toEqual(['first', 'soon', 'later', 'never'])
  })
})

describe('the critical path', () => {
  it('goes first: of steps that could begin the one on which the most work hangs', async () => {
    const { clock, begun, world } = createNaps()
    const steps = [
      nap('leaf1'),
      nap('leaf2'),
      nap('root'),
      nap('middle', { dependsOn: ['root'] }),
      nap('end', { dependsOn: ['middle'] }),
    ]
    const running = world.run({ steps }, { maxConcurrency: 2 })
    await clock.advance(200)
    await running
    expect(begun).toEqual(['root', 'leaf1', 'middle', 'leaf2', 'end'])
  })

  it('is known from durations learnt in earlier runs, per capability', async () => {
    const clock = createManualClock()
    const begun: string[] = []
    const sleeper =
      (name: string, ms: number) =>
      async (_: unknown, { signal }: { signal: AbortSignal }) => {
        begun.push(name)
        await clock.sleep(ms, signal)
        return answer(1)
      }
    const world = createWorld({ clock, tools: { 't/quick': sleeper('quick', 5), 't/long': sleeper('long', 500) } })
    const steps = [call('quick', 't/quick'), call('long', 't/long')]
    for (let i = 0; i < 2; i++) {
      const running = world.run({ steps }, { maxConcurrency: 1 })
      await clock.advance(1_000)
      await running
    }
    expect(begun).toEqual(['quick', 'long', 'long', 'quick'])
  })

  it('keeps a limited run within a tenth of the best that is possible', async () => {
    const { clock, world } = createNaps()
    // Four chains of five and twenty single naps on four places: 40 naps of 10 ms need 100 ms at the least.
    const chains = Array.from({ length: 20 }, (_, i) => nap(`c${i}`, i < 4 ? {} : { dependsOn: [`c${i - 4}`] }))
    let end = 0
    const begin = clock.now()
    const running = world.run(
      { steps: [...naps(20), ...chains] },
      { maxConcurrency: 4, onEvent: (fact) => fact.type === 'step-end' && (end = clock.now()) },
    )
    await clock.advance(1_000)
    await running
    expect(end - begin).toBe(100)
  })
})
