// What a component needs of a registry, whichever it is.
import type { Capability } from '../contracts/capability.ts'
import type { ServiceRecord } from './service-record.ts'

/** What a component tells a registry about itself. */
export interface Registration {
  readonly record: ServiceRecord
  /** The same capabilities with their whole schemas. */
  readonly capabilities: readonly Capability[]
}

/** Where components register themselves. */
export interface ComponentRegistry {
  /** Never fails for a registry that is away: it goes on trying. */
  register(registration: Registration): Promise<Registered>
}

/** A registration that stands. */
export interface Registered {
  /** Takes the registration back and frees what kept it alive. */
  unregister(): Promise<void>
}
