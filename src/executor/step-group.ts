// Steps of one run that need the same of the shared limits, once that was not there: they wait as one, the best of them first.

import type { FairOrder } from '../resilience/fair-queue.ts'
import type { Demand, Waiter } from '../resilience/pool.ts'
import type { StepQueue } from './step-queue.ts'

/** Whose steps they are. */
export interface GroupHost {
  /** All that they share is there: does the run have a place, and nothing better to do with it? */
  mayBegin(group: StepGroup): boolean
  /** The best has its shared places. @returns whether others still wait there */
  beginOf(group: StepGroup): boolean
}

export class StepGroup implements Waiter {
  readonly demand: Demand
  readonly queue: StepQueue
  readonly #host: GroupHost
  order: FairOrder = { priority: 2, flow: [] }
  /** Whether it waits at a shared limit; else for a place of the run. */
  isParked = false
  /** Without those that are over by now. */
  live = 0
  #counted = 0

  constructor(host: GroupHost, demand: Demand, queue: StepQueue) {
    this.#host = host
    this.demand = demand
    this.queue = queue
  }

  isReady(): boolean {
    return this.#host.mayBegin(this)
  }

  admit(): boolean {
    return this.#host.beginOf(this)
  }

  /** Tells the shared limit how many wait: of one run no more than it may have at work, for the others wait for their run. */
  count(limit: number): void {
    const counted = this.isParked ? Math.min(this.live, limit) : 0
    this.demand.waiting += counted - this.#counted
    this.#counted = counted
  }
}
