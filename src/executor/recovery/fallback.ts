// The fallbacks that a step declares, tried in order when everything else has failed.
import { ABSENT, type CompiledStep } from '../../contracts/compiled.ts'
import { TuttiError, toTuttiError } from '../../contracts/errors.ts'
import { isJsonObject } from '../../util/json.ts'
import { type BoundInputs, bindInputs, missingOf } from '../bind.ts'
import type { CallTarget, TargetAsk } from '../call-target.ts'
import type { Outcome } from '../outcome.ts'
import type { StepExecution } from '../step-execution.ts'

type Fallback = NonNullable<CompiledStep['fallback']>[number]

export interface FallbackParts {
  readonly find: (asked: TargetAsk) => CallTarget | undefined
  readonly call: (target: CallTarget, bound: BoundInputs) => Promise<Outcome>
}

/** @throws TuttiError with the code of `error`, when every fallback failed as well */
export async function runFallback(
  execution: StepExecution,
  error: TuttiError,
  fallbacks: readonly Fallback[],
  parts: FallbackParts,
): Promise<Outcome> {
  const failures: string[] = []
  for (const fallback of fallbacks) {
    try {
      return await tryOne(execution, error, fallback, parts)
    } catch (thrown) {
      execution.throwIfStopped()
      failures.push(toTuttiError(thrown).message)
    }
  }
  throw new TuttiError(error.code, `${error.message} Its fallback failed as well: ${failures.join(' ')}`, {
    retryable: error.retryable,
    details: error.details,
    cause: error,
  })
}

async function tryOne(
  execution: StepExecution,
  error: TuttiError,
  fallback: Fallback,
  { find, call }: FallbackParts,
): Promise<Outcome> {
  const { scope, compiled, name } = execution
  if ('value' in fallback) {
    const value = fallback.value.evaluate(scope)
    if (value === ABSENT) {
      throw new TuttiError(
        'binding_failed',
        `The fallback value of step "${name}" refers to something that is not there.`,
      )
    }
    execution.emit({
      type: 'step-repair',
      step: name,
      way: 'fallback',
      reason: `${error.message} The declared value stands in.`,
    })
    return { output: value, response: value }
  }
  const wanted = fallback.action === undefined ? fallback.component : `${fallback.component}/${fallback.action}`
  const target = find(fallback)
  if (target === undefined) {
    throw new TuttiError('component_unavailable', `The fallback "${wanted}" of step "${name}" is not in the catalog.`)
  }
  const bound =
    fallback.inputs === undefined
      ? bindInputs(compiled, scope, target)
      : bindFallback(execution, fallback.inputs, target)
  execution.revision++
  execution.emit({
    type: 'step-repair',
    step: name,
    way: 'fallback',
    reason: `${error.message} "${target.label}" stands in.`,
    inputs: bound.inputs,
  })
  return await call(target, bound)
}

function bindFallback(
  execution: StepExecution,
  inputs: Extract<Fallback, { component: string }>['inputs'] & object,
  target: CallTarget,
): BoundInputs {
  const value = inputs.evaluate(execution.scope)
  if (value === ABSENT || !isJsonObject(value)) {
    throw new TuttiError('invalid_input', `The inputs of the fallback of step "${execution.name}" must be an object.`)
  }
  return { inputs: value, missing: missingOf(value, target) }
}
