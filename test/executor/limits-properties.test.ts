// Several random runs at once against random limits: none is exceeded, every step ends, every place comes back.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { Step } from '../../src/contracts/plan.ts'
import { PRIORITIES } from '../../src/contracts/policy.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { answer, call, createWorld, failure } from './support.ts'

const step = fc.record({
  tool: fc.constantFrom('a', 'b'),
  ms: fc.integer({ min: 0, max: 30 }),
  gpu: fc.integer({ min: 0, max: 3 }),
  isKeyed: fc.boolean(),
  isFlaky: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
  priority: fc.constantFrom(undefined, ...PRIORITIES),
  deadlineMs: fc.constantFrom(undefined, undefined, undefined, 20),
  picks: fc.array(fc.nat(), { maxLength: 3 }),
})
const run = fc.record({
  key: fc.constantFrom('team/x', 'team/y', 'other'),
  limit: fc.integer({ min: 1, max: 5 }),
  cancelAt: fc.constantFrom(undefined, undefined, 5, 25),
  steps: fc.array(step, { minLength: 1, maxLength: 12 }),
})
const limits = fc.record({
  process: fc.integer({ min: 1, max: 6 }),
  component: fc.integer({ min: 1, max: 4 }),
  key: fc.integer({ min: 1, max: 4 }),
})

type Given = typeof step extends fc.Arbitrary<infer T> ? T : never

const toSteps = (list: readonly Given[]): Step[] =>
  list.map(({ tool, ms, gpu, isKeyed, isFlaky, priority, deadlineMs, picks }, i) =>
    call(
      `s${i}`,
      `${tool}/go`,
      { ms, gpu, isKeyed, isFlaky },
      {
        dependsOn: i === 0 ? [] : [...new Set(picks.map((pick) => `s${pick % i}`))],
        ...(gpu > 0 && { resources: { gpu } }),
        ...(isKeyed && { concurrency: { key: 'one', limit: 1 } }),
        ...(priority !== undefined && { priority }),
        ...(deadlineMs !== undefined && { deadlineMs }),
      },
    ),
  )

describe('limits of all kinds together', () => {
  it('are never exceeded, hang nothing, and are free again at the end, whatever fails or is cancelled', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(run, { minLength: 1, maxLength: 4 }), limits, async (runs, limit) => {
        const clock = createManualClock()
        const inUse = new Map<string, number>()
        const over: string[] = []
        const change = (name: string, by: number, most: number): void => {
          const now = (inUse.get(name) ?? 0) + by
          inUse.set(name, now)
          if (now > most) over.push(`${name}: ${now} of ${most}`)
        }
        const seen = new Set<string>()
        const keyOf = new Map(runs.map(({ key }, i) => [`r${i}`, key]))
        const go = async (
          inputs: Record<string, unknown>,
          {
            component,
            idempotencyKey,
            signal,
          }: { component: { name: string }; idempotencyKey: string; signal: AbortSignal },
        ) => {
          const { ms, gpu, isKeyed, isFlaky } = inputs
          const runId = idempotencyKey.split(':')[0] ?? ''
          const parts: [string, number, number][] = [
            ['process', 1, limit.process],
            [component.name, 1, limit.component],
            [keyOf.get(runId)?.split('/')[0] ?? '', 1, limit.key],
            ['gpu', Number(gpu), 3],
            ['one', isKeyed === true ? 1 : 0, 1],
            [runId, 1, runs[Number(runId.slice(1))]?.limit ?? 0],
          ]
          for (const [name, amount, most] of parts) change(name, amount, most)
          // A call that is aborted is over at once, whenever its promise says so.
          let isOver = false
          const end = (): void => {
            if (isOver) return
            isOver = true
            for (const [name, amount] of parts) change(name, -amount, Infinity)
          }
          signal.addEventListener('abort', end, { once: true })
          try {
            await clock.sleep(Number(ms), signal)
          } finally {
            end()
          }
          if (isFlaky !== true || seen.has(idempotencyKey)) return answer(1)
          seen.add(idempotencyKey)
          return failure(503, 'BUSY', 'busy')
        }
        const world = createWorld({
          clock,
          tools: { 'a/go': go, 'b/go': go },
          settings: {
            executor: { processConcurrency: limit.process, componentConcurrency: limit.component },
            quotas: { team: { maxConcurrency: limit.key }, default: { maxConcurrency: limit.key } },
            resources: { inventory: { gpu: 3 } },
            recovery: { initialWaitMs: 10 },
          },
        })
        let ended = 0
        const running = runs.map(async ({ key, limit: maxConcurrency, cancelAt, steps }, i) => {
          const controller = new AbortController()
          if (cancelAt !== undefined)
            clock.after(cancelAt, () => controller.abort(new TuttiError('cancelled', 'Stop.')))
          const ran = await world.run(
            { steps: toSteps(steps) },
            { maxConcurrency, signal: controller.signal, context: { runId: `r${i}`, key } },
          )
          ended++
          for (let k = 0; k < steps.length; k++) ran.end(`s${k}`)
          if (cancelAt === undefined && steps.every(({ deadlineMs }) => deadlineMs === undefined))
            expect(ran.of('step-end').every(({ status }) => status === 'succeeded')).toBe(true)
        })
        await clock.advance(10_000)
        expect(ended).toBe(runs.length)
        await Promise.all(running)
        expect(over).toEqual([])
        expect(world.executor.limits()).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})
