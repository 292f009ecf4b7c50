// Every limit that steps of all runs share, by name: made when first asked for, from what the configuration declares.
import type { BreakerReport, LimitUsage } from '../contracts/api.ts'
import type { Config } from '../contracts/config.ts'
import type { Coordination } from '../contracts/coordination.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { Clock } from '../contracts/parts.ts'
import type { QuotaSpec } from '../contracts/policy.ts'
import { AdaptiveLimit } from '../resilience/adaptive-limit.ts'
import { Admission, usageOf } from '../resilience/admission.ts'
import { Demand, Pool } from '../resilience/pool.ts'
import { createRateLimiter, type RateLimiter } from '../resilience/rate-limit.ts'
import { type PolicyOf, policiesByName } from '../util/component-policies.ts'
import { nameKey } from '../util/name-key.ts'

type Needs = Readonly<Record<string, number>>

/** What a step takes of shared pools. */
export interface PoolNeeds {
  /** Of the process and of the key of the run. */
  readonly ofRun: readonly Pool[]
  readonly concurrency?: { readonly key: string; readonly limit: number } | undefined
  readonly resources?: Needs | undefined
  readonly component?: Pool | undefined
  /** Shown when a need can never be met. */
  readonly step: string
}

/** What asks for a longer pause fails by itself, call by call. */
const LONGEST_PAUSE_MS = 300_000
/** Pools that were made for the occasion are looked through when there are so many, and then when there are twice as many. */
const SWEEP_AT = 1_000

export class Pools {
  readonly admission: Admission
  readonly #settings: Config
  readonly #parts: { readonly clock: Clock; readonly coordination?: Coordination | undefined }
  readonly #policyOf: PolicyOf
  readonly #process: readonly Pool[]
  readonly #components = new Map<string, Pool>()
  readonly #resources = new Map<string, Pool>()
  /** By key, and by key of concurrency: any number of them. */
  readonly #keys = new Map<string, Pool>()
  readonly #shared = new Map<string, Pool>()
  readonly #demands = new Map<string, Demand>()
  #sweepAt = SWEEP_AT

  constructor(settings: Config, parts: { readonly clock: Clock; readonly coordination?: Coordination | undefined }) {
    this.#settings = settings
    this.#parts = parts
    this.#policyOf = policiesByName(settings.components)
    this.admission = new Admission()
    const { processConcurrency: limit } = settings.executor
    this.#process = limit === undefined ? [] : [new Pool({ kind: 'process', name: '', limit })]
    for (const [name, amount] of Object.entries(settings.resources.inventory))
      this.#resources.set(name, new Pool({ kind: 'resource', name, limit: amount }))
  }

