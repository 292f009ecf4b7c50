// The capabilities nearest to the words of the request, with their helpers. Finding none is an answer: the planner then says
// what is missing instead of being shown everything (trap B04).
import type { OfferedCapability } from '../../contracts/capability.ts'
import type { CapabilityProvider } from '../../contracts/parts.ts'
import {
  fullName,
  type Hidden,
  MAX_HIDDEN,
  type Offer,
  type ProviderParts,
  type Query,
  whyHidden,
} from './provider-parts.ts'

/** How many of those that came next are named. */
const MAX_NEXT = 10

/** Offers the best `topK`, helpers included, best first; what cannot be offered now makes room for the next best. */
export function createSearchProvider(parts: ProviderParts): CapabilityProvider {
  return { offer: (query) => searchOffers(parts, query) }
}

/** One search with filters and helpers; what every way of choosing falls back on. */
export async function searchOffers(parts: ProviderParts, { request, principal, signal }: Query): Promise<Offer> {
  const { catalog, topK, filter, closure } = parts
  for (let limit = topK + MAX_NEXT; ; limit *= 4) {
    const found = await catalog.search(request, limit, signal)
    const hits: OfferedCapability[] = []
    const hidden: Hidden[] = []
    for (const hit of found) {
      const why = whyHidden(hit.component, hit.capability, principal, filter)
      if (why === undefined) hits.push(hit)
      else if (hidden.length < MAX_HIDDEN) hidden.push({ name: fullName(hit.component, hit.capability), why })
    }
    if (hits.length < topK && found.length >= limit) continue
    const offered =
      closure === undefined
        ? hits.slice(0, topK)
        : await closure({
            hits: hits.slice(0, topK),
            limit: topK,
            mayOffer: (component, capability) => whyHidden(component, capability, principal, filter) === undefined,
          })
    return { offered, hidden: [...hidden, ...nextOf(hits, offered, topK)].slice(0, MAX_HIDDEN) }
  }
}

/** Hits that found no place: beyond the best, or displaced by helpers of better ones. */
function nextOf(hits: readonly OfferedCapability[], offered: readonly OfferedCapability[], topK: number): Hidden[] {
  const shown = new Set(offered.map(({ capability }) => capability))
  return hits
    .map(({ component, capability }, i) => ({ component, capability, place: i + 1 }))
    .filter(({ capability }) => !shown.has(capability))
    .slice(0, MAX_NEXT)
    .map(({ component, capability, place }) => ({
      name: fullName(component, capability),
      why: `place ${place} of the search; ${topK} are offered, helpers included`,
    }))
}
