// Plans mended without a model, where only one thing can have been meant: names in another case, a missing action, references in
// another syntax. Always a new document; the one given is never changed. What was mended is told in words.
import type { Capability, Component } from '../contracts/capability.ts'
import type { JsonObject } from '../contracts/json.ts'
import type { CatalogView } from '../contracts/parts.ts'
import type { PlanDocument, Step } from '../contracts/plan.ts'
import { isJsonObject } from '../util/json.ts'
import { inputsOf, isKnownIdempotent } from './capability-inputs.ts'
import { bareExpression } from './expression/bare-expression.ts'
import { mapTexts, mapTextsOf } from './map-texts.ts'
import { repairInputs } from './repair/inputs.ts'
import { createReferenceRepair, createStepFinder } from './repair/references.ts'
import { AUTHOR_DOCUMENT_KEYS, AUTHOR_STEP_KEYS } from './validate/policies.ts'

export interface Repaired {
  readonly document: PlanDocument
  /** One sentence for each change; empty when nothing was changed, and then the document is the given one. */
  readonly repairs: string[]
}

/** For plans of models. The result passes the same validation as any plan. */
export function repairDocument(document: PlanDocument, view: CatalogView): Repaired {
  const repairs: string[] = []
  const find = createStepFinder(document)
  const repairText = createReferenceRepair(find, repairs)
  const steps = document.steps.map((step) => {
    const named = repairTarget(step, view, repairs)
    const linked = repairDependencies(named, find, repairs)
    const referring = repairValues(linked, repairText)
    return withoutPolicy(repairCall(referring, view, repairs), AUTHOR_STEP_KEYS, `Step "${step.name}"`, repairs)
  })
  const own = withoutPolicy(document, AUTHOR_DOCUMENT_KEYS, 'The plan', repairs)
  const outputs = document.outputs && mapTextsOf(document.outputs, repairText)
  if (repairs.length === 0) return { document, repairs }
  return { document: { ...own, steps, ...(outputs !== undefined && { outputs }) }, repairs }
}

/** What a plan may not decide is left out; it changes how the plan is run, not what it does. */
function withoutPolicy<T extends object>(
  node: T,
  keys: readonly (keyof T & string)[],
  what: string,
  repairs: string[],
): T {
  const present = keys.filter((key) => node[key] !== undefined)
  if (present.length === 0) return node
  const kept = { ...node }
  for (const key of present) {
    delete kept[key]
    repairs.push(`${what} no longer sets "${key}".`)
  }
  return kept
}

const isVisible = (capability: Capability): boolean => capability.internal !== true

/** Component and action as the catalog spells them; split, or found by the action, where one of them is missing. */
function repairTarget(step: Step, view: CatalogView, repairs: string[]): Step {
  if (step.type !== 'call') return step
  const found = locate(step, view)
  if (found === undefined) return step
  const { component, action } = found
  const isSame = component?.name === step.component && action === (step.action ?? step.capability)
  if (isSame) return step
  const { component: _component, action: _action, capability: _capability, kind, ...rest } = step
  if (component === undefined) {
    repairs.push(`Step "${step.name}": the capability is spelled "${action}".`)
    return { ...rest, capability: action }
  }
  repairs.push(`Step "${step.name}" calls "${component.name}/${action}".`)
  return { ...rest, component: component.name, ...(kind !== undefined && { kind }), action }
}

interface Located {
  /** undefined: any component that offers it. */
  readonly component?: Component
  readonly action: string
}

function locate(step: Step, view: CatalogView): Located | undefined {
  const wanted = step.action ?? step.capability
  if (step.component === undefined) return wanted === undefined ? undefined : locateByAction(step, wanted, view)
  const component = view.component(step.component)
  if (component === undefined) return splitName(step, step.component, view)
  if (wanted !== undefined) {
    const action = actionOf(component, wanted, view)
    return action === undefined ? undefined : { component, action }
  }
  const visible = component.capabilities.filter(isVisible)
  const [only] = visible
  return visible.length === 1 && only !== undefined ? { component, action: only.name } : undefined
}

/** The capability's own spelling; also for `component.action` and `component/action` as the action. */
function actionOf(component: Component, wanted: string, view: CatalogView): string | undefined {
  const direct = view.find(component.name, wanted)
  if (direct !== undefined) return direct.name
  const simple = simplify(wanted)
  const candidates = component.capabilities.filter(
    ({ name }) => simplify(name) === simple || simplify(component.name + name) === simple,
  )
  const [only] = candidates
  return candidates.length === 1 && only !== undefined ? only.name : undefined
}

