// What a model is shown when it helps with inputs: the request, the step, the capability, what other steps gave. Whatever
// came from outside is fenced and cut to a budget, and secrets are marks. What is too long stands as a digest with a reference,
// by which an answer can ask for the whole of it.
import { fence } from '../../asking/fence.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import { looksLikeForeignReference } from '../../plan/reference.ts'
import { formatPath } from '../../plan/scope-path.ts'
import { shortenValue } from '../../util/digest.ts'
import { stringifyJson } from '../../util/json.ts'
import { isLarge, jsonBytes } from '../../util/large-value.ts'
import { hideSecrets, secretMark } from '../../util/secrets.ts'
import type { CallTarget } from '../call-target.ts'
import type { StepExecution } from '../step-execution.ts'

/** Characters for the outputs of all dependencies together, and the least for each. */
const SOURCES_BUDGET = 24_000
const LEAST_PER_SOURCE = 500
const LEAST_PER_INPUT = 100
const SCHEMA_BUDGET = 8_000
const TEXT_BUDGET = 4_000

/** Stands in the system text of a question whose answer may refer to values. */
export const REFERENCE_RULE =
  'A value too long to be shown in full stands as {"$ref": PATH, "bytes": N, "digest": what it is like}. Where an input is to have the whole of it, or a part, answer {"$ref": "PATH"} or {"$ref": "PATH.key[0]"}; never copy a digest.'

/** Of a step at work, what showing a value needs. */
interface Viewer {
  readonly run: { readonly secrets: ReadonlyMap<string, string> }
}

const hide = (value: JsonValue, { run }: Viewer): JsonValue => hideSecrets(value, run.secrets)

/** A value as a model sees it: JSON text, fenced, secrets replaced; shortened where it is longer than `maxChars`. */
export function fenceJson(label: string, value: JsonValue, viewer: Viewer, maxChars = TEXT_BUDGET): string {
  const shown = hide(value, viewer)
  const text = isLarge(value, maxChars) ? stringifyJson(shortenValue(shown, maxChars)) : stringifyJson(shown, 2)
  return fence(label, text, { maxChars: maxChars * 2 })
}

/** What another step gave; where it is too long, as a reference such as `steps.geo.output`. */
export function fenceOutput(step: string, output: JsonValue, viewer: Viewer, maxChars: number): string {
  const label = `output of step ${step}`
  if (!isLarge(output, maxChars)) return fenceJson(label, output, viewer, maxChars)
  return fence(label, stringifyJson(standIn(formatPath('steps', [step, 'output']), output, viewer, maxChars)), WHOLE)
}

/** Inputs of the call, each that is too long as a reference such as `call.inputs.rows`. */
export function fenceInputs(label: string, inputs: JsonObject, viewer: Viewer, maxChars = TEXT_BUDGET): string {
  if (!isLarge(inputs, maxChars)) return fenceJson(label, inputs, viewer, maxChars)
  const each = Math.max(LEAST_PER_INPUT, Math.floor(maxChars / Math.max(1, Object.keys(inputs).length)))
  const shown = Object.entries(inputs).map(([name, value]): [string, JsonValue] => [
    name,
    isLarge(value, each) ? standIn(`call.${formatPath('inputs', [name])}`, value, viewer, each) : hide(value, viewer),
  ])
  return fence(label, stringifyJson(Object.fromEntries(shown)), WHOLE)
}

/** What was shortened value by value is not cut again. */
const WHOLE = { maxChars: 100_000 }

const standIn = (ref: string, value: JsonValue, viewer: Viewer, maxChars: number): JsonValue => ({
  $ref: ref,
  bytes: jsonBytes(value),
  digest: shortenValue(hide(value, viewer), maxChars),
})

/** The parts that every question about inputs begins with. */
export function describeStep(execution: StepExecution, target: CallTarget): string {
  const { run, plan, compiled } = execution
  const { component, capability } = target
  const request = run.request ?? plan.document.description ?? plan.document.name
  const lines = [
    request === undefined ? '' : `The user's request:\n${String(hideSecrets(request, run.secrets))}`,
    `The step: "${compiled.name}"${compiled.step.description === undefined ? '' : `, ${String(hideSecrets(compiled.step.description, run.secrets))}`}`,
    `It calls "${component.name}/${capability.name}".`,
    capability.description === '' ? '' : fence('capability', capability.description, { maxChars: TEXT_BUDGET }),
    fence('input schema', stringifyJson(capability.inputSchema), { maxChars: SCHEMA_BUDGET }),
    describeSources(execution),
  ]
  return lines.filter((line) => line !== '').join('\n\n')
}

function describeSources(execution: StepExecution): string {
  const sources = Object.entries(execution.sources())
  if (sources.length === 0) return 'No other step gave anything to this one.'
  const each = Math.max(LEAST_PER_SOURCE, Math.floor(SOURCES_BUDGET / sources.length))
  const shown = sources.map(([name, output]) => fenceOutput(name, output, execution, each))
  return ['What the steps before it gave, by step:', ...shown].join('\n\n')
}

const OUR_REFERENCE = /\$\{\s*(inputs|steps|state|run|item|index|components|secrets)\b/

/** Whether an answer holds a reference where the value itself is due: sent on, it would reach the tool as it stands. */
export function holdsReference(value: JsonValue): boolean {
  if (typeof value === 'string') return OUR_REFERENCE.test(value) || looksLikeForeignReference(value)
  if (Array.isArray(value)) return (value as readonly JsonValue[]).some(holdsReference)
  return typeof value === 'object' && value !== null && Object.values(value as JsonObject).some(holdsReference)
}

/** Puts the values of secrets back where an answer repeats their marks. */
export function restoreSecrets(value: JsonValue, secrets: ReadonlyMap<string, string>): JsonValue {
  if (secrets.size === 0) return value
  if (typeof value === 'string') {
    let text = value
    for (const [name, secret] of secrets) text = text.replaceAll(secretMark(name), () => secret)
    return text
  }
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => restoreSecrets(item, secrets))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, item]) => [key, restoreSecrets(item, secrets)]),
  )
}
