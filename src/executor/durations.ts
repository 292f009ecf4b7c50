// How long calls take and how often they succeed, learnt per capability over all runs: what the order along the critical
// path is made of, and what is told of a plan before it runs.
import { LRUCache } from 'lru-cache'
import type { CallHistory } from '../contracts/explanation.ts'
import { TimeCounts } from './time-counts.ts'

const MAX_KNOWN = 10_000
/** Weight of the newest call. */
const NEWEST = 0.2
/** Whatever takes no time that can be measured still comes before what depends on it. */
const LEAST_MS = 0.1

/** What is known of one capability. */
export interface Duration {
  /** A call that succeeded took so long, ms. */
  observe(ms: number): void
  /** A call did not succeed. */
  observeFailure(): void
  /** What the next call will take, ms; of one never called the mean of those that are known, else 1. */
  readonly expectMs: number
}

class LearntDuration implements Duration {
  readonly #all: Durations
  #meanMs: number | undefined
  #counts: TimeCounts | undefined
  #failures = 0
  /** Put away; who still holds it learns for itself alone. */
  #isForgotten = false

  constructor(all: Durations) {
    this.#all = all
  }

  observe(ms: number): void {
    const before = this.#meanMs
    this.#meanMs = before === undefined ? ms : before + (ms - before) * NEWEST
    this.#counts ??= new TimeCounts()
    // Failures age with the successes beside them.
    if (this.#counts.add(ms)) this.#failures /= 2
    if (this.#isForgotten) return
    this.#all.sumMs += this.#meanMs - (before ?? 0)
    if (before === undefined) this.#all.known++
  }

  observeFailure(): void {
    this.#failures++
  }

  get expectMs(): number {
    return Math.max(LEAST_MS, this.#meanMs ?? this.#all.meanMs)
  }

  /** Without calls that took so long: those of a run that is to be compared with what was known before it. */
  history(without: readonly number[]): CallHistory | undefined {
    const counts = this.#counts?.without(without)
    if (counts === undefined || counts.total === 0) return undefined
    const { total } = counts
    const { low, typical, high } = counts.range()
    return { low, typical, high, calls: total, successRate: total / (total + this.#failures) }
  }

  forget(): void {
    this.#isForgotten = true
    if (this.#meanMs === undefined) return
    this.#all.sumMs -= this.#meanMs
    this.#all.known--
  }
}

export class Durations {
  sumMs = 0
  known = 0
  readonly #byKey = new LRUCache<string, LearntDuration>({
    max: MAX_KNOWN,
    dispose: (duration) => duration.forget(),
  })

  get meanMs(): number {
    return this.known === 0 ? 1 : this.sumMs / this.known
  }

  of(key: string): Duration {
    let duration = this.#byKey.get(key)
    if (duration === undefined) this.#byKey.set(key, (duration = new LearntDuration(this)))
    return duration
  }

  /** Looking does not keep it from being forgotten. undefined: no call of it has succeeded. */
  history(key: string, without: readonly number[] = []): CallHistory | undefined {
    return this.#byKey.peek(key)?.history(without)
  }
}
