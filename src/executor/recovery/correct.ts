// Correction: after a failure that speaks of the inputs, the model computes others. Its budget is its own, whatever was
// repeated before, and what was tried once is never tried again.
import type { TuttiError } from '../../contracts/errors.ts'
import { backoffMs } from '../../resilience/retry.ts'
import { checkInputs, missingInput } from '../bind.ts'
import { callChecked, type Failure, freshMemory, notCalled } from '../call-bound.ts'
import type { CallTarget } from '../call-target.ts'
import { type Outcome, speaksOfInputs } from '../outcome.ts'
import type { Climb, Rung } from './climb.ts'
import { type Correction, isSame, reResolve } from './re-resolve.ts'

export const correct: Rung = {
  consider(climb) {
    const { target } = climb
    if (target === undefined) return []
    const why = whyNot(climb)
    return [
      {
        option: {
          way: 're-resolve',
          what: target.label,
          feasible: why === undefined,
          why: why ?? 'The failure speaks of the inputs; the model may know better ones.',
          cost: 'model-call',
          impact: 'inputs',
        },
        again: climb.correctionsLeft > 1,
        take: () => askAndCall(climb, target),
      },
    ]
  },
}

function whyNot(climb: Climb): string | undefined {
  const { error } = climb.failure
  const { recovery } = climb.parts.settings
  if (!speaksOfInputs(error)) return `"${error.code}" does not speak of the inputs.`
  if (!recovery.semanticEnabled || climb.policy.semantic === false) return 'Correction is switched off.'
  if (climb.repeat.strategy !== 'retry') return `The policy says "${climb.repeat.strategy}" for errors of this class.`
  if (climb.uncorrectable !== undefined) return climb.uncorrectable
  if (climb.correctionsLeft <= 0) return `The corrections are used up (${recovery.semanticAttempts}).`
  return climb.parts.ask.available('re-resolve') ? undefined : 'No model is there to be asked.'
}

/** Nothing was called with these inputs, so calling them unchanged is of no use. */
const isRefusedUncalled = (error: TuttiError): boolean =>
  error.code === 'invalid_input' || error.code === 'missing_input'

async function askAndCall(climb: Climb, target: CallTarget): Promise<Outcome | Failure | undefined> {
  const { execution, parts, failure } = climb
  climb.correctionsLeft--
  climb.tried.push({ inputs: failure.inputs, error: failure.error })
  const correction = await reResolve(execution, target, climb.tried, parts.ask)
  execution.throwIfStopped()
  if (correction === undefined) return giveUp(climb, 'The model knew no better inputs.')
  const { inputs, analysis, isChanged } = correction
  if (!isChanged && (climb.wasRepeatedUnchanged || isRefusedUncalled(failure.error)))
    return giveUp(climb, 'The model knew no other inputs.')
  execution.emit({
    type: 'step-repair',
    step: execution.name,
    way: 're-resolve',
    reason: failure.error.message,
    analysis,
    inputs,
  })
  return await tryCorrected(climb, target, correction)
}

async function tryCorrected(
  climb: Climb,
  target: CallTarget,
  { inputs: given, isChanged, fault }: Correction,
): Promise<Outcome | Failure | undefined> {
  const { execution, parts } = climb
  let inputs = given
  try {
    if (fault !== undefined) throw fault
    const missing = target.required.filter((name) => !Object.hasOwn(given, name))
    if (missing.length > 0) throw missingInput(missing, target, execution.name)
    inputs = checkInputs(given, target, execution.compiled, execution.scope, execution)
  } catch (thrown) {
    climb.changeInputs()
    return { ...notCalled(thrown, target, inputs), memory: freshMemory(climb.failure) }
  }
  if (isChanged) {
    // As the schema makes of them: another spelling of what was tried is no correction.
    if (climb.tried.some((earlier) => isSame(earlier.inputs, inputs)))
      return giveUp(climb, 'The correction gave inputs that had failed before.')
    execution.revision++
    climb.changeInputs()
  } else {
    climb.wasRepeatedUnchanged = true
    climb.changeInputs()
    await execution.pause(backoffMs(climb.repeat.backoff, climb.tried.length, parts.random))
  }
  return await callChecked(execution, target, inputs, parts, freshMemory(climb.failure))
}

function giveUp(climb: Climb, why: string): undefined {
  climb.uncorrectable = why
}
