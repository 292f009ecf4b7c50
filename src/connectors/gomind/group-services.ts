// Registrations of one name are instances of one component. The result does not depend on the order in which they were read.
import type { Capability, Component, Instance, Trust } from '../../contracts/capability.ts'
import { compareText } from '../../util/text.ts'
import type { ReadCapability } from './read-capability.ts'
import type { ServiceRecord } from './read-service.ts'

export interface Grouping {
  readonly source: string
  readonly trust: Trust
  /** The capability as it is offered, such as with the schema fetched from one of the component's instances. */
  readonly describe: (read: ReadCapability, addresses: readonly string[]) => Capability
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
      if (!capabilities.has(read.capability.name)) capabilities.set(read.capability.name, read)
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

/** Components by name, with their instances and capabilities in the order of their ids and names. */
export function groupServices(services: readonly ServiceRecord[], grouping: Grouping): Component[] {
  return [...Map.groupBy(services, ({ name }) => name)]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([, same]) => {
      const sorted = same.toSorted(
        (a, b) => compareText(a.instance.id, b.instance.id) || compareText(a.instance.address, b.instance.address),
      )
      const first = sorted[0]
      return first === undefined ? [] : [groupOne(sorted, first, grouping)]
    })
}
