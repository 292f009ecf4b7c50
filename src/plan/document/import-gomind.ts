// Plans as GoMind's planner writes them, said in our format. What has no counterpart is named in a warning, never dropped in silence.
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import type { Issue } from '../../contracts/plan.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import { convertForeignReferences } from '../expression/foreign-reference.ts'
import { createIssue, type Path } from '../issue.ts'
import { mapTexts } from '../map-texts.ts'

/** A plan of that lineage says `plan_id`, or its steps `step_id` or `agent_name`. */
export function isGomindPlan(value: JsonObject): boolean {
  if (!Array.isArray(value.steps)) return false
  if (Object.hasOwn(value, 'plan_id')) return true
  const steps: readonly JsonValue[] = value.steps
  return steps.some(
    (step) => isJsonObject(step) && (Object.hasOwn(step, 'step_id') || Object.hasOwn(step, 'agent_name')),
  )
}

/** Keys of the plan that are known and say nothing to us. */
const IDLE_PLAN_KEYS = ['plan_id', 'mode', 'created_at', 'synthesis_strategy', 'rationale']
const IDLE_STEP_KEYS = ['namespace', 'expected_output']

export interface Imported {
  readonly value: JsonObject
  readonly issues: Issue[]
  /** From a path in our format to the one that was written. */
  readonly toWritten: (path: Path) => Path
}

export function importGomindPlan(plan: JsonObject): Imported {
  const issues: Issue[] = []
  const { steps: given, original_request: request, ...rest } = plan
  const steps: readonly JsonValue[] = Array.isArray(given) ? given : []
  const names = new Map<string, string>()
  for (const step of steps) {
    const id = isJsonObject(step) ? (step.step_id ?? step.name) : undefined
    if (typeof id === 'string') names.set(id.toLowerCase(), id)
  }
  const find = (name: string): string | undefined => names.get(name.toLowerCase())
  const kept: [string, JsonValue][] = []
  if (request !== undefined && request !== null) kept.push(['description', request])
  const idle = Object.keys(rest).filter((key) => IDLE_PLAN_KEYS.includes(key))
  if (idle.length > 0) issues.push(idleIssue(idle, []))
  for (const [key, value] of Object.entries(rest)) if (!idle.includes(key)) kept.push([key, value])
  kept.push(['steps', steps.map((step, i) => (isJsonObject(step) ? importStep(step, i, find, issues) : step))])
  return { value: Object.fromEntries(kept), issues, toWritten: (path) => writtenPath(plan, path) }
}

const idleIssue = (keys: readonly string[], path: Path): Issue =>
  createIssue({
    code: 'unknown_key',
    severity: 'warning',
    path: [...path, keys[0] ?? ''],
    message: `${keys.map((key) => `"${key}"`).join(', ')} ${keys.length === 1 ? 'has' : 'have'} no effect here.`,
  })

/** Their key, then ours. */
const STEP_KEYS: readonly (readonly [string, string])[] = [
  ['step_id', 'name'],
  ['agent_name', 'component'],
  ['service_name', 'component'],
  ['instruction', 'description'],
  ['capability', 'action'],
  ['parameters', 'inputs'],
]

function importStep(
  step: JsonObject,
  index: number,
  find: (name: string) => string | undefined,
  issues: Issue[],
): JsonObject {
  const { metadata, ...rest } = step
  const result = new Map<string, JsonValue>()
  const put = (key: string, value: JsonValue): void => {
    if (value !== null && !result.has(key)) result.set(key, value)
  }
  const idle = Object.keys(rest).filter((key) => IDLE_STEP_KEYS.includes(key))
  for (const [theirs, ours] of STEP_KEYS) if (rest[theirs] !== undefined) put(ours, rest[theirs])
  for (const [key, value] of Object.entries(rest)) {
    if (!idle.includes(key) && !STEP_KEYS.some(([theirs]) => theirs === key)) put(key, value)
  }
  if (isJsonObject(metadata)) {
    for (const [key, value] of Object.entries(metadata)) {
      if (key === 'capability') put('action', value)
      else if (key === 'parameters') put('inputs', value)
      else idle.push(`metadata.${key}`)
    }
  } else if (metadata !== undefined && metadata !== null) put('metadata', metadata)
  // A namespace of "default" is what every such plan carries.
  const told = idle.filter((key) => key !== 'namespace' || (rest.namespace !== 'default' && rest.namespace !== ''))
  if (told.length > 0) issues.push(idleIssue(told, ['steps', index]))
  const inputs = result.get('inputs')
  if (inputs !== undefined)
    result.set(
      'inputs',
      mapTexts(inputs, (text) => convertForeignReferences(text, find)),
    )
  const dependsOn = result.get('depends_on')
  if (isJsonList(dependsOn)) {
    result.set(
      'depends_on',
      dependsOn.map((name) => (typeof name === 'string' ? (find(name) ?? name) : name)),
    )
  }
  return Object.fromEntries(result)
}

function writtenPath(plan: JsonObject, path: Path): Path {
  const [first, index, key, ...rest] = path
  if (first === 'description' && index === undefined) return ['original_request']
  if (first !== 'steps' || index === undefined || key === undefined || !isJsonList(plan.steps)) return path
  const step = plan.steps[Number(index)]
  if (!isJsonObject(step)) return path
  const theirs = STEP_KEYS.find(([their, our]) => our === key && Object.hasOwn(step, their))?.[0]
  if (theirs !== undefined) return [first, index, theirs, ...rest]
  if (key === 'action') return [first, index, 'metadata', 'capability', ...rest]
  if (key === 'inputs') return [first, index, 'metadata', 'parameters', ...rest]
  return path
}
