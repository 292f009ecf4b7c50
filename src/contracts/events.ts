// Every fact of a run, emitted once. Logs, metrics, records, streams and pages are readers of these.
import type { StepStatus } from './compiled.ts'
import type { ErrorInfo } from './errors.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { Purpose, Usage } from './model.ts'
import type { Issue, PlanDocument } from './plan.ts'
import type { BudgetKind } from './policy.ts'
import type { Degraded, RecoveryDecision, RecoveryWay, RepairRecord, Response, SkipReason } from './run.ts'

/** How the plan was got. `given`: the caller sent a document. */
export type PlanWay = 'model' | 'cache' | 'local' | 'given'

/** The facts without their stamp. Secrets are already replaced by `[secret NAME]`. */
export type RunFact =
  | {
      readonly type: 'run-start'
      readonly request?: string
      readonly inputs: JsonObject
      readonly principal: string
      readonly threadId?: string
      readonly name?: string
    }
  | { readonly type: 'plan-start'; readonly offered: number; readonly hidden: number }
  | { readonly type: 'plan-delta'; readonly delta: string }
  | { readonly type: 'plan-invalid'; readonly issues: readonly Issue[]; readonly attempt: number }
  | {
      readonly type: 'plan-end'
      readonly document: PlanDocument
      readonly way: PlanWay
      readonly issues: readonly Issue[]
      readonly durationMs: number
      readonly degraded?: Degraded
      /** From 2: the plan was written anew, with what had finished. */
      readonly revision?: number
      /** Why it was written anew. */
      readonly reason?: string
    }
  /** `early`: the plan is still being written. */
  | { readonly type: 'step-start'; readonly step: string; readonly early?: true }
  | {
      readonly type: 'attempt-start'
      readonly step: string
      readonly attempt: number
      readonly component?: string
      readonly action?: string
      readonly instance?: string
      readonly inputs: JsonValue
      readonly idempotencyKey: string
    }
  | {
      readonly type: 'attempt-end'
      readonly step: string
      readonly attempt: number
      readonly component?: string
      readonly action?: string
      readonly status: 'succeeded' | 'failed' | 'cancelled'
      readonly error?: ErrorInfo
      readonly durationMs: number
      readonly retryInMs?: number
    }
  | ({ readonly type: 'step-repair'; readonly step: string } & RepairRecord)
  /** A decision after a failure. */
  | ({ readonly type: 'recovery'; readonly step: string; readonly component?: string } & RecoveryDecision)
  /** The step succeeded after a failure; `way` is what did it. `degraded`: a declared value stands in for a result. */
  | {
      readonly type: 'recovered'
      readonly step: string
      readonly component?: string
      readonly way: RecoveryWay
      readonly degraded?: true
    }
  /** Every way was tried or ruled out. */
  | {
      readonly type: 'recovery-failed'
      readonly step: string
      readonly component?: string
      readonly error: ErrorInfo
      readonly tried: readonly RecoveryWay[]
    }
  /** People are told: `failures` failed steps in a row at this component. */
  | {
      readonly type: 'escalation'
      readonly step: string
      readonly component: string
      readonly error: ErrorInfo
      readonly failures: number
      readonly notify: readonly string[]
    }
  /** A limit of the budget was reached; told once per run. */
  | {
      readonly type: 'budget-exceeded'
      readonly kind: BudgetKind
      readonly limit: number
      readonly used: number
      readonly step?: string
      readonly purpose?: Purpose
    }
  | {
      readonly type: 'step-end'
      readonly step: string
      readonly status: Extract<StepStatus, 'succeeded' | 'failed' | 'skipped' | 'cancelled'>
      readonly output?: JsonValue
      readonly response?: JsonValue
      readonly error?: ErrorInfo
      readonly skipReason?: SkipReason
      readonly durationMs: number
    }
  | {
      readonly type: 'model-call'
      readonly purpose: Purpose
      readonly model: string
      readonly step?: string
      readonly status: 'succeeded' | 'failed' | 'cancelled'
      readonly usage: Usage
      readonly durationMs: number
      readonly error?: ErrorInfo
    }
  | { readonly type: 'answer-delta'; readonly delta: string }
  | { readonly type: 'run-end'; readonly response: Response }

/** What every event carries. */
export interface EventStamp {
  readonly runId: string
  /** From 1, without gaps. */
  readonly seq: number
  /** ISO 8601 UTC with milliseconds. */
  readonly at: string
}

/** One fact of a run. On the wire in snake_case, large values as a digest and a reference: see `eventToWire`. */
export type RunEvent = RunFact & EventStamp
/** `run-start`, `step-end`, ... More may be added, none is renamed. */
export type RunEventType = RunFact['type']

/** Takes a fact of the current run, made for this call: it is stamped in place and handed to every reader. Never throws. */
export type Emit = (fact: RunFact) => void
