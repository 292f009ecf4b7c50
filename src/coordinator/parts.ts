// What the coordinator works with, and what its rooms hand to each other.
import type { RunBudget } from '../contracts/budget.ts'
import type { PreparedPlan } from '../contracts/compiled.ts'
import type { Executor } from '../contracts/executor.ts'
import type { NewRun } from '../contracts/journal.ts'
import type { CapabilityProvider, CatalogView, Clock } from '../contracts/parts.ts'
import type { PlanDocument } from '../contracts/plan.ts'
import type { PlanEvent, Planner, Turn } from '../contracts/planner.ts'
import type { RunHandle } from '../contracts/run-handle.ts'
import type { Synthesizer } from '../contracts/synthesizer.ts'
import type { LimitedRun } from '../record/run-limit.ts'
import type { OpenBudget } from '../resilience/budget.ts'
import type { PolicyOf } from '../util/component-policies.ts'

export interface OrchestratorParts {
  readonly provider: CapabilityProvider
  readonly planner: Planner
  readonly executor: Executor
  readonly synthesizer: Synthesizer
  readonly view: CatalogView
  /** What of it a principal may use, for planning. Absent: all. */
  readonly viewFor?: (principal: string) => CatalogView
  /** What of it a principal may use with documents of its own. Absent: all. */
  readonly permittedView?: (principal: string) => CatalogView
  readonly clock: Clock
  /** Compiles a document that was validated already. */
  readonly prepare: (document: PlanDocument) => Promise<PreparedPlan>
  /** Earlier turns of a thread, and where a new one is kept. */
  readonly threads: {
    turns(principal: string, threadId: string): readonly Turn[]
    add(principal: string, threadId: string, turn: Turn): void
  }
  /** Headers of every component call of a run. */
  readonly headersOf: (handle: RunHandle) => Readonly<Record<string, string>>
  /** The budget of a run that has one. */
  readonly openBudget?: (handle: RunHandle) => OpenBudget | undefined
  /** Steps that only read begin while the plan is still being written, at most so many at once. Absent: none does. */
  readonly earlyConcurrency?: number
  /** What the configuration declares of components: who may stand in for one. */
  readonly policyOf?: PolicyOf
  /** How often a plan may be written anew when the run says nothing of it. Absent: never. */
  readonly maxReplans?: number
  /** Whether there is somebody who could write it. Absent: yes. */
  readonly canReplan?: () => boolean
}

/** The last word of a planner. */
export type PlannedEvent = Extract<PlanEvent, { type: 'document' }>
/** A step that the planner has written so far. */
export type WrittenStep = Extract<PlanEvent, { type: 'step' }>

/** What is asked for, and by whom. */
export interface Asked {
  readonly request: string
  readonly principal: string
  readonly turns: readonly Turn[]
  readonly metadata?: NonNullable<NewRun['metadata']>
}

export type PlanHandle = Pick<RunHandle, 'emit' | 'signal'> &
  Asked & {
    readonly runId: string
    readonly budget?: RunBudget
  }

/** A run with its limits. */
export type BoundedRun = LimitedRun & { readonly budget: OpenBudget | undefined }

/** The catalog as those who plan for this principal see it. */
export const planningView = ({ view, viewFor }: OrchestratorParts, principal: string): CatalogView =>
  viewFor?.(principal) ?? view
