import { describe, expect, it } from 'vitest'
import type { SegmentEnd } from '../../src/contracts/engine.ts'
import type { Logger } from '../../src/contracts/parts.ts'
import { createInProcessEngine } from '../../src/runs/engine-in-process.ts'
import { createRunQuotas, type RunQuotas } from '../../src/runs/run-quotas.ts'
import { createManualClock } from '../support/manual-clock.ts'

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const create = () => {
  const clock = createManualClock()
  return { clock, engine: createInProcessEngine({ clock, log: silent }) }
}

describe('in-process engine', () => {
  it('hands over by priority, then in order', async () => {
    const { engine } = create()
    for (const [runId, priority] of [
      ['n1', 'normal'],
      ['l', 'low'],
      ['c', 'critical'],
      ['n2', 'normal'],
      ['h', 'high'],
    ] as const)
      await engine.submit({ runId, priority })
    const order: string[] = []
    engine.work(
      async ({ runId }) => {
        order.push(runId)
        return 'ended'
      },
      { concurrency: 10 },
    )
    expect(order).toEqual(['c', 'h', 'n1', 'n2', 'l'])
  })
  it('never has more runs at work than it may', async () => {
    const { engine } = create()
    let running = 0
    let most = 0
    const ends: (() => void)[] = []
    engine.work(
      () => {
        most = Math.max(most, ++running)
        return new Promise<SegmentEnd>((resolve) =>
          ends.push(() => {
            running--
            resolve('ended')
          }),
        )
      },
      { concurrency: 2 },
    )
    for (let i = 0; i < 5; i++) await engine.submit({ runId: `r${i}` })
    while (ends.length > 0) {
      ends.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect([most, running]).toEqual([2, 0])
  })
  it('begins many runs in turns, so that neither they nor anything else of the process wait for all of them', async () => {
    const { engine } = create()
    const begun: string[] = []
    engine.work(
      async ({ runId }) => {
        begun.push(runId)
        return 'ended'
      },
      { concurrency: 1_000 },
    )
    for (let i = 0; i < 100; i++) void engine.submit({ runId: `r${i}` })
    void engine.submit({ runId: 'urgent', priority: 'critical' })
    const first = begun.length
    expect(first).toBeLessThan(50)
    await new Promise((resolve) => setImmediate(resolve))
    expect(begun[first]).toBe('urgent')
    for (let turns = 0; turns < 10 && begun.length < 101; turns++) await new Promise((resolve) => setImmediate(resolve))
    expect(begun).toHaveLength(101)
    expect(new Set(begun).size).toBe(101)
  })
  it('holds a run back until its time', async () => {
    const { engine, clock } = create()
    const order: string[] = []
    engine.work(
      async ({ runId }) => {
        order.push(runId)
        return 'ended'
      },
      { concurrency: 1 },
    )
    await engine.submit({ runId: 'later', notBefore: clock.now() + 1_000 })
    await engine.submit({ runId: 'now' })
    expect(order).toEqual(['now'])
    await clock.advance(1_000)
    expect(order).toEqual(['now', 'later'])
  })
  it('goes on after a handler that throws', async () => {
    const { engine } = create()
    const order: string[] = []
    engine.work(
      async ({ runId }) => {
        order.push(runId)
        if (runId === 'bad') throw new Error('boom')
        return 'ended'
      },
      { concurrency: 1 },
    )
    await engine.submit({ runId: 'bad' })
    await engine.submit({ runId: 'good' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(order).toEqual(['bad', 'good'])
  })
  it('brings a parked run back at its time and by a wake-up', async () => {
    const { engine, clock } = create()
    let visits = 0
    engine.work(
      async () => {
        visits++
        return visits < 3 ? { parked: { on: ['time'], ...(visits === 1 && { until: clock.now() + 500 }) } } : 'ended'
      },
      { concurrency: 1 },
    )
    await engine.submit({ runId: 'r' })
    await clock.advance(500)
    expect(visits).toBe(2)
    await engine.wake('r')
    await clock.advance(0)
    expect(visits).toBe(3)
  })
  it('lets running work end within the drain time, then aborts it', async () => {
    const { engine, clock } = create()
    let aborted = false
    const worker = engine.work(
      ({ signal }) =>
        new Promise<SegmentEnd>((resolve) =>
          signal.addEventListener('abort', () => {
            aborted = true
            resolve('ended')
          }),
        ),
      { concurrency: 1 },
    )
    await engine.submit({ runId: 'slow' })
    const stopped = worker.stop(1_000)
    await clock.advance(999)
    expect(aborted).toBe(false)
    await clock.advance(1)
    await stopped
    expect(aborted).toBe(true)
  })

  describe('between keys', () => {
    /** Runs go on until they are told to end. */
    const createHeld = (options: { quotas?: RunQuotas; concurrency?: number; weights?: Record<string, number> }) => {
      const engine = createInProcessEngine({
        clock: createManualClock(),
        log: silent,
        quotas: options.quotas,
        weightOf: (key) => options.weights?.[key],
      })
      const begun: string[] = []
      const ends = new Map<string, () => void>()
      const handler = ({ runId }: { runId: string }): Promise<SegmentEnd> => {
        begun.push(runId)
        return new Promise((resolve) => ends.set(runId, () => resolve('ended')))
      }
      const work = () => engine.work(handler, { concurrency: options.concurrency ?? 100 })
      const end = async (runId: string): Promise<void> => {
        ends.get(runId)?.()
        await new Promise((resolve) => setImmediate(resolve))
      }
      return { engine, begun, work, end }
    }
    it('takes turns, however many one of them has submitted', async () => {
      const { engine, begun, work } = createHeld({})
      for (let i = 0; i < 4; i++) await engine.submit({ runId: `a${i}`, key: 'a' })
      await engine.submit({ runId: 'b0', key: 'b' })
      work()
      expect(begun.indexOf('b0')).toBeLessThan(2)
    })
    it('gives a key of twice the weight twice as many', async () => {
      const { engine, begun, work } = createHeld({ weights: { a: 2 } })
      for (let i = 0; i < 12; i++) for (const key of ['a', 'b']) await engine.submit({ runId: `${key}${i}`, key })
      work()
      expect(begun.slice(0, 9).filter((runId) => runId.startsWith('a'))).toHaveLength(6)
    })
    it('begins the run with the earliest deadline first', async () => {
      const { engine, begun, work } = createHeld({})
      for (const [runId, deadline] of [
        ['late', 3_000],
        ['soon', 1_000],
        ['later', 2_000],
      ] as const)
        await engine.submit({ runId, key: 'a', deadline })
      await engine.submit({ runId: 'never', key: 'a' })
      work()
      expect(begun).toEqual(['soon', 'later', 'late', 'never'])
    })
    it('keeps a key to its runs at work, while others pass by, and holds no worker for those that wait', async () => {
      const quotas = createRunQuotas({ a: { maxRuns: 1 } }, 2)
      if (quotas === undefined) throw new Error('no quotas')
      const { engine, begun, work, end } = createHeld({ quotas, concurrency: 2 })
      work()
      for (const runId of ['a1', 'a2', 'a3']) await engine.submit({ runId, key: 'a' })
      await engine.submit({ runId: 'b1', key: 'b' })
      expect(begun).toEqual(['a1', 'b1'])
      await end('b1')
      expect(begun).toEqual(['a1', 'b1'])
      await end('a1')
      expect(begun).toEqual(['a1', 'b1', 'a2'])
      await end('a2')
      expect(begun).toEqual(['a1', 'b1', 'a2', 'a3'])
    })
    it('begins the most urgent of those that a quota has held up', async () => {
      const quotas = createRunQuotas({ default: { maxRuns: 1 } }, 100)
      if (quotas === undefined) throw new Error('no quotas')
      const { engine, begun, work, end } = createHeld({ quotas })
      work()
      await engine.submit({ runId: 'first', key: 'a' })
      await engine.submit({ runId: 'low', key: 'a', priority: 'low' })
      await engine.submit({ runId: 'high', key: 'a', priority: 'high' })
      await end('first')
      expect(begun).toEqual(['first', 'high'])
    })
  })
  it('wakes a parked run with the priority that it came with', async () => {
    const { engine } = create()
    const begun: string[] = []
    const isParked = new Set(['urgent'])
    const worker = engine.work(
      async ({ runId }) => {
        begun.push(runId)
        return isParked.delete(runId) ? { parked: { on: ['signal'] } } : 'ended'
      },
      { concurrency: 10 },
    )
    await engine.submit({ runId: 'urgent', priority: 'critical' })
    await worker.stop(0)
    for (let i = 0; i < 3; i++) await engine.submit({ runId: `n${i}` })
    await engine.wake('urgent')
    engine.work(
      async ({ runId }) => {
        begun.push(runId)
        return 'ended'
      },
      { concurrency: 10 },
    )
    expect(begun.slice(0, 2)).toEqual(['urgent', 'urgent'])
  })
})
