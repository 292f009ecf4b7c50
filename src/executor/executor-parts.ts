// What the executor is made of, and what its call steps share over all runs.
import type { BreakerReport } from '../contracts/api.ts'
import type { Component } from '../contracts/capability.ts'
import type { Config } from '../contracts/config.ts'
import type { Coordination } from '../contracts/coordination.ts'
import type { StepHandler } from '../contracts/executor.ts'
import type { AskModel, Clock, Invoker, Logger, Random } from '../contracts/parts.ts'
import type { Breakers } from '../resilience/breaker.ts'
import type { CallTargets } from './call-target.ts'
import type { Pools } from './pools.ts'
import type { Escalations } from './recovery/escalation.ts'
import type { StepExecution } from './step-execution.ts'

/** What the composition root hands to the executor. */
export interface ExecutorParts {
  readonly settings: Config
  readonly invokerOf: (component: Component) => Invoker
  readonly ask: AskModel
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Where processes tell each other what they found out. */
  readonly coordination?: Coordination
  /** Hears every change of a breaker. */
  readonly onBreaker?: (report: BreakerReport) => void
  /** Further kinds of steps, or other ways to run the known ones. */
  readonly handlers?: readonly StepHandler[]
}

/** What call steps share over all runs. */
export interface CallParts {
  readonly settings: Config
  readonly ask: AskModel
  readonly random: Random
  readonly breakers: Breakers
  readonly pools: Pools
  readonly targets: CallTargets
  readonly escalations: Escalations
}

/** What one run's scheduler is given. */
export interface SchedulerParts {
  readonly clock: Clock
  readonly log: Logger
  readonly maxConcurrency: number
  readonly pools: Pools
  readonly targets: CallTargets
  /** Tells the step's `frame.ends` how it ended. */
  readonly runCall: (execution: StepExecution) => void
  readonly handlers: ReadonlyMap<string, StepHandler>
}
