// A run as its readers see it: the Response is the fold of the run's events, at any time of the run.
import type { StepStatus } from './compiled.ts'
import type { ErrorClass, ErrorInfo } from './errors.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { Purpose } from './model.ts'
import type { PlanDocument } from './plan.ts'
import type { BudgetKind, BudgetSpec } from './policy.ts'

/** `partial`: something succeeded and something failed, or something is missing. `failed`: nothing usable. */
export type RunStatus = 'queued' | 'running' | 'waiting' | 'paused' | 'succeeded' | 'partial' | 'failed' | 'cancelled'
export const ENDED_STATUSES: ReadonlySet<RunStatus> = new Set<RunStatus>([
  'succeeded',
  'partial',
  'failed',
  'cancelled',
])

/** Why a step was skipped. */
export type SkipReason =
  | 'condition'
  | 'dependency-failed'
  | 'dependency-skipped'
  | 'run-stopped'
  | 'budget'
  /** Began while the plan was still being written, and is not in the plan that was accepted. Such steps are `cancelled`. */
  | 'not-in-plan'
  /** What came before it changed the picture: the rest of the plan was written anew. */
  | 'replanned'

/** One call of a step. */
export interface AttemptRecord {
  readonly n: number
  readonly component?: string
  readonly action?: string
  readonly instance?: string
  readonly inputs: JsonValue
  readonly status: 'running' | 'succeeded' | 'failed' | 'cancelled'
  readonly error?: ErrorInfo
  readonly startedAt: string
  readonly durationMs?: number
}

/** One thing that recovery did to a step beyond repeating the call. */
export interface RepairRecord {
  readonly way: 'coerce' | 'fill' | 're-resolve' | 'fallback' | 'refresh' | 'equivalent' | 'credentials'
  readonly reason: string
  readonly analysis?: string
  readonly inputs?: JsonValue
}

/** A rung of the ladder of recovery. */
export type RecoveryWay = 'retry' | 'refresh' | 'credentials' | 're-resolve' | 'fallback' | 'equivalent' | 'give-up'

/** One way out of a failure, as it was weighed. */
export interface RecoveryOption {
  readonly way: RecoveryWay
  /** What exactly: the instance, the component, the value. */
  readonly what?: string
  readonly feasible: boolean
  /** Why it is, or is not, possible. */
  readonly why: string
  /** What it takes: nothing, another call, a question to a model. */
  readonly cost: 'none' | 'call' | 'model-call'
  /** What it changes: nothing, this step's inputs, who answers, the quality of the result. */
  readonly impact: 'none' | 'inputs' | 'substitute' | 'degraded'
  /** Before it begins, ms. */
  readonly waitMs?: number
}

/** One decision after a failure: what was possible, what was chosen and why, and what comes next should that fail too. */
export interface RecoveryDecision {
  readonly class: ErrorClass
  readonly error: ErrorInfo
  readonly options: readonly RecoveryOption[]
  readonly chosen: RecoveryWay
  readonly why: string
  /** The next feasible way. */
  readonly next?: RecoveryWay
}

/**
 * A step as far as it has come: its inputs, output, error and every attempt. Times are ISO 8601 UTC with
 * milliseconds.
 */
export interface StepRecord {
  readonly name: string
  readonly component?: string
  readonly action?: string
  readonly status: StepStatus
  readonly inputs?: JsonValue
  readonly output?: JsonValue
  readonly error?: ErrorInfo
  readonly skipReason?: SkipReason
  readonly attempts: readonly AttemptRecord[]
  readonly repairs?: readonly RepairRecord[]
  /** What was decided after each failure, in order. */
  readonly recoveries?: readonly RecoveryDecision[]
  /** The output is a declared value that stands in for a result. */
  readonly degraded?: true
  /** It began while the plan was still being written. */
  readonly early?: true
  /** Of an earlier revision of the plan; the last one went another way. Counts no longer for the status of the run. */
  readonly superseded?: true
  readonly dependsOn: readonly string[]
  readonly startedAt?: string
  readonly endedAt?: string
  readonly durationMs?: number
}

/** What the models of a run used, in all and by purpose. */
export interface RunUsage {
  readonly modelCalls: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly byPurpose: Readonly<
    Partial<
      Record<Purpose, { readonly modelCalls: number; readonly inputTokens: number; readonly outputTokens: number }>
    >
  >
}

/** `exceeded`: the limit that was reached first. */
export interface BudgetReport {
  readonly limits: BudgetSpec
  readonly used: Readonly<Partial<Record<BudgetKind, number>>>
  readonly exceeded?: BudgetKind
}

/** How long the stages of a run took, ms. */
export interface RunTimings {
  readonly planningMs: number
  readonly executionMs: number
  readonly synthesisMs: number
  /** From the start of the run to the first step. */
  readonly firstStepMs?: number
  readonly totalMs: number
}

/** One plan of a run that was planned more than once. */
export interface PlanRevision {
  /** From 1. */
  readonly revision: number
  /** Why it was written: absent for the first. */
  readonly reason?: string
  readonly document: PlanDocument
  /** Against the one before, by step name. `kept` steps are the same in content; what had finished of them was not done again. */
  readonly changes?: {
    readonly kept: readonly string[]
    readonly added: readonly string[]
    readonly changed: readonly string[]
    readonly removed: readonly string[]
  }
  /** ISO 8601. */
  readonly at: string
}

/** Set when something stood in for a part that was away. `way`: `cached-plan`, `local-planner`, `template`, `message`, ... */
export interface Degraded {
  readonly reason: string
  readonly way: string
}

/** What `processRequest` resolves to, and what `GET /runs/{id}` answers (there in snake_case), at any time of the run. */
export interface Response {
  readonly runId: string
  readonly status: RunStatus
  /** Null until there is one. */
  readonly answer: string | null
  readonly request?: string
  readonly outputs?: JsonObject
  readonly plan: PlanDocument | null
  /** All plans of the run in order, when there was more than one; `plan` is the last. */
  readonly revisions?: readonly PlanRevision[]
  readonly steps: readonly StepRecord[]
  readonly usage: RunUsage
  readonly timings: RunTimings
  readonly degraded?: Degraded
  readonly missing?: readonly string[]
  /** Why the run ended before everything was done. */
  readonly stopReason?: 'budget'
  /** What the run was allowed and what it used. Present when it had a budget. */
  readonly budget?: BudgetReport
  readonly errors?: readonly (ErrorInfo & { readonly step?: string })[]
  readonly startedAt?: string
  readonly endedAt?: string
}

/** A run in a list. */
export interface RunSummary {
  readonly runId: string
  readonly status: RunStatus
  readonly request?: string
  readonly name?: string
  readonly principal: string
  readonly createdAt: string
  readonly endedAt?: string
}
