// Two plans side by side, by what their steps do: which steps are the same, so that what had finished of them holds.
import { hash } from 'node:crypto'
import type { JsonValue } from '../contracts/json.ts'
import type { PlanDocument, Step } from '../contracts/plan.ts'
import { canonicalJson } from '../util/canonical-json.ts'
import { isJsonList, isJsonObject } from '../util/json.ts'
import { nameKey } from '../util/name-key.ts'
import { mapTexts } from './map-texts.ts'

/** Step names, each list in the order of the plan after (`removed`: of the plan before). */
export interface PlanDiff {
  readonly kept: readonly string[]
  readonly added: readonly string[]
  /** Of the same name, but it does something else, or something that it builds on does. */
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

/**
 * SHA-256, in hex, of what a step does: whom it calls with what, under which condition. Not of its name, nor of how it is
 * carried out (retries, timeouts, priority, approval): a result holds when those change.
 *
 * @param nameOf other names for the steps that it builds on; references then count in one spelling
 */
export function stepHash(step: Step, nameOf?: NameOf): string {
  return hash('sha256', canonicalJson(contentOf(step, nameOf)), 'hex')
}

type NameOf = (name: string) => string

function contentOf(step: Step, nameOf: NameOf | undefined): Readonly<Record<string, unknown>> {
  const { type, component, action, capability, inputs, set, wait, prompt, outputSchema, description, fallback } = step
  const isGenerated = type === 'ai-generate'
  const { dependsOn } = step
  const bare = (text: string): string => (nameOf === undefined ? text : renameReferences(text, nameOf))
  const value = (given: JsonValue | undefined): JsonValue | undefined =>
    nameOf === undefined || given === undefined
      ? given
      : mapTexts(given, (text) => (text.includes('${') ? bare(text) : text))
  return {
    type,
    // As they are resolved: without regard to case.
    component: component === undefined ? undefined : nameKey(component),
    action: action === undefined ? undefined : nameKey(action),
    capability: capability === undefined ? undefined : nameKey(capability),
    inputs: typeof inputs === 'object' && Object.keys(inputs).length === 0 ? undefined : value(inputs),
    if: step.if === undefined ? undefined : bare(step.if),
    set: value(set),
    wait: wait !== undefined && 'until' in wait ? { ...wait, until: bare(wait.until) } : wait,
    prompt: value(prompt),
    outputSchema,
    fallback: fallback?.map((item) =>
      'value' in item ? { value: value(item.value) } : { ...item, inputs: value(item.inputs) },
    ),
    // Without a prompt it is the prompt.
    description: isGenerated && prompt === undefined ? description : undefined,
    // The model is shown what came out of them.
    dependsOn: isGenerated ? (nameOf === undefined ? dependsOn : dependsOn.map(nameOf)).toSorted() : undefined,
  }
}

const renameReferences = (text: string, nameOf: NameOf): string =>
  text.replace(REFERENCES, (_, plain?: string, quoted?: string) => `steps.${nameOf(plain ?? quoted ?? '')}`)

/**
 * Compares by step name. A step is kept when it does the same and everything that it waits for or refers to is kept too: a
 * result that was made from another one is not the same result. Linear in steps and edges.
 */
export function diffPlans(before: PlanDocument, after: PlanDocument): PlanDiff {
  const earlier = new Map(before.steps.map((step) => [step.name, step]))
  const steps = new Map(after.steps.map((step) => [step.name, step]))
  const isOther = new Set<string>()
  const dependants = new Map<string, string[]>()
  for (const [name, step] of steps) {
    const known = earlier.get(name)
    if (known !== undefined && stepHash(known) !== stepHash(step)) isOther.add(name)
    for (const from of dependenciesOf(step)) {
      const list = dependants.get(from)
      if (list === undefined) dependants.set(from, [name])
      else list.push(name)
    }
  }
  // A set grows while it is walked: each step that is found is asked for its dependants in turn.
  for (const name of isOther)
    for (const dependant of dependants.get(name) ?? []) if (earlier.has(dependant)) isOther.add(dependant)
  const names = [...steps.keys()]
  return {
    kept: names.filter((name) => earlier.has(name) && !isOther.has(name)),
    added: names.filter((name) => !earlier.has(name)),
    changed: names.filter((name) => isOther.has(name)),
    removed: [...earlier.keys()].filter((name) => !steps.has(name)),
  }
}

/** Declared ones, and those that a reference makes: the document may not have been completed by them. */
export function dependenciesOf({ dependsOn, inputs, if: condition, set, wait, prompt, fallback }: Step): Set<string> {
  const names = new Set(dependsOn)
  const bare = [condition, wait !== undefined && 'until' in wait ? wait.until : undefined]
  for (const text of bare) if (text !== undefined) addReferences(text, names)
  for (const value of [inputs, set, prompt]) if (value !== undefined) addFrom(value, names)
  for (const item of fallback ?? []) addFrom('value' in item ? item.value : (item.inputs ?? null), names)
  return names
}

function addFrom(value: JsonValue, names: Set<string>): void {
  if (typeof value === 'string') {
    if (value.includes('${')) addReferences(value, names)
  } else if (isJsonList(value)) for (const item of value) addFrom(item, names)
  else if (isJsonObject(value)) for (const item of Object.values(value)) addFrom(item, names)
}

const REFERENCES = /\bsteps(?:\.([A-Za-z_][\w-]*)|\[\s*["']([^"']+)["']\s*\])/g

function addReferences(text: string, names: Set<string>): void {
  for (const [, plain, quoted] of text.matchAll(REFERENCES)) names.add(plain ?? quoted ?? '')
}
