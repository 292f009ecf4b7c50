// What the ways of choosing have in common: what they are made of, and what they answer.
import type { Capability, Component } from '../../contracts/capability.ts'
import type { CapabilityProvider } from '../../contracts/parts.ts'
import type { Catalog } from '../catalog.ts'
import type { Closure } from '../closure.ts'
import { type Filter, OPEN_FILTER, whyUnwell } from '../filters.ts'

export interface ProviderParts {
  readonly catalog: Pick<Catalog, 'components' | 'search'>
  /** How many capabilities are offered where it is chosen among many. */
  readonly topK: number
  /** Default: nothing is withheld. */
  readonly filter?: Filter
  /** Default: hits come alone. */
  readonly closure?: Closure
}

export type Query = Parameters<CapabilityProvider['offer']>[0]
export type Offer = Awaited<ReturnType<CapabilityProvider['offer']>>
export type Hidden = Offer['hidden'][number]

/** Told of what is held back, so many at most: the reasons repeat. */
export const MAX_HIDDEN = 40

/** Why a principal is not offered a capability now; undefined when it may be. */
export function whyHidden(
  component: Component,
  capability: Capability,
  principal: string,
  filter: Filter = OPEN_FILTER,
): string | undefined {
  return filter.whyWithheld(principal, component, capability) ?? whyUnwell(component)
}

export const fullName = ({ name }: Component, capability: Capability): string => `${name}.${capability.name}`
