// What the property tests of the scheduler give it, and what must come of it: written down a second time, the simple way,
// without a look at how the scheduler does it.
import fc from 'fast-check'
import type { Step } from '../../src/contracts/plan.ts'
import { PRIORITIES } from '../../src/contracts/policy.ts'
import { createClockFrom } from '../../src/util/clock.ts'
import { call } from './support.ts'

export const CALLS_IN_ALL = 3
export const TIMEOUT_MS = 40
export const FIRST_WAIT_MS = 16
/** What the step says that stands in, ms. */
export const STAND_IN_MS = 4
const BACKOFFS_MS = [12, 24]

// Everything takes a multiple of 4 ms, deadlines lie between two of them and cancels at odd times: no tie decides anything.
const quarter = (most: number) => fc.integer({ min: 0, max: most }).map((n) => 4 * n)
const between = (most: number) => quarter(most).map((n) => n + 2)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
/** Once in six times. */
const rarely = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 5 }, { arbitrary: value, weight: 1 })

export const givenStep = fc.record({
  /** `a` only reads; `b` changes something and may not be repeated when its answer is lost. */
  does: fc.constantFrom('a', 'a', 'b', 'b', 'wait', 'transform'),
  ms: quarter(8),
  /** Calls that fail in a way that may pass, before the one that ends as `ends` says. */
  busy: fc.constantFrom(0, 0, 0, 0, 1, 2, 3),
  ends: fc.constantFrom('well', 'well', 'well', 'well', 'refused', 'lost', 'hangs'),
  fallback: fc.constantFrom(undefined, undefined, undefined, 'value', 'call'),
  isCovered: fc.boolean(),
  isOff: fc.integer({ min: 0, max: 9 }).map((n) => n === 9),
  gpu: fc.constantFrom(0, 0, 0, 1, 2, 3),
  isKeyed: fc.constantFrom(false, false, true),
  priority: fc.constantFrom(undefined, undefined, ...PRIORITIES),
  isOptional: fc.boolean(),
  deadlineMs: rarely(between(15)),
  picks: fc.array(fc.nat(), { maxLength: 3 }),
})
export type GivenStep = typeof givenStep extends fc.Arbitrary<infer T> ? T : never

export const givenRun = fc.record({
  key: fc.constantFrom('team/x', 'team/y', 'other'),
  limit: fc.integer({ min: 1, max: 5 }),
  priority: fc.constantFrom(undefined, undefined, ...PRIORITIES),
  startAt: quarter(5),
  cancelAt: rarely(quarter(30).map((n) => n + 1)),
  stopsAtFailure: fc.integer({ min: 0, max: 4 }).map((n) => n === 4),
  componentCalls: rarely(fc.integer({ min: 1, max: 12 })),
  steps: fc.array(givenStep, { minLength: 1, maxLength: 12 }),
})
export type GivenRun = typeof givenRun extends fc.Arbitrary<infer T> ? T : never

export const givenLimits = fc.record({
  process: maybe(fc.integer({ min: 1, max: 6 })),
  component: fc.integer({ min: 1, max: 4 }),
  key: maybe(fc.integer({ min: 1, max: 4 })),
  gpu: fc.integer({ min: 3, max: 4 }),
  rate: fc.option(fc.record({ requests: fc.integer({ min: 1, max: 4 }), perMs: fc.constantFrom(8, 20) }), {
    nil: undefined,
  }),
})
export type GivenLimits = typeof givenLimits extends fc.Arbitrary<infer T> ? T : never

export const AMPLE: GivenLimits = { process: undefined, component: 1_000, key: undefined, gpu: 1_000, rate: undefined }
/** One limit, and of all else more than enough. */
export const givenOneLimit = fc
  .tuple(fc.constantFrom<(keyof GivenLimits)[]>('process', 'component', 'key', 'gpu', 'rate'), givenLimits)
  .map(([kind, limits]): GivenLimits => ({ ...AMPLE, [kind]: limits[kind] }))

export const dependenciesOf = ({ picks }: GivenStep, index: number): number[] =>
  index === 0 ? [] : [...new Set(picks.map((pick) => pick % index))]
export const isCall = ({ does }: GivenStep): boolean => does === 'a' || does === 'b'

export function toStep(given: GivenStep, index: number): Step {
  const { does, ms, fallback, isCovered, isOff, gpu, isKeyed, priority, isOptional, deadlineMs } = given
  const name = `s${index}`
  const common = {
    dependsOn: dependenciesOf(given, index).map((d) => `s${d}`),
    ...(isOff && { if: 'false' }),
    ...(isCovered && { onError: 'continue' as const }),
    ...(deadlineMs !== undefined && { deadlineMs }),
  }
  if (does === 'wait') return { name, type: 'wait', wait: { forMs: ms }, ...common }
  if (does === 'transform') return { name, type: 'transform', set: { x: 1 }, ...common }
  return call(
    name,
    `${does}/${does}`,
    { index },
    {
      ...common,
      timeoutMs: TIMEOUT_MS,
      ...(fallback === 'value' && { fallback: [{ value: 'instead' }] }),
      ...(fallback === 'call' && { fallback: [{ component: 'c', action: 'c', inputs: { index } }] }),
      ...(gpu > 0 && { resources: { gpu } }),
      ...(isKeyed && { concurrency: { key: 'one', limit: 1 } }),
      ...(priority !== undefined && { priority }),
      ...(isOptional && { optional: true }),
    },
  )
}

