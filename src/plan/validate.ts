// Every check a plan passes before anything is called, whatever its origin; all that is wrong is told at once.
import type { OfferedCapability } from '../contracts/capability.ts'
import type { CompiledPlan, CompiledStep, CompiledValue } from '../contracts/compiled.ts'
import type { JsonSchema } from '../contracts/json.ts'
import type { CatalogView } from '../contracts/parts.ts'
import type { Issue } from '../contracts/plan.ts'
import { isJsonObject } from '../util/json.ts'
import { isKnownIdempotent } from './capability-inputs.ts'
import { createIssue, type Path } from './issue.ts'
import { literal } from './reference.ts'
import { loadSchemas } from './schema.ts'
import { usesSecrets, validateInputs } from './validate/inputs.ts'
import { checkAuthorship, type Declared, validatePolicies } from './validate/policies.ts'
import { type ReferencesContext, validateForeignText, validateReferences } from './validate/references.ts'
import { findTarget, type Target, type TargetContext } from './validate/target.ts'

export interface ValidateOptions {
  /** A model may not send secrets where they are not asked for, loosen policy, or call what is internal. */
  readonly origin: 'model' | 'author'
  /** Largest number of steps. */
  readonly maxSteps: number
  /** What a model was shown; alternatives are taken from it. Others of the catalog are admitted too, by their schema. */
  readonly offered?: readonly OfferedCapability[]
  /** What the operator declared: inventory, policies, prices, targets of notices. Absent: documents are not held against it. */
  readonly declared?: Declared
}

interface Validation extends ReferencesContext {
  readonly options: ValidateOptions
  readonly targets: readonly (Target | undefined)[]
}

/** Everything that is wrong with a compiled plan by the catalog; warnings do not stop it. Never throws for what stands in it. */
export async function validatePlan(plan: CompiledPlan, view: CatalogView, options: ValidateOptions): Promise<Issue[]> {
  const { steps } = plan
  if (steps.length > options.maxSteps) {
    const message = `The document has ${steps.length} steps; at most ${options.maxSteps} are allowed. Raise executor.max_steps, or split it.`
    return [createIssue({ code: 'limit', path: ['steps'], message })]
  }
  const issues: Issue[] = []
  const { origin, offered, declared } = options
  const targets = steps.map(({ step, index }) => {
    if (step.type !== 'call') return undefined
    return findTarget(step, { view, origin, offered, step: step.name, path: ['steps', index], issues })
  })
  const outputSchemas = steps.map((step, i) => outputSchemaOf(step, targets[i]))
  const validation: Validation = { plan, view, outputSchemas, issues, options, targets }
  if (targets.some((target) => target !== undefined) || steps.some(({ step }) => step.fallback !== undefined))
    await loadSchemas()
  for (const step of steps) validateStep(step, validation)
  await validatePolicies({ plan, view, targets, declared, issues })
  if (origin === 'model') checkAuthorship(plan, issues)
  for (const { name, value } of plan.outputs ?? []) validateValue(value, ['outputs', name], undefined, validation)
  return issues
}

function outputSchemaOf({ step, set }: CompiledStep, target: Target | undefined): JsonSchema | undefined {
  if (step.type === 'ai-generate') return step.outputSchema
  if (step.type !== 'transform') return target?.capability.outputSchema
  const properties = Object.fromEntries((set ?? []).map(({ name }) => [name, {}]))
  return { type: 'object', properties, additionalProperties: false }
}

