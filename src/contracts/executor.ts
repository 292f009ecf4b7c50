// What runs the steps of a plan, as the orchestrator sees it, and the kinds of steps, as the executor sees them.
import type { RunBudget } from './budget.ts'
import type { CompiledPlan, CompiledStep, Scope, StepView } from './compiled.ts'
import type { SegmentEnd } from './engine.ts'
import type { Emit } from './events.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { CatalogView } from './parts.ts'
import type { Priority } from './policy.ts'

/** The steps to run. */
export interface PlanFeed {
  readonly plan: CompiledPlan
}

/** What an executor knows of the run that it works for. */
export interface RunContext {
  readonly runId: string
  readonly principal: string
  readonly request: string | null
  readonly startedAt: string
  /** With defaults applied and types checked. */
  readonly inputs: JsonObject
  /** Values of inputs declared secret, by input name: replaced by `[secret NAME]` wherever they would be shown. */
  readonly secrets: ReadonlyMap<string, string>
  readonly signal: AbortSignal
  readonly emit: Emit
  /** Resolves when every fact emitted so far is on disk; undefined when the journal keeps nothing on disk. */
  readonly flush: (() => Promise<void>) | undefined
  readonly view: CatalogView
  /** Results of an earlier segment of this run: never called again. */
  readonly settled: ReadonlyMap<string, StepView>
  /** Steps that are at work since before the plan was whole: not begun again; each resolves when its step has ended. */
  readonly underway?: ReadonlyMap<string, Promise<StepView>>
  /**
   * Set while the plan may still be written anew: told of a step that succeeded and whose `replan_if` became true. No further step
   * begins then; what was not begun is skipped as `replanned`.
   */
  readonly replan?: (step: string) => void
  /** How often the inputs of a step were revised before this plan, by name: counts in its idempotency keys. */
  readonly inputRevisions?: ReadonlyMap<string, number>
  /** Headers for every component call of this run, such as trace context and the orchestration depth. */
  readonly headers: Readonly<Record<string, string>>
  readonly maxConcurrency?: number
  readonly priority?: Priority
  /** Whose share of every limit it takes; default the principal. */
  readonly key?: string
  /** ms since the epoch: the earliest first among equals. */
  readonly dueAtMs?: number
  /** Absent: nothing is counted. */
  readonly budget?: RunBudget
}

/** Runs the steps of a plan. */
export interface Executor {
  /** Runs every step to its end. Never throws for what a step does; the outcome is in the events. */
  execute(run: RunContext, feed: PlanFeed): Promise<SegmentEnd>
}

/** Runs steps of one type. New kinds of steps are new handlers; the scheduler does not know them. */
export interface StepHandler {
  readonly type: string
  /** @throws TuttiError when the step failed for good */
  run(step: CompiledStep, context: StepContext): Promise<{ readonly output: JsonValue; readonly response?: JsonValue }>
}

/** What the handler of a step sees of its run. */
export interface StepContext {
  readonly run: RunContext
  readonly plan: CompiledPlan
  readonly scope: Scope
  readonly signal: AbortSignal
  /** Outputs of the step's dependencies by step name, for fill and re-resolution. */
  sources(): JsonObject
}
