// What a run may use up, kept as reservations: everybody sets aside what they will need before they begin, and afterwards puts what
// was really used in its place. So a limit is met before the bill, never after it.

import type { BudgetAmounts, BudgetReservation, RunBudget } from '../contracts/budget.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { Emit } from '../contracts/events.ts'
import type { Clock } from '../contracts/parts.ts'
import type { BudgetKind, BudgetSpec } from '../contracts/policy.ts'
import { type Countdown, createCountdown } from '../util/countdown.ts'
import { formatDuration } from '../util/duration.ts'

export interface RunBudgetParts {
  readonly limits: BudgetSpec
  /** What earlier segments of the run used. */
  readonly used?: BudgetAmounts
  readonly clock: Clock
  readonly emit: Emit
  /** Kept for the answer, and at most half of each limit: a budget for one model call is spent on the plan. */
  readonly synthesisShare: BudgetAmounts
  /** Share of the wall time that is kept for the answer, from 0 to 1. Default 0. */
  readonly synthesisTimeShare?: number
}

/** The budget with its clock, as the coordinator holds it. */
export interface OpenBudget extends RunBudget {
  /** Aborts with `budget_exceeded` when the time for the work is over; what is left of it is for the answer. */
  readonly work: AbortSignal
  /** Aborts with `budget_exceeded` when all the time is over. */
  readonly whole: AbortSignal
  /** The wall clock stands still: the run waits, or is paused. */
  pause(): void
  resume(): void
  close(): void
}

type CountedKind = keyof BudgetAmounts
const COUNTED: readonly CountedKind[] = ['modelCalls', 'tokens', 'cost', 'componentCalls']
/** Costs are sums of fractions. */
const TOLERANCE = 1e-9
/** Of each limit, for the answer. */
const KEPT_AT_MOST = 0.5

/** One kind of amount and what becomes of it. */
class Account {
  readonly limit: number
  readonly share: number
  used: number
  reserved = 0
  expected = 0

  constructor(limit: number | undefined, share: number, used: number) {
    this.limit = limit ?? Infinity
    const most = this.limit * KEPT_AT_MOST
    this.share = Number.isInteger(share) ? Math.floor(Math.min(share, most)) : Math.min(share, most)
    this.used = used
  }

  /** What this use may still take. */
  free(isOptional: boolean, isSynthesis: boolean): number {
    const left = this.limit - this.used - this.reserved
    if (isSynthesis) return left
    return left - this.share - (isOptional ? this.expected : 0)
  }
}

/** One per run with a budget; a run without one has none, and pays nothing. */
export function createRunBudget(parts: RunBudgetParts): OpenBudget {
  const { limits, clock, emit, synthesisShare } = parts
  const accounts = new Map(
    COUNTED.map((kind) => [kind, new Account(limits[kind], synthesisShare[kind] ?? 0, parts.used?.[kind] ?? 0)]),
  )
  const timeShare = parts.synthesisTimeShare ?? 0
  const wall = createWall(limits.wallTimeMs, clock, timeShare, () => {
    exceed('wallTimeMs', wall.elapsedMs, {})
    return timeIsUp(limits.wallTimeMs ?? 0, timeShare)
  })
  let exceeded: BudgetKind | undefined

  const exceed = (kind: BudgetKind, used: number, by: Pick<UseOf, 'step' | 'purpose'>): void => {
    if (exceeded !== undefined) return
    exceeded = kind
    const { step, purpose } = by
    emit({
      type: 'budget-exceeded',
      kind,
      limit: limits[kind] ?? 0,
      used,
      ...(step !== undefined && { step }),
      ...(purpose !== undefined && { purpose }),
    })
  }
  const budget: OpenBudget = {
    get exceeded() {
      return exceeded
    },
    reserve(need, use = {}) {
      const isSynthesis = use.synthesis === true
      if (isSynthesis ? wall.whole.aborted : wall.work.aborted) return undefined
      for (const [kind, account] of accounts) {
        const wanted = need[kind] ?? 0
        if (wanted <= 0 || wanted <= account.free(use.optional === true, isSynthesis) + TOLERANCE) continue
        exceed(kind, account.used + account.reserved, use)
        return undefined
      }
      for (const [kind, account] of accounts) account.reserved += need[kind] ?? 0
      return createReservation(accounts, need)
    },
    expect(need) {
      for (const [kind, account] of accounts) account.expected = Math.max(0, account.expected + (need[kind] ?? 0))
    },
    report() {
      const used: Partial<Record<BudgetKind, number>> = {}
      for (const [kind, account] of accounts)
        if (account.used > 0 || account.limit !== Infinity) used[kind] = account.used
      if (limits.wallTimeMs !== undefined) used.wallTimeMs = wall.elapsedMs
      return { limits, used, ...(exceeded !== undefined && { exceeded }) }
    },
    work: wall.work,
    whole: wall.whole,
    pause: () => wall.pause(),
    resume: () => wall.resume(),
    close: () => wall.close(),
  }
  return budget
}

