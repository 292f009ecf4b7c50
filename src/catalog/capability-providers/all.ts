// Every capability, while there are few: the model then sees the same text for every request, and prompt caches hit.
import type { Component, OfferedCapability } from '../../contracts/capability.ts'
import type { CapabilityProvider } from '../../contracts/parts.ts'
import { isHealthy } from '../../util/is-healthy.ts'
import { compareText } from '../../util/text.ts'
import type { Catalog } from '../catalog.ts'

/** With more than this, a model chooses worse than a search does. */
export const MAX_ALL = 50

export interface ProviderParts {
  readonly catalog: Pick<Catalog, 'components' | 'search'>
  /** How many capabilities a search offers. */
  readonly topK: number
}

type Offer = Awaited<ReturnType<CapabilityProvider['offer']>>

/** Why nothing of a component can be called at the moment; undefined when it can. */
export function whyHidden(component: Component): string | undefined {
  const { instances } = component
  if (instances.length === 0) return 'no instance of it is running'
  if (isHealthy(component)) return undefined
  return instances.length === 1 ? 'its only instance is unhealthy' : `all ${instances.length} instances are unhealthy`
}

/** What can be offered, sorted by component and name; internal capabilities are neither offered nor listed as hidden. */
function listAll(components: readonly Component[]): Offer {
  const offered: OfferedCapability[] = []
  const hidden: { readonly name: string; readonly why: string }[] = []
  for (const component of [...components].sort((a, b) => compareText(a.name, b.name))) {
    const why = whyHidden(component)
    const visible = component.capabilities.filter(({ internal }) => internal !== true)
    for (const capability of visible.sort((a, b) => compareText(a.name, b.name))) {
      if (why === undefined) offered.push(Object.freeze({ component, capability }))
      else hidden.push({ name: `${component.name}.${capability.name}`, why })
    }
  }
  return Object.freeze({ offered: Object.freeze(offered), hidden: Object.freeze(hidden) })
}

// A snapshot's list of components is a new array whenever anything changes, and never changes itself.
const listed = new WeakMap<readonly Component[], Offer>()

/** The same arrays for the same snapshot. */
export function listOffers(components: readonly Component[]): Offer {
  let offer = listed.get(components)
  if (offer === undefined) {
    offer = listAll(components)
    listed.set(components, offer)
  }
  return offer
}

/** Offers all capabilities, up to {@link MAX_ALL}; what is beyond is hidden with that reason. */
export function createAllProvider({ catalog }: Pick<ProviderParts, 'catalog'>): CapabilityProvider {
  return {
    async offer() {
      const all = listOffers(catalog.components())
      if (all.offered.length <= MAX_ALL) return all
      const why = `there are more than ${MAX_ALL} capabilities; set capabilities.provider to "search" or "auto"`
      const beyond = all.offered.slice(MAX_ALL).map((o) => ({ name: `${o.component.name}.${o.capability.name}`, why }))
      return { offered: all.offered.slice(0, MAX_ALL), hidden: [...all.hidden, ...beyond] }
    },
  }
}
