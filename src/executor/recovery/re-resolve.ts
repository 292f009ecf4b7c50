// Semantic re-resolution: after a failure that speaks of the inputs, the model computes other ones from the user's request
// and what earlier steps gave. Only this step's inputs change; they pass the schema before anything is called.
import { TuttiError, toTuttiError } from '../../contracts/errors.ts'
import type { JsonObject } from '../../contracts/json.ts'
import type { AskModel } from '../../contracts/parts.ts'
import { isJsonObject, stringifyJson } from '../../util/json.ts'
import { truncateText } from '../../util/text.ts'
import type { CallTarget } from '../call-target.ts'
import type { StepExecution } from '../step-execution.ts'
import { resolveReferences } from './answer-references.ts'
import { holdsReference, restoreSecrets } from './evidence.ts'
import { RE_RESOLVE_SYSTEM, reResolveQuestion, type Tried } from './re-resolve-prompt.ts'

export interface Correction {
  readonly analysis: string
  /** The inputs to try, merged over those tried last. */
  readonly inputs: JsonObject
  /** False: the same call may work a moment later. */
  readonly isChanged: boolean
  /** Why these inputs must not be called. */
  readonly fault?: TuttiError
}

/** @returns undefined when the model knows no better inputs, or cannot be asked: the error of the call then stands */
export async function reResolve(
  execution: StepExecution,
  target: CallTarget,
  tried: readonly Tried[],
  ask: AskModel,
): Promise<Correction | undefined> {
  const last = tried.at(-1)
  if (last === undefined) return undefined
  const answer = await askForCorrection(execution, target, tried, ask)
  if (answer === undefined || answer['should_retry'] !== true) return undefined
  const corrected = answer['corrected_parameters']
  const { given, fault } = isJsonObject(corrected) ? readCorrection(corrected, last, execution, target) : UNCHANGED
  // What the model does not name stays as it was, whole: also what it has only seen a digest of.
  const inputs = knownOnly({ ...last.inputs, ...given }, last.inputs, target)
  const analysis = answer['analysis']
  return {
    analysis: typeof analysis === 'string' ? truncateText(analysis, 1_000) : '',
    inputs,
    isChanged: fault !== undefined || !isSame(inputs, last.inputs),
    ...(fault !== undefined && { fault }),
  }
}

interface Read {
  readonly given: JsonObject
  readonly fault?: TuttiError
}

const UNCHANGED: Read = { given: {} }

/** A correction with a fault gives nothing: what it held must not be merged into the next one. */
function readCorrection(corrected: JsonObject, last: Tried, execution: StepExecution, target: CallTarget): Read {
  if (holdsReference(corrected)) return { given: {}, fault: unresolved(target) }
  try {
    const whole = resolveReferences(restoreSecrets(corrected, execution.run.secrets), execution, last.inputs)
    return { given: isJsonObject(whole) ? whole : {} }
  } catch (thrown) {
    return { given: {}, fault: toTuttiError(thrown) }
  }
}

/** Models like to add keys; those that a closed schema does not know are left out, so that the correction still counts. */
function knownOnly(inputs: JsonObject, before: JsonObject, { schema }: CallTarget): JsonObject {
  const unknown = new Set(
    schema
      .coerce(inputs)
      .issues.flatMap(({ keyword, pointer }) => (keyword === 'additionalProperties' ? [pointer.slice(1)] : [])),
  )
  if (unknown.size === 0) return inputs
  return Object.fromEntries(
    Object.entries(inputs).filter(([name]) => !unknown.has(name) || Object.hasOwn(before, name)),
  )
}

const unresolved = ({ label }: CallTarget): TuttiError =>
  new TuttiError(
    'invalid_input',
    `The corrected inputs of "${label}" hold a reference, which nobody resolves any more. Give the values themselves.`,
  )

/** Off the step path, so JSON text may compare. */
export const isSame = (a: JsonObject, b: JsonObject): boolean => stringifyJson(a) === stringifyJson(b)

async function askForCorrection(
  execution: StepExecution,
  target: CallTarget,
  tried: readonly Tried[],
  ask: AskModel,
): Promise<JsonObject | undefined> {
  try {
    const answer = await ask.json({
      purpose: 're-resolve',
      system: RE_RESOLVE_SYSTEM,
      messages: [{ role: 'user', content: reResolveQuestion(execution, target, tried) }],
      // No strict schema: it would make a model repeat or null every input. What comes passes the capability's schema.
      json: true,
      runId: execution.run.runId,
      step: execution.name,
      signal: execution.signal,
      emit: execution.run.emit,
      ...(execution.run.budget !== undefined && { budget: execution.run.budget }),
    })
    return isJsonObject(answer) ? answer : undefined
  } catch {
    execution.throwIfStopped()
    return undefined
  }
}
