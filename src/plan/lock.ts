// A plan locked to what it counts on: its own hash and the capabilities that it calls. Checked without a model and without a
// call, so that a pipeline can tell before anything runs that a component has moved on.
import { z } from 'zod'
import type { CompiledPlan, CompiledStep, CompiledValue, Reference } from '../contracts/compiled.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { LockedCapability, PlanLock } from '../contracts/lock.ts'
import type { CatalogView } from '../contracts/parts.ts'
import type { Issue, Step } from '../contracts/plan.ts'
import { canonicalJson } from '../util/canonical-json.ts'
import { parseJson, stringifyJson } from '../util/json.ts'
import { nameKey } from '../util/name-key.ts'
import { inWords } from '../util/schema-words.ts'
import { compareText } from '../util/text.ts'
import { type Called, calledBy } from './called.ts'
import { documentToWire } from './document.ts'
import { createIssue } from './issue.ts'
import { type Change, compareCapability, lockCapability, type UsedOutputs } from './lock/compare.ts'
import { sha256 } from './lock/schema-print.ts'

type View = Pick<CatalogView, 'component' | 'find' | 'offering'>

/** Capabilities that are not in the catalog are left out: validation tells of them. */
export function lockPlan(plan: CompiledPlan, view: View): PlanLock {
  const capabilities = [...usesOf(plan, view)].map(([key, { component, capability }]): [string, LockedCapability] => [
    key,
    lockCapability(component, capability),
  ])
  return {
    lock_version: 1,
    plan: hashPlan(plan),
    capabilities: Object.fromEntries(capabilities.sort(([a], [b]) => compareText(a, b))),
  }
}

const hashPlan = ({ document }: CompiledPlan): string => sha256(canonicalJson(documentToWire(document)))

/**
 * What has changed since. An error may break the plan, a warning does not.
 * @returns issues of the code `lock_drift`
 */
export function checkLock(lock: PlanLock, plan: CompiledPlan, view: View): Issue[] {
  const issues: Issue[] = []
  const isSamePlan = hashPlan(plan) === lock.plan
  if (!isSamePlan)
    issues.push(drift([], 'error', 'The document is not the one that was locked. Look at it, and lock it again.'))
  const uses = usesOf(plan, view)
  for (const [key, use] of uses) {
    const locked = Object.hasOwn(lock.capabilities, key) ? lock.capabilities[key] : undefined
    if (locked !== undefined) {
      for (const change of compareCapability(locked, use.component, use.capability, usedOutputs(plan, use.steps)))
        issues.push(changeIssue(key, change, use.steps))
    } else if (isSamePlan)
      // Only what is called without naming a component comes to a plan that has stayed the same.
      issues.push(
        drift(
          pathOf(use.steps),
          'warning',
          `"${key}" may be called too: it was not there when the plan was locked.`,
          use.steps,
        ),
      )
  }
  if (isSamePlan) issues.push(...goneIssues(lock, plan, { view, uses }))
  return issues.sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
}

/** @throws TuttiError `invalid_request` that names the file */
export function readLock(text: string, file: string): PlanLock {
  let value: unknown
  try {
    value = parseJson(text)
  } catch (cause) {
    throw refuse(file, 'it is not JSON', cause)
  }
  return checkLockShape(value, file)
}

/** What was read from wherever. @throws TuttiError `invalid_request` that names it */
export function checkLockShape(value: unknown, name: string): PlanLock {
  const read = lockSchema.safeParse(value, { error: inWords })
  if (read.success) return read.data
  const [first] = read.error.issues
  throw refuse(name, first === undefined ? 'it is none' : `"${first.path.join('.')}" ${first.message}`)
}

const refuse = (name: string, why: string, cause?: unknown): TuttiError =>
  new TuttiError('invalid_request', `The lock "${name}" cannot be used: ${why}. Write it again with --lock.`, { cause })

/** The same bytes for the same lock. */
export const lockToText = (lock: PlanLock): string => `${stringifyJson(sortKeys(lock), 2)}\n`

function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => compareText(a, b))
      .map(([key, member]) => [key, sortKeys(member)]),
  )
}

const hex = () => z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex')
const lockSchema = z.strictObject({
  lock_version: z.literal(1),
  plan: hex(),
  capabilities: z.record(
    z.string(),
    z.strictObject({
      version: z.string().exactOptional(),
      effect: z.enum(['read', 'write', 'unknown']),
      input_schema: hex(),
      output_schema: hex().exactOptional(),
      inputs: z.record(z.string(), z.string()),
      outputs: z.record(z.string(), z.string()).exactOptional(),
    }),
  ),
})

interface Use extends Called {
  /** Of the steps that call it, in order. */
  readonly steps: CompiledStep[]
}

