// Every capability, while there are few: the model then sees the same text for every request, and prompt caches hit.
import type { Component, OfferedCapability } from '../../contracts/capability.ts'
import type { CapabilityProvider, CatalogView } from '../../contracts/parts.ts'
import { compareText } from '../../util/text.ts'
import { OPEN_FILTER, whyUnwell } from '../filters.ts'
import { fullName, type Hidden, MAX_HIDDEN, type Offer, type ProviderParts } from './provider-parts.ts'

/** With more than this, a model chooses worse than a search does. */
export const MAX_ALL = 50

interface Listed extends Offer {
  /** By a rule; what is hidden is only not well. */
  readonly withheld: readonly Hidden[]
}

/** What can be offered, sorted by component and name; internal capabilities are neither offered nor listed as hidden. */
function listAll(components: readonly Component[]): Listed {
  const offered: OfferedCapability[] = []
  const hidden: Hidden[] = []
  for (const component of [...components].sort((a, b) => compareText(a.name, b.name))) {
    const why = whyUnwell(component)
    const visible = component.capabilities.filter(({ internal }) => internal !== true)
    for (const capability of visible.sort((a, b) => compareText(a.name, b.name))) {
      if (why === undefined) offered.push(Object.freeze({ component, capability }))
      else hidden.push({ name: fullName(component, capability), why })
    }
  }
  return Object.freeze({ offered: Object.freeze(offered), hidden: Object.freeze(hidden), withheld: [] })
}

// A snapshot's list of components is a new array whenever anything changes, and never changes itself.
const listed = new WeakMap<readonly Component[], Listed>()

/** The same arrays for the same snapshot. */
function listOffers(components: readonly Component[]): Listed {
  let offer = listed.get(components)
  if (offer === undefined) {
    offer = listAll(components)
    listed.set(components, offer)
  }
  return offer
}

/** All that a principal may be offered now, and all that it may not; the very same arrays while no rule is set. */
export function listFor(
  { catalog, filter = OPEN_FILTER }: Pick<ProviderParts, 'catalog' | 'filter'>,
  principal: string,
): Listed {
  const all = listOffers(catalog.components())
  if (filter.isOpen) return all
  const withheld: Hidden[] = []
  const offered = all.offered.filter(({ component, capability }) => {
    const why = filter.whyWithheld(principal, component, capability)
    if (why !== undefined) withheld.push({ name: fullName(component, capability), why })
    return why === undefined
  })
  return { offered, hidden: all.hidden, withheld }
}

/**
 * Whether a principal has more than so many to choose from, ill ones among them: a component that falls ill must not change the
 * way, and with it the prompt. Looks no further than it must: to list a large catalog takes a while.
 */
export function hasMoreThan(
  enough: number,
  {
    catalog,
    filter = OPEN_FILTER,
  }: Pick<ProviderParts, 'filter'> & { readonly catalog: Pick<CatalogView, 'components'> },
  principal: string,
): boolean {
  let count = 0
  for (const component of catalog.components()) {
    for (const capability of component.capabilities) {
      if (capability.internal === true || filter.whyWithheld(principal, component, capability) !== undefined) continue
      if (++count > enough) return true
    }
  }
  return false
}

/** Offers all capabilities, up to {@link MAX_ALL}; what is beyond is hidden with that reason. */
export function createAllProvider(parts: Pick<ProviderParts, 'catalog' | 'filter'>): CapabilityProvider {
  return {
    async offer({ principal }) {
      const all = listFor(parts, principal)
      if (all.offered.length <= MAX_ALL && all.withheld.length === 0 && all.hidden.length <= MAX_HIDDEN) return all
      const why = `there are more than ${MAX_ALL} capabilities; set capabilities.provider to "search" or "auto"`
      const beyond = all.offered
        .slice(MAX_ALL, MAX_ALL + MAX_HIDDEN)
        .map(({ component, capability }) => ({ name: fullName(component, capability), why }))
      const hidden = [...all.hidden, ...all.withheld, ...beyond].slice(0, MAX_HIDDEN)
      return { offered: all.offered.slice(0, MAX_ALL), hidden }
    },
  }
}
