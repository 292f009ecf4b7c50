// The scheduler against its reference: any number of runs at once, of any shape, that fail, hang, lose answers, are repeated,
// stood in for, cancelled and run out of time or budget, under limits of every kind. fast-check prints the seed of what fails.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { InvokerCall } from '../../src/contracts/parts.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { createRunBudget } from '../../src/resilience/budget.ts'
import { Observer } from './scheduler-observer.ts'
import {
  AMPLE,
  answerOf,
  CALLS_IN_ALL,
  createJumpingClock,
  expectedOf,
  FIRST_WAIT_MS,
  type GivenLimits,
  type GivenRun,
  type GivenStep,
  givenLimits,
  givenOneLimit,
  givenRun,
  STAND_IN_MS,
  toStep,
} from './scheduler-reference.ts'
import { answer, createWorld, cut, failure, type Handler, type Ran } from './support.ts'

const rejections: unknown[] = []
const note = (reason: unknown): void => void rejections.push(reason)
beforeAll(() => {
  process.on('unhandledRejection', note)
})
afterAll(() => {
  process.off('unhandledRejection', note)
  expect(rejections).toEqual([])
})

/** Raised by hand, to search for longer. */
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 150)

async function play(runs: readonly GivenRun[], limits: GivenLimits, isOneLimit = false) {
  let quiet = (): void => undefined
  const clock = createJumpingClock(() => quiet())
  const observer = new Observer(runs, limits, isOneLimit, () => clock.now())
  const made = new Map<string, number>()

  const reply: Handler = async (_inputs, { idempotencyKey, signal, component }: InvokerCall) => {
    const [runId = '', name = ''] = idempotencyKey.split(':')
    const given = runs[Number(runId.slice(1))]?.steps[Number(name.slice(1))] as GivenStep
    const over = observer.called(idempotencyKey, component.name)
    // A call that is aborted is over at once, whenever its promise says so.
    signal.addEventListener('abort', over, { once: true })
    const number = made.get(idempotencyKey) ?? 0
    made.set(idempotencyKey, number + 1)
    const { ms, how } = component.name === 'c' ? { ms: STAND_IN_MS, how: 'well' as const } : answerOf(given, number)
    try {
      if (ms === Infinity) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(cut())))
      else await clock.sleep(ms, signal)
    } finally {
      over()
    }
    if (how === 'busy') return failure(503, 'BUSY', 'busy')
    if (how === 'refused') return failure(400, 'BAD', 'bad')
    if (how === 'lost') throw cut()
    return answer(1)
  }
  const world = createWorld({
    clock,
    tools: { 'a/a': reply, 'b/b': { on: reply, effect: 'write', idempotent: false }, 'c/c': reply },
    settings: {
      executor: {
        processConcurrency: limits.process,
        keyConcurrency: limits.key,
        componentConcurrency: limits.component,
        adaptive: 'off',
      },
      resources: { inventory: { gpu: limits.gpu } },
      components: limits.rate === undefined ? {} : { b: { rateLimit: limits.rate } },
      recovery: { maxAttempts: CALLS_IN_ALL, initialWaitMs: FIRST_WAIT_MS, factor: 2 },
      breaker: { enabled: false },
    },
  })
  quiet = () => observer.quiet(world.executor.limits())

  const ran: (Ran & { readonly times: ReadonlyMap<string, number> })[] = []
  const going = runs.map(async (given, i) => {
    const { key, limit, priority, startAt, cancelAt, stopsAtFailure, componentCalls, steps } = given
    const controller = new AbortController()
    if (startAt > 0) await clock.sleep(startAt, controller.signal)
    const times = new Map<string, number>()
    if (cancelAt !== undefined)
      clock.after(cancelAt, () => {
        observer.over(i)
        controller.abort(new TuttiError('cancelled', 'Stop.'))
      })
    const budget =
      componentCalls === undefined
        ? undefined
        : createRunBudget({ limits: { componentCalls }, clock, emit: () => undefined, synthesisShare: {} })
    const startedAt = clock.now()
    const onError = { strategy: stopsAtFailure ? ('fail' as const) : ('continue' as const) }
    const { plan } = await compilePlan({ steps: steps.map(toStep), onError })
    if (plan === undefined) throw new Error('the plan does not compile')
    observer.start(i)
    const result = await world.runPlan(plan, {
      maxConcurrency: limit,
      signal: controller.signal,
      onEvent: (fact) => {
        if (fact.type === 'step-end') times.set(fact.step, clock.now() - startedAt)
        observer.event(i, fact)
      },
      context: {
        runId: `r${i}`,
        key,
        ...(priority !== undefined && { priority }),
        ...(budget !== undefined && { budget }),
      },
    })
    observer.over(i)
    ran[i] = { ...result, times }
  })
  expect(await clock.runOut(), 'time runs out').toBe(true)
  expect(Object.keys(ran), 'runs that ended').toHaveLength(runs.length)
  await Promise.all(going)
  return { ran, observer, world }
}

describe('the scheduler, held against its reference', () => {
  it('ends each step as it must and to the millisecond when nothing is limited', { timeout: RUNS * 400 }, async () => {
    await fc.assert(
      fc.asyncProperty(givenRun, async (given) => {
        const steps = given.steps.map((step) => ({ ...step, isKeyed: false }))
        const { componentCalls: _, ...rest } = given
        const run = { ...rest, componentCalls: undefined, steps, limit: 1_000, stopsAtFailure: false }
        const { ran } = await play([run], AMPLE)
        const ends = steps.map((_step, i) => {
          const { status, skipReason } = ran[0]?.end(`s${i}`) ?? {}
          return { end: skipReason ?? status, at: ran[0]?.times.get(`s${i}`) }
        })
        expect(ends).toEqual(expectedOf(run))
      }),
      { numRuns: RUNS },
    )
  })

  it('breaks no rule and no limit, and leaves everything free', {
    timeout: RUNS * 400,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(givenRun, { minLength: 1, maxLength: 4 }), givenLimits, async (runs, limits) => {
        const { observer, world } = await play(runs, limits)
        expect(observer.done()).toEqual([])
        expect(world.executor.limits().filter(({ kind }) => kind !== 'rate')).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })

  it('keeps nobody waiting for what is there, whichever limit it is', { timeout: RUNS * 400 }, async () => {
    const free = givenRun.map((run) => ({
      ...run,
      limit: 1_000,
      steps: run.steps.map((step) => ({ ...step, isKeyed: false })),
    }))
    await fc.assert(
      fc.asyncProperty(fc.array(free, { minLength: 1, maxLength: 4 }), givenOneLimit, async (runs, limits) => {
        const { observer } = await play(runs, limits, true)
        expect(observer.done()).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })
})
