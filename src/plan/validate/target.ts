// What a step calls: found in the catalog without regard to case, or an issue that names what there is instead.
import type { Capability, Component, OfferedCapability } from '../../contracts/capability.ts'
import type { CatalogView } from '../../contracts/parts.ts'
import type { Issue } from '../../contracts/plan.ts'
import { didYouMean } from '../../util/text.ts'
import { createIssue, type Path, suggest } from '../issue.ts'

export interface Target {
  readonly component: Component
  readonly capability: Capability
}

export interface TargetQuery {
  readonly component?: string | undefined
  readonly kind?: 'tool' | 'agent' | undefined
  readonly action?: string | undefined
  /** A capability without a component: any that offers it. */
  readonly capability?: string | undefined
}

export interface TargetContext {
  readonly view: CatalogView
  readonly origin: 'model' | 'author'
  readonly offered: readonly OfferedCapability[] | undefined
  readonly step: string
  readonly path: Path
  readonly issues: Issue[]
}

/** undefined when there is no such target; why is then in `issues`. */
export function findTarget(query: TargetQuery, context: TargetContext): Target | undefined {
  const target =
    query.component === undefined ? findOffering(query, context) : findAction(query, query.component, context)
  if (target === undefined) return undefined
  if (target.capability.internal === true && context.origin === 'model') {
    const { name } = target.capability
    const key = query.action === undefined ? (query.capability === undefined ? 'component' : 'capability') : 'action'
    const alternatives = suggest(name, offeredNames(context, 'capability'), context.issues.length)
    report(
      context,
      'not_offered',
      key,
      `"${name}" is internal to "${target.component.name}" and cannot be part of a plan.`,
      alternatives,
    )
    return undefined
  }
  return target
}

function report(
  { step, path, issues }: TargetContext,
  code: Issue['code'],
  key: string,
  message: string,
  alternatives: readonly string[] = [],
): undefined {
  issues.push(createIssue({ code, path: [...path, key], step, message, alternatives }))
  return undefined
}

const isVisible = ({ internal }: Capability, { origin }: TargetContext): boolean =>
  internal !== true || origin === 'author'

/** Names that may be suggested: to a model those that it was offered, else all that the catalog has. */
function offeredNames(context: TargetContext, what: 'component' | 'capability'): string[] {
  const { view, offered } = context
  if (offered !== undefined && offered.length > 0) {
    return offered.map((item) => (what === 'component' ? item.component.name : item.capability.name))
  }
  const components = view.components()
  if (what === 'component') return components.map(({ name }) => name)
  return components.flatMap(({ capabilities }) =>
    capabilities.filter((capability) => isVisible(capability, context)).map(({ name }) => name),
  )
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

function findAction(query: TargetQuery, name: string, context: TargetContext): Target | undefined {
  const component = context.view.component(name)
  const { step, issues } = context
  if (component === undefined) {
    const alternatives = suggest(name, offeredNames(context, 'component'), issues.length)
    const offering = query.action === undefined ? [] : context.view.offering(query.action)
    const hint =
      offering[0] !== undefined && query.action !== undefined
        ? ` "${query.action}" is offered by ${offering
            .slice(0, 3)
            .map((other) => `"${other.name}"`)
            .join(', ')}.`
        : didYouMean(name, alternatives)
    const legal = [...new Set([...offering.map((other) => other.name), ...alternatives])]
    return report(
      context,
      'unknown_component',
      query.kind ?? 'component',
      `Step "${step}" calls "${name}", which is not in the catalog.${hint}`,
      legal,
    )
  }
  if (query.kind !== undefined && query.kind !== component.kind) {
    report(
      context,
      'wrong_kind',
      query.kind,
      `"${component.name}" is ${component.kind === 'tool' ? 'a tool' : 'an agent'}; write "${component.kind}: ${component.name}", or "component:" for either.`,
      [component.kind],
    )
  }
  const visible = component.capabilities.filter((capability) => isVisible(capability, context))
  if (query.action === undefined) {
    const [only] = component.capabilities.length === 1 ? component.capabilities : visible
    if (only !== undefined && (component.capabilities.length === 1 || visible.length === 1))
      return { component, capability: only }
    const names = visible.map((capability) => capability.name)
    return report(
      context,
      'unknown_action',
      query.kind ?? 'component',
      `Step "${step}" does not say which of the capabilities of "${component.name}" it calls. Add "action".`,
      names,
    )
  }
  const wanted = query.action
  const capability =
    context.view.find(component.name, wanted) ?? component.capabilities.find((other) => same(other.name, wanted))
  if (capability !== undefined) return { component, capability }
  const alternatives = suggest(
    wanted,
    visible.map((other) => other.name),
    issues.length,
  )
  const elsewhere = context.view.offering(wanted)[0]
  const hint = elsewhere === undefined ? didYouMean(wanted, alternatives) : ` "${elsewhere.name}" offers it.`
  return report(
    context,
    'unknown_action',
    'action',
    `"${component.name}" has no capability "${wanted}".${hint}`,
    alternatives,
  )
}

function findOffering(query: TargetQuery, context: TargetContext): Target | undefined {
  const { step, view, issues } = context
  const name = query.capability ?? query.action
  const key = query.capability === undefined ? 'action' : 'capability'
  if (name === undefined) return undefined
  const offering = view.offering(name)
  const [component] = offering
  const capability = component === undefined ? undefined : view.find(component.name, name)
  if (component === undefined || capability === undefined) {
    const alternatives = suggest(name, offeredNames(context, 'capability'), issues.length)
    return report(
      context,
      'unknown_action',
      key,
      `No component in the catalog offers "${name}", which step "${step}" calls.${didYouMean(name, alternatives)}`,
      alternatives,
    )
  }
  if (query.capability === undefined) {
    const names = offering.map((other) => other.name)
    return report(
      context,
      'unknown_component',
      key,
      `Step "${step}" names the action "${name}" without a component. Add "component", or write "capability: ${name}" for any that offers it.`,
      names,
    )
  }
  return { component, capability }
}
