// Plans that served: the same request of the same principal over the same catalog costs no model call. Entries outlive their
// time (also for requests that differ only in their values, see plan-templates), since an old plan is better than none when the model is away.
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Config } from '../contracts/config.ts'
import type { Clock } from '../contracts/parts.ts'
import type { PlanDocument } from '../contracts/plan.ts'
import type { PlanAsk } from '../contracts/planner.ts'
import { stringifyJson } from '../util/json.ts'
import { createPlanTemplates } from './plan-templates.ts'
import { PROMPT_VERSION } from './prompt.ts'

export type CacheAsk = Pick<PlanAsk, 'request' | 'principal' | 'view' | 'turns' | 'metadata'>

export interface KeptPlan {
  readonly document: PlanDocument
  /** ms since it was stored. */
  readonly ageMs: number
  /** Within its time; otherwise only a stand-in. */
  readonly isFresh: boolean
}

export interface PlanCache {
  find(ask: CacheAsk): KeptPlan | undefined
  /** Keeps a plan of the model that is valid and calls something. */
  store(ask: CacheAsk, document: PlanDocument): void
  /** The plan served its request: requests of the same form may have it with their own values. */
  learn(ask: CacheAsk, document: PlanDocument): void
  evict(ask: CacheAsk): void
  /** How a lookup turned out, for the statistics: a plan that was found may still have been unusable. What is never kept is not counted. */
  count(ask: CacheAsk, outcome: 'hit' | 'miss'): void
  stats(): { readonly hits: number; readonly misses: number; readonly size: number }
}

interface Entry {
  readonly document: PlanDocument
  readonly storedAt: number
}

export interface PlanCacheParts {
  readonly settings: Pick<Config, 'planner' | 'capabilities'>
  readonly clock: Clock
  readonly modelId: () => string | undefined
}

export function createPlanCache({ settings, clock, modelId }: PlanCacheParts): PlanCache {
  const { cacheEnabled, cacheSize, cacheTtlMs, persona, domain } = settings.planner
  // Time is compared here and not by the cache: what has expired must stay for the day when the model is away.
  const entries = new LRUCache<string, Entry>({ max: cacheSize })
  const policy = [settings.capabilities.provider, settings.capabilities.topK, persona ?? null, domain ?? null]
  let hits = 0
  let misses = 0

  // The model is told what day it is, and plans by it: "yesterday" is another day tomorrow.
  const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)
  const isFresh = (storedAt: number): boolean => {
    const now = clock.now()
    return now - storedAt < cacheTtlMs && dayOf(now) === dayOf(storedAt)
  }
  const templates = createPlanTemplates({ max: Math.ceil(cacheSize / 4), now: () => clock.now(), isFresh })
  const keyOf = (ask: CacheAsk, request = normaliseRequest(ask.request)): string => {
    const parts = [
      ask.principal,
      request,
      ask.metadata === undefined ? null : stringifyJson(ask.metadata),
      ask.view.fingerprint,
      policy,
      PROMPT_VERSION,
      modelId() ?? null,
    ]
    return createHash('sha256').update(JSON.stringify(parts)).digest('base64')
  }
  // A turn changes what the same words mean.
  const isCacheable = (ask: CacheAsk): boolean => cacheEnabled && ask.turns.length === 0

  return {
    find(ask) {
      if (!isCacheable(ask)) return undefined
      const entry = entries.get(keyOf(ask)) ?? templates.find(keyOf(ask, ''), ask.request)
      if (entry === undefined) return undefined
      const { document, storedAt } = entry
      return { document, ageMs: clock.now() - storedAt, isFresh: isFresh(storedAt) }
    },
    store(ask, document) {
      // One that counts on being written anew is half a plan.
      const isWhole = document.steps.length > 0 && document.steps.every(({ replanIf }) => replanIf === undefined)
      if (isCacheable(ask) && isWhole) entries.set(keyOf(ask), { document, storedAt: clock.now() })
    },
    learn(ask, document) {
      if (isCacheable(ask)) templates.learn(keyOf(ask, ''), ask.request, document, ask.view)
    },
    evict(ask) {
      if (!isCacheable(ask)) return
      entries.delete(keyOf(ask))
      templates.evict(keyOf(ask, ''), ask.request)
    },
    count(ask, outcome) {
      if (!isCacheable(ask)) return
      if (outcome === 'hit') hits++
      else misses++
    },
    stats: () => ({ hits, misses, size: entries.size }),
  }
}

/** Case stays: "US" and "us" are different words. */
const normaliseRequest = (request: string): string => request.normalize('NFC').replace(/\s+/g, ' ').trim()
