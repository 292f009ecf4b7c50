// How many calls at once a component can bear, found out while calling it: one more after a round that used them all, half as
// many at a sign of overload (AIMD, as TCP does). Arithmetic only; who waits is elsewhere.
import { type ErrorCode, TuttiError } from '../contracts/errors.ts'

export type AdaptiveMode = 'off' | 'errors' | 'latency'

/** What says that it was too much, whatever the answer would have been. */
const OVERLOAD: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'component_rate_limited',
  'component_timeout',
  'component_unavailable',
])
const DECREASE = 0.5
/** The latency of now follows the last few calls, its floor only slowly. */
const SHORT = 1 / 8
const LONG = 1 / 500
/** Calls before a latency is believed. */
const ENOUGH = 20
/** Times the floor that is too slow. */
const TOO_SLOW = 2
/** A floor below this is noise, ms. */
const LEAST_FLOOR_MS = 5

/** Whether an error says that the component has too much to do. */
export function isOverload(error: unknown): boolean {
  if (!(error instanceof TuttiError)) return false
  return OVERLOAD.has(error.code) || (error.code === 'component_failed' && 'retry_after_ms' in error.details)
}

export class AdaptiveLimit {
  /** What is configured: never above it. */
  readonly max: number
  readonly #mode: AdaptiveMode
  #limit: number
  #wasFull = false
  #successes = 0
  #decreasedAt = -Infinity
  #shortMs = 0
  #floorMs = Infinity
  #samples = 0

  constructor(max: number, mode: AdaptiveMode) {
    this.max = Math.max(1, max)
    this.#mode = mode
    this.#limit = this.max
  }

  get limit(): number {
    return this.#limit
  }

  /** Whether a success would change nothing. */
  get isAtRest(): boolean {
    return this.#limit === this.max && this.#mode !== 'latency'
  }

  /** A call came back well. `inUse` with itself. @returns whether the limit has moved */
  succeed(call: { readonly startedAt: number; readonly endedAt: number; readonly inUse: number }): boolean {
    if (this.#mode === 'latency' && this.#isSlow(call.endedAt - call.startedAt)) return this.#decrease(call)
    if (this.#limit === this.max) return false
    this.#wasFull ||= call.inUse >= this.#limit
    if (++this.#successes < this.#limit) return false
    const isUsed = this.#wasFull
    this.#newRound()
    if (isUsed) this.#limit = Math.min(this.max, this.#limit + 1)
    return isUsed
  }

  /** A call failed. Calls that began before the last decrease belong to the burst that caused it. @returns whether the limit has moved */
  fail(error: unknown, call: { readonly startedAt: number; readonly endedAt: number }): boolean {
    return this.#mode !== 'off' && isOverload(error) && this.#decrease(call)
  }

  #decrease({ startedAt, endedAt }: { readonly startedAt: number; readonly endedAt: number }): boolean {
    if (startedAt <= this.#decreasedAt) return false
    this.#decreasedAt = endedAt
    this.#newRound()
    const before = this.#limit
    this.#limit = Math.max(1, Math.floor(before * DECREASE))
    return this.#limit !== before
  }

  #newRound(): void {
    this.#successes = 0
    this.#wasFull = false
  }

  #isSlow(ms: number): boolean {
    this.#samples++
    this.#shortMs += this.#samples === 1 ? ms : (ms - this.#shortMs) * SHORT
    this.#floorMs = ms < this.#floorMs ? ms : this.#floorMs + (ms - this.#floorMs) * LONG
    return this.#samples >= ENOUGH && this.#shortMs > TOO_SLOW * Math.max(LEAST_FLOOR_MS, this.#floorMs)
  }
}
