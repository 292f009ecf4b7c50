// The ready-set loop of one run: counters of open dependencies, two queues, and no more. A step starts the moment its own
// dependencies have settled; every edge is looked at once; nothing recurses, and nothing loops over all steps but a cancel.
import type { CompiledPlan, CompiledStep, StepView } from '../contracts/compiled.ts'
import { errorInfo, TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { RunFact } from '../contracts/events.ts'
import type { RunContext, StepHandler } from '../contracts/executor.ts'
import type { SkipReason } from '../contracts/run.ts'
import { Deadlines } from './deadlines.ts'
import type { SchedulerParts } from './executor-parts.ts'
import type { Outcome } from './outcome.ts'
import { ReadySet } from './ready-set.ts'
import { RunPlaces, type StepStarter } from './run-places.ts'
import {
  BROKEN,
  BYPASSED,
  brokenView,
  createScope,
  OPEN,
  PASSED,
  type Settlement,
  SKIPPED_VIEW,
  succeededView,
} from './run-state.ts'
import { blockedBy, isToReplan, isWanted, limitOf, limitPassed } from './settling.ts'
import { StepBudget } from './step-budget.ts'
import { type RunFrame, type StepEnds, StepExecution } from './step-execution.ts'

/** Kinds that wait or only compute: they take no places. */
const WITHOUT_PLACE: ReadonlySet<string> = new Set(['wait', 'gate', 'transform'])
/** Steps begun in a row before other work of the process gets its turn. */
const BATCH = 1_000

export class Scheduler implements StepStarter, StepEnds {
  readonly #run: RunContext
  readonly #plan: CompiledPlan
  readonly #parts: SchedulerParts
  readonly #frame: RunFrame
  readonly #ready: ReadySet
  readonly #settlements: Uint8Array
  readonly #views: (StepView | undefined)[]
  readonly #active = new Set<StepExecution>()
  readonly #places: RunPlaces
  readonly #budget: StepBudget | undefined
  /** Those that are wanted before they begin, for their deadline. */
  readonly #early = new Map<number, StepExecution>()
  /** When each step became ready: from then on it is counted. */
  readonly #readyAt: Float64Array
  /** Of this turn. */
  #now = Number.NaN
  #remaining: number
  #sinceTurn = 0
  #isPumping = false
  /** Why no step begins any more. */
  #stopped: SkipReason | undefined
  #isDone = false
  #turnIsAsked = false
  readonly #finished: Promise<void>
  #finish: () => void = () => undefined

  constructor(run: RunContext, plan: CompiledPlan, parts: SchedulerParts) {
    const count = plan.steps.length
    this.#run = run
    this.#plan = plan
    this.#parts = parts
    this.#ready = new ReadySet(plan)
    this.#settlements = new Uint8Array(count)
    this.#views = new Array<StepView | undefined>(count)
    this.#readyAt = new Float64Array(count)
    this.#remaining = count
    const { clock, pools, targets } = parts
    const scope = createScope(run, plan, this.#views)
    this.#places = new RunPlaces({ run, plan, scope, limit: parts.maxConcurrency, pools, targets, starter: this })
    const { budget } = run
    this.#budget = budget === undefined || count === 0 ? undefined : new StepBudget(budget, { run, plan, targets })
    this.#frame = { run, plan, clock, scope, deadlines: new Deadlines(clock), places: this.#places, pools, ends: this }
    this.#finished = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  /** Runs every step to its end. */
  async runAll(): Promise<void> {
    const { signal } = this.#run
    const onAbort = (): void => this.#cancel(toTuttiError(signal.reason, 'cancelled'))
    signal.addEventListener('abort', onAbort, { once: true })
    const { underway } = this.#run
    if (underway !== undefined) this.#places.lend(underway.values())
    if (signal.aborted) onAbort()
    else this.#pump()
    await this.#finished
    signal.removeEventListener('abort', onAbort)
  }

  /** Works off both queues. Called whenever something settled; never inside itself. */
  #pump(): void {
    if (this.#isPumping || this.#isDone) return
    if (this.#sinceTurn >= BATCH) {
      this.#yieldTurn()
      return
    }
    this.#isPumping = true
    this.#now = this.#parts.clock.now()
    while (this.#sinceTurn < BATCH) {
      const index = this.#ready.next()
      if (index !== undefined) this.#admit(index)
      else if (!this.#places.startNext()) break
    }
    this.#isPumping = false
    if (this.#remaining === 0) this.#end()
    else if (this.#sinceTurn >= BATCH) this.#yieldTurn()
  }

  #yieldTurn(): void {
    if (this.#turnIsAsked) return
    this.#turnIsAsked = true
    setImmediate(() => {
      this.#turnIsAsked = false
      this.#sinceTurn = 0
      this.#pump()
    })
  }

  /** A step all of whose dependencies have settled: skipped, begun, or queued for a place. */
  #admit(index: number): void {
    const step = this.#stepAt(index)
    this.#sinceTurn++
    const { settled, underway } = this.#run
    const earlier = settled.size === 0 ? undefined : settled.get(step.name)
    if (earlier !== undefined) return this.#recall(step, earlier)
    const atWork = underway === undefined ? undefined : underway.get(step.name)
    if (atWork !== undefined) return this.#follow(step, atWork)
    // What the rest of the plan would have done is open again, whatever it waited for.
    const isOpen = this.#stopped === 'replanned'
    const blocked = isOpen ? this.#stopped : (blockedBy(step, this.#settlements) ?? this.#stopped)
    if (blocked !== undefined) return this.#skip(step, blocked)
    this.#readyAt[index] = this.#now
    try {
      if (!isWanted(step, this.#frame.scope)) return this.#skip(step, 'condition')
    } catch (thrown) {
      return this.refuse(this.executionOf(index), toTuttiError(thrown))
    }
    const limit = limitOf(step)
    if (limit !== undefined) this.#watchDeadline(index, limit)
    if (WITHOUT_PLACE.has(step.step.type)) this.begin(this.executionOf(index))
    else this.#places.add(index)
  }

  executionOf(index: number): StepExecution {
    const known = this.#early.size === 0 ? undefined : this.#early.get(index)
    return known ?? new StepExecution(this.#frame, this.#stepAt(index), this.#readyAt[index] ?? 0)
  }

  isSettled(index: number): boolean {
    return this.#settlements[index] !== OPEN
  }

  wake(): void {
    this.#pump()
  }

  begin(execution: StepExecution): void {
    if (this.#stopped !== undefined) return this.#leave(execution, this.#stopped)
    if (this.#budget?.admits(execution) === false) return this.#leave(execution, 'budget')
    this.#active.add(execution)
    this.#run.emit({ type: 'step-start', step: execution.name })
    const { type } = execution.compiled.step
    const own = this.#parts.handlers.get(type)
    if (own === undefined && type === 'call') return this.#parts.runCall(execution)
    this.#runHandler(own, execution).then(
      (outcome) => this.succeeded(execution, outcome),
      (thrown: unknown) => this.failed(execution, thrown),
    )
  }

  refuse(execution: StepExecution, error: TuttiError): void {
    this.#run.emit({ type: 'step-start', step: execution.name })
    this.#fail(execution, error)
  }

  /** It has its places and needs them no more. */
  #leave(execution: StepExecution, reason: SkipReason): void {
    execution.finish()
    this.#places.letGo(execution)
    if (!this.#isDone) this.#skip(execution.compiled, reason)
  }

  async #runHandler(handler: StepHandler | undefined, execution: StepExecution): Promise<Outcome> {
    const { type } = execution.compiled.step
    if (handler === undefined) {
      throw new TuttiError(
        'not_supported',
        `Step "${execution.name}" is of type "${type}", which nothing here can run.`,
      )
    }
    if (type === 'call') execution.isRead = false
    const { output, response = output } = await handler.run(execution.compiled, execution)
    return { output, response }
  }

  #watchDeadline(index: number, limit: NonNullable<ReturnType<typeof limitOf>>): void {
    const execution = this.executionOf(index)
    this.#early.set(index, execution)
    execution.deadline = this.#frame.deadlines.add(limit.ms, execution.startedAt, () => {
      const error = limitPassed(execution.compiled, limit)
      if (!this.#active.has(execution)) this.#run.emit({ type: 'step-start', step: execution.name })
      execution.stop(error)
      this.#fail(execution, error)
    })
  }

  succeeded(execution: StepExecution, outcome: Outcome): void {
    if (execution.isOver) return
    this.#close(execution, succeededView(outcome), PASSED)
    const { output, response } = outcome
    const durationMs = execution.elapsedMs()
    const fact = { type: 'step-end', step: execution.name, status: 'succeeded', output } as const
    this.#run.emit(response === output ? { ...fact, durationMs } : { ...fact, response, durationMs })
    if (execution.compiled.replanIf !== undefined && isToReplan(execution, this.#parts.log)) {
      this.#run.replan?.(execution.name)
      this.#stop('replanned')
    }
    this.#release(execution)
  }

  failed(execution: StepExecution, thrown: unknown): void {
    this.#fail(execution, toTuttiError(thrown))
  }

  #fail(execution: StepExecution, error: TuttiError): void {
    if (execution.isOver) return
    const { step, name } = execution.compiled
    const isCovered = step.onError === 'continue'
    this.#close(execution, brokenView('failed', error), isCovered ? PASSED : BROKEN)
    if (error.code === 'internal')
      this.#parts.log.error(`Step "${name}" failed inside.`, { runId: this.#run.runId, error })
    this.#run.emit(this.#failure(execution, 'failed', error))
    if (!isCovered && this.#plan.onError === 'fail') this.#stop('run-stopped')
    this.#release(execution)
  }

  #failure(execution: StepExecution, status: 'failed' | 'cancelled', error: TuttiError): RunFact {
    return {
      type: 'step-end',
      step: execution.name,
      status,
      error: errorInfo(error),
      durationMs: execution.elapsedMs(),
    }
  }

  #skip({ name, index, step }: CompiledStep, skipReason: SkipReason): void {
    // What is optional is not missed by those that wait for it.
    const isMissed = skipReason === 'budget' && step.optional !== true
    const isBroken =
      isMissed || skipReason === 'dependency-failed' || skipReason === 'run-stopped' || skipReason === 'replanned'
    this.#early.get(index)?.finish()
    this.#budget?.forget(index)
    this.#settle(index, SKIPPED_VIEW, isBroken ? BROKEN : BYPASSED)
    this.#run.emit({ type: 'step-end', step: name, status: 'skipped', skipReason, durationMs: 0 })
    this.#releaseNow(index)
  }

  /** A result of an earlier segment: counts, and is not told again. */
  #recall(step: CompiledStep, view: StepView): void {
    const isSkipped = view.status === 'skipped'
    const isBroken = isSkipped ? blockedBy(step, this.#settlements) === 'dependency-failed' : !view.success
    const isCovered = !isSkipped && step.step.onError === 'continue'
    this.#settle(step.index, view, isBroken && !isCovered ? BROKEN : isSkipped ? BYPASSED : PASSED)
    if (view.status === 'failed' && !isCovered && this.#plan.onError === 'fail') this.#stop('run-stopped')
    this.#releaseNow(step.index)
  }

  /** A step that is at work since before the plan was whole: its end counts as if it had begun here. */
  #follow(step: CompiledStep, atWork: Promise<StepView>): void {
    void atWork.then((view) => {
      if (!this.isSettled(step.index)) this.#recall(step, view)
    })
  }

  /** Nothing begins any more; what runs ends. */
  #stop(reason: SkipReason): void {
    if (this.#stopped !== undefined) return
    this.#stopped = reason
    for (const index of this.#places.takeUnbegun()) this.#skip(this.#stepAt(index), reason)
  }

  /** Takes the step out of what is at work. */
  #close(execution: StepExecution, view: StepView, settlement: Settlement): void {
    const { index } = execution.compiled
    execution.finish()
    this.#active.delete(execution)
    this.#settle(index, view, settlement)
    this.#places.drop(index)
  }

  #settle(index: number, view: StepView, settlement: Settlement): void {
    this.#views[index] = view
    this.#settlements[index] = settlement
    this.#remaining--
  }

  /**
   * What waited for the step is ready before its places are given back, so that it competes for them. What may have changed the
   * world is on disk before anything builds on it.
   */
  #release(execution: StepExecution): void {
    const { index } = execution.compiled
    const { flush } = this.#run
    const isNow = execution.isRead || flush === undefined
    if (isNow && !this.#isDone) this.#ready.settle(index)
    this.#places.letGo(execution)
    this.#pump()
    if (isNow) return
    flush().then(
      () => this.#releaseNow(index),
      (thrown: unknown) => {
        if (this.#isDone) return
        this.#parts.log.error('The journal cannot be written; no further step starts.', {
          runId: this.#run.runId,
          error: thrown,
        })
        this.#stop('run-stopped')
        this.#releaseNow(index)
      },
    )
  }

  #releaseNow(index: number): void {
    if (this.#isDone) return
    this.#ready.settle(index)
    this.#pump()
  }

  /** Ends everything at once: what is at work is stopped, what was not begun never is. */
  #cancel(reason: TuttiError): void {
    if (this.#isDone) return
    this.#stopped = 'run-stopped'
    this.#places.close()
    for (const execution of this.#active) {
      execution.stop(reason)
      const fact = this.#failure(execution, 'cancelled', reason)
      this.#close(execution, brokenView('cancelled', reason), BROKEN)
      this.#places.letGo(execution)
      this.#run.emit(fact)
    }
    const { steps } = this.#plan
    for (let index = 0; index < steps.length; index++) {
      if (this.#settlements[index] !== OPEN) continue
      const step = this.#stepAt(index).name
      const earlier = this.#run.settled.get(step)
      this.#settle(index, earlier ?? brokenView('cancelled', reason), BROKEN)
      // Of what is at work elsewhere the end is told there.
      if (earlier !== undefined || this.#run.underway?.has(step) === true) continue
      this.#run.emit({ type: 'step-end', step, status: 'cancelled', error: errorInfo(reason), durationMs: 0 })
    }
    this.#end()
  }

  #end(): void {
    this.#isDone = true
    // At once: a deadline of the same moment would end a step a second time.
    this.#frame.deadlines.close()
    this.#places.close()
    this.#finish()
  }

  #stepAt(index: number): CompiledStep {
    const step = this.#plan.steps[index]
    if (step === undefined) throw new TuttiError('internal', `The compiled plan has no step number ${index}.`)
    return step
  }
}
