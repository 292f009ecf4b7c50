// What makes one answer from what the steps gave, as the orchestrator sees it.
import type { RunBudget } from './budget.ts'
import type { Emit } from './events.ts'
import type { Turn } from './planner.ts'
import type { Degraded, Response } from './run.ts'

/** What a synthesizer gets: the request and the record of what was done. */
export interface SynthesisAsk {
  readonly request: string
  readonly runId: string
  readonly turns: readonly Turn[]
  /** The record so far: steps with outputs and errors, plan, missing. */
  readonly record: Response
  readonly signal: AbortSignal
  readonly emit: Emit
  readonly budget?: RunBudget
}

/** The answer as it comes; the whole of it last. */
export type SynthesisEvent =
  | { readonly type: 'delta'; readonly text: string }
  /** The last event; `answer` is the whole text. */
  | { readonly type: 'answer'; readonly answer: string; readonly degraded?: Degraded }

/** Makes one answer from the outputs of the steps. */
export interface Synthesizer {
  synthesize(ask: SynthesisAsk): AsyncIterable<SynthesisEvent>
}
