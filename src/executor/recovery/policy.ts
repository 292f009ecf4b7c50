// Retry: the same call again, as long as that may help and may be done. Inputs are never changed here.
import type { Config } from '../../contracts/config.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { RetrySpec } from '../../contracts/plan.ts'
import { type BackoffPolicy, backoffMs } from '../../resilience/retry.ts'
import { type CallSpec, callOnce, type FailedAttempt } from '../attempt.ts'
import type { CallTarget, CallTargets } from '../call-target.ts'
import type { CallParts } from '../executor-parts.ts'
import type { Outcome } from '../outcome.ts'
import type { CallMemory } from '../pick-instance.ts'
import type { StepExecution } from '../step-execution.ts'

/** A component that asks for a longer pause than this is not waited for, unless the step has a deadline that allows it. */
const LONGEST_PAUSE_MS = 300_000

/** @throws TuttiError the last error, when repeating is of no use or not allowed */
export async function callWithRetry(execution: StepExecution, spec: CallSpec, parts: CallParts): Promise<Outcome> {
  const memory: CallMemory = { avoid: undefined }
  const first = await callOnce(execution, spec, parts.breakers, memory)
  return 'error' in first ? await repeatCall(execution, spec, { ...parts, memory, first }) : first
}

/** After a first call that failed. @throws TuttiError the last error, when repeating is of no use or not allowed */
export async function repeatCall(
  execution: StepExecution,
  firstSpec: CallSpec,
  parts: CallParts & { readonly memory: CallMemory; readonly first: FailedAttempt },
): Promise<Outcome> {
  const { settings, breakers, random, targets, memory } = parts
  const { maxAttempts, backoff } = retryPolicy(execution.compiled.step.retry, settings)
  let spec = firstSpec
  let failed = parts.first
  let mayRefresh = true
  let lastAnswer: TuttiError | undefined
  for (let calls = failed.attempt === undefined ? 0 : 1; ; ) {
    execution.throwIfStopped()
    const error = explain(execution, spec, failed, lastAnswer)
    if (failed.attempt !== undefined) lastAnswer = error
    const tried = failed.attempt?.instance.id ?? failed.refusedBy
    if (tried !== undefined) memory.avoid = (memory.avoid ?? new Set()).add(tried)
    let waitMs: number | undefined
    const isAlone = !hasAnother(execution, spec.target, memory)
    if (failed.refusedBy !== undefined && !isAlone) waitMs = 0
    if (mayRefresh && isAlone && isGone(error)) {
      mayRefresh = false
      const moved = await refresh(execution, spec.target, memory, targets)
      if (moved !== undefined) {
        spec = { ...spec, target: moved }
        waitMs = 0
      }
    }
    if (waitMs === undefined && failed.attempt !== undefined && error.retryable && calls < maxAttempts) {
      waitMs = pauseMs(execution, error, backoffMs(backoff, calls, random, retryAfterOf(error)))
    }
    failed.attempt?.end('failed', error, waitMs)
    if (waitMs === undefined) throw error
    if (waitMs > 0) await execution.sleep(waitMs)
    const next = await callOnce(execution, spec, breakers, memory)
    if (!('error' in next)) return next
    failed = next
    if (next.attempt !== undefined) calls++
  }
}

/** The step's own word, else the settings. */
export function retryPolicy(
  own: RetrySpec | undefined,
  { recovery }: Config,
): { readonly maxAttempts: number; readonly backoff: BackoffPolicy } {
  const initialWaitMs = own?.initialWaitMs ?? recovery.initialWaitMs
  return {
    maxAttempts: Math.max(1, own?.maxAttempts ?? recovery.maxAttempts),
    backoff: {
      initialWaitMs,
      factor: recovery.factor,
      // A step that asks for a long first wait means it, whatever the general limit says.
      maxWaitMs: own?.maxWaitMs ?? (recovery.maxWaitMs === 0 ? 0 : Math.max(recovery.maxWaitMs, initialWaitMs)),
      backoff: own?.backoff ?? 'exponential',
    },
  }
}

/** undefined: so long a pause is not made. */
function pauseMs(execution: StepExecution, error: TuttiError, waitMs: number): number | undefined {
  const remaining = execution.remainingMs()
  if (remaining !== Infinity) return waitMs < remaining ? waitMs : undefined
  return retryAfterOf(error) !== undefined && waitMs > LONGEST_PAUSE_MS ? undefined : waitMs
}

function retryAfterOf(error: TuttiError): number | undefined {
  const ms = error.details['retry_after_ms']
  return typeof ms === 'number' ? ms : undefined
}

/** The request went out, and no whole answer came back. */
function isLost(error: TuttiError, { attempt }: FailedAttempt): boolean {
  if (attempt === undefined || !attempt.wasSent || error.details['sent'] === false) return false
  const isSilent = error.code === 'component_timeout' || error.code === 'component_unavailable'
  // A good status whose body never came whole says no more than silence; a bad one is an answer.
  const { status } = error.details
  return isSilent && (typeof status !== 'number' || status < 400)
}

const isGone = (error: TuttiError): boolean => error.code === 'component_unavailable' && error.details['sent'] === false

/** The error as the step shows it: what could be repeated but must not be says how to allow it. */
function explain(
  execution: StepExecution,
  { target, isIdempotent }: CallSpec,
  failed: FailedAttempt,
  lastAnswer: TuttiError | undefined,
): TuttiError {
  const { error } = failed
  if (error.code === 'breaker_open' && lastAnswer !== undefined) {
    return new TuttiError('breaker_open', `${error.message} The last failure: ${lastAnswer.message}`, {
      details: { ...error.details, last_error: lastAnswer.code },
      cause: lastAnswer,
    })
  }
  if (isIdempotent || !isLost(error, failed)) return error
  return new TuttiError(
    'outcome_unknown',
    `${error.message} The request had been sent, so "${target.label}" may have taken effect, and it is not repeated. If repeating it is harmless, declare "idempotent: true" on step "${execution.name}" or on the capability.`,
    { details: { ...error.details, sent: true, reason: error.code }, cause: error },
  )
}

function hasAnother(execution: StepExecution, target: CallTarget, { avoid }: CallMemory): boolean {
  if (avoid === undefined) return false
  const other = execution.run.view.pick(target.component.name, { avoid })
  return other !== undefined && !avoid.has(other.id)
}

/** Looks for a component where it is now. @returns its target when there is an instance that was not tried */
async function refresh(
  execution: StepExecution,
  target: CallTarget,
  memory: CallMemory,
  targets: CallTargets,
): Promise<CallTarget | undefined> {
  try {
    await execution.run.view.refresh(execution.signal)
  } catch {
    // The error of the call says more than that of the refresh.
    return undefined
  }
  execution.throwIfStopped()
  const moved = targets.find({ component: target.component.name, action: target.capability.name }, execution.run.view)
  if (moved === undefined || !hasAnother(execution, moved, { avoid: memory.avoid ?? new Set() })) return undefined
  execution.emit({
    type: 'step-repair',
    step: execution.name,
    way: 'refresh',
    reason: `"${target.component.name}" could not be reached where it was; the refreshed catalog knows another instance.`,
  })
  return moved
}
