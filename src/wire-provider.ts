// How capabilities are chosen for a request, put together from the configuration: the way, what it may show to whom, the helpers
// that come along, and what of it can be ill.
import { LRUCache } from 'lru-cache'
import { createAllProvider, hasMoreThan, MAX_ALL } from './catalog/capability-providers/all.ts'
import { createAutoProvider } from './catalog/capability-providers/auto.ts'
import type { Offer, ProviderParts, Query } from './catalog/capability-providers/provider-parts.ts'
import { createSearchProvider, searchOffers } from './catalog/capability-providers/search.ts'
import { createServiceProvider } from './catalog/capability-providers/service.ts'
import { createTieredProvider, MAX_SUMMARIES } from './catalog/capability-providers/tiered.ts'
import type { Catalog } from './catalog/catalog.ts'
import { createClosure } from './catalog/closure.ts'
import { createFilter, type Filter, type MayUse, viewFor } from './catalog/filters.ts'
import { createCapabilityService } from './connectors/http/capability-service.ts'
import type { HealthReport } from './contracts/api.ts'
import type { CapabilityBreaker, CapabilityService } from './contracts/capability-service.ts'
import type { Config } from './contracts/config.ts'
import type { AskModel, CapabilityProvider, CatalogView, Clock, Logger, Random } from './contracts/parts.ts'
import { policiesByName } from './util/component-policies.ts'

/** What a program may bring to the choosing of capabilities. */
export interface OwnChoosing {
  /** Instead of all the ways that the configuration knows. */
  readonly provider?: CapabilityProvider
  /** Who may use what. What it throws is a no; what it withholds is neither offered nor accepted from a model's plan. */
  readonly mayUse?: MayUse
  /** An external search of yours, instead of the one at `capabilities.serviceUrl`. */
  readonly capabilityService?: CapabilityService
  /** Decides whether the external search is called at all. */
  readonly capabilityBreaker?: CapabilityBreaker
}

/** Principals whose view of the catalog is kept. */
const MAX_VIEWS = 1_000

export interface ChoosingParts {
  readonly own: OwnChoosing
  readonly config: Config
  readonly catalog: Catalog
  readonly ask: AskModel
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

export interface Choosing {
  readonly provider: CapabilityProvider
  /** The catalog as a principal may plan with it. */
  viewFor(principal: string): CatalogView
  /** The catalog as a principal may use it with documents of its own: without what is not permitted, and only that. */
  permittedView(principal: string): CatalogView
  /** The search of this process, whatever the configured way: for those who use us as their search. */
  search(query: Query, topK?: number): Promise<Offer>
  checks(): Promise<HealthReport['checks']>
  close(): Promise<void>
}

/** @throws TuttiError `invalid_config` for a service whose address cannot be used */
export function wireProvider(parts: ChoosingParts): Choosing {
  const { own, config, catalog, log } = parts
  const { capabilities } = config
  const policyOf = policiesByName(config.components)
  const filter = createFilter({
    settings: capabilities,
    costOf: (component) => policyOf(component)?.cost,
    mayUse: own.mayUse,
    log,
  })
  const permitted = createFilter({ settings: {}, mayUse: own.mayUse, log })
  const choosing: ProviderParts & { readonly catalog: Catalog } = {
    catalog,
    topK: capabilities.topK,
    filter,
    closure: createClosure(catalog, capabilities.dependencies),
  }
  const { provider, checks, close, searchesAbove = Infinity } = chooseWay(parts, choosing)
  catalog.keepSearchWarm(() => searchesAbove < Infinity && hasMoreThan(searchesAbove, { catalog }, ''))
  return {
    provider: traced(own.provider ?? { offer: (query) => provider.offer(query), learn: catalog.learn }, log),
    viewFor: keepViews(catalog, filter),
    permittedView: keepViews(catalog, permitted),
    search: (query, topK = capabilities.topK) => searchOffers({ ...choosing, topK }, query),
    checks: async () => (await checks?.()) ?? {},
    close: async () => await close?.(),
  }
}

/** One for all runs of a principal: what was prepared for calls over it is found again. */
function keepViews(catalog: Catalog, filter: Filter): (principal: string) => CatalogView {
  if (filter.isOpen) return () => catalog
  const views = new LRUCache<string, CatalogView>({ max: MAX_VIEWS })
  return (principal) => {
    const view = views.get(principal) ?? viewFor(catalog, filter, principal)
    views.set(principal, view)
    return view
  }
}

interface Way {
  readonly provider: CapabilityProvider
  /** With more capabilities than this, every request is a search. Absent: none is, as a rule. */
  readonly searchesAbove?: number
  readonly checks?: () => Promise<HealthReport['checks']>
  readonly close?: () => Promise<void>
}

function chooseWay(parts: ChoosingParts, choosing: ProviderParts & { readonly catalog: Catalog }): Way {
  const { own, config, ask, clock, random, log } = parts
  const { provider: way, serviceUrl, serviceTimeoutMs } = config.capabilities
  if (own.provider !== undefined) return { provider: own.provider }
  const isService = own.capabilityService !== undefined || serviceUrl !== undefined
  if (way === 'service' || (way === 'auto' && isService)) {
    const service =
      own.capabilityService ?? createCapabilityService({ url: serviceUrl ?? '', timeoutMs: serviceTimeoutMs, clock })
    const { capabilityBreaker: breaker } = own
    const provider = createServiceProvider({
      ...choosing,
      service,
      settings: config.capabilities,
      breaker,
      clock,
      random,
      log,
    })
    return {
      provider,
      async checks() {
        const { isWell, message } = await provider.state()
        return { 'capability-service': { status: isWell ? 'ok' : 'degraded', message } }
      },
      close: () => provider.close(),
    }
  }
  if (isService)
    log.warn(
      `The capability service is not used, since capabilities.provider is "${way}". Set it to "service" or "auto".`,
    )
  switch (way) {
    case 'auto':
      return { provider: createAutoProvider(choosing), searchesAbove: MAX_ALL }
    case 'all':
      return { provider: createAllProvider(choosing) }
    case 'search':
      return { provider: createSearchProvider(choosing), searchesAbove: 0 }
    case 'tiered':
      return { provider: createTieredProvider({ ...choosing, ask, log }), searchesAbove: MAX_SUMMARIES }
  }
}

const MAX_TRACED = 50

/** Why each capability was offered or held back, for those who look for the reason of a plan. */
function traced(provider: CapabilityProvider, log: Logger): CapabilityProvider {
  return {
    async offer(query) {
      const offer = await provider.offer(query)
      log.debug('capabilities were chosen', {
        ...(query.run !== undefined && { runId: query.run.runId }),
        offered: offer.offered.slice(0, MAX_TRACED).map(({ component, capability, why, score }) => ({
          name: `${component.name}.${capability.name}`,
          ...(why !== undefined && { why }),
          ...(score !== undefined && { score }),
        })),
        hidden: offer.hidden.slice(0, MAX_TRACED),
      })
      return offer
    },
    learn: (outcome) => provider.learn?.(outcome),
  }
}
