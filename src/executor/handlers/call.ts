// A step that calls a capability: bound, checked, called. What fails climbs the ladder of recovery; what does not, pays
// nothing for it. Every layer of promises costs, so there are few.
import { TuttiError, toTuttiError } from '../../contracts/errors.ts'
import type { StepHandler } from '../../contracts/executor.ts'
import type { JsonObject } from '../../contracts/json.ts'
import { type BoundInputs, bindInputs, checkInputs, servesEveryRun } from '../bind.ts'
import { callBound, type Failure, notCalled, specOf } from '../call-bound.ts'
import { startOnce } from '../call-once.ts'
import type { CallTarget } from '../call-target.ts'
import type { CallParts } from '../executor-parts.ts'
import type { Outcome } from '../outcome.ts'
import type { CallMemory } from '../pick-instance.ts'
import { recover } from '../recovery/ladder.ts'
import type { StepExecution } from '../step-execution.ts'

/**
 * Runs the step and tells `frame.ends` how it ended: a success never before this returns. Steps whose inputs are literal and were
 * checked before go straight to the call.
 */
export function runCall(execution: StepExecution, parts: CallParts): void {
  const { compiled, run, plan } = execution
  try {
    const target = parts.targets.ofStep(plan, compiled, run.view)
    if (target === undefined)
      return follow(execution, recover(execution, notCalled(notInCatalog(execution), undefined), parts))
    const known = parts.targets.literalsOf(plan, compiled, run.view)
    if (known === undefined) runUnbound(execution, target, parts)
    else startCall(execution, target, known, parts)
  } catch (thrown) {
    follow(execution, Promise.reject(toTuttiError(thrown)))
  }
}

function follow(execution: StepExecution, ran: Promise<Outcome>): void {
  const { ends } = execution.frame
  ran.then(
    (outcome) => ends.succeeded(execution, outcome),
    (thrown: unknown) => ends.failed(execution, thrown),
  )
}

/**
 * A step of another kind: a model may be asked again, and for all of them a declared fallback stands in. Where neither can be,
 * the promise of the handler itself is returned.
 */
export function runOther(handler: StepHandler, execution: StepExecution, parts: CallParts): Ran {
  const { fallback, step } = execution.compiled
  const ran = handler.run(execution.compiled, execution)
  const isFinal = step.type !== 'ai-generate' && (fallback === undefined || fallback.length === 0)
  return isFinal ? ran : orRecovered(ran, handler, execution, parts)
}

type Ran = ReturnType<StepHandler['run']>

function orRecovered(ran: Ran, handler: StepHandler, execution: StepExecution, parts: CallParts): Ran {
  const again = (): Promise<Outcome | Failure> =>
    handler.run(execution.compiled, execution).then(({ output, response = output }) => ({ output, response }), failed)
  const failed = (thrown: unknown): Failure => ({
    ...notCalled(thrown, undefined),
    isForeign: true,
    ...(execution.compiled.step.type === 'ai-generate' && { again }),
  })
  return ran.catch((thrown: unknown) => recover(execution, failed(thrown), parts))
}

/** No promise between the answer and the end of the step: every layer of them costs. */
function startCall(execution: StepExecution, target: CallTarget, inputs: JsonObject, parts: CallParts): void {
  if (target.capability.effect !== 'read') execution.isRead = false
  const memory: CallMemory = { avoid: undefined }
  startOnce(execution, specOf(execution, target, inputs, parts), parts.breakers, memory, (called) => {
    if ('error' in called) return follow(execution, recover(execution, { ...called, target, inputs, memory }, parts))
    if (parts.escalations.isAny) parts.escalations.succeeded(target)
    execution.frame.ends.succeeded(execution, called)
  })
}

function runUnbound(execution: StepExecution, target: CallTarget, parts: CallParts): void {
  const { compiled, run, plan, scope } = execution
  let bound: BoundInputs
  let inputs: JsonObject = {}
  try {
    bound = bindInputs(compiled, scope, target)
    inputs = bound.inputs
    if (bound.missing.length === 0) inputs = checkInputs(inputs, target, compiled, scope, execution)
  } catch (thrown) {
    return follow(execution, recover(execution, notCalled(thrown, target, inputs), parts))
  }
  if (bound.missing.length > 0) return follow(execution, callFilled(execution, target, bound, parts))
  if (servesEveryRun(compiled, bound.inputs, inputs, target))
    parts.targets.keepLiterals(plan, compiled, run.view, inputs)
  startCall(execution, target, inputs, parts)
}

async function callFilled(
  execution: StepExecution,
  target: CallTarget,
  bound: BoundInputs,
  parts: CallParts,
): Promise<Outcome> {
  const called = await callBound(execution, target, bound, parts)
  if ('error' in called) return await recover(execution, called, parts)
  if (parts.escalations.isAny) parts.escalations.succeeded(target)
  return called
}

/** What the plan was made for has left the catalog, or moved. */
function notInCatalog({ compiled }: StepExecution): TuttiError {
  const { component, action, capability } = compiled.step
  const wanted =
    component === undefined ? (capability ?? '') : action === undefined ? component : `${component}/${action}`
  return new TuttiError(
    'component_unavailable',
    `Step "${compiled.name}" calls "${wanted}", which is not in the catalog (looked again after a refresh). Register it, or change the step.`,
    { retryable: false, details: { sent: false } },
  )
}
