// A required input that the plan left out: taken from an output of the same name, else asked of the model. Optional inputs
// are never guessed, and what the plan gave is never overwritten.
import { FENCE_RULE } from '../../asking/fence.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import type { AskModel } from '../../contracts/parts.ts'
import { isJsonObject } from '../../util/json.ts'
import { type BoundInputs, missingOf } from '../bind.ts'
import type { CallTarget } from '../call-target.ts'
import type { StepExecution } from '../step-execution.ts'
import { describeStep, fenceJson, holdsReference, restoreSecrets } from './evidence.ts'

export interface FillParts {
  readonly ask: AskModel
  readonly isEnabled: boolean
}

const SYSTEM = `You find values for inputs that a call to a tool still needs. Take them from the user's request or from what earlier steps gave; compute or convert where that is needed. Answer with one JSON object that has exactly the missing inputs as keys. Leave out an input that nothing tells; never invent one. ${FENCE_RULE}`

/** @returns the inputs with what was found; some may still be missing */
export async function fillInputs(
  execution: StepExecution,
  target: CallTarget,
  bound: BoundInputs,
  { ask, isEnabled }: FillParts,
): Promise<BoundInputs> {
  const named = fromOutputs(execution.sources(), bound.missing, target)
  let inputs = merge(bound.inputs, named)
  let reason = 'Taken from the outputs of earlier steps by name.'
  let missing = missingOf(inputs, target)
  if (missing.length > 0 && isEnabled && ask.available('fill')) {
    const found = await askForInputs(execution, target, { inputs, missing }, ask)
    inputs = merge(inputs, found)
    if (Object.keys(found).length > 0) reason = 'The model took what was missing from the request and earlier outputs.'
    missing = missingOf(inputs, target)
  }
  const filled = bound.missing.filter((name) => Object.hasOwn(inputs, name))
  if (filled.length > 0) {
    execution.emit({ type: 'step-repair', step: execution.name, way: 'fill', reason, inputs: pick(inputs, filled) })
  }
  return { inputs, missing }
}

/** Outputs that have the input's very name, where exactly one step has it and the value fits. */
function fromOutputs(sources: JsonObject, missing: readonly string[], target: CallTarget): JsonObject {
  const found: [string, JsonValue][] = []
  for (const name of missing) {
    const values: JsonValue[] = []
    for (const output of Object.values(sources)) {
      const value = isJsonObject(output) && Object.hasOwn(output, name) ? output[name] : undefined
      if (value !== undefined) values.push(value)
    }
    const [value] = values
    if (value !== undefined && values.length === 1 && fits(name, value, target)) found.push([name, value])
  }
  return Object.fromEntries(found)
}

function fits(name: string, value: JsonValue, target: CallTarget): boolean {
  const { issues } = target.schema.coerce({ [name]: value })
  return !issues.some(({ pointer, keyword }) => keyword !== 'required' && pointer.split('/')[1] === name)
}

/** A question that fails leaves the inputs missing: that is what the step then says. */
async function askForInputs(
  execution: StepExecution,
  target: CallTarget,
  { inputs, missing }: BoundInputs,
  ask: AskModel,
): Promise<JsonObject> {
  const question = [
    describeStep(execution, target),
    fenceJson('inputs so far', inputs, execution),
    `Missing inputs: ${missing.join(', ')}`,
  ]
  try {
    const answer = await ask.json({
      purpose: 'fill',
      system: SYSTEM,
      messages: [{ role: 'user', content: question.join('\n\n') }],
      json: true,
      runId: execution.run.runId,
      step: execution.name,
      signal: execution.signal,
      emit: execution.run.emit,
    })
    if (!isJsonObject(answer)) return {}
    const wanted = withoutReferences(pick(answer, missing))
    const given = restoreSecrets(wanted, execution.run.secrets)
    return isJsonObject(given) ? given : {}
  } catch {
    execution.throwIfStopped()
    return {}
  }
}

function pick(from: JsonObject, names: readonly string[]): JsonObject {
  const entries: [string, JsonValue][] = []
  for (const name of names) {
    const value = Object.hasOwn(from, name) ? from[name] : undefined
    if (value !== undefined) entries.push([name, value])
  }
  return Object.fromEntries(entries)
}

const withoutReferences = (values: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => !holdsReference(value)))

const merge = (inputs: JsonObject, more: JsonObject): JsonObject => ({ ...more, ...inputs })
