// A registry within the process, which is a source of components at the same time: for tests, demos and single programs.

import { createHttpInvoker } from '../connectors/http/http-invoker.ts'
import type { Component } from '../contracts/capability.ts'
import type { Source } from '../contracts/parts.ts'
import { httpOrigin } from '../util/http-origin.ts'
import { compareText } from '../util/text.ts'
import type { ComponentRegistry, Registration } from './registry.ts'

/** Options of {@link createEmbeddedRegistry}. */
export interface EmbeddedRegistryOptions {
  /** Name of the source. Default `embedded`. */
  readonly name?: string
  /** Largest answer of a component, bytes. Default 10,000,000. */
  readonly maxResponseBytes?: number
}

/** A registry that is a source of an orchestrator at the same time. */
export interface EmbeddedRegistry extends ComponentRegistry {
  /** For `createOrchestrator({ sources: [registry.source] })`. */
  readonly source: Source
}

function toComponent(name: string, same: readonly Registration[], source: string): Component | undefined {
  const first = same[0]
  if (first === undefined) return undefined
  const { type, description } = first.record
  const capabilities = new Map(
    same.flatMap((one) => one.capabilities.map((each) => [each.name, each] as const)).reverse(),
  )
  return {
    name,
    kind: type,
    ...(description === '' ? {} : { description }),
    source,
    trust: 'configured',
    capabilities: [...capabilities.values()].sort((a, b) => compareText(a.name, b.name)),
    instances: same.map(({ record }) => ({
      id: record.id,
      address: httpOrigin(record.address, record.port),
      health: 'healthy',
    })),
  }
}

/**
 * A registry within this process: components that register are found at once, without Redis.
 * @example const registry = createEmbeddedRegistry(); await weather.start({ registry }); createOrchestrator({ sources: [registry.source] })
 */
export function createEmbeddedRegistry(options: EmbeddedRegistryOptions = {}): EmbeddedRegistry {
  const { name = 'embedded', maxResponseBytes = 10_000_000 } = options
  const registrations = new Map<string, Registration>()
  const watchers = new Set<() => void>()
  const tell = (): void => {
    for (const changed of watchers) changed()
  }

  return {
    async register(registration) {
      const { id } = registration.record
      registrations.set(id, registration)
      tell()
      return {
        async unregister() {
          // Someone else may have registered under the same id since.
          if (registrations.get(id) !== registration) return
          registrations.delete(id)
          tell()
        },
      }
    },
    source: {
      discovery: {
        name,
        async load() {
          const byName = Map.groupBy(registrations.values(), ({ record }) => record.name)
          return [...byName.entries()]
            .sort(([a], [b]) => compareText(a, b))
            .flatMap(([component, same]) => toComponent(component, same, name) ?? [])
        },
        watch(changed) {
          watchers.add(changed)
          return () => watchers.delete(changed)
        },
      },
      // Its components are this program's own, so they may be anywhere within.
      invoker: createHttpInvoker({ maxResponseBytes, privateAddresses: true }),
    },
  }
}
