// From a model's answer to something that may be a plan: lenient about everything around the document, never about its strings.
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { Issue } from '../contracts/plan.ts'
import { createIssue } from '../plan/issue.ts'
import { isJsonList, isJsonObject } from '../util/json.ts'
import { parseLenientJson } from '../util/lenient-json.ts'
import { truncateText } from '../util/text.ts'
import { INPUT_KEYS, stepsFromCalls, stepsFromText } from './import-calls.ts'

export type ParsedPlan =
  | { readonly value: JsonObject; readonly issue?: never }
  | { readonly issue: Issue; readonly value?: never }

const NO_STEPS_REASON = 'Nothing that is offered can serve this request.'

/** A plan that broke off is refused as a whole: what is left of it may look complete and mean something else. */
export function parsePlan(answer: string): ParsedPlan {
  if (answer.trim() === '') return { issue: syntaxIssue('The answer is empty. Answer with one JSON object.') }
  const tagged = stepsFromText(answer)
  if (tagged !== undefined) return { value: { steps: tagged } }
  const parsed = parseLenientJson(answer)
  if (parsed === undefined) {
    return {
      issue: syntaxIssue(
        `The answer holds no JSON. It begins: "${truncateText(answer.trim(), 80)}". Answer with one JSON object.`,
      ),
    }
  }
  if (parsed.truncated === true) {
    return {
      issue: syntaxIssue(
        'The answer broke off before the plan was complete. Answer with the whole plan, with fewer steps if it is too long.',
      ),
    }
  }
  const value = unwrapPlan(parsed.value)
  if (value === undefined) {
    return { issue: syntaxIssue('The answer is not a plan. Answer with one JSON object that has "steps", a list.') }
  }
  return { value: withReason(withoutRemarks(value)) }
}

/** A plan that was written as YAML, alone or in a fence; undefined where no line begins its list of steps. */
export function yamlPlanIn(answer: string): string | undefined {
  const fenced = /```ya?ml[^\n]*\n([\s\S]*?)```/i.exec(answer)?.[1] ?? answer
  const from = fenced.search(/^(?:name|steps):/m)
  const plan = from === -1 ? '' : fenced.slice(from).replace(/^```[\s\S]*/m, '')
  return /^steps:\s*(?:\[\]\s*)?$/m.test(plan) ? plan : undefined
}

/** The list of steps alone, and `{"plan": {...}}`, are meant as the plan. */
function unwrapPlan(value: JsonValue): JsonObject | undefined {
  const calls = stepsFromCalls(value)
  if (calls !== undefined) return { steps: calls }
  if (isJsonList(value)) return value.length > 0 && value.every(isJsonObject) ? { steps: value } : undefined
  if (!isJsonObject(value)) return undefined
  if (Object.hasOwn(value, 'steps')) return value
  for (const key of ['plan', 'document', 'workflow']) {
    const inner = Object.hasOwn(value, key) ? value[key] : undefined
    if (inner !== undefined && isJsonObject(inner) && Object.hasOwn(inner, 'steps')) return inner
  }
  for (const key of ['tool_calls', 'calls', 'function_calls']) {
    const steps = Object.hasOwn(value, key) ? stepsFromCalls(value[key] ?? null) : undefined
    if (steps !== undefined) return { steps }
  }
  return STEP_NAMES.some((key) => typeof value[key] === 'string') ? { steps: [value] } : value
}

/** What only a step has: a plan of one step may be told as that step. */
const STEP_NAMES = ['component', 'tool', 'agent', 'action', 'capability'] as const

/** What models like to say beside a plan, and no document knows. Any other key that is unknown may be a mistake that matters. */
const REMARKS: ReadonlySet<string> = new Set(
  'reasoning rationale explanation thought thoughts analysis comment comments note notes confidence summary goal'.split(
    ' ',
  ),
)

/** Beside a step also these; a plan's own "reason" belongs to the document. */
const STEP_REMARKS: ReadonlySet<string> = new Set([
  ...REMARKS,
  ...'reason why purpose step step_number order expected_output'.split(' '),
])

function withoutRemarks(value: JsonObject): JsonObject {
  const { steps } = value
  const told = dropRemarks(value, REMARKS)
  return steps !== undefined && isJsonList(steps)
    ? { ...told, steps: steps.map((step) => (isJsonObject(step) ? cleanStep(step) : step)) }
    : told
}

/** A step without what models like to say beside it. */
export const cleanStep = (step: JsonObject): JsonObject => withInputs(withName(dropRemarks(step, STEP_REMARKS)))

/** Inputs under the name that calls have for them elsewhere. */
function withInputs(step: JsonObject): JsonObject {
  const [key, ...others] = INPUT_KEYS.filter((one) => one !== 'inputs' && isJsonObject(step[one] ?? null))
  if (key === undefined || others.length > 0 || step.inputs !== undefined) return step
  const { [key]: inputs, ...rest } = step
  return inputs === undefined ? step : { ...rest, inputs }
}

const dropRemarks = (value: JsonObject, remarks: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !remarks.has(key)))

/** A step's "id" is its name where it has no other, and says nothing where it has. */
function withName({ id, ...step }: JsonObject): JsonObject {
  if (typeof id !== 'string' || step.name !== undefined) return step
  return { name: id, ...step }
}

/** No steps without a reason is the same honest "cannot", only shorter; so is one thing that is missing without its list. */
function withReason(value: JsonObject): JsonObject {
  const { steps, reason, missing } = value
  const told: JsonObject = typeof missing === 'string' ? { ...value, missing: [missing] } : value
  const isNone = steps === null && (typeof reason === 'string' || missing !== undefined)
  if (!isNone && !(steps !== undefined && isJsonList(steps) && steps.length === 0)) return told
  return {
    ...told,
    steps: [],
    ...((typeof reason !== 'string' || reason.trim() === '') && { reason: NO_STEPS_REASON }),
  }
}

export const syntaxIssue = (message: string): Issue => createIssue({ code: 'syntax', path: [], message })
