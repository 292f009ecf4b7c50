// How an engine takes part in the comparison. Adapters of peers are outside of this tree, where the peers are installed; they export the
// same functions.
import type { Node, Workload } from '../workloads.ts'

/** Does the work of one step. `previous`: what the step's first dependency gave. */
export type Work = (index: number, previous: unknown) => Promise<unknown>

/** A plan made ready: each call of `run` runs all its steps once, or fails. */
export interface Flow {
  run(): Promise<unknown>
}

export interface Adapter {
  setup?(): Promise<void>
  build(nodes: readonly Node[], work: Work, about: { readonly workload: Workload }): Promise<Flow> | Flow
  teardown?(): Promise<void>
  /** Its plans can be run once only. */
  readonly rebuild?: boolean
}
