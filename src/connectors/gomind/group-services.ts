// Registrations of one name are instances of one component. The result does not depend on the order in which they were read.
import type { Capability, Component, Effect, Instance, Trust } from '../../contracts/capability.ts'
import { createPace } from '../../util/pace.ts'
import { compareText } from '../../util/text.ts'
import type { ReadCapability } from './read-capability.ts'
import type { ServiceRecord } from './read-service.ts'

export interface Grouping {
  readonly source: string
  readonly trust: Trust
  /** The capability as it is offered, such as with the schema fetched from one of the component's instances. */
  readonly describe: (read: ReadCapability, addresses: readonly string[]) => Capability
}

const saysTheSame = (a: Capability, b: Capability): boolean =>
  a.effect === b.effect && a.approval === b.approval && a.idempotent === b.idempotent && a.internal === b.internal

const EFFECTS = ['read', 'unknown', 'write'] as const satisfies readonly Effect[]

/**
 * The first, as harmless as both say it is: whoever can write a registration of the same name must not be able to talk a
 * capability out of its approval, or into being called early and often.
 */
function narrow(first: Capability, other: Capability): Capability {
  const { approval, idempotent, ...rest } = first
  const effect = EFFECTS[Math.max(EFFECTS.indexOf(first.effect), EFFECTS.indexOf(other.effect))] ?? 'unknown'
  const isAsked = approval === 'always' || other.approval === 'always'
  const isOnce = idempotent === false || other.idempotent === false
  return {
    ...rest,
    effect,
    ...(isAsked ? { approval: 'always' } : approval === other.approval && approval !== undefined && { approval }),
    ...(isOnce ? { idempotent: false } : idempotent === other.idempotent && idempotent !== undefined && { idempotent }),
    ...((first.internal === true || other.internal === true) && { internal: true }),
  }
}

function groupOne(services: readonly ServiceRecord[], first: ServiceRecord, grouping: Grouping): Component {
  const instances = new Map<string, Instance>()
  const ids = new Set<string>()
  const capabilities = new Map<string, ReadCapability>()
  for (const service of services) {
    const { address, id } = service.instance
    if (!instances.has(address)) {
      // Replicas may share an id; each address is still an instance of its own.
      instances.set(
        address,
        ids.has(id) ? { ...service.instance, id: `${id}@${new URL(address).host}` } : service.instance,
      )
      ids.add(id)
    }
    // While versions change, every capability that some instance offers can be found.
    for (const read of service.capabilities) {
      const { name } = read.capability
      const known = capabilities.get(name)
      if (known === undefined) capabilities.set(name, read)
      // Copies say the same, and what was read of them is used on.
      else if (!saysTheSame(known.capability, read.capability))
        capabilities.set(name, { ...known, capability: narrow(known.capability, read.capability) })
    }
  }
  const addresses = services
    .filter(({ instance }) => instance.health !== 'unhealthy')
    .map(({ instance }) => instance.address)
  return {
    name: first.name,
    kind: first.kind,
    ...(first.description === '' ? {} : { description: first.description }),
    source: grouping.source,
    trust: grouping.trust,
    ...(first.envelope === undefined ? {} : { envelope: first.envelope }),
    capabilities: [...capabilities.values()]
      .sort((a, b) => compareText(a.capability.name, b.capability.name))
      .map((read) => grouping.describe(read, addresses)),
    instances: [...instances.values()],
  }
}

/** Services grouped before others have their turn. */
const SERVICES_PER_TURN = 1_000

/**
 * Components by name, with their instances and capabilities in the order of their ids and names. Gives way to other work: a
 * registry may hold tens of thousands.
 */
export async function groupServices(services: readonly ServiceRecord[], grouping: Grouping): Promise<Component[]> {
  const pace = createPace(SERVICES_PER_TURN)
  const byName = new Map<string, ServiceRecord[]>()
  for (const service of services) {
    const same = byName.get(service.name)
    if (same === undefined) byName.set(service.name, [service])
    else same.push(service)
    const turn = pace(0.25)
    if (turn !== undefined) await turn
  }
  const components: Component[] = []
  for (const [, same] of [...byName].sort(([a], [b]) => compareText(a, b))) {
    same.sort(
      (a, b) => compareText(a.instance.id, b.instance.id) || compareText(a.instance.address, b.instance.address),
    )
    const [first] = same
    if (first !== undefined) components.push(groupOne(same, first, grouping))
    const turn = pace(same.length)
    if (turn !== undefined) await turn
  }
  return components
}
