// Steps that begin while the plan is still being written. Each is a plan of its own to the executor. Once the plan is known, those
// that are in it as they were begun are handed over, finished or at work; the others are stopped, and told to be none of it.
import type { CompiledPlan, StepView } from '../contracts/compiled.ts'
import { errorInfo, TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { RunFact } from '../contracts/events.ts'
import type { Executor, RunContext } from '../contracts/executor.ts'
import type { Clock } from '../contracts/parts.ts'
import type { PlanDocument, Step } from '../contracts/plan.ts'
import type { RunHandle } from '../contracts/run-handle.ts'
import { dependenciesOf, stepHash } from '../plan/diff.ts'
import { whenAborted } from '../util/abort.ts'
import type { WrittenStep } from './parts.ts'
import type { PlanState } from './run-plan.ts'

/** So many steps of one run begin early at most: a plan that is never right should not call the whole catalog. */
const MAX_EARLY = 32

export interface EarlyStepsParts {
  readonly executor: Executor
  readonly mayBegin: (step: Step) => boolean
  readonly clock: Clock
  readonly handle: Pick<RunHandle, 'emit' | 'view' | 'revisions'>
  /** Of the run. */
  readonly context: RunContext
  /** At work at once. */
  readonly limit: number
}

interface EarlyStep {
  readonly step: Step
  readonly plan: CompiledPlan
  /** What it builds on. */
  readonly before: readonly EarlyStep[]
  readonly controller: AbortController
  readonly ended: PromiseWithResolvers<StepView>
  state: 'waiting' | 'running' | 'leaving' | 'ended' | 'dropped'
  /** Whether anything was told of it. */
  isTold: boolean
  begunAt: number
  view: StepView | undefined
}

const CANCELLED: StepView = { status: 'cancelled', success: false, error: null, output: null, response: null }
const SETTLED: ReadonlySet<unknown> = new Set(['succeeded', 'failed', 'skipped', 'cancelled'])

export class EarlySteps {
  readonly #parts: EarlyStepsParts
  /** By name, each after what it builds on. */
  readonly #steps = new Map<string, EarlyStep>()
  #forget: () => void = () => undefined
  #begun = 0
  #running = 0
  /** The plan is known, or never will be. */
  #isClosed = false

  constructor(parts: EarlyStepsParts) {
    this.#parts = parts
    this.#forget = whenAborted(parts.context.signal, () => this.stop())
  }

  /** A step was written: begun as soon as what it builds on has succeeded, if it may be. In other words than before it is another. */
  offer({ step, plan }: WrittenStep): void {
    const { context, mayBegin } = this.#parts
    if (this.#isClosed || context.signal.aborted) return
    const known = this.#steps.get(step.name)
    if (known !== undefined) {
      if (isSame(known.step, step)) return
      this.#drop(known)
    }
    const before = this.#before(step.name, plan)
    if (before !== undefined && mayBegin(step)) {
      const controller = new AbortController()
      const ended = Promise.withResolvers<StepView>()
      const fresh = { state: 'waiting', isTold: false, begunAt: 0, view: undefined } as const
      this.#steps.set(step.name, { step, plan, before, controller, ended, ...fresh })
    }
    this.#beginReady()
  }

  /** The plan is known: what of it has finished, and what is at work. All else is none of it. */
  settle(document: PlanDocument): PlanState {
    this.#isClosed = true
    const steps = new Map(document.steps.map((step) => [step.name, step]))
    const settled = new Map<string, StepView>()
    const underway = new Map<string, Promise<StepView>>()
    // What is dropped takes with it what builds on it, which comes later.
    for (const early of [...this.#steps.values()]) {
      const { name } = early.step
      const step = steps.get(name)
      if (step === undefined || !isSame(early.step, step)) this.#drop(early)
      else if (early.state === 'running') underway.set(name, early.ended.promise)
      else if (early.view !== undefined && early.state === 'ended') settled.set(name, early.view)
    }
    this.#letGo()
    const inputRevisions = this.#parts.handle.revisions()
    return {
      settled,
      ...(underway.size > 0 && { underway }),
      ...(inputRevisions !== undefined && { inputRevisions }),
    }
  }

  /** There will be no plan, or nobody to run it, or the run is stopped: nothing goes on. */
  stop(): void {
    const { context } = this.#parts
    const wasClosed = this.#isClosed
    this.#isClosed = true
    const all = [...this.#steps.values()]
    if (context.signal.aborted || wasClosed) for (const early of all) if (early.state === 'running') this.#abort(early)
    // What has ended belongs to a plan, or to none.
    if (!wasClosed) for (const early of all) this.#drop(early)
    this.#letGo()
  }

  /** undefined: it builds on something that did not begin early. */
  #before(name: string, { steps, indexOf }: CompiledPlan): readonly EarlyStep[] | undefined {
    const compiled = steps[indexOf.get(name) ?? -1]
    if (compiled === undefined) return undefined
    const before = compiled.dependencies.map((index) => this.#steps.get(steps[index]?.name ?? ''))
    return before.every((early) => early !== undefined) ? before : undefined
  }

  #beginReady(): void {
    for (const early of this.#steps.values()) {
      if (this.#isClosed || this.#running >= this.#parts.limit || this.#begun >= MAX_EARLY) return
      const isReady = early.state === 'waiting' && early.before.every(({ view }) => view?.status === 'succeeded')
      if (isReady) void this.#run(early)
    }
  }

  /** Never rejects. */
  async #run(early: EarlyStep): Promise<void> {
    const { executor, context, handle, clock } = this.#parts
    early.state = 'running'
    early.begunAt = clock.now()
    this.#begun++
    this.#running++
    const inputRevisions = handle.revisions()
    let failure = new TuttiError('internal', `Step "${early.step.name}" was run, and nothing was told of its end.`)
    try {
      const own: RunContext = {
        ...context,
        signal: early.controller.signal,
        settled: viewsBefore(early),
        emit: (fact) => this.#hear(early, fact),
        ...(inputRevisions !== undefined && { inputRevisions }),
      }
      await executor.execute(own, { plan: early.plan })
    } catch (thrown) {
      failure = toTuttiError(thrown)
    }
    if (early.state !== 'running') return
    const { name } = early.step
    const durationMs = clock.now() - early.begunAt
    if (!this.#isSettled(early))
      this.#hear(early, { type: 'step-end', step: name, status: 'failed', error: errorInfo(failure), durationMs })
    this.#end(early, 'ended')
    this.#beginReady()
    this.#letGo()
  }

  #hear(early: EarlyStep, fact: RunFact): void {
    if (early.state === 'dropped' || (early.state === 'leaving' && fact.type === 'step-end')) return
    // What it builds on was told before.
    if ('step' in fact && fact.step !== early.step.name) return
    early.isTold = true
    this.#parts.handle.emit(fact.type === 'step-start' && !this.#isClosed ? { ...fact, early: true } : fact)
  }

  #isSettled({ step }: EarlyStep): boolean {
    return SETTLED.has(this.#parts.handle.view(step.name)?.status)
  }

  /** The run is stopped, and it with it. */
  #abort(early: EarlyStep): void {
    const { context, clock, handle } = this.#parts
    const reason = toTuttiError(context.signal.reason, 'cancelled')
    early.controller.abort(reason)
    // One that does not heed the abort is told of all the same.
    if (early.isTold && !this.#isSettled(early))
      handle.emit({
        type: 'step-end',
        step: early.step.name,
        status: 'cancelled',
        error: errorInfo(reason),
        durationMs: clock.now() - early.begunAt,
      })
    this.#end(early, 'dropped')
  }

  /** It is not in the plan, also when it has succeeded; neither is what builds on it. */
  #drop(early: EarlyStep): void {
    const { name } = early.step
    const { handle, clock } = this.#parts
    for (const other of [...this.#steps.values()]) if (other.before.includes(early)) this.#drop(other)
    this.#steps.delete(name)
    if (early.state === 'dropped') return
    const error = new TuttiError(
      'cancelled',
      `Step "${name}" began while the plan was still being written, and is not in it.`,
    )
    const wasAtWork = early.state === 'running'
    if (wasAtWork) {
      early.state = 'leaving'
      this.#running--
      early.controller.abort(error)
    }
    early.state = 'dropped'
    if (early.isTold)
      handle.emit({
        type: 'step-end',
        step: name,
        status: 'cancelled',
        skipReason: 'not-in-plan',
        error: errorInfo(error),
        durationMs: wasAtWork ? clock.now() - early.begunAt : 0,
      })
    early.ended.resolve(CANCELLED)
  }

  #end(early: EarlyStep, state: 'ended' | 'dropped'): void {
    early.state = state
    early.view = this.#parts.handle.view(early.step.name) ?? CANCELLED
    this.#running--
    early.ended.resolve(early.view)
  }

  #letGo(): void {
    if (this.#isClosed && this.#running === 0) this.#forget()
  }
}

/** Compared as written: what it does, and what it waits for. */
function isSame(one: Step, other: Step): boolean {
  if (one === other) return true
  const before = dependenciesOf(one)
  const after = dependenciesOf(other)
  return before.size === after.size && [...before].every((name) => after.has(name)) && stepHash(one) === stepHash(other)
}

/** All that stands in its plan beside itself. */
function viewsBefore(early: EarlyStep, views = new Map<string, StepView>()): Map<string, StepView> {
  for (const one of early.before) {
    if (one.view === undefined || views.has(one.step.name)) continue
    views.set(one.step.name, one.view)
    viewsBefore(one, views)
  }
  return views
}
