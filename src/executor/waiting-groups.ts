// Steps of one run that did not get what they share with others, by what that is: each group waits at the shared limits, or, once
// all that is there, for a place of the run.
import type { Admission } from '../resilience/admission.ts'
import type { FairOrder } from '../resilience/fair-queue.ts'
import type { Demand, Pool } from '../resilience/pool.ts'
import { type GroupHost, StepGroup } from './step-group.ts'
import { type StepOrder, StepQueue } from './step-queue.ts'

export interface WaitingHost extends GroupHost {
  /** Made when it is first needed; `first` came before all that are in the line. */
  sort(first?: number): StepOrder
  /** What others see of a group whose best this is. */
  describe(index: number): FairOrder
}

export class WaitingGroups {
  readonly #host: WaitingHost
  readonly #limit: number
  readonly #admission: Admission
  readonly #groups = new Map<Demand, StepGroup>()
  readonly #groupOf = new Map<number, StepGroup>()
  /** Those that wait for a place of the run. */
  #open: StepGroup[] = []

  /** @param limit steps of the run at work at once */
  constructor(host: WaitingHost, limit: number, admission: Admission) {
    this.#host = host
    this.#limit = limit
    this.#admission = admission
  }

  /** Whether others with the same needs wait at the shared limits. */
  isParked(demand: Demand): boolean {
    return this.#groups.size > 0 && this.#groups.get(demand)?.isParked === true
  }

  /** The step waits with those that need the same. @returns the component whose queue is full; then it does not */
  join(demand: Demand, index: number): Pool | undefined {
    const group = this.#groups.get(demand) ?? new StepGroup(this.#host, demand, new StepQueue(this.#host.sort(index)))
    const { component } = demand
    if (component !== undefined && group.live < this.#limit && component.waiting >= component.maxQueued) {
      this.endIfEmpty(group)
      return component
    }
    this.#groups.set(demand, group)
    this.#groupOf.set(index, group)
    group.queue.push(index)
    group.live++
    if (!group.isParked) {
      if (!this.#open.includes(group)) this.park(group)
      return undefined
    }
    group.count(this.#limit)
    if (group.queue.peek() === index) {
      group.order = this.#host.describe(index)
      this.#admission.reorder(demand, group)
    }
    return undefined
  }

  headOf(group: StepGroup): number | undefined {
    for (;;) {
      const index = group.queue.peek()
      if (index === undefined || this.#groupOf.get(index) === group) return index
      group.queue.pop()
    }
  }

  /** Its best waits no more. */
  takeHead(group: StepGroup): number | undefined {
    const index = this.headOf(group)
    if (index === undefined) return undefined
    group.queue.pop()
    group.live--
    this.#groupOf.delete(index)
    group.count(this.#limit)
    return index
  }

  /** The step is over: it leaves its queue at once. */
  drop(index: number): void {
    const group = this.#groupOf.size === 0 ? undefined : this.#groupOf.get(index)
    if (group === undefined) return
    this.#groupOf.delete(index)
    group.live--
    if (group.live === 0) return this.#end(group)
    group.count(this.#limit)
    const next = group.queue.peek() === index && group.isParked ? this.headOf(group) : undefined
    if (next === undefined) return
    // The next one may be less urgent than the one that has gone.
    group.order = this.#host.describe(next)
    this.#admission.reorder(group.demand, group)
  }

  /** All of them; nobody waits any more. */
  takeAll(): number[] {
    const taken: number[] = []
    for (const group of [...this.#groups.values()]) {
      for (let index = group.queue.pop(); index !== undefined; index = group.queue.pop()) taken.push(index)
      this.#end(group)
    }
    this.#groupOf.clear()
    return taken
  }

  /** The best of those that wait for a place of the run. */
  bestOpen(): StepGroup | undefined {
    if (this.#open.length === 0) return undefined
    let best: StepGroup | undefined
    for (const group of this.#open) {
      const index = this.headOf(group)
      if (index !== undefined && (best === undefined || !this.isBefore(best, index))) best = group
    }
    return best
  }

  isBefore(group: StepGroup, index: number): boolean {
    const head = group.queue.peek()
    return head !== undefined && this.#host.sort().isBefore(head, index)
  }

  /** It waits for a place of the run from now on. */
  open(group: StepGroup): void {
    this.#unpark(group)
    if (this.headOf(group) !== undefined) this.#open.push(group)
  }

  /** It is looked at: it waits for no place of the run. @returns whether anybody of it waits at all */
  leaveOpen(group: StepGroup): boolean {
    this.#open = this.#open.filter((other) => other !== group)
    if (this.headOf(group) !== undefined) return true
    this.#end(group)
    return false
  }

  /** It waits at the shared limits from now on. */
  park(group: StepGroup): void {
    const index = this.headOf(group)
    if (index === undefined) return this.#end(group)
    group.isParked = true
    group.count(this.#limit)
    group.order = this.#host.describe(index)
    this.#admission.wait(group.demand, group)
  }

  /** Others see the next of it. @returns whether there is one */
  showNext(group: StepGroup): boolean {
    const next = this.headOf(group)
    if (next === undefined) this.#end(group)
    else group.order = this.#host.describe(next)
    return group.isParked
  }

  endIfEmpty(group: StepGroup): void {
    if (group.live === 0) this.#end(group)
  }

  #unpark(group: StepGroup): void {
    group.isParked = false
    group.count(this.#limit)
    if (group.live === 0) this.#groups.delete(group.demand)
  }

  /** Nobody of it waits any more. */
  #end(group: StepGroup): void {
    const wasParked = group.isParked
    group.live = 0
    this.#unpark(group)
    if (this.#open.length > 0) this.#open = this.#open.filter((other) => other !== group)
    if (wasParked) this.#admission.leave(group.demand, group)
  }
}
