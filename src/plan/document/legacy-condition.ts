// `condition: {if, then, else}` of older documents, said with `if`: the named steps wait for this one and get the expression.
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import type { Issue } from '../../contracts/plan.ts'
import { isJsonObject } from '../../util/json.ts'
import { bareExpression } from '../expression/bare-expression.ts'
import { createIssue, type Path } from '../issue.ts'

const both = (a: string, b: unknown): string =>
  typeof b === 'string' && b.trim() !== '' ? `(${a}) && (${bareExpression(b)})` : a

interface Change {
  readonly when: string
  readonly after: string
}

export function rewriteConditions(document: JsonObject): { readonly value: JsonObject; readonly issues: Issue[] } {
  const steps: readonly JsonValue[] = Array.isArray(document.steps) ? document.steps : []
  if (!steps.some((step) => isJsonObject(step) && Object.hasOwn(step, 'condition')))
    return { value: document, issues: [] }
  const issues: Issue[] = []
  const names = new Set(steps.map((step) => (isJsonObject(step) ? step.name : undefined)))
  const changes = new Map<string, Change[]>()
  const own = steps.map((step, i) => {
    if (!isJsonObject(step) || !Object.hasOwn(step, 'condition')) return step
    return readCondition(step, ['steps', i, 'condition'], { names, changes, issues })
  })
  const rewritten = own.map((step) => {
    const list = isJsonObject(step) && typeof step.name === 'string' ? changes.get(step.name) : undefined
    if (!isJsonObject(step) || list === undefined) return step
    return list.reduce<JsonObject>(applyChange, step)
  })
  return { value: { ...document, steps: rewritten }, issues }
}

function applyChange(step: JsonObject, { when, after }: Change): JsonObject {
  const given = step.depends_on
  const dependsOn: readonly JsonValue[] = Array.isArray(given) ? given : typeof given === 'string' ? [given] : []
  return {
    ...step,
    if: both(when, step.if),
    depends_on: dependsOn.includes(after) ? dependsOn : [...dependsOn, after],
  }
}

interface ConditionContext {
  readonly names: ReadonlySet<unknown>
  readonly changes: Map<string, Change[]>
  readonly issues: Issue[]
}

function readCondition(step: JsonObject, path: Path, { names, changes, issues }: ConditionContext): JsonObject {
  const { condition, ...rest } = step
  const name = typeof step.name === 'string' ? step.name : undefined
  const refuse = (code: 'schema' | 'not_supported' | 'unknown_dependency', at: Path, message: string): JsonObject => {
    issues.push(createIssue({ code, path: at, message, step: name }))
    return rest
  }
  if (condition === null) return rest
  if (typeof condition === 'string') return { ...rest, if: both(bareExpression(condition), rest.if) }
  if (!isJsonObject(condition) || typeof condition.if !== 'string' || condition.if.trim() === '') {
    return refuse(
      'schema',
      path,
      '"condition" needs an "if" with an expression. Better: write "if" on the step itself.',
    )
  }
  const unknown = Object.keys(condition).find((key) => key !== 'if' && key !== 'then' && key !== 'else')
  if (unknown !== undefined) {
    return refuse(
      'schema',
      [...path, unknown],
      `"condition" has "if", "then" and "else"; "${unknown}" is not one of them.`,
    )
  }
  const expression = bareExpression(condition.if)
  const branches = [
    ['then', expression],
    ['else', `!(${expression})`],
  ] as const
  if (condition.then === undefined && condition.else === undefined) return { ...rest, if: both(expression, rest.if) }
  for (const [key, when] of branches) {
    const value = condition[key]
    if (value === undefined || value === null) continue
    const targets: readonly JsonValue[] = Array.isArray(value) ? value : [value]
    for (const target of targets) {
      if (typeof target !== 'string' || name === undefined) {
        const message = `"${key}" can only name steps of the document; steps inside a condition are not supported yet. Give them an "if" of their own.`
        return refuse('not_supported', [...path, key], message)
      }
      if (!names.has(target)) refuse('unknown_dependency', [...path, key], `There is no step "${target}".`)
      changes.set(target, [...(changes.get(target) ?? []), { when, after: name }])
    }
  }
  return rest
}
