// From bound inputs to an outcome or a failure: filled, checked, called once. Failures are given, not thrown, with all that
// the ladder of recovery looks at.
import { type TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { JsonObject } from '../contracts/json.ts'
import type { Attempt, CallSpec } from './attempt.ts'
import { type BoundInputs, checkInputs, missingInput } from './bind.ts'
import { callOnce } from './call-once.ts'
import type { CallTarget } from './call-target.ts'
import type { CallParts } from './executor-parts.ts'
import type { Outcome } from './outcome.ts'
import type { CallMemory } from './pick-instance.ts'
import { fillInputs } from './recovery/fill.ts'
import type { StepExecution } from './step-execution.ts'

/** A call that failed, or that could not be made. */
export interface Failure {
  readonly error: TuttiError
  /** undefined: the catalog has none, or the step is of another kind. */
  readonly target: CallTarget | undefined
  readonly inputs: JsonObject
  readonly memory: CallMemory
  /** Absent when nothing was called. It is ended when it is known what follows. */
  readonly attempt?: Attempt
  /** The instance whose breaker let nothing through. */
  readonly refusedBy?: string
  /** A handler of its own ran the step: nothing can be called again, but a fallback may stand in. */
  readonly isForeign?: true
  /** Does the same once more, where that is no call of a component. */
  readonly again?: () => Promise<Outcome | Failure>
}

/** For a call of its own at the same target: nobody is avoided any more, but who is not meant still is not. */
export const freshMemory = ({ memory: { outside } }: Pick<Failure, 'memory'>): CallMemory =>
  outside === undefined ? { avoid: undefined } : { avoid: new Set(outside), outside }

export const notCalled = (thrown: unknown, target: CallTarget | undefined, inputs: JsonObject = {}): Failure => ({
  error: toTuttiError(thrown),
  target,
  inputs,
  memory: { avoid: undefined },
})

/** @param memory whom not to call */
export async function callBound(
  execution: StepExecution,
  target: CallTarget,
  bound: BoundInputs,
  parts: CallParts,
  memory: CallMemory = { avoid: undefined },
): Promise<Outcome | Failure> {
  let inputs = bound.inputs
  try {
    let { missing } = bound
    if (missing.length > 0) {
      const fill = { ask: parts.ask, isEnabled: parts.settings.recovery.fillEnabled }
      const filled = await fillInputs(execution, target, bound, fill)
      inputs = filled.inputs
      missing = filled.missing
    }
    if (missing.length > 0) throw missingInput(missing, target, execution.name)
    inputs = checkInputs(inputs, target, execution.compiled, execution.scope, execution)
  } catch (thrown) {
    return { ...notCalled(thrown, target, inputs), memory }
  }
  return await callChecked(execution, target, inputs, parts, memory)
}

export async function callChecked(
  execution: StepExecution,
  target: CallTarget,
  inputs: JsonObject,
  parts: CallParts,
  memory: CallMemory,
): Promise<Outcome | Failure> {
  if (target.capability.effect !== 'read') execution.isRead = false
  try {
    const called = await callOnce(execution, specOf(execution, target, inputs, parts), parts.breakers, memory)
    return 'error' in called ? { ...called, target, inputs, memory } : called
  } catch (thrown) {
    return { ...notCalled(thrown, target, inputs), memory }
  }
}

export function specOf(execution: StepExecution, target: CallTarget, inputs: JsonObject, parts: CallParts): CallSpec {
  const { step } = execution.compiled
  return {
    target,
    inputs,
    isIdempotent: step.idempotent ?? target.isIdempotent,
    timeoutMs:
      step.timeoutMs ??
      target.policy?.timeoutMs ??
      target.capability.timeoutMs ??
      parts.settings.executor.stepTimeoutMs,
  }
}