/** By `component/action` as the catalog spells it: what steps call, and what stands in for them. */
function usesOf(plan: CompiledPlan, view: View): Map<string, Use> {
  const uses = new Map<string, Use>()
  const add = (called: readonly Called[], step: CompiledStep): void => {
    for (const { component, capability } of called) {
      const key = `${component.name}/${capability.name}`
      const use = uses.get(key) ?? { component, capability, steps: [] }
      uses.set(key, use)
      if (use.steps.at(-1) !== step) use.steps.push(step)
    }
  }
  for (const compiled of plan.steps) {
    const { step } = compiled
    if (step.type === 'call') add(calledBy(step, view), compiled)
    for (const fallback of fallbacksOf(compiled, plan)) add(calledBy(fallback, view), compiled)
  }
  return uses
}

/** What may be called in a step's stead, by itself and by the document's policy for its component. */
function fallbacksOf({ step }: CompiledStep, plan: CompiledPlan): Pick<Step, 'component' | 'action'>[] {
  const policy = step.component === undefined ? undefined : plan.recovery?.get(nameKey(step.component))
  const ofStep = (step.fallback ?? []).flatMap((item) => ('component' in item ? [item] : []))
  const action = step.action ?? step.capability
  return [...ofStep, ...(policy?.fallbacks ?? [])].flatMap((item) => {
    if (item.component === undefined) return []
    const wanted = item.action ?? action
    return [{ component: item.component, ...(wanted !== undefined && { action: wanted }) }]
  })
}

/** What was locked and is not called any more, though the document is the same: it has left the catalog. */
function goneIssues(
  lock: PlanLock,
  plan: CompiledPlan,
  { view, uses }: { readonly view: View; readonly uses: ReadonlyMap<string, Use> },
): Issue[] {
  const steps = plan.steps.filter(({ step }) => step.type === 'call')
  const unserved = steps.filter(({ step }) => calledBy(step, view).length === 0)
  return Object.keys(lock.capabilities)
    .filter((key) => !uses.has(key))
    .map((key) => {
      const broken = unserved.filter(({ step }) => couldCall(step, key))
      const message = `"${key}" is not in the catalog any more.`
      return broken.length > 0
        ? drift(pathOf(broken), 'error', message, broken)
        : drift([], 'warning', `${message} Others can stand in for it.`)
    })
}

function couldCall({ component, action, capability }: CompiledStep['step'], key: string): boolean {
  const at = key.indexOf('/')
  const [ofComponent, ofAction] = [key.slice(0, at), key.slice(at + 1)].map(nameKey)
  const wanted = action ?? capability
  return (
    (component === undefined || nameKey(component) === ofComponent) &&
    (wanted === undefined || nameKey(wanted) === ofAction)
  )
}

const pathOf = (steps: readonly CompiledStep[]): (string | number)[] =>
  steps[0] === undefined ? [] : ['steps', steps[0].index]

function drift(
  path: readonly (string | number)[],
  severity: Issue['severity'],
  message: string,
  steps: readonly CompiledStep[] = [],
): Issue {
  return createIssue({ code: 'lock_drift', severity, path, message, step: steps[0]?.name })
}

function changeIssue(
  key: string,
  { isBreaking, what, alternatives = [] }: Change,
  steps: readonly CompiledStep[],
): Issue {
  const severity = isBreaking ? 'error' : 'warning'
  const advice = isBreaking ? 'Change the plan where it needs to be, and lock it again.' : 'The plan is not affected.'
  return {
    ...createIssue({
      code: 'lock_drift',
      severity,
      path: pathOf(steps),
      message: `"${key}" ${what}. ${advice}`,
      step: steps[0]?.name,
    }),
    alternatives: alternatives.slice(0, 5),
  }
}

/** What the document reads of the outputs of these steps. */
function usedOutputs(plan: CompiledPlan, of: readonly CompiledStep[]): UsedOutputs {
  const names = new Set(of.map(({ name }) => name))
  const used = new Set<string>()
  for (const value of valuesOf(plan))
    for (const reference of value.references) {
      if (reference.root !== 'steps' || (reference.name !== undefined && !names.has(reference.name))) continue
      const key = outputKeyOf(reference)
      if (key === undefined) continue
      if (key === null) return 'all'
      used.add(key)
    }
  return used
}

/** undefined: not of the output; null: the whole of it, or which part is known only later. */
function outputKeyOf({ name, path: [part, key, inner] }: Reference): string | null | undefined {
  if (name === undefined || part === undefined) return null
  if (part !== 'output' && part !== 'response') return undefined
  const found = key === 'data' && inner !== undefined ? inner : key
  return found === undefined || typeof found === 'number' ? null : found
}

function* valuesOf({ steps, outputs }: CompiledPlan): Generator<CompiledValue> {
  for (const { condition, inputs, wholeInputs, set, prompt, until, concurrencyKey, fallback } of steps) {
    for (const value of [condition, wholeInputs, prompt, until, concurrencyKey]) if (value !== undefined) yield value
    for (const { value } of [...(inputs ?? []), ...(set ?? [])]) yield value
    for (const item of fallback ?? []) {
      const value = 'value' in item ? item.value : item.inputs
      if (value !== undefined) yield value
    }
  }
  for (const { value } of outputs ?? []) yield value
}
