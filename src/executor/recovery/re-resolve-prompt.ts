// The question that is asked when a call failed because of its inputs.
import { FENCE_RULE } from '../../asking/fence.ts'
import { errorInfo, type TuttiError } from '../../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import type { CallTarget } from '../call-target.ts'
import type { StepExecution } from '../step-execution.ts'
import { describeStep, fenceInputs, fenceJson, REFERENCE_RULE } from './evidence.ts'

/** One way the call was tried, and what came back. */
export interface Tried {
  readonly inputs: JsonObject
  readonly error: TuttiError
}

export const RE_RESOLVE_SYSTEM = `A call to a tool failed, and the failure speaks of its inputs. Find inputs that serve the user's request and that the tool accepts: compute what has to be computed (an amount from a quantity and a price), choose the item that the request means, use the codes and formats that the schema or the error asks for.
Answer with one JSON object: {"should_retry": boolean, "analysis": "what was wrong, in a sentence", "corrected_parameters": {only the inputs that change, with their new values}}.
Take values from the request, from the outputs of earlier steps, or from what is generally known; never make up facts. If no inputs can help, answer should_retry false and say why. If the same inputs may work a moment later, answer should_retry true with empty corrected_parameters. ${REFERENCE_RULE} ${FENCE_RULE}`

/** Characters for the inputs of the last try and for what came back; earlier tries are shown shorter. */
const LAST_TRY_BUDGET = 8_000
const EARLIER_TRY_BUDGET = 1_000

export function reResolveQuestion(execution: StepExecution, target: CallTarget, tried: readonly Tried[]): string {
  const history = tried.map(({ inputs, error }, i) => {
    const budget = i === tried.length - 1 ? LAST_TRY_BUDGET : EARLIER_TRY_BUDGET
    return [
      `Try ${i + 1}:`,
      fenceInputs('inputs', inputs, execution, budget),
      fenceJson('what came back', errorAsJson(error), execution, budget),
    ].join('\n\n')
  })
  return [describeStep(execution, target), 'What was tried, in order:', ...history].join('\n\n')
}

function errorAsJson(error: TuttiError): JsonValue {
  const { code, message, details = {} } = errorInfo(error)
  const facts = Object.entries(details).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined)
  return { code, message, ...Object.fromEntries(facts) }
}
