// One limit on what may be at work at once: of the process, a key, a resource, a component. It counts; who waits for it is kept
// by the admission.
import type { LimitUsage } from '../contracts/api.ts'
import type { AdaptiveLimit } from './adaptive-limit.ts'
import type { Demand } from './demand.ts'
import type { RateLimiter } from './rate-limit.ts'

/** Sums of fractions come back to what they were up to this. */
const ROUNDING = 1e-9

export interface PoolSpec {
  readonly kind: LimitUsage['kind']
  readonly name: string
  readonly limit: number
  /** Items that may wait for it; more are refused. Default: any number. */
  readonly maxQueued?: number
  readonly adaptive?: AdaptiveLimit
  /** Set when calls are counted by time, too; one that only pauses is made when the first pause comes. */
  readonly rate?: RateLimiter
}

export class Pool {
  readonly kind: LimitUsage['kind']
  readonly name: string
  readonly maxQueued: number
  readonly adaptive: AdaptiveLimit | undefined
  rate: RateLimiter | undefined
  /** What holds now. */
  limit: number
  inUse = 0
  /** Those whose best waiter does not fit in here. */
  readonly parked = new Set<Demand>()
  /** Demands that name this pool, while they last. */
  demands = 0
  /** Virtual time of each flow, while several demands compete for this pool. */
  readonly served = new Map<string, number>()
  now = 0
  /** How many serve what it limits. */
  instances = 1
  readonly #most: number
  readonly #shares = new Map<string, number>()
  #holders = 0
  /** Of the usual traffic, what the instances bear on average. */
  #mean = 1

  constructor({ kind, name, limit, maxQueued = Infinity, adaptive, rate }: PoolSpec) {
    this.kind = kind
    this.name = name
    this.#most = limit
    this.limit = adaptive?.limit ?? limit
    this.maxQueued = maxQueued
    this.adaptive = adaptive
    this.rate = rate
  }

  fits(amount: number): boolean {
    return this.inUse + amount <= this.limit + ROUNDING
  }

  take(amount: number): void {
    this.#holders++
    this.inUse += amount
  }

  giveBack(amount: number): void {
    this.inUse = --this.#holders === 0 ? 0 : this.inUse - amount
  }

  /** How many wait here. */
  get waiting(): number {
    let waiting = 0
    for (const demand of this.parked) waiting += demand.waiting
    return waiting
  }

  /** The share of its usual traffic that one instance bears now. @returns whether there is more room than before */
  setShare(instance: string, share: number): boolean {
    if (share >= 1) this.#shares.delete(instance)
    else this.#shares.set(instance, share)
    let mean = 1
    for (const part of this.#shares.values()) mean -= (1 - part) / Math.max(1, this.instances)
    this.#mean = Math.max(0, mean)
    return this.update()
  }

  /** The limit anew, after what it follows has moved. @returns whether there is more room than before */
  update(): boolean {
    const before = this.limit
    const bearable = this.adaptive?.limit ?? this.#most
    this.limit = this.#mean === 1 ? bearable : Math.max(1, Math.floor(bearable * this.#mean))
    return this.limit > before
  }

  usage(): LimitUsage {
    const { kind, name, inUse, limit, waiting, rate } = this
    const pausedUntilMs = rate?.pausedUntilMs ?? 0
    const usage = { kind, name, inUse, limit, waiting }
    return pausedUntilMs === 0 ? usage : { ...usage, pausedUntil: new Date(pausedUntilMs).toISOString() }
  }
}