  /** Of the process, of the key, and of each of its prefixes: those that have a limit. To be left at the end of the run. */
  enterRun(key: string): readonly Pool[] {
    const ofKeys = prefixesOf(key).map((name) => this.#ofKey(name))
    const pools = [...this.#process, ...ofKeys.filter((pool) => pool !== undefined)]
    for (const pool of pools) pool.demands++
    return pools
  }

  leaveRun(pools: readonly Pool[]): void {
    for (const pool of pools) pool.demands--
  }

  /** Share of the widest flow of a key. */
  weightOf(key: string): number {
    return this.#quotaOf(prefixesOf(key)[0] ?? key)?.weight ?? 1
  }

  component(name: string): Pool {
    const key = nameKey(name)
    let pool = this.#components.get(key)
    if (pool === undefined) this.#components.set(key, (pool = this.#makeComponent(name)))
    return pool
  }

  /**
   * The same object for the same needs; undefined for none.
   * @throws TuttiError `not_supported` when there will never be enough of a resource
   */
  demandOf({ ofRun, concurrency, resources, component, step }: PoolNeeds): Demand | undefined {
    if (this.#demands.size >= this.#sweepAt) this.#sweep()
    const needs = ofRun.map((pool) => ({ pool, amount: 1 }))
    if (concurrency !== undefined) needs.push({ pool: this.#ofConcurrency(concurrency), amount: 1 })
    const declared = component === undefined ? undefined : this.#policyOf(component.name)?.resources
    if (resources !== undefined || declared !== undefined)
      needs.push(...this.#ofResources({ ...declared, ...resources }, step))
    if (component !== undefined) needs.push({ pool: component, amount: 1 })
    if (needs.length === 0) return undefined
    // By number: names may hold whatever somebody writes.
    const key = needs.map(({ pool, amount }) => `${amount} of ${pool.id}`).join()
    let demand = this.#demands.get(key)
    if (demand === undefined) this.#demands.set(key, (demand = new Demand(needs)))
    return demand
  }

  /** Everybody who calls the component stays away so long. A pause that nobody would sit out is not made. */
  pause(pool: Pool, ms: number): void {
    if (!(ms > 0 && ms <= LONGEST_PAUSE_MS)) return
    const rate = pool.rate ?? this.#giveRate(pool)
    rate.pause(ms)
  }

  /** What an instance of the component bears now. */
  setShare({ component, instance, share }: BreakerReport): void {
    const pool = this.component(component)
    if (pool.setShare(instance, share)) this.admission.free(pool)
  }

  /** The limit follows what was learnt of the component. */
  update(pool: Pool): void {
    if (pool.update()) this.admission.free(pool)
  }

  usage(): LimitUsage[] {
    const rates: LimitUsage[] = []
    for (const pool of this.#components.values()) {
      const usage = pool.rate?.usage()
      if (usage === undefined || (usage.inUse === 0 && usage.pausedUntil === undefined)) continue
      // Who waits for a call to be allowed waits at the component, which has room.
      rates.push({ ...usage, name: pool.name, waiting: pool.fits(1) ? pool.waiting : 0 })
    }
    const all = [this.#process, this.#keys.values(), this.#shared.values(), this.#resources.values()]
    return [...all.flatMap((pools) => usageOf(pools)), ...usageOf(this.#components.values()), ...rates]
  }

  close(): void {
    for (const { rate } of this.#components.values()) rate?.close()
  }

  #makeComponent(name: string): Pool {
    const { executor } = this.#settings
    const policy = this.#policyOf(name)
    const limit = policy?.maxConcurrency ?? executor.componentConcurrency
    const pool = new Pool({
      kind: 'component',
      name,
      limit,
      maxQueued: policy?.maxQueued ?? executor.maxQueued,
      adaptive: new AdaptiveLimit(limit, policy?.adaptive ?? executor.adaptive),
    })
    // What other processes hear of a pause counts here as well.
    if (policy?.rateLimit !== undefined || this.#parts.coordination !== undefined) this.#giveRate(pool)
    return pool
  }

  #giveRate(pool: Pool): RateLimiter {
    const { clock, coordination } = this.#parts
    const spec = this.#policyOf(pool.name)?.rateLimit
    const rate = createRateLimiter({ name: nameKey(pool.name), spec, clock, coordination })
    rate.onFree(() => this.admission.free(pool))
    pool.rate = rate
    return rate
  }

  #quotaOf(key: string): QuotaSpec | undefined {
    const { quotas } = this.#settings
    return (Object.hasOwn(quotas, key) ? quotas[key] : undefined) ?? quotas['default']
  }

  #ofKey(name: string): Pool | undefined {
    const limit = this.#quotaOf(name)?.maxConcurrency ?? this.#settings.executor.keyConcurrency
    if (limit === undefined) return undefined
    let pool = this.#keys.get(name)
    if (pool === undefined) this.#keys.set(name, (pool = new Pool({ kind: 'key', name, limit })))
    return pool
  }

  /** Steps may differ about one key: the least of those that are about it counts, as long as there are any. */
  #ofConcurrency({ key, limit }: { readonly key: string; readonly limit: number }): Pool {
    let pool = this.#shared.get(key)
    if (pool === undefined) this.#shared.set(key, (pool = new Pool({ kind: 'concurrency', name: key, limit })))
    else if (limit < pool.limit || pool.isIdle) pool.limit = limit
    return pool
  }

  #ofResources(needs: Needs, step: string): { readonly pool: Pool; readonly amount: number }[] {
    return Object.keys(needs)
      .sort()
      .map((name) => {
        const amount = needs[name] ?? 0
        const pool = this.#resources.get(name)
        if (pool !== undefined && amount <= pool.limit) return { pool, amount }
        throw new TuttiError(
          'not_supported',
          `Step "${step}" needs ${amount} of the resource "${name}", of which this process has ${pool?.limit ?? 'none'}. Raise resources.inventory.${name}, or let the step need less.`,
          { details: { resource: name, needed: amount, available: pool?.limit ?? 0 } },
        )
      })
  }

  /** Forgets what was made for keys that nobody uses any more. */
  #sweep(): void {
    for (const [key, demand] of this.#demands) {
      if (demand.users > 0) continue
      this.#demands.delete(key)
      for (const pool of demand.pools) pool.demands--
    }
    for (const pools of [this.#keys, this.#shared])
      for (const [key, pool] of pools) if (pool.demands === 0) pools.delete(key)
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#demands.size)
  }
}

/** `payments/alice` counts in `payments` as well, the widest first. */
export function prefixesOf(key: string): string[] {
  const parts = key.split('/')
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'))
}
