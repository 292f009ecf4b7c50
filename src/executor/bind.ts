// From what the plan says to what a capability is given: references and literals evaluated, then brought to the schema's
// types. Nothing is guessed here and nothing is written to the plan.
import { ABSENT, type CompiledStep, type CompiledValue, type Scope } from '../contracts/compiled.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { CompiledSchema, SchemaRepair } from '../plan/schema.ts'
import { isJsonObject, stringifyJson } from '../util/json.ts'
import { truncateText } from '../util/text.ts'
import type { CallTarget } from './call-target.ts'
import type { StepExecution } from './step-execution.ts'

type SchemaIssue = ReturnType<CompiledSchema['check']>[number]

export interface BoundInputs {
  readonly inputs: JsonObject
  /** Required by the schema and not there: `null`, `0`, `false` and `""` are there. */
  readonly missing: readonly string[]
}

const NONE: readonly string[] = []

/** @throws TuttiError `binding_failed`, `expression_failed`, `expression_too_expensive`, `invalid_input` */
export function bindInputs(compiled: CompiledStep, scope: Scope, target: CallTarget): BoundInputs {
  const inputs =
    compiled.wholeInputs === undefined ? bindEach(compiled, scope) : bindWhole(compiled.wholeInputs, compiled, scope)
  return { inputs, missing: missingOf(inputs, target) }
}

export function missingOf(inputs: JsonObject, target: CallTarget): readonly string[] {
  const { required } = target
  for (const name of required) {
    if (!Object.hasOwn(inputs, name)) return required.filter((each) => !Object.hasOwn(inputs, each))
  }
  return NONE
}

/** Whether `checked` serves for every run: all was literal, and nothing was repaired, which each run tells anew. */
export function servesEveryRun(
  compiled: CompiledStep,
  given: JsonObject,
  checked: JsonObject,
  target: CallTarget,
): boolean {
  if (compiled.wholeInputs !== undefined) return false
  for (const { value } of compiled.inputs ?? []) if (!value.isLiteral) return false
  return checked === given || target.schema.coerce(given).repairs === undefined
}

/** Who is told of another spelling that was brought to a legal one. */
type Teller = Pick<StepExecution, 'name' | 'emit'>

/**
 * Inputs as the schema wants them; repairs beyond a plain type (`usd`, `42 km`) are told to `teller`.
 * @throws TuttiError `invalid_input`: a failed conversion is an error, never 0 or false
 */
export function checkInputs(
  inputs: JsonObject,
  target: CallTarget,
  compiled: CompiledStep,
  scope: Scope,
  teller?: Teller,
): JsonObject {
  const { value, issues, repairs } = target.schema.coerce(inputs)
  const fitting = isJsonObject(value) ? value : inputs
  if (repairs !== undefined && teller !== undefined) tellRepairs(repairs, target, teller)
  if (issues.length === 0) return fitting
  const kept = leaveOutNulls(fitting, issues, target, compiled, scope)
  if (kept !== undefined) {
    const again = target.schema.coerce(kept)
    if (again.issues.length === 0) return isJsonObject(again.value) ? again.value : kept
  }
  throw invalidInput(issues, target, compiled.name)
}

function tellRepairs(repairs: readonly SchemaRepair[], { label }: CallTarget, teller: Teller): void {
  for (const { pointer, from, to } of repairs) {
    teller.emit({
      type: 'step-repair',
      step: teller.name,
      way: 'coerce',
      reason: `Input "${pointer.slice(1)}" of "${label}" is ${show(from)}; the schema has ${show(to)} for it.`,
    })
  }
}

function bindEach(compiled: CompiledStep, scope: Scope): JsonObject {
  const inputs: Record<string, JsonValue> = {}
  for (const { name, value } of compiled.inputs ?? []) {
    const bound = value.evaluate(scope)
    if (bound !== ABSENT && name !== '__proto__') inputs[name] = bound
  }
  return inputs
}

function bindWhole(value: CompiledValue, compiled: CompiledStep, scope: Scope): JsonObject {
  const bound = value.evaluate(scope)
  if (bound === ABSENT || bound === null) return {}
  if (isJsonObject(bound)) return bound
  throw new TuttiError(
    'invalid_input',
    `The inputs of step "${compiled.name}" are ${show(bound)}, but ${show(value.source)} must give an object.`,
  )
}

/** A reference to a step that was skipped gives null: an optional input that may not be null is then left out. */
function leaveOutNulls(
  inputs: JsonObject,
  issues: readonly SchemaIssue[],
  target: CallTarget,
  compiled: CompiledStep,
  scope: Scope,
): JsonObject | undefined {
  const kept: Record<string, JsonValue> = { ...inputs }
  for (const { pointer } of issues) {
    const name = pointer.slice(1)
    if (kept[name] !== null || target.required.includes(name)) return undefined
    const source = compiled.inputs?.find((input) => input.name === name)?.value
    const isFromUndone = source?.references.some(
      ({ root, name: step }) => root === 'steps' && step !== undefined && scope.step(step)?.success === false,
    )
    if (isFromUndone !== true) return undefined
    delete kept[name]
  }
  return kept
}

function invalidInput(issues: readonly SchemaIssue[], target: CallTarget, step: string): TuttiError {
  const told = issues.slice(0, 3).map(({ message }) => message)
  const more = issues.length > told.length ? ` (and ${issues.length - told.length} more)` : ''
  return new TuttiError('invalid_input', `Step "${step}" cannot call "${target.label}": ${told.join(' ')}${more}`, {
    details: {
      field: issues[0]?.pointer.slice(1) ?? '',
      issues: issues.slice(0, 10).map(({ pointer, message, keyword }) => ({ pointer, message, keyword })),
    },
  })
}

export function missingInput(missing: readonly string[], target: CallTarget, step: string): TuttiError {
  const names = missing.map((name) => `"${name}"`).join(', ')
  return new TuttiError(
    'missing_input',
    `Step "${step}" has no value for ${names}, which "${target.label}" requires. Give ${missing.length === 1 ? 'it' : 'them'} in the step's inputs, or refer to an output that holds ${missing.length === 1 ? 'it' : 'them'}.`,
    { details: { missing } },
  )
}

const show = (value: unknown): string => truncateText(stringifyJson(value), 80)
