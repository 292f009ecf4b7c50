// What a document says of budgets, priorities, resources and recovery: in itself, against the catalog, and against what the
// operator declared. A plan of a model may say nothing of it but which steps are optional.
import type { CompiledPlan, CompiledStep } from '../../contracts/compiled.ts'
import type { Config } from '../../contracts/config.ts'
import type { CatalogView } from '../../contracts/parts.ts'
import type { Issue, PlanDocument, Step } from '../../contracts/plan.ts'
import type { PolicyFallback, RecoveryPolicy } from '../../contracts/policy.ts'
import { toWirePath } from '../../util/shape.ts'
import { didYouMean } from '../../util/text.ts'
import { POLICIES_SHAPE } from '../document/policies.ts'
import { createIssue, type Path, suggest } from '../issue.ts'
import {
  checkConditions,
  checkPolicy,
  findFallbackCircles,
  findNameClashes,
  hasPrices,
  isSameName,
  showCircle,
} from '../policy.ts'
import type { Target } from './target.ts'

/** What documents must fit. */
export type Declared = Pick<Config, 'components' | 'models' | 'notify' | 'resources'>

export interface PolicyContext {
  readonly plan: CompiledPlan
  readonly view: CatalogView
  readonly targets: readonly (Target | undefined)[]
  readonly declared: Declared | undefined
  readonly issues: Issue[]
}

/** The keys that only an author may write: they decide over others' runs, over money, and over what may be repeated. */
export const AUTHOR_DOCUMENT_KEYS = [
  'priority',
  'budget',
  'recovery',
] as const satisfies readonly (keyof PlanDocument)[]
export const AUTHOR_STEP_KEYS = ['priority', 'concurrency', 'resources'] as const satisfies readonly (keyof Step)[]

/** For plans of models: `loosened_policy` for each key that is not theirs. */
export function checkAuthorship({ document, steps }: CompiledPlan, issues: Issue[]): void {
  const refuse = (key: string, path: Path, step?: string): void => {
    const message = `A plan may not set "${key}"; whoever runs it decides that. Leave it out.`
    issues.push(createIssue({ code: 'loosened_policy', path, message, step }))
  }
  for (const key of AUTHOR_DOCUMENT_KEYS) if (document[key] !== undefined) refuse(key, [key])
  for (const { step, name, index } of steps)
    for (const key of AUTHOR_STEP_KEYS) if (step[key] !== undefined) refuse(key, ['steps', index, key], name)
}

/** Everything that is wrong with the policies of a document. */
export async function validatePolicies(context: PolicyContext): Promise<void> {
  const { plan, declared, issues } = context
  const { budget, recovery } = plan.document
  if (budget?.cost !== undefined && declared !== undefined && !hasPrices(declared.models, declared.components)) {
    const message = `The budget has a "cost" of ${budget.cost}, but nothing has a price in the configuration: it would never be reached.`
    issues.push(createIssue({ code: 'limit', path: ['budget', 'cost'], message }))
  }
  const limits = new Map<string, number>()
  for (const step of plan.steps) {
    if (step.step.concurrency !== undefined) checkConcurrency(step, limits, issues)
    if (step.step.resources !== undefined) checkResources(step, context)
  }
  if (recovery !== undefined) await checkRecovery(recovery, context)
}

/** One key, one limit. Keys that are computed are compared when they are known. */
function checkConcurrency(
  { step, name, index, concurrencyKey }: CompiledStep,
  limits: Map<string, number>,
  issues: Issue[],
): void {
  const { concurrency } = step
  if (concurrency === undefined || concurrencyKey?.isLiteral !== true) return
  const other = limits.get(concurrency.key)
  if (other === undefined) limits.set(concurrency.key, concurrency.limit)
  else if (other !== concurrency.limit) {
    const message = `Step "${name}" limits "${concurrency.key}" to ${concurrency.limit}, an earlier step to ${other}. Give one key one limit.`
    issues.push(createIssue({ code: 'schema', path: ['steps', index, 'concurrency', 'limit'], step: name, message }))
  }
}

