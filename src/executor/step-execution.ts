// One step at work: what its handler may use, and how it is stopped. The step is over the moment it is settled, whatever
// its handler still does; nothing it says afterwards is heard.

import type { BudgetReservation } from '../contracts/budget.ts'
import type { CompiledPlan, CompiledStep, Scope } from '../contracts/compiled.ts'
import type { TuttiError } from '../contracts/errors.ts'
import type { RunFact } from '../contracts/events.ts'
import type { RunContext, StepContext } from '../contracts/executor.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { Clock } from '../contracts/parts.ts'
import type { Demand, Pool } from '../resilience/pool.ts'
import type { CallTarget } from './call-target.ts'
import type { Deadline, Deadlines } from './deadlines.ts'
import type { Outcome } from './outcome.ts'
import type { Pools } from './pools.ts'

/** Where a step takes its places, and gives them back. */
export interface Places {
  /**
   * The places for this target (or for none) instead of those that are held. @returns undefined when they are held now
   * @throws TuttiError (as a rejection) `queue_full`, `not_supported`, or the reason when the step was stopped
   */
  hold(execution: StepExecution, target: CallTarget | undefined): Promise<void> | undefined
  /** Others may have them, now. Does nothing when none are held. */
  pause(execution: StepExecution): void
}

/** What a step is at, and how it is ended. */
export interface Interruptible {
  interrupt(reason: TuttiError): void
}

/** Hears how a step that was begun has ended. */
export interface StepEnds {
  succeeded(execution: StepExecution, outcome: Outcome): void
  failed(execution: StepExecution, thrown: unknown): void
}

/** What every step of a run shares. */
export interface RunFrame {
  readonly run: RunContext
  readonly plan: CompiledPlan
  readonly scope: Scope
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly places: Places
  readonly pools: Pools
  readonly ends: StepEnds
}

export class StepExecution implements StepContext {
  readonly frame: RunFrame
  readonly compiled: CompiledStep
  readonly startedAt: number
  /** Set while a deadline of the whole step runs. */
  deadline: Deadline | undefined
  /** Whether it has one of the run's places. */
  hasPlace = false
  /** What it holds of shared limits, beside the run's place. */
  demand: Demand | undefined
  /** The component whose limits are among them. */
  heldPool: Pool | undefined
  /** Who its places are for. */
  target: CallTarget | undefined
  /** A rate counts calls, not steps: each further call takes anew. */
  isRateUsed = false
  /** Set aside in the run's budget for the next call. */
  reservation: BudgetReservation | undefined
  /** Calls begun so far, over all ways of recovery. */
  attempts = 0
  /** How often the inputs were changed, from 1: the last part of the idempotency key. */
  revision = 1
  /** False once it called something that may have changed the world. */
  isRead = true
  #isOver = false
  #stopReason: TuttiError | undefined
  #controller: AbortController | undefined
  #interrupt: Interruptible | undefined

  constructor(frame: RunFrame, compiled: CompiledStep, startedAt: number) {
    this.frame = frame
    this.compiled = compiled
    this.startedAt = startedAt
    const { inputRevisions } = frame.run
    if (inputRevisions !== undefined) this.revision += inputRevisions.get(compiled.name) ?? 0
  }

  get run(): RunContext {
    return this.frame.run
  }
  get plan(): CompiledPlan {
    return this.frame.plan
  }
  get scope(): Scope {
    return this.frame.scope
  }
  get name(): string {
    return this.compiled.name
  }
  get isOver(): boolean {
    return this.#isOver
  }

  /** Made when somebody reads it: most steps never need one. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#stopReason !== undefined) this.#controller.abort(this.#stopReason)
    }
    return this.#controller.signal
  }

  get idempotencyKey(): string {
    return `${this.run.runId}:${this.name}:${this.revision}`
  }

  /** What is left of the step's deadline in ms; Infinity without one. */
  remainingMs(): number {
    return this.deadline === undefined ? Infinity : this.deadline.at - this.frame.clock.now()
  }

  elapsedMs(): number {
    return this.frame.clock.now() - this.startedAt
  }

  emit(fact: RunFact): void {
    if (!this.#isOver) this.run.emit(fact)
  }

  /** The step is settled. */
  finish(): void {
    this.#isOver = true
    this.reservation?.settle({})
    if (this.deadline !== undefined) this.frame.deadlines.remove(this.deadline)
  }

  /** Ends whatever the step is at, at once: the call in flight, a sleep, a question to a model. */
  stop(reason: TuttiError): void {
    if (this.#isOver || this.#stopReason !== undefined) return
    this.#stopReason = reason
    this.#interrupt?.interrupt(reason)
    this.#interrupt = undefined
    this.#controller?.abort(reason)
  }

  /** Registers what ends the one thing the step is at; undefined when it is at nothing. */
  interruptWith(interrupt: Interruptible | undefined): void {
    this.#interrupt = interrupt
  }

  /** @throws the reason, when the step was stopped */
  throwIfStopped(): void {
    if (this.#stopReason !== undefined) throw this.#stopReason
  }

  /** The places of this target, if others are held or none: a step never holds those of two. undefined: they are held. */
  holdFor(target: CallTarget): Promise<void> | undefined {
    return this.heldPool === target.pool && !this.isRateUsed ? undefined : this.frame.places.hold(this, target)
  }

  /** A sleep that holds no place; afterwards it has its places again. */
  async pause(delayMs: number): Promise<void> {
    const { places } = this.frame
    places.pause(this)
    await this.sleep(delayMs)
    await places.hold(this, this.target)
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.throwIfStopped()
      const cancel = this.frame.clock.after(delayMs, () => {
        this.#interrupt = undefined
        resolve()
      })
      this.#interrupt = {
        interrupt(reason) {
          cancel()
          reject(reason)
        },
      }
    })
  }

  sources(): JsonObject {
    const { steps } = this.plan
    const outputs: [string, JsonValue][] = []
    for (const index of this.compiled.dependencies) {
      const name = steps[index]?.name
      const view = name === undefined ? undefined : this.scope.step(name)
      if (name !== undefined && view?.status === 'succeeded') outputs.push([name, view.output])
    }
    return Object.fromEntries(outputs)
  }
}
