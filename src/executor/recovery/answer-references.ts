// References in what a model answered: `{"$ref": "steps.geo.output.rows"}` stands for the whole value, which the model has seen
// as a digest only. They lead to what this step was shown, and nowhere else.
import { ABSENT, type Absent } from '../../contracts/compiled.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import { compilePath, formatPath, parsePath, readPath } from '../../plan/scope-path.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import { refOf } from '../../util/large-value.ts'
import type { StepExecution } from '../step-execution.ts'

const OWN_INPUTS = /^call\.(?=inputs\b)/

/**
 * The answer with whole values in it, by reference. `inputs`: those of the call, which the model was shown as `call.inputs`.
 * @throws TuttiError `invalid_input` for a reference to anything that the step does not depend on, or that is not there
 */
export function resolveReferences(answer: JsonValue, execution: StepExecution, inputs: JsonObject): JsonValue {
  const ref = refOf(answer)
  // A JSON Schema given as an input refers like this to places of its own.
  if (ref !== undefined && !ref.startsWith('#') && !ref.includes('://')) return resolve(ref, execution, inputs)
  if (isJsonList(answer)) return answer.map((item) => resolveReferences(item, execution, inputs))
  if (!isJsonObject(answer)) return answer
  return Object.fromEntries(
    Object.entries(answer).map(([key, item]) => [key, resolveReferences(item, execution, inputs)]),
  )
}

function resolve(text: string, execution: StepExecution, inputs: JsonObject): JsonValue {
  const value = read(text.trim(), execution, inputs)
  if (value !== ABSENT) return value
  const names = Object.keys(execution.sources()).map((name) => `"${formatPath('steps', [name, 'output'])}"`)
  throw new TuttiError(
    'invalid_input',
    `An answer for step "${execution.name}" refers to "${text.slice(0, 100)}", which is not there or not for this step. It may refer to ${[...names, '"inputs"', '"call.inputs"'].join(', ')}.`,
  )
}

function read(text: string, execution: StepExecution, inputs: JsonObject): JsonValue | Absent {
  const reference = parsePath(text.replace(OWN_INPUTS, ''))
  if (reference === undefined) return ABSENT
  const { root, name, path } = reference
  if (OWN_INPUTS.test(text)) return name === undefined ? inputs : readPath(inputs, [name, ...path])
  if (root === 'inputs') {
    return name === undefined || isSecret(name, execution) ? ABSENT : compilePath(reference)(execution.scope)
  }
  const isShown = root === 'steps' && name !== undefined && path[0] === 'output'
  return isShown && Object.hasOwn(execution.sources(), name) ? compilePath(reference)(execution.scope) : ABSENT
}

/** The plan decides where a secret goes; a model does not. */
const isSecret = (input: string, { run }: StepExecution): boolean =>
  [...run.secrets.keys()].some((name) => name === input || name.startsWith(`${input}.`))
