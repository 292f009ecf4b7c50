// A required input that is not there: its path was nearly right, or an output has its very name, else the model is asked.
// Optional inputs are never guessed, and what the plan gave is never overwritten.
import { FENCE_RULE } from '../../asking/fence.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import type { AskModel } from '../../contracts/parts.ts'
import { isJsonObject } from '../../util/json.ts'
import { type BoundInputs, missingOf } from '../bind.ts'
import type { CallTarget } from '../call-target.ts'
import { findNearPath } from '../near-path.ts'
import type { StepExecution } from '../step-execution.ts'
import { resolveReferences } from './answer-references.ts'
import { describeStep, fenceInputs, holdsReference, REFERENCE_RULE, restoreSecrets } from './evidence.ts'

export interface FillParts {
  readonly ask: AskModel
  readonly isEnabled: boolean
}

const SYSTEM = `You find values for inputs that a call to a tool still needs. Take them from the user's request or from what earlier steps gave; compute or convert where that is needed. Answer with one JSON object that has exactly the missing inputs as keys. Leave out an input that nothing tells; never invent one. ${REFERENCE_RULE} ${FENCE_RULE}`

/** @returns the inputs with what was found; some may still be missing */
export async function fillInputs(
  execution: StepExecution,
  target: CallTarget,
  bound: BoundInputs,
  { ask, isEnabled }: FillParts,
): Promise<BoundInputs> {
  const near = fromNearPaths(execution, target, bound)
  const unknown = missingOf(near, target)
  if (unknown.length === 0) return { inputs: near, missing: unknown }
  let inputs = merge(near, fromOutputs(execution.sources(), unknown, target))
  let reason = 'Taken from the outputs of earlier steps by name.'
  let missing = missingOf(inputs, target)
  if (missing.length > 0 && isEnabled && ask.available('fill')) {
    const found = await askForInputs(execution, target, { inputs, missing }, ask)
    inputs = merge(inputs, found)
    if (Object.keys(found).length > 0) reason = 'The model took what was missing from the request and earlier outputs.'
    missing = missingOf(inputs, target)
  }
  const filled = unknown.filter((name) => Object.hasOwn(inputs, name))
  if (filled.length > 0) {
    execution.emit({ type: 'step-repair', step: execution.name, way: 'fill', reason, inputs: pick(inputs, filled) })
  }
  return { inputs, missing }
}

/** Each required input whose path is nearly right, with what stands at the right one; each is told. */
function fromNearPaths(execution: StepExecution, target: CallTarget, { inputs, missing }: BoundInputs): JsonObject {
  let found = inputs
  for (const name of missing) {
    const source = execution.compiled.inputs?.find((input) => input.name === name)?.value
    const near = source === undefined ? undefined : findNearPath(source, execution.scope)
    if (near === undefined || !fits(name, near.value, target)) continue
    found = { ...found, [name]: near.value }
    execution.emit({
      type: 'step-repair',
      step: execution.name,
      way: 'coerce',
      reason: `Input "${name}" refers to "${near.written}", which is not there; "${near.found}" is, and was taken.`,
      inputs: pick(found, [name]),
    })
  }
  return found
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
    fenceInputs('inputs so far', inputs, execution),
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
      ...(execution.run.budget !== undefined && { budget: execution.run.budget }),
    })
    if (!isJsonObject(answer)) return {}
    const wanted = withoutReferences(pick(answer, missing))
    const given = restoreSecrets(wanted, execution.run.secrets)
    return isJsonObject(given) ? resolveEach(given, execution, inputs) : {}
  } catch {
    execution.throwIfStopped()
    return {}
  }
}

/** A value that refers to what this step may not have is no value; the others stay. */
function resolveEach(given: JsonObject, execution: StepExecution, inputs: JsonObject): JsonObject {
  const found: [string, JsonValue][] = []
  for (const [name, value] of Object.entries(given)) {
    try {
      found.push([name, resolveReferences(value, execution, inputs)])
    } catch {
      // It stays missing, which is what the step then says.
    }
  }
  return Object.fromEntries(found)
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
