// A step that calls a capability. The order of recovery: bind, fill, call with retry, correct the inputs, fall back.
import { TuttiError, toTuttiError } from '../../contracts/errors.ts'
import type { JsonObject } from '../../contracts/json.ts'
import { backoffMs } from '../../resilience/retry.ts'
import { type CallSpec, callOnce } from '../attempt.ts'
import { type BoundInputs, bindInputs, checkInputs, hasOnlyLiterals, missingInput } from '../bind.ts'
import type { CallTarget } from '../call-target.ts'
import type { CallParts } from '../executor-parts.ts'
import { type Outcome, speaksOfInputs } from '../outcome.ts'
import type { CallMemory } from '../pick-instance.ts'
import { runEquivalent } from '../recovery/equivalent.ts'
import { runFallback } from '../recovery/fallback.ts'
import { fillInputs } from '../recovery/fill.ts'
import { callWithRetry, repeatCall, retryPolicy } from '../recovery/policy.ts'
import { isSame, reResolve } from '../recovery/re-resolve.ts'
import type { Tried } from '../recovery/re-resolve-prompt.ts'
import type { StepExecution } from '../step-execution.ts'

/** Rejects with a TuttiError when every way of recovery has failed. Every layer of promises costs, so there are few. */
export function runCall(execution: StepExecution, parts: CallParts): Promise<Outcome> {
  return orFallback(execution, callAsPlanned(execution, parts), parts)
}

/** What the step gave, or what its declared fallback gives instead. Without one the promise itself is returned. */
export function orFallback<T>(execution: StepExecution, ran: Promise<T>, parts: CallParts): Promise<T | Outcome> {
  const { fallback } = execution.compiled
  return fallback === undefined || fallback.length === 0 ? ran : withFallback(execution, ran, fallback, parts)
}

async function withFallback<T>(
  execution: StepExecution,
  ran: Promise<T>,
  fallback: NonNullable<StepExecution['compiled']['fallback']>,
  parts: CallParts,
): Promise<T | Outcome> {
  try {
    return await ran
  } catch (thrown) {
    execution.throwIfStopped()
    return await runFallback(execution, toTuttiError(thrown), fallback, {
      find: (asked) => parts.targets.find(asked, execution.run.view),
      call: (target, bound) => callBound(execution, target, bound, parts),
    })
  }
}

/** Steps whose inputs are literal and were checked before go straight to the call. */
function callAsPlanned(execution: StepExecution, parts: CallParts): Promise<Outcome> {
  const { compiled, run, plan } = execution
  const known = parts.targets.literalsOf(plan, compiled, run.view)
  const target = known === undefined ? undefined : parts.targets.ofStep(plan, compiled, run.view)
  return known === undefined || target === undefined
    ? callUnbound(execution, parts)
    : callChecked(execution, target, known, parts)
}

async function callUnbound(execution: StepExecution, parts: CallParts): Promise<Outcome> {
  const { compiled, run, plan, scope } = execution
  const target = parts.targets.ofStep(plan, compiled, run.view) ?? (await findAgain(execution, parts))
  const bound = bindInputs(compiled, scope, target)
  if (bound.missing.length > 0 || !hasOnlyLiterals(compiled)) return await callBound(execution, target, bound, parts)
  return await callBound(execution, target, bound, parts, (inputs) => {
    parts.targets.keepLiterals(plan, compiled, run.view, inputs)
  })
}

/** What the plan was made for may have left the catalog, or moved: the catalog is asked once more. */
async function findAgain(execution: StepExecution, { targets }: CallParts): Promise<CallTarget> {
  const { compiled, run, plan } = execution
  try {
    await run.view.refresh(execution.signal)
  } catch {
    execution.throwIfStopped()
  }
  const target = targets.ofStep(plan, compiled, run.view)
  if (target !== undefined) return target
  const { component, action, capability } = compiled.step
  const wanted =
    component === undefined ? (capability ?? '') : action === undefined ? component : `${component}/${action}`
  throw new TuttiError(
    'component_unavailable',
    `Step "${compiled.name}" calls "${wanted}", which is not in the catalog (looked again after a refresh). Register it, or change the step.`,
    { retryable: false, details: { sent: false } },
  )
}

/** From bound inputs to an outcome: filled, checked, then called. */
async function callBound(
  execution: StepExecution,
  target: CallTarget,
  bound: BoundInputs,
  parts: CallParts,
  onChecked?: (inputs: JsonObject) => void,
): Promise<Outcome> {
  const fill = { ask: parts.ask, isEnabled: parts.settings.recovery.fillEnabled }
  const { inputs, missing } = bound.missing.length === 0 ? bound : await fillInputs(execution, target, bound, fill)
  let checked: JsonObject
  try {
    if (missing.length > 0) throw missingInput(missing, target, execution.name)
    checked = checkInputs(inputs, target, execution.compiled, execution.scope)
  } catch (thrown) {
    return await correct(execution, target, { inputs, error: toTuttiError(thrown) }, parts)
  }
  onChecked?.(checked)
  return await callChecked(execution, target, checked, parts)
}

