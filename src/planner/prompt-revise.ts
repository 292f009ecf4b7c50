// What is said when the rest of a plan is to be written anew: the plan so far as the model's own words, and then how far it came,
// with what each step gave or why it failed. Outputs and errors are foreign text and stand between fences, cut to a budget.
import type { JsonValue } from '../contracts/json.ts'
import type { Message } from '../contracts/model.ts'
import type { ReviseAsk } from '../contracts/planner.ts'
import type { StepRecord } from '../contracts/run.ts'
import { documentToWire } from '../plan/document.ts'
import { digestAll } from '../util/digest.ts'
import { stringifyJson } from '../util/json.ts'
import { truncateText } from '../util/text.ts'
import { fenceStably } from './prompt.ts'
import { REVISE_NOTE, REVISE_RULES } from './prompts/revise.ts'

/** Of all outputs together. */
const MAX_OUTPUT_CHARS = 16_000
const MAX_ERROR_CHARS = 600
const MAX_REASON_CHARS = 600

/** Stands behind the request, as if the model had answered the plan so far. */
export function renderRevise({ document, steps, reason }: ReviseAsk): Message[] {
  const parts = [
    REVISE_NOTE,
    fenceStably('Why', truncateText(reason, MAX_REASON_CHARS)),
    fenceStably('How far it came', renderSteps(steps)),
    REVISE_RULES,
  ]
  return [
    { role: 'assistant', content: stringifyJson(documentToWire(document)) },
    { role: 'user', content: parts.join('\n\n') },
  ]
}

/** One block a step, in the order of the plan. */
function renderSteps(steps: readonly StepRecord[]): string {
  const withOutput = steps.filter(({ status, output }) => status === 'succeeded' && output !== undefined)
  const texts = digestAll(
    withOutput.map(({ output }): JsonValue => output ?? null),
    MAX_OUTPUT_CHARS,
  )
  const outputOf = new Map(withOutput.map(({ name }, i) => [name, texts[i] ?? '']))
  return steps.map((step) => renderStep(step, outputOf.get(step.name))).join('\n')
}

function renderStep({ name, status, skipReason, error, inputs }: StepRecord, output: string | undefined): string {
  const why = skipReason === undefined ? '' : ` (${skipReason})`
  const lines = [`- ${JSON.stringify(name)}: ${status === 'succeeded' ? 'finished' : status}${why}`]
  // The inputs as they were sent: a plan shows references only, and what failed must not be sent again.
  if (status === 'failed' && inputs !== undefined)
    lines.push(`  sent: ${truncateText(stringifyJson(inputs), MAX_ERROR_CHARS)}`)
  if (error !== undefined)
    lines.push(`  error: [${error.code}] ${truncateText(error.message.replace(/\s+/g, ' '), MAX_ERROR_CHARS)}`)
  if (output !== undefined) lines.push(`  output: ${output}`)
  return lines.join('\n')
}
