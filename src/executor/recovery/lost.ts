// What a failed call says about the world: whether it may have taken effect, whether the component is gone.
import { TuttiError } from '../../contracts/errors.ts'
import type { Failure } from '../call-bound.ts'
import type { CallTarget } from '../call-target.ts'
import type { StepExecution } from '../step-execution.ts'

/** The request went out, and no whole answer came back. */
export function isLost({ error, attempt }: Pick<Failure, 'error' | 'attempt'>): boolean {
  if (attempt === undefined || !attempt.wasSent || error.details['sent'] === false) return false
  const isSilent = error.code === 'component_timeout' || error.code === 'component_unavailable'
  // A good status whose body never came whole says no more than silence; a bad one is an answer.
  const { status } = error.details
  return isSilent && (typeof status !== 'number' || status < 400)
}

/** Nobody was there to take the request. */
export const isGone = (error: TuttiError): boolean =>
  error.code === 'component_unavailable' && error.details['sent'] === false

/** The pause that the other side asked for, ms. */
export function retryAfterOf(error: TuttiError): number | undefined {
  const ms = error.details['retry_after_ms']
  return typeof ms === 'number' ? ms : undefined
}

/** Whether there is an instance that was not tried. */
export function hasAnother(
  execution: StepExecution,
  target: CallTarget,
  { memory: { avoid } }: Pick<Failure, 'memory'>,
): boolean {
  if (avoid === undefined) return false
  const other = execution.run.view.pick(target.component.name, { avoid })
  return other !== undefined && !avoid.has(other.id)
}

/** The error as the step shows it: what could be repeated but must not be says how to allow it. */
export function explain(
  execution: StepExecution,
  target: CallTarget,
  failure: Failure,
  lastAnswer: TuttiError | undefined,
): TuttiError {
  const { error } = failure
  if (error.code === 'breaker_open' && lastAnswer !== undefined) {
    return new TuttiError('breaker_open', `${error.message} The last failure: ${lastAnswer.message}`, {
      details: { ...error.details, last_error: lastAnswer.code },
      cause: lastAnswer,
    })
  }
  if ((execution.compiled.step.idempotent ?? target.isIdempotent) || !isLost(failure)) return error
  return new TuttiError(
    'outcome_unknown',
    `${error.message} The request had been sent, so "${target.label}" may have taken effect, and it is not repeated. If repeating it is harmless, declare "idempotent: true" on step "${execution.name}" or on the capability.`,
    { details: { ...error.details, sent: true, reason: error.code }, cause: error },
  )
}
