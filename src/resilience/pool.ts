// A pool is one limit on what may be at work at once: of the process, a key, a resource, a component. A demand is so much of some
// pools, all at once. Both only count; who gets what is the admission's to say.
import type { LimitUsage } from '../contracts/api.ts'
import type { AdaptiveLimit } from './adaptive-limit.ts'
import { createFairQueue, type FairOrder, type FairQueue } from './fair-queue.ts'
import type { RateLimiter } from './rate-limit.ts'

/** Sums of fractions come back to what they were up to this many parts of one; as many are shown. */
const PARTS = 1e9
const ROUNDING = 1 / PARTS

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

let made = 0

export class Pool {
  /** No other pool has it. */
  readonly id = ++made
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
  readonly #most: number
  readonly #shares = new Map<string, number>()
  /** Those that serve what it limits now. */
  #instances: ReadonlySet<string> = new Set()
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

  /** Whether nobody is inside and nobody waits. */
  get isIdle(): boolean {
    return this.inUse === 0 && this.parked.size === 0
  }

  /** How many wait here. */
  get waiting(): number {
    let waiting = 0
    for (const demand of this.parked) waiting += demand.waiting
    return waiting
  }

  /** Who serves it now. One that has left says nothing of those that are there. */
  setInstances(instances: readonly { readonly id: string }[]): void {
    this.#instances = new Set(instances.map(({ id }) => id))
    this.#weigh()
  }

  /** The share of its usual traffic that one instance bears now. @returns whether there is more room than before */
  setShare(instance: string, share: number): boolean {
    if (share >= 1) this.#shares.delete(instance)
    else this.#shares.set(instance, share)
    return this.#weigh()
  }

  #weigh(): boolean {
    this.#mean = 1
    for (const [instance, part] of this.#shares)
      if (this.#instances.has(instance)) this.#mean -= (1 - part) / this.#instances.size
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
    const { kind, name, limit, waiting, rate } = this
    const inUse = Math.round(this.inUse * PARTS) / PARTS
    const pausedUntilMs = rate?.pausedUntilMs ?? 0
    const usage = { kind, name, inUse, limit, waiting }
    return pausedUntilMs === 0 ? usage : { ...usage, pausedUntil: new Date(pausedUntilMs).toISOString() }
  }
}

/** Who waits: one piece of work, or several of one owner, the best first. */
export interface Waiter {
  /** Of its best. */
  readonly order: FairOrder
  /** Asked when everything fits: whether it can use it now. False: it does not wait here any more. */
  isReady(): boolean
  /** Everything was taken for its best. @returns whether more of it waits, with the order as it is then */
  admit(): boolean
}

/** What a piece of work needs. Work with the same needs waits together, for where one of it does not fit none does. */
export class Demand {
  /** In the one order that all demands keep. */
  readonly pools: readonly Pool[]
  readonly amounts: readonly number[]
  /** One place of one pool: most demands. */
  readonly only: Pool | undefined
  /** The component among them; it is always the last. */
  readonly component: Pool | undefined
  /** Where the best waiter does not fit. */
  parkedAt: Pool | undefined
  /** Where nobody may overtake it either, as it was sent on from pool to pool so often. */
  readonly claims = new Set<Pool>()
  /** How often that was. */
  moves = 0
  /** How many wait, as the queues' bounds count them. */
  waiting = 0
  /** Who holds it, or counts on it being the same later. */
  users = 0
  #queue: FairQueue<Waiter> | undefined

  constructor(needs: readonly { readonly pool: Pool; readonly amount: number }[]) {
    this.pools = needs.map(({ pool }) => pool)
    this.amounts = needs.map(({ amount }) => amount)
    const [first] = needs
    this.only = needs.length === 1 && first?.amount === 1 ? first.pool : undefined
    const last = needs.at(-1)?.pool
    this.component = last?.kind === 'component' ? last : undefined
    for (const pool of this.pools) pool.demands++
  }

  get queue(): FairQueue<Waiter> {
    this.#queue ??= createFairQueue<Waiter>()
    return this.#queue
  }

  /** Whether nobody waits. */
  get isIdle(): boolean {
    return this.#queue === undefined || this.#queue.size === 0
  }
}