function locateByAction(step: Step, wanted: string, view: CatalogView): Located | undefined {
  const offering = view.offering(wanted)
  const [first] = offering
  if (first === undefined) return splitName(step, wanted, view)
  const action = view.find(first.name, wanted)?.name ?? wanted
  // `capability: NAME` alone may go to any component; an `action` alone only where one offers it.
  if (step.action === undefined) return { action }
  return offering.length === 1 ? { component: first, action } : undefined
}

/** `component / action` as the catalog shows them, `component.action` or `component:action` in one word; or a component's name with other separators. */
function splitName(step: Step, name: string, view: CatalogView): Located | undefined {
  for (const separator of ['/', '.', ':', '#']) {
    const at = name.indexOf(separator)
    if (at <= 0) continue
    const component = view.component(name.slice(0, at).trim())
    const wanted = name.slice(at + 1).trim()
    const action = component === undefined ? undefined : actionOf(component, wanted, view)
    if (
      component !== undefined &&
      action !== undefined &&
      (step.action === undefined || simplify(step.action) === simplify(action) || step.action === name)
    ) {
      return { component, action }
    }
  }
  const simple = simplify(name)
  const similar = view.components().filter((component) => simplify(component.name) === simple)
  const [component] = similar
  const wanted = step.action ?? step.capability
  if (similar.length !== 1 || component === undefined || wanted === undefined || wanted === name) return undefined
  const action = actionOf(component, wanted, view)
  return action === undefined ? undefined : { component, action }
}

/** Case, spaces, hyphens, underscores and escapes of Markdown do not tell names apart. */
const simplify = (name: string): string => name.toLowerCase().replace(/[\s_./:\\-]+/g, '')

function repairDependencies(step: Step, find: (name: string) => string | undefined, repairs: string[]): Step {
  const names: string[] = []
  let isChanged = false
  for (const wanted of step.dependsOn) {
    const name = find(wanted)
    if (name === step.name) {
      repairs.push(`Step "${step.name}" no longer waits for itself.`)
      isChanged = true
      continue
    }
    if (name !== undefined && name !== wanted) {
      repairs.push(`Step "${step.name}" waits for "${name}", which was written "${wanted}".`)
      isChanged = true
    }
    const kept = name ?? wanted
    if (names.includes(kept)) isChanged = true
    else names.push(kept)
  }
  return isChanged ? { ...step, dependsOn: names } : step
}

type RepairText = (text: string) => string

const mapInputs = (inputs: JsonObject | string, repair: RepairText): JsonObject | string =>
  typeof inputs === 'string' ? repair(inputs) : mapTextsOf(inputs, repair)

function repairValues(step: Step, repair: RepairText): Step {
  return {
    ...step,
    ...(step.inputs !== undefined && { inputs: mapInputs(step.inputs, repair) }),
    ...(step.set !== undefined && { set: mapTextsOf(step.set, repair) }),
    ...(step.prompt !== undefined && { prompt: repair(step.prompt) }),
    ...(step.if !== undefined && { if: repairIf(step.if, repair) }),
    ...(step.replanIf !== undefined && { replanIf: repairIf(step.replanIf, repair) }),
    ...(step.fallback !== undefined && {
      fallback: step.fallback.map((item) => {
        if ('value' in item) return { value: mapTexts(item.value, repair) }
        return item.inputs === undefined ? item : { ...item, inputs: mapInputs(item.inputs, repair) }
      }),
    }),
  }
}

/** An `if` stands without `${}`; references in another syntax inside it become ours first. */
const repairIf = (text: string, repair: RepairText): string =>
  bareExpression(repair(`\${${bareExpression(text.includes('{{') ? repair(text) : text)}}`))

/** What can be said only when the capability is known: its inputs, and policy that a plan may not loosen. */
function repairCall(step: Step, view: CatalogView, repairs: string[]): Step {
  if (step.type !== 'call') return step
  const name = step.action ?? step.capability
  const component = step.component ?? (name === undefined ? undefined : view.offering(name)[0]?.name)
  const capability = component === undefined || name === undefined ? undefined : view.find(component, name)
  if (capability === undefined) return step
  let repaired = step
  if (isJsonObject(step.inputs)) {
    const inputs = repairInputs(step.inputs, inputsOf(capability), {
      step: step.name,
      capability: capability.name,
      repairs,
    })
    if (inputs !== step.inputs) repaired = { ...repaired, inputs }
  }
  if (step.idempotent === true && !isKnownIdempotent(capability)) {
    const { idempotent: _, ...rest } = repaired
    repairs.push(`Step "${step.name}" no longer declares its call repeatable.`)
    repaired = rest
  }
  return repaired
}