/** What becomes of a call step that is left alone. */
export interface Course {
  readonly isWell: boolean
  /** Calls to its own component. */
  readonly calls: number
  /** With the one that stands in. */
  readonly allCalls: number
  /** From its first call to its end when it never has to wait for a place. */
  readonly ms: number
}

export function courseOf({ does, ms, busy, ends, fallback, deadlineMs = Infinity }: GivenStep): Course {
  if (does === 'wait') return { isWell: true, calls: 0, allCalls: 0, ms }
  if (does === 'transform') return { isWell: true, calls: 0, allCalls: 0, ms: 0 }
  const mayRepeat = does === 'a'
  let calls = 0
  let took = 0
  for (;;) {
    const how = calls++ < busy ? 'busy' : ends
    took += how === 'hangs' ? TIMEOUT_MS : ms
    if (how === 'well') return { isWell: true, calls, allCalls: calls, ms: took }
    const pause = how === 'busy' || (mayRepeat && how !== 'refused') ? (BACKOFFS_MS[calls - 1] ?? Infinity) : Infinity
    // A pause that the deadline would end is not made.
    if (pause === Infinity || took + pause >= deadlineMs) break
    took += pause
  }
  if (fallback === undefined) return { isWell: false, calls, allCalls: calls, ms: took }
  if (fallback === 'value') return { isWell: true, calls, allCalls: calls, ms: took }
  return { isWell: true, calls, allCalls: calls + 1, ms: took + STAND_IN_MS }
}

export interface Expected {
  /** Its status, or why it was skipped. */
  readonly end: string
  /** ms after the start of the run, where nothing is limited. */
  readonly at: number
}

/** How each step ends, and when, in a run with room for everything. */
export function expectedOf({ steps, cancelAt = Infinity }: Pick<GivenRun, 'steps'> & Partial<GivenRun>): Expected[] {
  const all: Expected[] = []
  for (const [i, given] of steps.entries()) {
    const before = dependenciesOf(given, i).map((d) => ({ ...(all[d] as Expected), given: steps[d] as GivenStep }))
    const readyAt = Math.max(0, ...before.map(({ at }) => at))
    const { isWell, ms } = courseOf(given)
    const isBroken = before.some(
      ({ end, given: { isCovered } }) => end === 'dependency-failed' || (end === 'failed' && !isCovered),
    )
    const isBypassed =
      before.length > 0 && before.every(({ end }) => end === 'condition' || end === 'dependency-skipped')
    const { deadlineMs = Infinity } = given
    let own: Expected
    if (isBroken) own = { end: 'dependency-failed', at: readyAt }
    else if (isBypassed) own = { end: 'dependency-skipped', at: readyAt }
    else if (given.isOff) own = { end: 'condition', at: readyAt }
    else if (ms > deadlineMs) own = { end: 'failed', at: readyAt + deadlineMs }
    else own = { end: isWell ? 'succeeded' : 'failed', at: readyAt + ms }
    all.push(own.at >= cancelAt ? { end: 'cancelled', at: cancelAt } : own)
  }
  return all
}

/** What a call of the step comes to, and after how long; `number` counts from 0. */
export function answerOf({ ms, busy, ends }: GivenStep, number: number): { ms: number; how: 'busy' | typeof ends } {
  const how = number < busy ? 'busy' : ends
  return { ms: how === 'hangs' ? Infinity : ms, how }
}

/** Time that jumps from one deadline to the next, and lets somebody look around whenever nothing more happens at a moment. */
export function createJumpingClock(onQuiet: () => void) {
  let now = Date.UTC(2026, 0, 1)
  let due: { readonly at: number; readonly fire: () => void } | undefined
  const clock = createClockFrom({
    now: () => now,
    arm(delayMs, fire) {
      due = delayMs === undefined ? undefined : { at: now + delayMs, fire }
    },
  })
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) await new Promise<void>((resolve) => setImmediate(resolve))
    onQuiet()
  }
  return {
    ...clock,
    /** Until nothing is due any more; false when there is no end to it. */
    async runOut(): Promise<boolean> {
      await settle()
      for (let jumps = 0; jumps < 5_000; jumps++) {
        if (due === undefined) return true
        const { at, fire } = due
        now = Math.max(now, at)
        due = undefined
        fire()
        await settle()
      }
      return false
    },
  }
}
