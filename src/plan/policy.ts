// What is wrong with a policy in itself, whoever declared it: configuration and documents are checked by the same rules.

import type { Config } from '../contracts/config.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { PolicyFallback, RecoveryPolicy } from '../contracts/policy.ts'
import { formatDuration } from '../util/duration.ts'
import { isJsonList, isJsonObject } from '../util/json.ts'
import { createGraph, findCycles } from './graph.ts'

/** A fault, and where it stands from the policy down, in the spelling of code. */
export interface PolicyFault {
  readonly path: readonly (string | number)[]
  /** Continues "The setting X ...": what is wrong, then what to do. */
  readonly message: string
}

type Policies = Readonly<Record<string, RecoveryPolicy>>

/** Names of components are told apart without regard to case. */
export const isSameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** Contradictions within the policy of one component. What can be said of a single value, its schema has said. */
export function checkPolicy(component: string, policy: RecoveryPolicy): PolicyFault[] {
  const faults = checkWaits(policy, policy, [])
  for (const [name, own] of Object.entries(policy.classes ?? {})) {
    const path = ['classes', name]
    const repeats = own.maxAttempts ?? 1
    if (own.strategy === 'fail' && repeats > 1) {
      const message = `is ${repeats}, but the strategy of "${name}" is "fail", which makes no further call. Leave out one of the two.`
      faults.push({ path: [...path, 'maxAttempts'], message })
    }
    faults.push(...checkWaits(own, { ...policy, ...own }, path))
  }
  for (const [i, fallback] of (policy.fallbacks ?? []).entries()) {
    const message = checkFallback(component, fallback)
    if (message !== undefined) faults.push({ path: ['fallbacks', i], message })
  }
  return faults
}

interface Waits {
  readonly initialWaitMs?: number | undefined
  readonly maxWaitMs?: number | undefined
}

/** Told where one of the two stands; 0 as the longest wait is none. */
export function checkWaits(own: Waits, effective: Waits, path: readonly string[]): PolicyFault[] {
  if (own.initialWaitMs === undefined && own.maxWaitMs === undefined) return []
  const { initialWaitMs = 0, maxWaitMs = 0 } = effective
  if (maxWaitMs === 0 || initialWaitMs <= maxWaitMs) return []
  const message = `is ${formatDuration(initialWaitMs)}, longer than the longest wait of ${formatDuration(maxWaitMs)}. Lower it, or raise the longest wait.`
  return [{ path: [...path, own.initialWaitMs === undefined ? 'maxWaitMs' : 'initialWaitMs'], message }]
}

function checkFallback(component: string, fallback: PolicyFallback): string | undefined {
  const { component: other, action, region, inputs } = fallback
  const hasValue = fallback.value !== undefined
  const clash = (a: string, b: string): string => `has "${a}" and "${b}", which contradict each other. Keep one.`
  if (hasValue) {
    const beside = (['component', 'action', 'region', 'inputs'] as const).find((key) => fallback[key] !== undefined)
    return beside === undefined ? undefined : clash('value', beside)
  }
  if (region !== undefined && other !== undefined) return clash('region', 'component')
  if (action !== undefined && other === undefined)
    return 'has an "action" without a "component". Name the component, which may be the same.'
  if (other === undefined && region === undefined && inputs === undefined)
    return 'says nothing. Write "component", "region", "inputs" or "value".'
  if (other !== undefined && isSameName(other, component) && action === undefined && inputs === undefined)
    return `leads from "${component}" to itself with nothing changed. Name another component, an action, or inputs.`
  if (usesReferences(inputs))
    return 'has "inputs" with "${...}", which are sent as they are. Where values of the run are needed, write a "fallback" at the step.'
  return undefined
}

const usesReferences = (value: unknown): boolean => {
  if (typeof value === 'string') return value.includes('${')
  if (isJsonList(value)) return value.some(usesReferences)
  return isJsonObject(value) && Object.values(value).some(usesReferences)
}

/** A circle of fallbacks: the components in order, and where the circle begins. */
export interface FallbackCircle {
  readonly names: readonly string[]
  readonly component: string
  readonly index: number
}

/** Components that fall back to each other in a circle: every failure would go round. */
export function findFallbackCircles(policies: Policies): FallbackCircle[] {
  const names: string[] = []
  const places = new Map<string, number>()
  const placeOf = (name: string): number => {
    const key = name.toLowerCase()
    const place = places.get(key) ?? names.push(name) - 1
    places.set(key, place)
    return place
  }
  for (const name of Object.keys(policies)) placeOf(name)
  const cameFrom: number[][] = []
  for (const [name, { fallbacks = [] }] of Object.entries(policies)) {
    for (const { component } of fallbacks) {
      if (component === undefined || isSameName(component, name)) continue
      const from = placeOf(name)
      const list = (cameFrom[placeOf(component)] ??= [])
      if (!list.includes(from)) list.push(from)
    }
  }
  const dependencies = names.map((_, i) => cameFrom[i] ?? [])
  return findCycles(dependencies, createGraph(dependencies)).map((cycle) => {
    const [first = '', second = first] = cycle.map((i) => names[i] ?? '')
    const { fallbacks = [] } = policies[first] ?? {}
    const index = fallbacks.findIndex(({ component }) => component !== undefined && isSameName(component, second))
    return { names: [...cycle.map((i) => names[i] ?? ''), first], component: first, index: Math.max(0, index) }
  })
}

/** "a → b → a" */
export const showCircle = ({ names }: FallbackCircle): string => names.join(' → ')

/** Components that stand there in more than one spelling: which of them holds could not be said. */
export function findNameClashes(names: readonly string[]): { readonly name: string; readonly other: string }[] {
  const first = new Map<string, string>()
  const clashes: { name: string; other: string }[] = []
  for (const name of names) {
    const other = first.get(name.toLowerCase())
    if (other === undefined) first.set(name.toLowerCase(), name)
    else clashes.push({ name, other })
  }
  return clashes
}

/** Whether anything costs anything: else a budget of cost would never end a run. */
export const hasPrices = (models: Config['models'], components: Config['components']): boolean =>
  Object.values(models).some(({ inputPrice, outputPrice }) => inputPrice !== undefined || outputPrice !== undefined) ||
  Object.values(components).some(({ cost }) => cost !== undefined)

/** Every `when` of a policy that cannot be a condition. Expressions are loaded only when there is one. */
export async function checkConditions({ fallbacks = [] }: RecoveryPolicy): Promise<PolicyFault[]> {
  if (fallbacks.every(({ when }) => when === undefined)) return []
  const { compileErrorCondition, loadExpressions } = await import('./expression.ts')
  await loadExpressions()
  const faults: PolicyFault[] = []
  for (const [i, { when }] of fallbacks.entries()) {
    if (when === undefined) continue
    try {
      compileErrorCondition(when)
    } catch (thrown) {
      if (!(thrown instanceof TuttiError) || thrown.code === 'internal') throw thrown
      faults.push({ path: ['fallbacks', i, 'when'], message: thrown.message })
    }
  }
  return faults
}
