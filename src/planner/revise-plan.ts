// A plan that is written anew must hold what has finished, since its references stand on it. Steps that the model built on and
// did not repeat are put back as they were: nothing else can have been meant.
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { ReviseAsk } from '../contracts/planner.ts'
import { documentToWire } from '../plan/document.ts'
import { isJsonList, isJsonObject, stringifyJson } from '../util/json.ts'

const STEP_NAMES = /\bsteps(?:\.([A-Za-z_][\w-]*)|\[\s*\\?["']([^"'\\]+)\\?["']\s*\])/g

/** The answer with every finished step that it refers to, and those that these refer to, before its own. */
export function withFinished(value: JsonObject, { document, steps: records }: ReviseAsk): JsonObject {
  const { steps } = value
  if (steps === undefined || !isJsonList(steps)) return value
  const finished = new Set(records.filter(({ status }) => status === 'succeeded').map(({ name }) => name))
  const before = new Map<string, JsonObject>()
  for (const step of listOf(documentToWire(document).steps)) {
    if (typeof step.name === 'string' && finished.has(step.name)) before.set(step.name, step)
  }
  const present = new Set(steps.map((step) => (isJsonObject(step) ? step.name : undefined)))
  const wanted = new Set<string>()
  const collect = (step: JsonValue): void => {
    for (const name of namesIn(step)) if (before.has(name) && !present.has(name)) wanted.add(name)
  }
  for (const step of steps) collect(step)
  // A set grows while it is walked.
  for (const name of wanted) collect(before.get(name) ?? null)
  if (wanted.size === 0) return value
  const restored = [...before].filter(([name]) => wanted.has(name)).map(([, step]) => step)
  return { ...value, steps: [...restored, ...steps] }
}

const listOf = (value: JsonValue | undefined): JsonObject[] =>
  value !== undefined && isJsonList(value) ? value.filter(isJsonObject) : []

/** Those that it waits for, and those that its values speak of. */
function namesIn(step: JsonValue): Set<string> {
  const names = new Set<string>()
  if (!isJsonObject(step)) return names
  const dependsOn = step.depends_on ?? step.dependsOn
  for (const name of dependsOn !== undefined && isJsonList(dependsOn) ? dependsOn : [])
    if (typeof name === 'string') names.add(name)
  for (const [, plain, quoted] of stringifyJson(step).matchAll(STEP_NAMES)) names.add(plain ?? quoted ?? '')
  return names
}
