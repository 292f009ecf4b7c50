// One call to one instance: its place among the calls to the component, the breaker, the time limit, its two events.
// It repeats nothing and decides nothing.
import type { Capability, Component, Instance } from '../contracts/capability.ts'
import { errorInfo, TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { JsonObject } from '../contracts/json.ts'
import type { InvokerCall, InvokerResult } from '../contracts/parts.ts'
import type { Breakers } from '../resilience/breaker.ts'
import { formatDuration } from '../util/duration.ts'
import type { CallTarget } from './call-target.ts'
import { type Outcome, readOutcome } from './outcome.ts'
import { breakerKeyOf, type CallMemory, pickInstance } from './pick-instance.ts'
import { callAmounts, reserveCall } from './step-budget.ts'
import type { StepExecution } from './step-execution.ts'

export interface CallSpec {
  readonly target: CallTarget
  readonly inputs: JsonObject
  /** Whether a lost answer may be followed by the same call. */
  readonly isIdempotent: boolean
  /** Bounds one call, ms. */
  readonly timeoutMs: number
}

export class Attempt implements InvokerCall {
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
  #reject: ((reason: TuttiError) => void) | undefined

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
    this.#execution.interruptWith((reason) => {
      this.end('cancelled', reason)
      this.#stop(reason)
    })
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

  /** The answer, or the end of its time, or the step's stop: whichever comes first. What comes later is dropped. */
  send(target: CallTarget, timeoutMs: number, now: number): Promise<InvokerResult> {
    const { deadlines } = this.#execution.frame
    return new Promise((resolve, reject) => {
      this.#execution.throwIfStopped()
      this.#reject = reject
      const deadline = deadlines.add(timeoutMs, now, () => this.#stop(timeoutOf(target, timeoutMs)))
      const settle = (): void => {
        deadlines.remove(deadline)
        if (this.#stopReason === undefined) this.#execution.interruptWith(undefined)
      }
      const fail = (error: unknown): void => {
        settle()
        reject(error)
      }
      this.wasSent = true
      try {
        target.invoker.invoke(this).then((result) => {
          settle()
          resolve(result)
        }, fail)
      } catch (thrown) {
        fail(thrown)
      }
    })
  }

  #stop(reason: TuttiError): void {
    this.#stopReason = reason
    this.#execution.interruptWith(undefined)
    this.#reject?.(reason)
    this.#controller?.abort(reason)
  }
}

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

/**
 * Calls one instance of the target, avoiding those that failed where there is another one.
 * @returns the outcome, or what went wrong; the caller then ends the attempt, when it knows what follows.
 */
export async function callOnce(
  execution: StepExecution,
  spec: CallSpec,
  breakers: Breakers,
  memory: CallMemory,
): Promise<Outcome | FailedAttempt> {
  const { target } = spec
  let attempt: Attempt | undefined
  let instance: Instance | undefined
  try {
    const waiting = execution.holdFor(target)
    if (waiting !== undefined) await waiting
    const { budget } = execution.run
    if (budget !== undefined && !reserveCall(execution, budget, target)) throw outOfBudget(execution, target)
    const picked = pickInstance(execution, target, breakers, memory)
    instance = picked
    const outcome = await breakers.of(breakerKeyOf(target, picked), target.component.name).run(() => {
      attempt = new Attempt(execution, spec, picked)
      // A call counts from its beginning: one that is stopped is paid for too.
      if (execution.reservation !== undefined) {
        execution.reservation.settle(callAmounts(target))
        execution.reservation = undefined
      }
      return perform(execution, spec, attempt)
    })
    if (attempt !== undefined) learn(execution, target, attempt)
    attempt?.end('succeeded')
    return outcome
  } catch (thrown) {
    const error = toTuttiError(thrown)
    if (attempt !== undefined) {
      learn(execution, target, attempt, error)
      return { error, attempt }
    }
    return instance === undefined ? { error } : { error, refusedBy: instance.id }
  }
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
  if (adaptive?.fail(error, { startedAt, endedAt: clock.now() }) === true) pools.update(pool)
  const { retry_after_ms: pauseMs } = error.details
  if (typeof pauseMs === 'number' && error.retryable) pools.pause(pool, pauseMs)
}

const outOfBudget = ({ name }: StepExecution, { label }: CallTarget): TuttiError =>
  new TuttiError(
    'budget_exceeded',
    `Step "${name}" may not call "${label}" any more: the budget of the run does not allow another call. Raise it, or mark other steps as optional.`,
    { details: { sent: false } },
  )

async function perform(execution: StepExecution, spec: CallSpec, attempt: Attempt): Promise<Outcome> {
  const { run, frame } = execution
  const ended = run.view.busy(attempt.instance)
  execution.isRateUsed = spec.target.pool.rate !== undefined
  try {
    attempt.begin()
    // What cannot be taken back is on disk before it is done.
    let now = attempt.startedAt
    if (!spec.isIdempotent && run.flush !== undefined) {
      await run.flush()
      now = frame.clock.now()
    }
    const result = await attempt.send(spec.target, spec.timeoutMs, now)
    attempt.endedAt = frame.clock.now()
    return readOutcome(result, spec.target.label, attempt.endedAt)
  } finally {
    ended()
  }
}
