// A plan made readable: before a run what is to be expected of it, after the run how that compares with what happened.
import type { Effect } from './capability.ts'
import type { StepStatus } from './compiled.ts'
import type { Issue, StepType } from './plan.ts'
import type { RunStatus } from './run.ts'

/** Milliseconds: of ten times, one is quicker than `low` and one slower than `high`. */
export interface TimeRange {
  readonly low: number
  readonly typical: number
  readonly high: number
}

/** At the least and at the most. */
export interface AmountRange {
  readonly low: number
  readonly high: number
}

/** What earlier calls of one capability say of the next. */
export interface CallHistory extends TimeRange {
  /** How many calls this is made of; old ones count less and less. */
  readonly calls: number
  /** From 0 to 1, of single calls: before anything was repeated. */
  readonly successRate: number
}

/** What was learnt of steps, for explanations. `without`: calls that took so long, ms, are left out. */
export interface StepHistory {
  historyOf(component: string, action: string, without?: readonly number[]): CallHistory | undefined
  /** Of steps of a kind that call nothing, such as `ai-generate`. */
  historyOfType(type: StepType, without?: readonly number[]): CallHistory | undefined
}

/** Why a step may not work as it is planned. */
export type StepTrouble =
  | 'unknown-component'
  | 'unknown-action'
  | 'unhealthy'
  | 'breaker-open'
  | 'breaker-half-open'
  | 'no-model'

/** One step of an explanation. */
export interface StepExplanation {
  readonly name: string
  readonly type: StepType
  /** What it does, in words: `weather/current`, `wait 90s`. */
  readonly what: string
  /** As the catalog spells it; absent for steps that call nothing, and where any component that offers it may be called. */
  readonly component?: string
  readonly action?: string
  /** Of the capability it calls, when the catalog knows it. */
  readonly effect?: Effect
  readonly dependsOn: readonly string[]
  /** The earliest in which it can start, from 1. */
  readonly stage: number
  /** One call of it, by the calls of this process so far. Absent: nothing is known. */
  readonly expectedMs?: TimeRange
  /** How many calls `expectedMs` is made of, and the share of calls that succeeded. */
  readonly history?: { readonly calls: number; readonly successRate: number }
  /** In the currency of the price table. Absent where no price is declared. */
  readonly cost?: AmountRange
  readonly modelCalls: AmountRange
  readonly trouble?: StepTrouble
  /** Its capability wants a person to agree to every call. */
  readonly asksApproval?: true
  readonly isCritical: boolean
  /** Only of a run. */
  readonly actual?: StepActual
}

/** What became of a step. */
export interface StepActual {
  readonly status: StepStatus
  /** From its start to its end, with repetitions and recovery. */
  readonly durationMs?: number
  readonly attempts: number
  /** From when all that it depends on had ended, the time in which no call of it was in flight. */
  readonly waitedMs?: number
}

/** A limit that makes steps wait that could otherwise go side by side. */
export interface LimitExplanation {
  readonly kind: 'run' | 'component' | 'resource' | 'concurrency'
  /** Of which component, resource or key; empty for the run. */
  readonly name: string
  readonly limit: number
  /** What steps of one stage would take of it together. */
  readonly wanted: number
}

/** What became of a run as a whole. Model calls without those for planning. */
export interface RunActual {
  readonly runId: string
  readonly status: RunStatus
  readonly executionMs: number
  readonly totalMs: number
  readonly modelCalls: number
  /** Where it went otherwise than expected, in sentences; the largest differences first. */
  readonly drift: readonly string[]
}

/** A plan made readable: what runs beside what, what everything waits for, and what is to be expected of it. */
export interface Explanation {
  /** Step names by the earliest stage in which they can start. */
  readonly stages: readonly (readonly string[])[]
  /** The chain of steps that the whole takes as long as: by earlier calls, else by what the steps allow themselves. */
  readonly criticalPath: readonly string[]
  readonly edges: readonly { readonly from: string; readonly to: string }[]
  readonly maxParallelism: number
  /** In the order of the document. */
  readonly steps: readonly StepExplanation[]
  /** From the first step to the last, by earlier calls. Absent while nothing is known of a step in `unknownTimes`. */
  readonly expectedMs?: TimeRange
  /** Steps of which no time is known. */
  readonly unknownTimes: readonly string[]
  /** Of components and models, as far as prices are declared. Absent: none is. */
  readonly cost?: AmountRange
  /** With the answer where one is to be written, without planning. */
  readonly modelCalls: AmountRange
  /** Steps that change something, or may: their capability says `write`, or nothing. */
  readonly sideEffects: readonly string[]
  /** Steps that will ask a person. */
  readonly approvals: readonly string[]
  /** What makes steps wait for each other beside their edges. */
  readonly limits: readonly LimitExplanation[]
  /** What validation found. */
  readonly issues: readonly Issue[]
  /** For people: the plan as a small tree, and what is to be expected. */
  readonly text: string
  /** The plan as a Mermaid flowchart. */
  readonly mermaid: string
  /** Only of a run. The expectations beside it leave out what this run itself taught. */
  readonly actual?: RunActual
}
