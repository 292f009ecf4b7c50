// A run at work: what the runs room hands to whoever conducts it.
import type { PreparedPlan, StepView } from './compiled.ts'
import type { TuttiError } from './errors.ts'
import type { Emit } from './events.ts'
import type { NewRun } from './journal.ts'
import type { JsonObject } from './json.ts'
import type { Response } from './run.ts'

/** A run at work, as the coordinator sees it. */
export interface RunHandle {
  readonly run: NewRun
  /** The inputs with secrets in them; `run.inputs` has them replaced. */
  readonly liveInputs: JsonObject
  readonly secrets: ReadonlyMap<string, string>
  /** Set when the run came with a document: read, validated and compiled before it was accepted. */
  readonly prepared?: PreparedPlan
  readonly signal: AbortSignal
  /** Ends the run's work; the reason is a TuttiError: `cancelled` or `run_timeout`. */
  readonly abort: (reason: TuttiError) => void
  readonly emit: Emit
  readonly flush: (() => Promise<void>) | undefined
  /** When the first segment began, ISO 8601. */
  startedAt(): string
  /** The fold of the events so far: a copy, of the cost of one pass over the steps. */
  snapshot(): Response
  view(step: string): StepView | undefined
  /** The last revision of the inputs of steps that the plan left behind, by name; undefined when there are none. */
  revisions(): ReadonlyMap<string, number> | undefined
  readonly settled: ReadonlyMap<string, StepView>
}
