// A step's inputs against the capability's schema, before anything is called: names, literals, and what only looks like a value.

import type { Capability } from '../../contracts/capability.ts'
import type { CompiledStep, CompiledValue } from '../../contracts/compiled.ts'
import type { JsonValue } from '../../contracts/json.ts'
import type { Issue } from '../../contracts/plan.ts'
import { isJsonObject } from '../../util/json.ts'
import { didYouMean, truncateText } from '../../util/text.ts'
import { inputsOf, isSecretSchema, takesObject } from '../capability-inputs.ts'
import { createIssue, type Path, pathOf, suggest } from '../issue.ts'
import { compileSchema } from '../schema.ts'

export interface InputsContext {
  readonly capability: Capability
  readonly origin: 'model' | 'author'
  readonly path: Path
  readonly issues: Issue[]
  /** Whether a dependency may give an input of this name when the step runs. */
  readonly mayBeFilled: (name: string) => boolean
}

type Inputs = NonNullable<CompiledStep['inputs']>

/** Schemas must have been loaded. `inputs` undefined: none were given. */
export function validateInputs(step: string, inputs: Inputs, context: InputsContext): void {
  const { capability, origin, path, issues } = context
  const { properties, required, isOpen } = inputsOf(capability)
  warnOfUnusable(step, context)
  const given = new Set(inputs.map(({ name }) => name))
  for (const name of required) {
    if (given.has(name)) continue
    const isFillable = context.mayBeFilled(name)
    const hint = isFillable ? ' It will be looked for in the outputs of the steps before.' : ''
    const message = `Step "${step}" does not give "${name}", which "${capability.name}" requires.${hint}`
    issues.push(
      createIssue({
        code: 'missing_input',
        severity: isFillable ? 'warning' : 'error',
        path: [...path, name],
        step,
        message,
      }),
    )
  }
  const literals: [string, JsonValue][] = []
  for (const { name, value } of inputs) {
    const at = [...path, name]
    const schema = properties.get(name)
    if (schema === undefined && !isOpen) {
      const legal = [...properties.keys()].filter((other) => !given.has(other))
      const alternatives = suggest(name, legal.length > 0 ? legal : properties.keys(), issues.length)
      const message = `"${capability.name}" has no input "${name}".${didYouMean(name, alternatives)}`
      issues.push(createIssue({ code: 'unknown_input', path: at, step, message, alternatives }))
      continue
    }
    if (origin === 'model' && usesSecrets(value) && !isSecretSchema(schema)) {
      const message = `"${name}" of step "${step}" would send a secret, but "${capability.name}" does not mark this input as one.`
      issues.push(createIssue({ code: 'secret_leak', path: at, step, message }))
    }
    if (schema !== undefined && !takesObject(schema) && isExpressionObject(value.source)) {
      const message = `"${name}" of step "${step}" is an object with an expression, which nobody computes. Write "\${...}" or the value itself.`
      issues.push(createIssue({ code: 'expression_object', path: at, step, message }))
    } else if (value.isLiteral) literals.push([name, value.source])
  }
  if (literals.length > 0) checkLiterals(step, new Map(literals), context)
}

/** Told once in a document, however many steps call it. */
function warnOfUnusable(step: string, { capability, path, issues }: InputsContext): void {
  if (compileSchema(capability.inputSchema).enforced) return
  const message = `The input schema of "${capability.name}" cannot be used, so its inputs are sent as they are, unchecked. Correct the schema where the capability is declared.`
  if (issues.some((issue) => issue.message === message)) return
  issues.push(createIssue({ code: 'not_supported', severity: 'warning', path, step, message }))
}

export const usesSecrets = ({ references }: CompiledValue): boolean => references.some(({ root }) => root === 'secrets')

const EXPRESSION_KEYS = new Set(['expression', 'expr', 'formula', 'calculation', 'compute', '$expr'])

/** `{"expression": "100 * price"}` and its like. */
function isExpressionObject(source: JsonValue): boolean {
  if (!isJsonObject(source)) return false
  const [key, ...others] = Object.keys(source)
  return key !== undefined && others.length === 0 && EXPRESSION_KEYS.has(key.toLowerCase())
}

/** Values that only run time knows are left out; rules that need them, such as what is required, are left to it. */
function checkLiterals(
  step: string,
  literals: ReadonlyMap<string, JsonValue>,
  { capability, path, issues }: InputsContext,
): void {
  for (const found of compileSchema(capability.inputSchema).coerce(Object.fromEntries(literals)).issues) {
    const inside = pathOf(found.pointer)
    const [name] = inside
    if (name === undefined || !literals.has(name)) continue
    const isMissing = found.keyword === 'required'
    const isUnknown = found.keyword === 'additionalProperties'
    // Told above, by name.
    if (inside.length === 1 && (isMissing || isUnknown)) continue
    const code = isMissing
      ? 'missing_input'
      : isUnknown
        ? 'unknown_input'
        : found.keyword === 'enum'
          ? 'not_in_enum'
          : 'wrong_type'
    const message = `Step "${step}" for "${capability.name}": ${truncateText(found.message, 400)}`
    issues.push(
      createIssue({ code, path: [...path, ...inside], step, message, alternatives: found.alternatives ?? [] }),
    )
  }
}