type UseOf = NonNullable<Parameters<RunBudget['reserve']>[1]>

function createReservation(accounts: ReadonlyMap<CountedKind, Account>, need: BudgetAmounts): BudgetReservation {
  let isOpen = true
  return {
    settle(used) {
      if (!isOpen) return
      isOpen = false
      for (const [kind, account] of accounts) {
        const left = account.reserved - (need[kind] ?? 0)
        // Fractions added and taken away in another order leave dust.
        account.reserved = Math.abs(left) < TOLERANCE ? 0 : left
        account.used += used[kind] ?? 0
      }
    },
  }
}

function timeIsUp(limitMs: number, share: number): TuttiError {
  const kept =
    share === 0 ? '' : `, the last ${formatDuration(Math.round(limitMs * share))} of which are for the answer`
  return new TuttiError(
    'budget_exceeded',
    `The run has used up its wall time of ${formatDuration(limitMs)}${kept}. Raise budget.wall_time, or ask which step is slow.`,
    { details: { kind: 'wall_time' } },
  )
}

interface Wall extends Countdown, Pick<OpenBudget, 'work' | 'whole'> {}

/** Two deadlines on one clock: for the work, and for the run as a whole. */
function createWall(limitMs: number | undefined, clock: Clock, share: number, onEnd: () => TuttiError): Wall {
  const work = new AbortController()
  const whole = new AbortController()
  let reason: TuttiError | undefined
  const countdowns: readonly Countdown[] =
    limitMs === undefined
      ? []
      : [
          createCountdown(clock, Math.ceil(limitMs * (1 - share)), () => work.abort((reason ??= onEnd()))),
          createCountdown(clock, limitMs, () => {
            reason ??= onEnd()
            work.abort(reason)
            whole.abort(reason)
          }),
        ]
  return {
    work: work.signal,
    whole: whole.signal,
    get elapsedMs() {
      return countdowns[0]?.elapsedMs ?? 0
    },
    pause: () => countdowns.forEach((one) => void one.pause()),
    resume: () => countdowns.forEach((one) => void one.resume()),
    close: () => countdowns.forEach((one) => void one.close()),
  }
}

/** Of each kind the smallest limit that any of them sets; undefined when none sets one. */
export function smallestBudget(specs: readonly (BudgetSpec | undefined)[]): BudgetSpec | undefined {
  const smallest: { -readonly [K in BudgetKind]?: number } = {}
  for (const spec of specs) {
    for (const kind of BUDGET_KINDS) {
      const limit = spec?.[kind]
      if (limit !== undefined) smallest[kind] = Math.min(limit, smallest[kind] ?? Infinity)
    }
  }
  return Object.keys(smallest).length === 0 ? undefined : smallest
}

const BUDGET_KINDS: readonly BudgetKind[] = [...COUNTED, 'wallTimeMs']
