// The places of one run and its share of those that all runs share: which of its ready steps begins next. A step takes all it
// needs at once, or waits and holds nothing. Steps with the same needs wait together, so that one look decides for all of them.
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { FairOrder } from '../resilience/fair-queue.ts'
import type { Demand, Pool } from '../resilience/pool.ts'
import type { CallTarget } from './call-target.ts'
import { prefixesOf } from './pools.ts'
import type { Places, StepExecution } from './step-execution.ts'
import type { StepGroup } from './step-group.ts'
import { demandOf, type NeedParts, orderSteps, targetOf } from './step-needs.ts'
import { type StepOrder, StepQueue } from './step-queue.ts'
import { WaitingGroups, type WaitingHost } from './waiting-groups.ts'

/** What the run does with its steps. */
export interface StepStarter {
  /** Made when it is first asked for. */
  executionOf(index: number): StepExecution
  /** It has its places; or it will learn by its first call that it has none. */
  begin(execution: StepExecution): void
  /** It will never get them. */
  refuse(execution: StepExecution, error: TuttiError): void
  isSettled(index: number): boolean
  /** Places were given back while a step goes on. */
  wake(): void
}

export interface RunPlacesParts extends NeedParts {
  /** Steps of the run at work at once. */
  readonly limit: number
  readonly starter: StepStarter
}

/** A step that has begun and waits to go on. */
interface Returning {
  readonly execution: StepExecution
  readonly target: CallTarget | undefined
  readonly resume: (error?: TuttiError) => void
}

export class RunPlaces implements Places, WaitingHost {
  readonly #parts: RunPlacesParts
  readonly #ofRun: readonly Pool[]
  readonly #flow: readonly string[]
  readonly #turn = { at: 0 }
  /** Ready, and not known to be held up by anything but the run itself. */
  readonly #line = new StepQueue()
  /** Set as soon as there is something to choose. */
  #order: StepOrder | undefined
  readonly #waiting: WaitingGroups
  readonly #returning = new Map<number, Returning>()
  #taken = 0
  /** The line, since it was looked at. */
  #hasGrown = false
  #isClosed = false

  constructor(parts: RunPlacesParts) {
    this.#parts = parts
    const { run, pools } = parts
    const key = run.key ?? run.principal
    this.#ofRun = pools.enterRun(key)
    this.#flow = [...prefixesOf(key), run.runId]
    this.#waiting = new WaitingGroups(this, parts.limit, pools.admission)
  }

  /** Places of the run for steps that are at work elsewhere, each until it has ended. */
  lend(underway: Iterable<Promise<unknown>>): void {
    for (const atWork of underway) {
      this.#taken++
      void atWork.then(() => {
        this.#taken--
        this.#parts.starter.wake()
      })
    }
  }

  /** A step is ready for a place. */
  add(index: number): void {
    this.#line.push(index)
    this.#hasGrown = true
  }

