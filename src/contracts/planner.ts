// What makes a plan of a request, as the orchestrator sees it: what it is told, and what it says while it plans.
import type { RunBudget } from './budget.ts'
import type { OfferedCapability } from './capability.ts'
import type { CompiledPlan } from './compiled.ts'
import type { Emit, PlanWay } from './events.ts'
import type { JsonObject } from './json.ts'
import type { CatalogView } from './parts.ts'
import type { Issue, PlanDocument, Step } from './plan.ts'
import type { Degraded, StepRecord } from './run.ts'

/** An earlier request of a thread, and what was answered. */
export interface Turn {
  readonly request: string
  readonly answer: string
}

/** What a planner gets: the request, what is offered, and the catalog to check against. */
export interface PlanAsk {
  readonly request: string
  readonly runId: string
  readonly principal: string
  readonly turns: readonly Turn[]
  /** Facts about the caller. */
  readonly metadata?: JsonObject
  readonly offered: readonly OfferedCapability[]
  /** Chooses again with other words: a plan that invents a step is helped by what it was looking for. */
  readonly widen: (words: string) => Promise<readonly OfferedCapability[]>
  readonly view: CatalogView
  /** Set when a plan is to be written anew after some of its steps have ended. */
  readonly revise?: ReviseAsk
  /** Whether it may be written anew later: then a step may say so with `replan_if`. */
  readonly mayRevise?: boolean
  /** Whether steps should be told while the model still writes the plan. Absent: nothing is parsed before its end. */
  readonly isEarlyWelcome?: boolean
  /** Nothing was recalled for it: there is no need to look again. */
  readonly isRecalled?: boolean
  readonly signal: AbortSignal
  readonly emit: Emit
  readonly budget?: RunBudget
}

/** What a plan that is written anew goes by. */
export interface ReviseAsk {
  /** The plan so far. */
  readonly document: PlanDocument
  /** Its steps as they ended. */
  readonly steps: readonly StepRecord[]
  /** Why the plan is to be written anew, in a sentence. */
  readonly reason: string
  /** From 2. */
  readonly revision: number
}

/** What a planner says while it plans; the document comes last. */
export type PlanEvent =
  | { readonly type: 'delta'; readonly text: string }
  /**
   * A step of the plan that is still being written: complete, its capability known and offered, its own checks passed against the
   * steps before it that were told too. `plan` holds those it depends on and itself. Whoever runs it must know that it may not be
   * in the plan in the end.
   */
  | { readonly type: 'step'; readonly step: Step; readonly plan: CompiledPlan }
  /** The last event. `issues` holds errors when no valid plan was found, else warnings at most. */
  | {
      readonly type: 'document'
      readonly document: PlanDocument
      readonly issues: readonly Issue[]
      readonly way: PlanWay
      readonly degraded?: Degraded
    }

/** Makes a document from a request. */
export interface Planner {
  /** A kept plan that is still valid, so that nothing needs to be chosen: choosing may cost a call. `plan` is asked otherwise. */
  recall?(ask: Omit<PlanAsk, 'offered' | 'widen'>): Promise<Extract<PlanEvent, { type: 'document' }> | undefined>
  /** @throws TuttiError `model_*` when the model is away and nothing can stand in */
  plan(ask: PlanAsk): AsyncIterable<PlanEvent>
  /** Told of every request that was answered by a plan of its own, once the run has ended. */
  learn?(
    ask: Pick<PlanAsk, 'request' | 'principal' | 'view' | 'turns' | 'metadata'>,
    outcome: { readonly document: PlanDocument; readonly isGood: boolean },
  ): void
  /** Forgets a kept plan of which nothing succeeded. */
  evict?(ask: Pick<PlanAsk, 'request' | 'principal' | 'view' | 'turns' | 'metadata'>): void
  stats?(): { readonly hits: number; readonly misses: number; readonly size: number }
}
