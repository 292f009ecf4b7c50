// The scheduler against random graphs: whatever the latencies, failures and limits, each step runs once, after its
// dependencies, within the limits, and every step is told to have ended.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { Step } from '../../src/contracts/plan.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { answer, call, createWorld, failure, type Ran } from './support.ts'

interface Node {
  readonly ms: number
  readonly fails: boolean
  readonly isOff: boolean
  readonly isCovered: boolean
  readonly dependencies: readonly number[]
}

const nodes = fc
  .array(
    fc.record({
      ms: fc.integer({ min: 0, max: 40 }),
      fails: fc.boolean().map((b) => b),
      isOff: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      isCovered: fc.boolean(),
      picks: fc.array(fc.nat(), { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((list) =>
    list.map(
      ({ picks, fails, ...rest }, i): Node => ({
        ...rest,
        fails: fails && i % 3 === 0,
        dependencies: i === 0 ? [] : [...new Set(picks.map((pick) => pick % i))],
      }),
    ),
  )

const rejections: unknown[] = []
const note = (reason: unknown): void => {
  rejections.push(reason)
}
beforeAll(() => {
  process.on('unhandledRejection', note)
})
afterAll(() => {
  process.off('unhandledRejection', note)
  expect(rejections).toEqual([])
})

const toStep = ({ ms, fails, isOff, isCovered, dependencies }: Node, i: number): Step =>
  call(
    `s${i}`,
    fails ? 't/fail' : 't/nap',
    { ms },
    {
      dependsOn: dependencies.map((d) => `s${d}`),
      ...(isOff && { if: 'false' }),
      ...(isCovered && { onError: 'continue' as const }),
    },
  )

/** What must come of each step, written down the simple way. */
function expected(list: readonly Node[]): string[] {
  const ends: string[] = []
  for (const { fails, isOff, dependencies } of list) {
    const before = dependencies.map((d) => ({ end: ends[d] ?? '', node: list[d] }))
    const isBroken = before.some(
      ({ end, node }) => end === 'dependency-failed' || (end === 'failed' && node?.isCovered !== true),
    )
    const isBypassed =
      before.length > 0 && before.every(({ end }) => end === 'condition' || end === 'dependency-skipped')
    ends.push(
      isBroken
        ? 'dependency-failed'
        : isBypassed
          ? 'dependency-skipped'
          : isOff
            ? 'condition'
            : fails
              ? 'failed'
              : 'succeeded',
    )
  }
  return ends
}

async function runGraph(list: readonly Node[], limits: { run: number; component: number; cancelAt?: number }) {
  const clock = createManualClock()
  const times: { at: number; type: string; step: string }[] = []
  let inFlight = 0
  let mostInFlight = 0
  let mostRunning = 0
  const running = new Set<string>()
  const nap = async (ms: unknown, signal: AbortSignal): Promise<void> => {
    mostInFlight = Math.max(mostInFlight, ++inFlight)
    try {
      await clock.sleep(Number(ms), signal)
    } finally {
      inFlight--
    }
  }
  const world = createWorld({
    clock,
    settings: { executor: { componentConcurrency: limits.component } },
    tools: {
      't/nap': async ({ ms }, { signal }) => (await nap(ms, signal), answer(1)),
      't/fail': async ({ ms }, { signal }) => (await nap(ms, signal), failure(400, 'BAD', 'broken')),
    },
  })
  const controller = new AbortController()
  let result: Ran | undefined
  const going = world
    .run(
      { steps: list.map(toStep) },
      {
        maxConcurrency: limits.run,
        signal: controller.signal,
        onEvent: (fact) => {
          if (!('step' in fact) || fact.step === undefined) return
          if (fact.type === 'step-start') running.add(fact.step)
          if (fact.type === 'step-end') running.delete(fact.step)
          mostRunning = Math.max(mostRunning, running.size)
          times.push({ at: clock.now(), type: fact.type, step: fact.step })
        },
      },
    )
    .then((ran) => {
      result = ran
    })
  if (limits.cancelAt !== undefined) {
    await clock.advance(limits.cancelAt)
    controller.abort(new TuttiError('cancelled', 'Stop.'))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await clock.advance(2_000)
  if (result === undefined) throw new Error('the run hangs')
  await going
  return { ran: result, world, times, mostInFlight, mostRunning }
}

describe('the scheduler', () => {
  it('runs every graph as the rules say, each step once, after its dependencies, within its limits', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        nodes,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        async (list, run, component) => {
          const { ran, world, times, mostInFlight, mostRunning } = await runGraph(list, { run, component })
          const ends = list.map((_, i) => ran.end(`s${i}`))
          expect(ends.map(({ status, skipReason }) => skipReason ?? status)).toEqual(expected(list))
          const called = ends.filter(({ status }) => status !== 'skipped').length
          expect(world.calls).toHaveLength(called)
          expect(ran.of('step-start')).toHaveLength(called)
          expect(mostInFlight).toBeLessThanOrEqual(Math.min(run, component))
          expect(mostRunning).toBeLessThanOrEqual(run)
          const place = new Map(times.map(({ type, step }, i) => [`${type} ${step}`, i]))
          for (const [i, { dependencies }] of list.entries()) {
            const start = place.get(`step-start s${i}`)
            if (start === undefined) continue
            for (const d of dependencies) expect(place.get(`step-end s${d}`)).toBeLessThan(start)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('takes no longer than the longest path when nothing is limited', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(nodes, async (list) => {
        const plain = list.map((node) => ({ ...node, fails: false, isOff: false }))
        const { times } = await runGraph(plain, { run: 100, component: 100 })
        const paths: number[] = []
        for (const { ms, dependencies } of plain)
          paths.push(ms + Math.max(0, ...dependencies.map((d) => paths[d] ?? 0)))
        const [first] = times
        expect((times.at(-1)?.at ?? 0) - (first?.at ?? 0)).toBe(Math.max(...paths))
      }),
      { numRuns: 40 },
    )
  })

  it('ends at once, completely and silently when it is cancelled at any moment', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        nodes,
        fc.integer({ min: 0, max: 120 }),
        fc.integer({ min: 1, max: 4 }),
        async (list, cancelAt, run) => {
          const { ran, times } = await runGraph(list, { run, component: 3, cancelAt })
          for (let i = 0; i < list.length; i++)
            expect(['succeeded', 'failed', 'skipped', 'cancelled']).toContain(ran.end(`s${i}`).status)
          const first = times[0]?.at ?? 0
          const isCancelled = ran.of('step-end').some(({ status }) => status === 'cancelled')
          if (isCancelled) expect((times.at(-1)?.at ?? 0) - first).toBeLessThanOrEqual(cancelAt)
          expect(ran.of('attempt-start')).toHaveLength(ran.of('attempt-end').length)
        },
      ),
      { numRuns: 60 },
    )
  })
})