async function callChecked(
  execution: StepExecution,
  target: CallTarget,
  inputs: JsonObject,
  parts: CallParts,
): Promise<Outcome> {
  if (target.capability.effect !== 'read') execution.isRead = false
  try {
    const spec = specOf(execution, target, inputs, parts)
    const memory: CallMemory = { avoid: undefined }
    const first = await callOnce(execution, spec, parts.breakers, memory)
    return 'error' in first ? await repeatCall(execution, spec, { ...parts, memory, first }) : first
  } catch (thrown) {
    return await correct(execution, target, { inputs, error: toTuttiError(thrown) }, parts)
  }
}

/** Semantic re-resolution, with a budget of its own; after it whoever offers the same. */
async function correct(execution: StepExecution, target: CallTarget, first: Tried, parts: CallParts): Promise<Outcome> {
  const { recovery } = parts.settings
  const tried: Tried[] = [first]
  let { error } = first
  let wasRepeated = false
  for (let left = recovery.semanticAttempts; left > 0; left--) {
    execution.throwIfStopped()
    if (!recovery.semanticEnabled || !speaksOfInputs(error) || !parts.ask.available('re-resolve')) break
    const correction = await reResolve(execution, target, tried, parts.ask)
    execution.throwIfStopped()
    if (correction === undefined) break
    const { inputs, analysis, isChanged, fault } = correction
    if (!isChanged && (wasRepeated || isRefusedUncalled(error))) break
    execution.emit({
      type: 'step-repair',
      step: execution.name,
      way: 're-resolve',
      reason: error.message,
      analysis,
      inputs,
    })
    const next = await tryCorrected(execution, target, { inputs, isChanged, fault, tried, lastError: error }, parts)
    if ('output' in next) return next
    wasRepeated ||= !isChanged
    tried.push(next)
    error = next.error
    if (isChanged && tried.slice(0, -1).some((earlier) => isSame(earlier.inputs, next.inputs))) break
  }
  const { fallback } = execution.compiled
  if (parts.isStandIn === true || (fallback !== undefined && fallback.length > 0)) throw error
  return await runEquivalent(execution, error, target, {
    find: (asked) => parts.targets.find(asked, execution.run.view),
    call: (other, bound) => callBound(execution, other, bound, { ...parts, isStandIn: true }),
  })
}

/** Nothing was called with these inputs, so calling them unchanged is of no use. */
const isRefusedUncalled = (error: TuttiError): boolean =>
  error.code === 'invalid_input' || error.code === 'missing_input'

async function tryCorrected(
  execution: StepExecution,
  target: CallTarget,
  next: {
    readonly inputs: JsonObject
    readonly isChanged: boolean
    readonly fault: TuttiError | undefined
    readonly tried: readonly Tried[]
    readonly lastError: TuttiError
  },
  parts: CallParts,
): Promise<Outcome | Tried> {
  const { compiled, scope } = execution
  let { inputs } = next
  try {
    if (next.fault !== undefined) throw next.fault
    const missing = target.required.filter((name) => !Object.hasOwn(inputs, name))
    if (missing.length > 0) throw missingInput(missing, target, compiled.name)
    inputs = checkInputs(inputs, target, compiled, scope)
    if (next.isChanged) {
      // The schema made of it what was tried before: the loop ends with the error that is known.
      if (next.tried.some((earlier) => isSame(earlier.inputs, inputs))) return { inputs, error: next.lastError }
      execution.revision++
    } else {
      const { backoff } = retryPolicy(compiled.step.retry, parts.settings)
      await execution.sleep(backoffMs(backoff, next.tried.length, parts.random))
    }
    if (target.capability.effect !== 'read') execution.isRead = false
    return await callWithRetry(execution, specOf(execution, target, inputs, parts), parts)
  } catch (thrown) {
    return { inputs, error: toTuttiError(thrown) }
  }
}

function specOf(execution: StepExecution, target: CallTarget, inputs: JsonObject, parts: CallParts): CallSpec {
  const { step } = execution.compiled
  return {
    target,
    inputs,
    isIdempotent: step.idempotent ?? target.isIdempotent,
    timeoutMs: step.timeoutMs ?? target.capability.timeoutMs ?? parts.settings.executor.stepTimeoutMs,
  }
}
