// So many calls within so long, and the pauses that the other side asks for: one limiter per component and per model, used by
// everybody who calls it. With a coordination, all processes that share it act as one.
import type { LimitUsage } from '../contracts/api.ts'
import type { Coordination } from '../contracts/coordination.ts'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { Clock } from '../contracts/parts.ts'
import type { RateLimitSpec } from '../contracts/policy.ts'
import { createLeasedBucket } from './leased-bucket.ts'
import { createTokenBucket } from './token-bucket.ts'

/** No pause is longer, whatever the other side says, ms. */
export const LONGEST_PAUSE_MS = 3_600_000

export interface RateLimiter {
  /** 0: taken. Else ms until it is worth asking again. Never overtakes who waits in `take`. Costs no promise and no timer. */
  tryTake(count?: number): number
  /**
   * Waits for its turn: first come, first served.
   * @throws TuttiError the signal's reason (`cancelled` unless it says better), or `closed`
   */
  take(signal: AbortSignal, count?: number): Promise<void>
  /** Puts back what was taken and not used. Below 0: it turned out to be so many more, which later ones wait for. */
  giveBack(count: number): void
  /** Nobody gets anything for so long, in this process and in those that share it. Pauses only lengthen; at most an hour. */
  pause(ms: number): void
  /** ms since the epoch; 0 without a pause. */
  readonly pausedUntilMs: number
  /** Calls back when somebody who was refused by `tryTake` may try again. Returns what ends it. */
  onFree(listener: () => void): () => void
  usage(): LimitUsage
  /** Those who wait are refused with `closed`. */
  close(): void
}

export interface RateLimiterParts {
  /** The same in every process: tokens and pauses are shared by it. */
  readonly name: string
  /** Absent: only pauses hold anybody up. */
  readonly spec?: RateLimitSpec | undefined
  readonly clock: Clock
  readonly coordination?: Coordination | undefined
}

interface Waiter {
  readonly count: number
  readonly admit: () => void
  readonly refuse: (error: TuttiError) => void
}

/** Keeps no timer while nobody waits. */
export function createRateLimiter({ name, spec, clock, coordination }: RateLimiterParts): RateLimiter {
  const own = spec === undefined ? undefined : createTokenBucket(spec, () => clock.now())
  const bucket =
    spec === undefined || own === undefined || coordination === undefined
      ? own
      : createLeasedBucket({ name, spec, clock, coordination, own, onChange: () => wake() })
  // A Set keeps the order of arrival and forgets one that gives up in constant time.
  const waiters = new Set<Waiter>()
  const listeners = new Set<() => void>()
  let isSomebodyRefused = false
  let isClosed = false
  let pausedUntilMs = 0
  let wakesAt = Infinity
  let stopTimer: (() => void) | undefined

  const ask = (count: number): number => {
    if (pausedUntilMs !== 0) {
      const left = Math.min(pausedUntilMs - clock.now(), LONGEST_PAUSE_MS)
      if (left > 0) return left
      pausedUntilMs = 0
    }
    return bucket === undefined ? 0 : bucket.tryTake(count)
  }
  const disarm = (): void => {
    stopTimer?.()
    stopTimer = undefined
    wakesAt = Infinity
  }
  const arm = (ms: number): void => {
    const at = clock.now() + ms
    if (at >= wakesAt) return
    stopTimer?.()
    wakesAt = at
    stopTimer = clock.after(ms, wake)
  }
  /** Lets in who can go, in order, and sets the timer for the next. */
  const admit = (): void => {
    for (const waiter of waiters) {
      const waitMs = ask(waiter.count)
      if (waitMs > 0) {
        arm(waitMs)
        return
      }
      waiters.delete(waiter)
      waiter.admit()
    }
  }
  const wake = (): void => {
    disarm()
    if (isClosed) return
    admit()
    if (!isSomebodyRefused || waiters.size > 0) return
    isSomebodyRefused = false
    for (const listener of [...listeners]) listener()
  }
  const leave = (waiter: Waiter): void => {
    waiters.delete(waiter)
    if (waiters.size === 0 && !isSomebodyRefused) disarm()
    else wake()
  }
  const lengthen = (untilMs: number): boolean => {
    const now = clock.now()
    const until = Math.min(untilMs, now + LONGEST_PAUSE_MS)
    // NaN is not larger either.
    if (!(until > now && until > pausedUntilMs)) return false
    pausedUntilMs = until
    return true
  }
  const endListening = coordination?.listen((note) => {
    if (note.kind === 'pause' && note.key === name) lengthen(note.untilMs)
  })

  return {
    tryTake(count = 1) {
      const waitMs = waiters.size === 0 ? ask(count) : Math.max(1, wakesAt - clock.now())
      if (waitMs > 0 && listeners.size > 0) {
        isSomebodyRefused = true
        if (waiters.size === 0) arm(waitMs)
      }
      return waitMs
    },
    take(signal, count = 1) {
      if (isClosed) return Promise.reject(closedError(name))
      if (signal.aborted) return Promise.reject(toTuttiError(signal.reason, 'cancelled'))
      if (waiters.size === 0 && ask(count) === 0) return Promise.resolve()
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          leave(waiter)
          reject(toTuttiError(signal.reason, 'cancelled'))
        }
        const settle = (): void => signal.removeEventListener('abort', onAbort)
        const waiter: Waiter = {
          count,
          admit() {
            settle()
            resolve()
          },
          refuse(error) {
            settle()
            reject(error)
          },
        }
        signal.addEventListener('abort', onAbort, { once: true })
        waiters.add(waiter)
        if (waiters.size === 1) admit()
      })
    },
    giveBack(count) {
      bucket?.giveBack(count)
      if (count > 0 && (waiters.size > 0 || isSomebodyRefused)) wake()
    },
    pause(ms) {
      if (lengthen(clock.now() + ms)) coordination?.announce({ kind: 'pause', key: name, untilMs: pausedUntilMs })
    },
    get pausedUntilMs() {
      return pausedUntilMs > clock.now() ? pausedUntilMs : 0
    },
    onFree(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    usage() {
      const usage: { -readonly [K in keyof LimitUsage]: LimitUsage[K] } = {
        kind: 'rate',
        name,
        inUse: Math.max(0, Math.ceil(own?.taken ?? 0)),
        limit: own?.size ?? 0,
        waiting: waiters.size,
      }
      if (pausedUntilMs > clock.now()) usage.pausedUntil = new Date(pausedUntilMs).toISOString()
      return usage
    },
    close() {
      isClosed = true
      disarm()
      endListening?.()
      for (const { refuse } of waiters) refuse(closedError(name))
      waiters.clear()
      listeners.clear()
    },
  }
}

const closedError = (name: string): TuttiError => new TuttiError('closed', `The rate limit of "${name}" is closed.`)
