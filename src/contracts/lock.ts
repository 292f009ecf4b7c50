// What a plan counts on, as it stands in a lock file: checked against the catalog without a model and without a call.
import type { Effect } from './capability.ts'

/** One capability as it was when the plan was locked. Hashes are SHA-256 in hex, of schemas without their descriptions. */
export interface LockedCapability {
  /** Of its component, when that says one. */
  readonly version?: string
  readonly effect: Effect
  readonly input_schema: string
  readonly output_schema?: string
  /** Each input by name, in short: its type, `!` when it is required, and the beginning of a hash when there is more to it. */
  readonly inputs: Readonly<Record<string, string>>
  readonly outputs?: Readonly<Record<string, string>>
}

/** A lock, the same in code and in its file. */
export interface PlanLock {
  readonly lock_version: 1
  /** SHA-256 of the document, whatever its spelling, order of keys and comments. */
  readonly plan: string
  /** By `component/action`. */
  readonly capabilities: Readonly<Record<string, LockedCapability>>
}