/** More than there is would wait for ever. */
function checkResources({ step, name, index }: CompiledStep, { declared, issues }: PolicyContext): void {
  if (declared === undefined) return
  const { inventory } = declared.resources
  for (const [resource, need] of Object.entries(step.resources ?? {})) {
    const path = ['steps', index, 'resources', resource]
    const there = Object.hasOwn(inventory, resource) ? inventory[resource] : undefined
    if (there === undefined) {
      const alternatives = suggest(resource, Object.keys(inventory), issues.length)
      const message = `Step "${name}" needs "${resource}", which resources.inventory does not have.${didYouMean(resource, alternatives)}`
      issues.push(createIssue({ code: 'limit', path, step: name, message, alternatives }))
    } else if (need > there) {
      const message = `Step "${name}" needs ${need} of "${resource}", but resources.inventory has ${there}: it could never start.`
      issues.push(createIssue({ code: 'limit', path, step: name, message }))
    }
  }
}

type Policies = NonNullable<PlanDocument['recovery']>

const placeOf = (component: string, path: readonly (string | number)[]): Path => [
  'recovery',
  ...toWirePath(POLICIES_SHAPE, [component, ...path]),
]

async function checkRecovery(policies: Policies, context: PolicyContext): Promise<void> {
  const { issues } = context
  for (const { name, other } of findNameClashes(Object.keys(policies))) {
    const message = `The component "${name}" stands there as "${other}" too. Keep one.`
    issues.push(createIssue({ code: 'duplicate_name', path: placeOf(name, []), message }))
  }
  for (const [name, policy] of Object.entries(policies)) {
    for (const { path, message } of checkPolicy(name, policy)) {
      const text = `The recovery of "${name}", "${showLast(placeOf(name, path))}", ${message}`
      issues.push(createIssue({ code: 'schema', path: placeOf(name, path), message: text }))
    }
    for (const { path, message } of await checkConditions(policy))
      issues.push(createIssue({ code: 'bad_expression', path: placeOf(name, path), message }))
    checkNotify(name, policy, context)
    checkComponents(name, policy, context)
  }
  checkCircles(policies, context)
}

const showLast = (path: Path): string => {
  const [last, before] = [path.at(-1), path.at(-2)]
  return typeof last === 'number' ? `${String(before)}[${last}]` : String(last)
}

function checkNotify(name: string, { notify = [] }: RecoveryPolicy, { declared, issues }: PolicyContext): void {
  if (declared === undefined) return
  const known = Object.keys(declared.notify.targets)
  for (const [i, target] of notify.entries()) {
    if (known.includes(target)) continue
    const alternatives = suggest(target, known, issues.length)
    const message = `"${target}" is none of notify.targets in the configuration.${didYouMean(target, alternatives)}`
    issues.push(createIssue({ code: 'schema', path: placeOf(name, ['notify', i]), message, alternatives }))
  }
}

function checkComponents(name: string, { fallbacks = [] }: RecoveryPolicy, context: PolicyContext): void {
  const { view, issues } = context
  const names = (): string[] => view.components().map((component) => component.name)
  if (view.component(name) === undefined) {
    const alternatives = suggest(name, names(), issues.length)
    const message = `The catalog has no component "${name}", so that its recovery has no effect now.${didYouMean(name, alternatives)}`
    issues.push(
      createIssue({ code: 'unknown_component', severity: 'warning', path: placeOf(name, []), message, alternatives }),
    )
  }
  for (const [i, fallback] of fallbacks.entries()) {
    const { component } = fallback
    if (component === undefined) continue
    const path = placeOf(name, ['fallbacks', i])
    if (view.component(component) !== undefined) {
      checkAction(name, { ...fallback, component }, path, context)
      continue
    }
    const alternatives = suggest(component, names(), issues.length)
    const message = `The fallback "${component}" of "${name}" is not in the catalog.${didYouMean(component, alternatives)}`
    issues.push(createIssue({ code: 'unknown_component', path: [...path, 'component'], message, alternatives }))
  }
}

