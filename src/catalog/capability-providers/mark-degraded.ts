// What is offered although nobody answers at the moment: it may be well again when its step comes, so it is not hidden, but
// the planner should know, and prefer what is as good.
import type { BreakerReport } from '../../contracts/api.ts'
import type { Component, OfferedCapability } from '../../contracts/capability.ts'
import type { CapabilityProvider } from '../../contracts/parts.ts'

/** Says of each offer whether the breakers of all its instances keep calls away; the same objects while none does. */
export function markDegraded(
  provider: CapabilityProvider,
  breakers: () => readonly BreakerReport[],
): CapabilityProvider {
  return {
    learn: (outcome) => provider.learn?.(outcome),
    async offer(query) {
      const offer = await provider.offer(query)
      const isDegraded = degradedBy(breakers())
      if (isDegraded === undefined || !offer.offered.some(({ component }) => isDegraded(component))) return offer
      const offered = offer.offered.map(
        (one): OfferedCapability => (isDegraded(one.component) ? { ...one, degraded: true } : one),
      )
      return { ...offer, offered: offered.sort(compareOffers) }
    },
  }
}

function degradedBy(reports: readonly BreakerReport[]): ((component: Component) => boolean) | undefined {
  const shut = new Set(
    reports.filter(({ state }) => state === 'open').map(({ component, instance }) => `${component}/${instance}`),
  )
  if (shut.size === 0) return undefined
  const isAway = ({ name }: Component, { id, health }: Component['instances'][number]): boolean =>
    health === 'unhealthy' || shut.has(`${name}/${id}`)
  return (component) => component.instances.length > 0 && component.instances.every((one) => isAway(component, one))
}

/** Among equals who is well comes first; the order is otherwise kept. */
const compareOffers = (a: OfferedCapability, b: OfferedCapability): number =>
  (b.score ?? 0) - (a.score ?? 0) || Number(a.degraded === true) - Number(b.degraded === true)
