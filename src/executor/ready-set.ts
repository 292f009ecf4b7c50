// Which steps may be looked at: a counter of open dependencies per step, and a queue of those at 0. Each step enters once,
// each edge is followed once.
import type { CompiledPlan } from '../contracts/compiled.ts'

export class ReadySet {
  readonly #plan: CompiledPlan
  readonly #open: Int32Array
  readonly #queue: Int32Array
  #head = 0
  #tail = 0

  constructor(plan: CompiledPlan) {
    this.#plan = plan
    this.#open = plan.inDegrees.slice()
    this.#queue = new Int32Array(plan.steps.length)
    for (let i = 0; i < this.#open.length; i++) if (this.#open[i] === 0) this.#queue[this.#tail++] = i
  }

  /** The next step all of whose dependencies have settled, in the order in which that came about. */
  next(): number | undefined {
    return this.#head < this.#tail ? this.#queue[this.#head++] : undefined
  }

  /** The step has settled: one dependency less for those that wait for it. */
  settle(index: number): void {
    const { offsets, dependants } = this.#plan
    const end = offsets[index + 1] ?? 0
    for (let k = offsets[index] ?? 0; k < end; k++) {
      const dependant = dependants[k] ?? 0
      const left = (this.#open[dependant] ?? 0) - 1
      this.#open[dependant] = left
      if (left === 0) this.#queue[this.#tail++] = dependant
    }
  }
}
