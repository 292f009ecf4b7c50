// References against what will be there: inputs that are declared, outputs that a schema describes, and mistakes in the syntax.
import type { CompiledPlan, CompiledValue, Reference } from '../../contracts/compiled.ts'
import type { JsonSchema, JsonValue } from '../../contracts/json.ts'
import type { CatalogView } from '../../contracts/parts.ts'
import type { Issue } from '../../contracts/plan.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import { didYouMean, truncateText } from '../../util/text.ts'
import { resolveRef } from '../capability-inputs.ts'
import { convertForeignReferences, type StepFinder } from '../expression/foreign-reference.ts'
import { createIssue, type Path, suggest } from '../issue.ts'
import { looksLikeForeignReference } from '../reference.ts'
import { typeNameOf } from '../schema/normalise.ts'

export interface ReferencesContext {
  readonly plan: CompiledPlan
  readonly view: CatalogView
  /** By step index: the output schema of what it calls, when known. */
  readonly outputSchemas: readonly (JsonSchema | undefined)[]
  readonly issues: Issue[]
  readonly options: { readonly origin: 'model' | 'author' }
}

/** `step` undefined: the document's outputs. */
export function validateReferences(
  value: CompiledValue,
  path: Path,
  step: string | undefined,
  context: ReferencesContext,
): void {
  for (const reference of value.references) validateReference(reference, path, step, context)
}

function validateReference(
  reference: Reference,
  path: Path,
  step: string | undefined,
  context: ReferencesContext,
): void {
  const { plan, view, issues } = context
  const { name, text } = reference
  const say = (
    code: Issue['code'],
    message: string,
    alternatives: readonly string[] = [],
    severity: Issue['severity'] = 'error',
  ): void => {
    issues.push(createIssue({ code, severity, path, step, message, alternatives }))
  }
  switch (reference.root) {
    case 'steps': {
      const index = name === undefined ? undefined : plan.indexOf.get(name)
      const schema = index === undefined ? undefined : context.outputSchemas[index]
      if (schema === undefined || reference.path[0] !== 'output') return
      const fault = findPathFault(schema, reference.path.slice(1))
      if (fault === undefined) return
      const alternatives = suggest(fault.key, fault.legal, issues.length)
      const legal = fault.legal.length === 0 ? '' : ` There are ${truncateText(fault.legal.join(', '), 200)}.`
      say('unknown_path', `"${text}": the output of "${name}" has no "${fault.key}" there.${legal}`, alternatives)
      return
    }
    case 'inputs': {
      const { inputs } = plan.document
      if (name === undefined || (inputs !== undefined && Object.hasOwn(inputs, name))) return
      const alternatives = suggest(name, Object.keys(inputs ?? {}), issues.length)
      say(
        'undeclared_input',
        `"${text}": the document declares no input "${name}", so it is optional.${didYouMean(name, alternatives)}`,
        alternatives,
        'warning',
      )
      return
    }
    case 'components': {
      if (name === undefined || view.component(name) !== undefined) return
      const names = view.components().map((component) => component.name)
      say('unknown_reference', `"${text}": "${name}" is not in the catalog.`, suggest(name, names, issues.length))
      return
    }
    case 'state':
      say('not_supported', `"${text}": state that outlives a step is not supported yet. Refer to the step's output.`)
      return
    case 'item':
    case 'index':
      say(
        'unknown_reference',
        `"${text}": "${reference.root}" exists only inside "for_each", which is not supported yet.`,
      )
      return
    case 'run':
    case 'secrets':
      return
  }
}

interface PathFault {
  readonly key: string
  readonly legal: readonly string[]
}

/** The first key of the path that the schema surely does not have; undefined when it has all, or does not say. */
function findPathFault(root: JsonSchema, path: readonly (string | number)[]): PathFault | undefined {
  const fault = walkPath(root, path)
  // An enveloped answer is unwrapped, and paths through the envelope resolve as well.
  if (fault !== undefined && (path[0] === 'data' || path[0] === 'response') && fault.key === path[0]) {
    return findPathFault(root, path.slice(1))
  }
  return fault
}

function walkPath(root: JsonSchema, path: readonly (string | number)[]): PathFault | undefined {
  let schema: JsonSchema | undefined = root
  for (const key of path) {
    if (schema !== undefined && typeof schema.$ref === 'string') schema = resolveRef(root, schema.$ref)
    if (schema === undefined || isVague(schema)) return undefined
    const type = typeof schema.type === 'string' ? typeNameOf(schema.type) : undefined
    if (type === 'array') {
      if (typeof key !== 'number') return { key, legal: ['[0]'] }
      schema = isJsonObject(schema.items) ? schema.items : undefined
    } else if (type === 'object' || type === undefined) {
      if (!isJsonObject(schema.properties)) return undefined
      const { properties } = schema
      const next = Object.hasOwn(properties, key) ? properties[key] : undefined
      const { additionalProperties: additional } = schema
      if (next === undefined && (additional === true || isJsonObject(additional))) return undefined
      if (next === undefined) return { key: String(key), legal: Object.keys(properties) }
      schema = isJsonObject(next) ? next : undefined
    } else return { key: String(key), legal: [] }
  }
  return undefined
}

const isVague = (schema: JsonSchema): boolean =>
  ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'patternProperties'].some((key) => schema[key] !== undefined) ||
  Array.isArray(schema.type)

const OF_STEPS = /(?<!\$)\{\{?\s*(?:steps?[.[_-]|[\w-]+\.(?:response|outputs?|results?)\b)/i

/** B20: `{{step-1.response.x}}` and `{step-1.response.x}` would reach the component as they stand. */
export function validateForeignText(
  source: JsonValue,
  path: Path,
  step: string | undefined,
  context: Pick<ReferencesContext, 'plan' | 'issues' | 'options'>,
): void {
  const { plan, issues, options } = context
  if (typeof source === 'string') {
    if (!source.includes('{') || !looksLikeForeignReference(source)) return
    const converted = convertForeignReferences(source, createStepFinder(plan))
    if (converted === source) {
      // What names no step is text, such as a template for somebody else; but a model that speaks of steps means one of its own.
      if (options.origin !== 'model' || !OF_STEPS.test(source)) return
      const message = `"${truncateText(source, 100)}" refers to a step that the plan does not have. Write "\${steps.NAME.output.path}" with the name of one of its steps.`
      const alternatives = plan.steps.filter(({ name }) => name !== step).map(({ name }) => `\${steps.${name}.output}`)
      issues.push(
        createIssue({ code: 'unknown_reference', path, step, message, alternatives: alternatives.slice(0, 5) }),
      )
      return
    }
    const message = `"${truncateText(source, 100)}" has a reference in another syntax; write ${truncateText(converted, 200)}.`
    issues.push(createIssue({ code: 'bad_expression', path, step, message, alternatives: [converted] }))
  } else if (isJsonList(source)) {
    for (const [i, item] of source.entries()) validateForeignText(item, [...path, i], step, context)
  } else if (isJsonObject(source)) {
    for (const [key, item] of Object.entries(source)) validateForeignText(item, [...path, key], step, context)
  }
}

const finders = new WeakMap<CompiledPlan, StepFinder>()

function createStepFinder(plan: CompiledPlan): StepFinder {
  const known = finders.get(plan)
  if (known !== undefined) return known
  const byLowerCase = new Map(plan.steps.map(({ name }) => [name.toLowerCase(), name]))
  const find: StepFinder = (name) => byLowerCase.get(name.toLowerCase())
  finders.set(plan, find)
  return find
}
