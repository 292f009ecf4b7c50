// The places of a run: at most so many steps at work, the others in the order in which they became ready.
import type { StepExecution } from './step-execution.ts'

export class SlotQueue {
  readonly #limit: number
  #queue: (StepExecution | undefined)[] = []
  #head = 0
  #taken = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  add(execution: StepExecution): void {
    this.#queue.push(execution)
  }

  /** Whether `take` would give a step; when the run is stopped, places do not matter: what waits is only to be skipped. */
  mayTake(isStopped: boolean): boolean {
    return this.#head < this.#queue.length && (isStopped || this.#taken < this.#limit)
  }

  /** The step that waits longest, with a place. It may be over by now; its place is given back all the same. */
  take(): StepExecution | undefined {
    const execution = this.#queue[this.#head]
    // A step that has had its turn is let go of, and the front of a long queue now and then.
    this.#queue[this.#head++] = undefined
    if (this.#head === this.#queue.length) {
      this.#queue = []
      this.#head = 0
    } else if (this.#head > 1_024 && this.#head * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#head)
      this.#head = 0
    }
    this.#taken++
    return execution
  }

  release(): void {
    this.#taken--
  }
}
