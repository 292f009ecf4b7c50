// Retry: the same call again, at another instance or later, as long as that may help and may be done. Inputs never change here.
import type { TuttiError } from '../../contracts/errors.ts'
import { backoffMs } from '../../resilience/retry.ts'
import { formatDuration } from '../../util/duration.ts'
import { callChecked, type Failure } from '../call-bound.ts'
import type { CallTarget } from '../call-target.ts'
import type { StepExecution } from '../step-execution.ts'
import type { Climb, Rung, Way } from './climb.ts'
import { hasAnother, retryAfterOf } from './lost.ts'

/** A component that asks for a longer pause than this is not waited for, unless the step has a deadline that allows it. */
const LONGEST_PAUSE_MS = 300_000

export const retry: Rung = {
  consider(climb) {
    const { execution, failure, parts, target } = climb
    if (failure.again !== undefined) return [askAgain(climb, failure.again)]
    if (target === undefined) return []
    const isElsewhere = hasAnother(execution, target, failure)
    const { maxAttempts, backoff } = climb.repeat
    // A breaker that refuses costs nothing, and nothing was called: another instance is asked at once.
    const isFree = failure.refusedBy !== undefined && isElsewhere
    const waitMs = isFree ? 0 : backoffMs(backoff, Math.max(1, climb.calls), parts.random, retryAfterOf(failure.error))
    const obstacle = (isFree ? undefined : whyNot(climb)) ?? tooLong(execution, failure.error, waitMs)
    const place = isElsewhere ? 'another instance' : 'the same call'
    const option = { way: 'retry', what: place, cost: 'call', impact: 'none' } as const
    return [
      obstacle === undefined
        ? {
            option: { ...option, feasible: true, why: whyAgain(climb, maxAttempts, isFree), waitMs },
            again: climb.calls + 1 < maxAttempts,
            take: () => repeat(climb, target, waitMs),
          }
        : { option: { ...option, feasible: false, why: obstacle }, take: () => Promise.resolve(undefined) },
    ]
  },
}

/** The vendor's own hiccups are smoothed out where the model is called; asking again as a whole is what the step must want. */
function askAgain(climb: Climb, again: NonNullable<Failure['again']>): Way {
  const { execution, failure, parts, calls } = climb
  const { maxAttempts, backoff } = climb.repeat
  const waitMs = backoffMs(backoff, Math.max(1, calls), parts.random)
  const obstacle = whyNotAsk(climb, maxAttempts) ?? tooLong(execution, failure.error, waitMs)
  const option = { way: 'retry', what: 'the same question', cost: 'model-call', impact: 'none' } as const
  return {
    option:
      obstacle === undefined
        ? { ...option, feasible: true, why: whyAgain(climb, maxAttempts, false), waitMs }
        : { ...option, feasible: false, why: obstacle },
    again: calls + 1 < maxAttempts,
    async take() {
      if (waitMs > 0) await execution.pause(waitMs)
      return await again()
    },
  }
}

function whyNotAsk({ calls, execution, failure: { error } }: Climb, maxAttempts: number): string | undefined {
  const mayPass = error.retryable || error.code === 'model_output_invalid'
  if (!mayPass) return `The same question would end the same way (${error.code}).`
  if (execution.compiled.step.retry === undefined) return 'The step declares no "retry" of its own.'
  return calls < maxAttempts ? undefined : `The calls are used up: ${calls} of ${maxAttempts}.`
}

async function repeat(climb: Climb, target: CallTarget, waitMs: number): ReturnType<typeof callChecked> {
  const { execution, failure, parts } = climb
  if (waitMs > 0) await execution.pause(waitMs)
  return await callChecked(execution, target, failure.inputs, parts, failure.memory)
}

function whyNot(climb: Climb): string | undefined {
  const { failure, calls } = climb
  const { code } = failure.error
  const { maxAttempts, strategy } = climb.repeat
  if (strategy !== 'retry') return `The policy says "${strategy}" for errors of this class.`
  if (failure.refusedBy !== undefined) return 'The circuit breaker is open, and there is no other instance.'
  if (failure.attempt === undefined && code !== 'queue_full') return 'Nothing could be called.'
  if (code === 'outcome_unknown') return 'The call may have taken effect, and the step is not idempotent.'
  if (!failure.error.retryable) return `The same call would end the same way (${code}).`
  return calls < maxAttempts ? undefined : `The calls are used up: ${calls} of ${maxAttempts}.`
}

const whyAgain = ({ calls, failure }: Climb, maxAttempts: number, isFree: boolean): string =>
  isFree
    ? 'The circuit breaker of one instance is open; another one is there.'
    : `"${failure.error.code}" may pass: ${calls} of ${maxAttempts} calls were made.`

/** Why so long a pause is not made. */
function tooLong(execution: StepExecution, error: TuttiError, waitMs: number): string | undefined {
  const remaining = execution.remainingMs()
  if (remaining !== Infinity) {
    return waitMs < remaining
      ? undefined
      : `A pause of ${formatDuration(waitMs)} is longer than the deadline of the step allows.`
  }
  return retryAfterOf(error) !== undefined && waitMs > LONGEST_PAUSE_MS
    ? `The component asks for a pause of ${formatDuration(waitMs)}, which is not waited for without a deadline that allows it.`
    : undefined
}
