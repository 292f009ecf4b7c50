import { describe, expect, it } from 'vitest'
import type { SegmentEnd } from '../../src/contracts/engine.ts'
import type { Logger } from '../../src/contracts/parts.ts'
import { createInProcessEngine } from '../../src/runs/engine-in-process.ts'
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
})