function validateStep(compiled: CompiledStep, validation: Validation): void {
  const { name, index, step, condition, replanIf, inputs, wholeInputs, set, prompt, until, concurrencyKey } = compiled
  const { issues, options } = validation
  const path: Path = ['steps', index]
  const target = validation.targets[index]
  for (const item of inputs ?? []) validateReferencesIn(item.value, [...path, 'inputs', item.name], name, validation)
  for (const item of set ?? []) validateValue(item.value, [...path, 'set', item.name], name, validation)
  if (wholeInputs !== undefined) validateReferences(wholeInputs, [...path, 'inputs'], name, validation)
  if (condition !== undefined) validateReferences(condition, [...path, 'if'], name, validation)
  if (replanIf !== undefined) validateReferences(replanIf, [...path, 'replan_if'], name, validation)
  if (prompt !== undefined) validateValue(prompt, [...path, 'prompt'], name, validation)
  if (until !== undefined) validateReferences(until, [...path, 'wait', 'until'], name, validation)
  if (concurrencyKey !== undefined) validateKey(concurrencyKey, [...path, 'concurrency', 'key'], name, validation)
  if (target !== undefined && wholeInputs === undefined) {
    const mayBeFilled = (input: string): boolean =>
      compiled.dependencies.some((from) => mayGive(validation.outputSchemas[from], input))
    validateInputs(name, inputs ?? [], {
      capability: target.capability,
      origin: options.origin,
      path: [...path, 'inputs'],
      issues,
      mayBeFilled,
    })
  } else if (options.origin === 'model' && wholeInputs !== undefined && usesSecrets(wholeInputs)) {
    issues.push(secretLeak([...path, 'inputs'], name))
  }
  if (
    options.origin === 'model' &&
    step.idempotent === true &&
    target !== undefined &&
    !isKnownIdempotent(target.capability)
  ) {
    const message = `Step "${name}" declares its call repeatable, which a plan may not do for "${target.capability.name}". Leave "idempotent" out.`
    issues.push(createIssue({ code: 'loosened_policy', path: [...path, 'idempotent'], step: name, message }))
  }
  validateFallbacks(compiled, path, validation)
}

/** An output of unknown shape may hold anything. */
function mayGive(schema: JsonSchema | undefined, input: string): boolean {
  if (schema === undefined || !isJsonObject(schema.properties)) return true
  return Object.hasOwn(schema.properties, input) || schema.additionalProperties === true
}

const secretLeak = (path: Path, step: string | undefined): Issue =>
  createIssue({
    code: 'secret_leak',
    path,
    step,
    message: 'A plan may use a secret only as an input that the capability marks as secret.',
  })

function validateReferencesIn(
  value: CompiledValue,
  path: Path,
  step: string | undefined,
  validation: Validation,
): void {
  validateReferences(value, path, step, validation)
  validateForeignText(value.source, path, step, validation)
}

/** A value that reaches no component: a secret has no business there in a model's plan. */
function validateValue(value: CompiledValue, path: Path, step: string | undefined, validation: Validation): void {
  validateReferencesIn(value, path, step, validation)
  if (validation.options.origin === 'model' && usesSecrets(value)) validation.issues.push(secretLeak(path, step))
}

/** The key of a limit is shown to whoever looks at limits. */
function validateKey(value: CompiledValue, path: Path, step: string, validation: Validation): void {
  validateReferencesIn(value, path, step, validation)
  const { inputs = {} } = validation.plan.document
  const isSecret = value.references.some(
    ({ root, name }) =>
      root === 'secrets' || (root === 'inputs' && name !== undefined && inputs[name]?.secret === true),
  )
  if (!isSecret) return
  const message = 'The key of a limit is shown in status and metrics; a secret may not be in it.'
  validation.issues.push(createIssue({ code: 'secret_leak', path, step, message }))
}

function validateFallbacks(compiled: CompiledStep, path: Path, validation: Validation): void {
  const { view, options, issues } = validation
  for (const [i, item] of (compiled.fallback ?? []).entries()) {
    const at = [...path, 'fallback', i]
    if ('value' in item) {
      validateValue(item.value, [...at, 'value'], compiled.name, validation)
      continue
    }
    const context: TargetContext = {
      view,
      origin: options.origin,
      offered: options.offered,
      step: compiled.name,
      path: at,
      issues,
    }
    const target = findTarget({ component: item.component, action: item.action }, context)
    if (item.inputs === undefined) continue
    validateReferencesIn(item.inputs, [...at, 'inputs'], compiled.name, validation)
    const { source } = item.inputs
    if (target === undefined || !item.inputs.isLiteral || !isJsonObject(source)) continue
    const inputs = Object.entries(source).map(([name, value]) => ({ name, value: literal(value) }))
    validateInputs(compiled.name, inputs, {
      capability: target.capability,
      origin: options.origin,
      path: [...at, 'inputs'],
      issues,
      mayBeFilled: () => options.origin === 'model' || compiled.dependencies.length > 0,
    })
  }
}
