// What may be offered to whom, decided before anything is ranked. Every rule that is set must let a capability pass; a rule
// that cannot be asked lets nothing pass.
import type { Capability, Component } from '../contracts/capability.ts'
import type { Config } from '../contracts/config.ts'
import type { CatalogView, Logger } from '../contracts/parts.ts'
import { isHealthy } from '../util/is-healthy.ts'

/** Whether a principal may use a capability. Asked for each one that could be offered: answer from memory. */
export type MayUse = (principal: string, component: Component, capability: Capability) => boolean

export interface FilterParts {
  readonly settings: Pick<Config['capabilities'], 'effects' | 'tags' | 'excludeTags' | 'maxCost'>
  /** What a call of a component costs, where it is declared. */
  readonly costOf?: (component: string) => number | undefined
  readonly mayUse?: MayUse | undefined
  readonly log?: Logger
}

export interface Filter {
  /** No rule is set: everything passes that is well. */
  readonly isOpen: boolean
  /** Why it is withheld from the principal; undefined when it is not. Health does not count here. */
  whyWithheld(principal: string, component: Component, capability: Capability): string | undefined
}

/** Why nothing of a component can be called at the moment; undefined when it can. */
export function whyUnwell(component: Component): string | undefined {
  const { instances } = component
  if (instances.length === 0) return 'no instance of it is running'
  if (isHealthy(component)) return undefined
  return instances.length === 1 ? 'its only instance is unhealthy' : `all ${instances.length} instances are unhealthy`
}

export const OPEN_FILTER: Filter = { isOpen: true, whyWithheld: () => undefined }

export function createFilter({ settings, costOf, mayUse, log }: FilterParts): Filter {
  const { effects, tags, excludeTags, maxCost } = settings
  if (effects === undefined && tags === undefined && excludeTags === undefined && maxCost === undefined && !mayUse)
    return OPEN_FILTER
  let hasFailed = false
  const isPermitted = (principal: string, component: Component, capability: Capability): boolean => {
    if (mayUse === undefined) return true
    try {
      // Anything but true is no: a promise, too, has permitted nothing yet.
      return mayUse(principal, component, capability) === true
    } catch {
      if (!hasFailed)
        log?.warn('parts.mayUse threw: what it was asked for is not offered', { component: component.name })
      hasFailed = true
      return false
    }
  }
  return {
    isOpen: false,
    whyWithheld(principal, component, capability) {
      const { effect } = capability
      const own = capability.tags ?? []
      if (effects !== undefined && !effects.includes(effect))
        return `its effect is ${effect}; capabilities.effects allows ${effects.join(', ')}`
      const refused = excludeTags?.find((tag) => own.includes(tag))
      if (refused !== undefined) return `it has the tag "${refused}", which capabilities.exclude_tags names`
      if (tags !== undefined && !tags.some((tag) => own.includes(tag)))
        return `it has none of the tags of capabilities.tags (${tags.join(', ')})`
      const cost = maxCost === undefined ? undefined : costOf?.(component.name)
      if (maxCost !== undefined && cost !== undefined && cost > maxCost)
        return `a call costs ${cost}; capabilities.max_cost is ${maxCost}`
      return isPermitted(principal, component, capability) ? undefined : `"${principal}" may not use it`
    },
  }
}

/**
 * The catalog as one principal may plan with it: what is withheld is not there, so that a plan which names it is told that
 * there is no such thing. The very catalog when no rule is set.
 */
export function viewFor(view: CatalogView, filter: Filter, principal: string): CatalogView {
  if (filter.isOpen) return view
  const passes = (component: Component) => (capability: Capability) =>
    filter.whyWithheld(principal, component, capability) === undefined
  const cut = (component: Component): Component => {
    const capabilities = component.capabilities.filter(passes(component))
    return capabilities.length === component.capabilities.length ? component : { ...component, capabilities }
  }
  const cutAll = (components: readonly Component[]): Component[] =>
    components.map(cut).filter(({ capabilities }) => capabilities.length > 0)
  const find: CatalogView['find'] = (name, action) => {
    const component = view.component(name)
    const capability = component && view.find(name, action)
    return component && capability && passes(component)(capability) ? capability : undefined
  }
  return {
    get fingerprint() {
      return view.fingerprint
    },
    components: () => cutAll(view.components()),
    component(name) {
      const found = view.component(name)
      return found && cutAll([found])[0]
    },
    find,
    offering: (name) => cutAll(view.offering(name).filter((component) => find(component.name, name) !== undefined)),
    pick: (component, options) => view.pick(component, options),
    busy: (instance) => view.busy(instance),
    refresh: (signal) => view.refresh(signal),
  }
}