  /** Begins the best step that could, or puts it where it waits. False: nothing is left to look at. */
  startNext(): boolean {
    const { limit } = this.#parts
    if (this.#taken >= limit || this.#isClosed) return false
    if (this.#hasGrown && this.#hasChoice()) this.sort()
    const group = this.#waiting.bestOpen()
    const index = this.#line.peek()
    if (group !== undefined && (index === undefined || this.#waiting.isBefore(group, index))) {
      this.#tryGroup(group)
      return true
    }
    if (index === undefined) return false
    this.#line.pop()
    this.#tryStep(index)
    return true
  }

  letGo(execution: StepExecution): void {
    if (!execution.hasPlace) return
    const { demand, isRateUsed } = execution
    execution.hasPlace = false
    execution.demand = undefined
    execution.heldPool = undefined
    execution.isRateUsed = false
    this.#taken--
    if (demand === undefined) return
    // Where others wait for it, what is ready here asks as well before anybody gets it.
    if (demand.pools.some((pool) => pool.parked.size > 0)) this.#parts.starter.wake()
    this.#parts.pools.admission.giveBack(demand, !isRateUsed)
  }

  pause(execution: StepExecution): void {
    this.letGo(execution)
    this.#parts.starter.wake()
  }

  hold(execution: StepExecution, target: CallTarget | undefined): Promise<void> | undefined {
    execution.throwIfStopped()
    this.letGo(execution)
    const { index } = execution.compiled
    let state: { readonly error?: TuttiError } | undefined
    let settle: ((error?: TuttiError) => void) | undefined
    const resume = (error?: TuttiError): void => {
      state = error === undefined ? {} : { error }
      settle?.(error)
    }
    this.#returning.set(index, { execution, target, resume })
    this.#line.push(index)
    this.#parts.starter.wake()
    if (state !== undefined && state.error === undefined) return undefined
    return new Promise((resolve, reject) => {
      if (state?.error !== undefined) return reject(state.error)
      settle = (error) => {
        execution.interruptWith(undefined)
        if (error === undefined) resolve()
        else reject(error)
      }
      execution.interruptWith({
        interrupt: (reason) => {
          this.drop(index)
          reject(reason)
        },
      })
    })
  }

  /** The step is over: it leaves its queue at once. */
  drop(index: number): void {
    if (this.#returning.size > 0) this.#returning.delete(index)
    this.#waiting.drop(index)
  }

  /** Steps that have not begun, which now never will. Those that had begun go on. */
  takeUnbegun(): number[] {
    const waiting = this.#waiting.takeAll()
    for (let index = this.#line.pop(); index !== undefined; index = this.#line.pop()) waiting.push(index)
    for (const index of waiting) if (this.#returning.has(index)) this.#line.push(index)
    return waiting.filter((index) => !this.#returning.has(index) && !this.#parts.starter.isSettled(index))
  }

  /** The run has ended: nobody waits any more. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#waiting.takeAll()
    this.#returning.clear()
    this.#parts.pools.leaveRun(this.#ofRun)
  }

  /** All that the group's steps share is there: does the run have a place, and nothing better to do with it? */
  mayBegin(group: StepGroup): boolean {
    const head = this.#waiting.headOf(group)
    const next = this.#line.peek()
    const hasRoom = this.#taken < this.#parts.limit
    if (head !== undefined && hasRoom && (next === undefined || this.#waiting.isBefore(group, next))) return true
    this.#waiting.open(group)
    return false
  }

  /** The group's best has its shared places. @returns whether others of it still wait there */
  beginOf(group: StepGroup): boolean {
    const index = this.#waiting.takeHead(group)
    if (index !== undefined) this.#beginHead(group, index)
    return group.isParked && this.#waiting.showNext(group)
  }

  /** Whether more are ready than can begin, as far as a look at the first of them tells. */
  #hasChoice(): boolean {
    this.#hasGrown = false
    const { plan, limit } = this.#parts
    const { size } = this.#line
    if (this.#order !== undefined || size < 2) return false
    if (plan.hasPriorities === true || size > limit - this.#taken) return true
    const component = targetOf(this.#parts, this.#line.peek() ?? 0)?.pool
    return (component !== undefined && !component.fits(size)) || this.#ofRun.some((pool) => !pool.fits(size))
  }

  #tryStep(index: number): void {
    const { starter, pools } = this.#parts
    const returning = this.#returning.size === 0 ? undefined : this.#returning.get(index)
    if (returning === undefined && starter.isSettled(index)) return
    let target: CallTarget | undefined
    let demand: Demand | undefined
    try {
      target = returning === undefined ? targetOf(this.#parts, index) : returning.target
      demand = demandOf(this.#parts, { index, target, ofRun: this.#ofRun })
    } catch (thrown) {
      return this.#refuse(index, toTuttiError(thrown))
    }
    if (demand === undefined || (!this.#waiting.isParked(demand) && pools.admission.take(demand)))
      return this.#begin(index, target, demand)
    const full = this.#waiting.join(demand, index)
    if (full !== undefined) this.#refuse(index, queueFull(full))
  }

  /** Its turn within the run. */
  #tryGroup(group: StepGroup): void {
    const { admission } = this.#parts.pools
    if (!this.#waiting.leaveOpen(group)) return
    if (!admission.take(group.demand)) return this.#waiting.park(group)
    const index = this.#waiting.takeHead(group)
    this.#waiting.open(group)
    if (index !== undefined) this.#beginHead(group, index)
    this.#waiting.endIfEmpty(group)
  }

  #beginHead(group: StepGroup, index: number): void {
    const returning = this.#returning.get(index)
    this.#begin(index, returning === undefined ? targetOf(this.#parts, index) : returning.target, group.demand)
  }

  #begin(index: number, target: CallTarget | undefined, demand: Demand | undefined): void {
    const { starter } = this.#parts
    const returning = this.#returning.size === 0 ? undefined : this.#returning.get(index)
    const execution = returning === undefined ? starter.executionOf(index) : returning.execution
    this.#taken++
    execution.hasPlace = true
    execution.target = target
    execution.demand = demand
    execution.heldPool = demand?.component
    if (returning === undefined) return starter.begin(execution)
    this.#returning.delete(index)
    returning.resume()
  }

  #refuse(index: number, error: TuttiError): void {
    const { starter } = this.#parts
    const returning = this.#returning.get(index)
    if (returning !== undefined) {
      this.#returning.delete(index)
      return returning.resume(error)
    }
    const execution = starter.executionOf(index)
    // A full queue is a failure like those of calls: it has ways of recovery, which begin with the call.
    if (error.code === 'queue_full') starter.begin(execution)
    else starter.refuse(execution, error)
  }

  /** What others see of a group whose best this is. */
  describe(index: number): FairOrder {
    const { dueAtMs } = this.#parts.run
    const order = this.sort()
    const [widest = ''] = this.#flow
    return {
      priority: order.priorityOf(index),
      flow: this.#flow,
      weight: this.#parts.pools.weightOf(widest),
      turn: this.#turn,
      rank: order.ranks[index] ?? 0,
      ...(dueAtMs !== undefined && { dueAtMs }),
    }
  }

  /** @param first came before all that are in the line */
  sort(first?: number): StepOrder {
    if (this.#order === undefined) {
      this.#order = orderSteps(this.#parts)
      if (first !== undefined) this.#order.arrive(first)
      this.#line.sort(this.#order)
    }
    return this.#order
  }
}

const queueFull = ({ name, maxQueued }: Pool): TuttiError =>
  new TuttiError(
    'queue_full',
    `${maxQueued} steps wait for "${name}" already. Try again later, or raise components.${name}.max_queued or its max_concurrency.`,
    { details: { component: name, max_queued: maxQueued, sent: false } },
  )
