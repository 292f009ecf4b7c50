// One call on its way to one instance: its time limit, its two events, and what its end says of the component.
// It repeats nothing and decides nothing.
import type { Capability, Component, Instance } from '../contracts/capability.ts'
import { errorInfo, TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { JsonObject } from '../contracts/json.ts'
import type { InvokerCall, InvokerResult } from '../contracts/parts.ts'
import type { CircuitBreaker } from '../resilience/instance-breaker.ts'
import { formatDuration } from '../util/duration.ts'
import type { CallTarget } from './call-target.ts'
import type { Deadline, DeadlineList } from './deadlines.ts'
import { type Outcome, readOutcome } from './outcome.ts'
import type { StepExecution } from './step-execution.ts'

export interface CallSpec {
  readonly target: CallTarget
  readonly inputs: JsonObject
  /** Whether a lost answer may be followed by the same call. */
  readonly isIdempotent: boolean
  /** Bounds one call, ms. */
  readonly timeoutMs: number
}

/** Times the time limit, for a call that shows progress. */
const MAX_PROLONGED = 20

export class Attempt implements InvokerCall, Deadline {
  readonly component: Component
  readonly capability: Capability
  readonly instance: Instance
  readonly inputs: JsonObject
  readonly idempotencyKey: string
  readonly runId: string
  readonly headers: Readonly<Record<string, string>>
  /** False until the call is handed to the invoker: then nothing can have happened yet. */
  wasSent = false
  readonly #execution: StepExecution
  readonly #number: number
  readonly startedAt: number
  /** When the answer was there; NaN until then. */
  endedAt = Number.NaN
  #isOpen = true
  #controller: AbortController | undefined
  #stopReason: TuttiError | undefined
  /** Set while the call is open. */
  #resolve: Ended | undefined
  #spec: CallSpec | undefined
  /** Undefined on trial: the breaker then goes by how the whole call ends. */
  #breaker: CircuitBreaker | undefined
  #ticket = 0
  #free: (() => void) | undefined
  // Its link in the list of its time limit.
  at = Number.NaN
  previous: Deadline | undefined
  next: Deadline | undefined
  list: DeadlineList | undefined

  constructor(
    execution: StepExecution,
    { target, inputs }: { readonly target: Pick<CallTarget, 'component' | 'capability'>; readonly inputs: JsonObject },
    instance: Instance,
  ) {
    this.component = target.component
    this.capability = target.capability
    this.instance = instance
    this.inputs = inputs
    this.idempotencyKey = execution.idempotencyKey
    this.runId = execution.run.runId
    this.headers = execution.run.headers
    this.#execution = execution
    this.#number = ++execution.attempts
    this.startedAt = execution.frame.clock.now()
  }

  /** Made when somebody reads it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#stopReason !== undefined) this.#controller.abort(this.#stopReason)
    }
    return this.#controller.signal
  }

  begin(): void {
    this.#execution.interruptWith(this)
    this.#execution.emit({
      type: 'attempt-start',
      step: this.#execution.name,
      attempt: this.#number,
      component: this.component.name,
      action: this.capability.name,
      instance: this.instance.id,
      inputs: this.inputs,
      idempotencyKey: this.idempotencyKey,
    })
  }

  /** Told once; later calls are not heard. */
  end(status: 'succeeded' | 'failed' | 'cancelled', error?: TuttiError, retryInMs?: number): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    const durationMs = (Number.isNaN(this.endedAt) ? this.#execution.frame.clock.now() : this.endedAt) - this.startedAt
    const step = this.#execution.name
    const attempt = this.#number
    const component = this.component.name
    const action = this.capability.name
    if (error === undefined)
      this.#execution.emit({ type: 'attempt-end', step, attempt, component, action, status, durationMs })
    else {
      const info = errorInfo(error)
      const fact = { type: 'attempt-end', step, attempt, component, action, status, error: info, durationMs } as const
      this.#execution.emit(retryInMs === undefined ? fact : { ...fact, retryInMs })
    }
  }

  /** The same as a promise, for those who wait for it. On trial: the breaker hears of it from them. */
  perform(spec: CallSpec): Promise<Outcome | FailedAttempt> {
    return new Promise((resolve) => this.start(spec, undefined, 0, resolve))
  }

  /**
   * Tells `ended` the outcome, or what went wrong: the answer, the end of its time, or the step's stop, whichever comes first. What
   * comes later is dropped. An outcome comes later than this returns; what went wrong may come at once. There is no promise in
   * between: this is what every step of every run goes through.
   */
  start(spec: CallSpec, breaker: CircuitBreaker | undefined, ticket: number, ended: Ended): void {
    const { run } = this.#execution
    this.#spec = spec
    this.#breaker = breaker
    this.#ticket = ticket
    this.#resolve = ended
    try {
      this.#free = run.view.busy(this.instance)
      this.#execution.isRateUsed = spec.target.pool.rate !== undefined
      this.begin()
      // What cannot be taken back is on disk before it is done.
      if (spec.isIdempotent || run.flush === undefined) this.#send(spec, this.startedAt)
      else this.#sendOnceWritten(spec, run.flush)
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  #sendOnceWritten(spec: CallSpec, flush: () => Promise<void>): void {
    flush().then(
      () => this.#send(spec, this.#execution.frame.clock.now()),
      (thrown: unknown) => this.#fail(thrown),
    )
  }

  /** The step is stopped. */
  interrupt(reason: TuttiError): void {
    this.end('cancelled', reason)
    this.#stop(reason)
  }

  /** Signs of life move the end of its time, but not for ever: who only says that it works is given up in the end. */
  progress(): void {
    if (this.#resolve === undefined || this.#spec === undefined || this.list === undefined) return
    const { clock, deadlines } = this.#execution.frame
    const now = clock.now()
    const { timeoutMs } = this.#spec
    if (now + timeoutMs > this.startedAt + timeoutMs * MAX_PROLONGED) return
    deadlines.remove(this)
    deadlines.link(this, timeoutMs, now)
  }

  /** Its time is up. */
  expire(): void {
    if (this.#spec !== undefined) this.#stop(timeoutOf(this.#spec.target, this.#spec.timeoutMs))
  }

  #send({ target, timeoutMs }: CallSpec, now: number): void {
    if (this.#resolve === undefined) return
    try {
      this.#execution.throwIfStopped()
      this.#execution.frame.deadlines.link(this, timeoutMs, now)
      this.wasSent = true
      target.invoker.invoke(this).then(
        (result) => this.#succeed(result, target),
        (thrown: unknown) => this.#fail(thrown),
      )
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  #succeed(result: InvokerResult, target: CallTarget): void {
    if (this.#resolve === undefined) return
    this.endedAt = this.#execution.frame.clock.now()
    let outcome: Outcome
    try {
      outcome = readOutcome(result, target.label, this.endedAt)
    } catch (thrown) {
      return this.#fail(thrown)
    }
    const resolve = this.#settle()
    void this.#breaker?.leave(this.#ticket)
    learn(this.#execution, target, this)
    this.end('succeeded')
    resolve?.(outcome)
  }

  #fail(thrown: unknown): void {
    const resolve = this.#settle()
    if (resolve === undefined || this.#spec === undefined) return
    const { target } = this.#spec
    const error = toTuttiError(thrown)
    const told = (): void => {
      learn(this.#execution, target, this, error)
      resolve({ error, attempt: this })
    }
    const counted = this.#breaker?.leave(this.#ticket, error)
    if (counted === undefined) told()
    else counted.then(told, told)
  }

  /** Nothing that comes now is heard. */
  #settle(): Ended | undefined {
    const resolve = this.#resolve
    if (resolve === undefined) return undefined
    this.#resolve = undefined
    this.#execution.frame.deadlines.remove(this)
    if (this.#stopReason === undefined) this.#execution.interruptWith(undefined)
    this.#free?.()
    return resolve
  }

  #stop(reason: TuttiError): void {
    this.#stopReason = reason
    this.#execution.interruptWith(undefined)
    // First the call, then whatever follows from its end: nobody calls again while it goes on.
    this.#controller?.abort(reason)
    this.#fail(reason)
  }
}

/** Hears once how a call ended. */
export type Ended = (ended: Outcome | FailedAttempt) => void

function timeoutOf(target: CallTarget, timeoutMs: number): TuttiError {
  return new TuttiError(
    'component_timeout',
    `"${target.label}" gave no answer within ${formatDuration(timeoutMs)}. Raise the step's timeout or executor.step_timeout, or ask why "${target.component.name}" is slow.`,
    { details: { timeout_ms: timeoutMs, sent: true } },
  )
}

/** What a failed attempt leaves to those who decide. */
export interface FailedAttempt {
  readonly error: TuttiError
  /** Absent when nobody could be called. */
  readonly attempt?: Attempt
  /** The instance whose breaker let nothing through. */
  readonly refusedBy?: string
}

/** What a call that has ended says of its component: how long it takes, how much at once it bears, when it may be asked again. */
function learn(execution: StepExecution, target: CallTarget, attempt: Attempt, error?: TuttiError): void {
  const { pool, durations } = target
  const { adaptive } = pool
  const { startedAt } = attempt
  const { pools, clock } = execution.frame
  if (error === undefined) {
    const { endedAt } = attempt
    durations.observe(endedAt - startedAt)
    if (adaptive === undefined || adaptive.isAtRest) return
    if (adaptive.succeed({ startedAt, endedAt, inUse: pool.inUse })) pools.update(pool)
    return
  }
  if (error.code !== 'cancelled') durations.observeFailure()
  if (adaptive?.fail(error, { startedAt, endedAt: clock.now() }) === true) pools.update(pool)
  const { retry_after_ms: pauseMs } = error.details
  if (typeof pauseMs === 'number' && error.retryable) pools.pause(pool, pauseMs)
}
