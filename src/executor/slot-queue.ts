// The places of a run: at most so many steps at work, the others in the order in which they became ready.
import type { StepExecution } from './step-execution.ts'

export class SlotQueue {
  readonly #limit: number
  // A list through the steps themselves: whatever its length, nothing is moved and nothing is left behind.
  #first: StepExecution | undefined
  #last: StepExecution | undefined
  #taken = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  add(execution: StepExecution): void {
    if (this.#first === undefined || this.#last === undefined) this.#first = execution
    else this.#last.nextInQueue = execution
    this.#last = execution
  }

  /** Whether `take` would give a step; when the run is stopped, places do not matter: what waits is only to be skipped. */
  mayTake(isStopped: boolean): boolean {
    return this.#first !== undefined && (isStopped || this.#taken < this.#limit)
  }

  /** The step that waits longest, with a place. It may be over by now; its place is given back all the same. */
  take(): StepExecution | undefined {
    const execution = this.#first
    this.#first = execution?.nextInQueue
    this.#taken++
    return execution
  }

  release(): void {
    this.#taken--
  }
}
