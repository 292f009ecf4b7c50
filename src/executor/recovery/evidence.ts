// What a model is shown when it helps with inputs: the request, the step, the capability, what other steps gave. Whatever
// came from outside is fenced and cut to a budget, and secrets are marks.
import { fence } from '../../asking/fence.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import { looksLikeForeignReference } from '../../plan/reference.ts'
import { stringifyJson } from '../../util/json.ts'
import { hideSecrets, secretMark } from '../../util/secrets.ts'
import type { CallTarget } from '../call-target.ts'
import type { StepExecution } from '../step-execution.ts'

/** Characters for the outputs of all dependencies together, and the least for each. */
const SOURCES_BUDGET = 24_000
const LEAST_PER_SOURCE = 500
const SCHEMA_BUDGET = 8_000
const TEXT_BUDGET = 4_000

/** A value as a model sees it: JSON text, fenced, secrets replaced, at most `maxChars`. */
export function fenceJson(label: string, value: JsonValue, execution: StepExecution, maxChars = TEXT_BUDGET): string {
  return fence(label, stringifyJson(hideSecrets(value, execution.run.secrets), 2), { maxChars })
}

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
  const shown = sources.map(([name, output]) => fenceJson(`output of step ${name}`, output, execution, each))
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