/** A fallback without an action stands in for whatever the document calls. */
function checkAction(
  name: string,
  { component, action }: PolicyFallback & { readonly component: string },
  path: Path,
  { view, targets, issues }: PolicyContext,
): void {
  const called = targets.flatMap((target) =>
    target !== undefined && isSameName(target.component.name, name) ? [target.capability.name] : [],
  )
  for (const wanted of action === undefined ? new Set(called) : [action]) {
    if (view.find(component, wanted) !== undefined) continue
    const offered = view.component(component)?.capabilities.filter(({ internal }) => internal !== true) ?? []
    const alternatives = suggest(
      wanted,
      offered.map((capability) => capability.name),
      issues.length,
    )
    const advice =
      action === undefined
        ? ' Say which of its capabilities stands in, with "action".'
        : didYouMean(wanted, alternatives)
    const message = `The fallback "${component}" of "${name}" has no capability "${wanted}".${advice}`
    const at = action === undefined ? [...path, 'component'] : [...path, 'action']
    issues.push(createIssue({ code: 'unknown_action', path: at, message, alternatives }))
  }
}

/** Circles with what the configuration declares too, and through the fallback of a step. */
function checkCircles(policies: Policies, { plan, targets, declared, issues }: PolicyContext): void {
  const all = layOver(policies, declared)
  for (const circle of findFallbackCircles(all)) {
    // Told where the document takes part; the configuration's own were refused when it was loaded.
    const at = Object.keys(policies).find((name) => circle.names.some((other) => isSameName(name, other)))
    if (at === undefined) continue
    const message = `These fallbacks go round in a circle: ${showCircle(circle)}. Take one of them out.`
    const path = isSameName(at, circle.component)
      ? placeOf(at, ['fallbacks', circle.index])
      : placeOf(at, ['fallbacks'])
    issues.push(createIssue({ code: 'cycle', path, message }))
  }
  for (const { step, name, index, fallback = [] } of plan.steps) {
    const component = targets[index]?.component.name ?? step.component
    if (component === undefined) continue
    for (const [i, item] of fallback.entries()) {
      if ('value' in item || isSameName(item.component, component)) continue
      if (!leadsTo(all, item.component, component)) continue
      const message = `Step "${name}" calls "${component}" and falls back to "${item.component}", whose recovery leads back to "${component}". Take one of the two out.`
      issues.push(createIssue({ code: 'cycle', path: ['steps', index, 'fallback', i], step: name, message }))
    }
  }
}

/** The document's policy of a component stands before the configuration's. */
function layOver(policies: Policies, declared: Declared | undefined): Record<string, RecoveryPolicy> {
  const own = new Map(Object.entries(policies).map(([name, policy]) => [name.toLowerCase(), policy]))
  const all: Record<string, RecoveryPolicy> = { ...policies }
  for (const [name, { recovery }] of Object.entries(declared?.components ?? {})) {
    if (recovery === undefined || own.get(name.toLowerCase())?.fallbacks !== undefined) continue
    const spelled = Object.keys(policies).find((other) => isSameName(other, name)) ?? name
    all[spelled] = { ...recovery, ...own.get(name.toLowerCase()) }
  }
  return all
}

function leadsTo(policies: Readonly<Record<string, RecoveryPolicy>>, from: string, to: string): boolean {
  const byName = new Map(Object.entries(policies).map(([name, policy]) => [name.toLowerCase(), policy]))
  const seen = new Set<string>()
  const open = [from.toLowerCase()]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === to.toLowerCase()) return true
    if (seen.has(name)) continue
    seen.add(name)
    for (const { component } of byName.get(name)?.fallbacks ?? [])
      if (component !== undefined) open.push(component.toLowerCase())
  }
  return false
}
