// A document made ready to run: expressions compiled, references turned into edges, edges into counters. Done once, so that a
// step costs no parsing.
import type { CompiledPlan, CompiledStep, CompiledValue, Reference } from '../contracts/compiled.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { FallbackSpec, Issue, PlanDocument, Step } from '../contracts/plan.ts'
import { isJsonObject } from '../util/json.ts'
import { didYouMean } from '../util/text.ts'
import { compileExpression, loadExpressions } from './expression.ts'
import { createGraph, type Dependencies, findCycles, type Graph } from './graph.ts'
import { createIssue, hasErrors, type Path, suggest } from './issue.ts'
import { compileValue, literal, parsePath, usesExpressions } from './reference.ts'

/**
 * Compiles a document. Never throws for what stands in it.
 * @returns the plan only when `issues` holds no error
 */
export async function compilePlan(document: PlanDocument): Promise<{ plan?: CompiledPlan; issues: Issue[] }> {
  const { plan, issues } = await compileDraft(document)
  return { ...(plan !== undefined && !hasErrors(issues) && { plan }), issues }
}

/** As {@link compilePlan}, with the plan in spite of errors, for further checks only: faulty values are literals in it, faulty edges left out. */
export async function compileDraft(document: PlanDocument): Promise<{ plan: CompiledPlan; issues: Issue[] }> {
  if (needsExpressions(document)) await loadExpressions()
  const issues: Issue[] = []
  const indexOf = new Map<string, number>()
  for (const [i, { name }] of document.steps.entries()) {
    if (!indexOf.has(name)) indexOf.set(name, i)
    else
      issues.push(
        createIssue({
          code: 'duplicate_name',
          path: ['steps', i, 'name'],
          step: name,
          message: `There are two steps of the name "${name}". Give one of them another name.`,
        }),
      )
  }
  const stamps = new Int32Array(document.steps.length).fill(-1)
  const steps = document.steps.map((step, index) => compileStep(step, index, { indexOf, stamps, issues }))
  const outputs = document.outputs && compileEntries(document.outputs, ['outputs'], undefined, issues)
  for (const { value, name } of outputs ?? []) checkTargets(value, { path: ['outputs', name], indexOf, issues })
  const dependencies = steps.map((step) => step.dependencies)
  const graph = createGraph(dependencies)
  reportCycles(steps, dependencies, graph, issues)
  const onError = document.onError?.strategy ?? (document.name === undefined ? 'continue' : 'fail')
  const recovery = document.recovery && policiesByName(document.recovery)
  return {
    plan: {
      document,
      steps,
      indexOf,
      ...graph,
      ...(outputs !== undefined && { outputs }),
      ...(recovery !== undefined && { recovery }),
      hasPriorities: document.steps.some(({ priority }) => priority !== undefined),
      onError,
    },
    issues,
  }
}

const policiesByName = (policies: NonNullable<PlanDocument['recovery']>): CompiledPlan['recovery'] =>
  new Map(Object.entries(policies).map(([name, policy]) => [name.toLowerCase(), policy]))

function reportCycles(steps: readonly CompiledStep[], dependencies: Dependencies, graph: Graph, issues: Issue[]): void {
  for (const cycle of findCycles(dependencies, graph)) {
    const names = cycle.map((i) => steps[i]?.name ?? '')
    const shown = names.length > 12 ? [...names.slice(0, 6), `(${names.length - 8} more)`, ...names.slice(-2)] : names
    const [first = 0] = cycle
    const message = `These steps wait for each other: ${[...shown, names[0]].join(' → ')}. Remove one of the dependencies or references.`
    issues.push(createIssue({ code: 'cycle', path: ['steps', first, 'depends_on'], step: steps[first]?.name, message }))
  }
}

/** Plain paths need no parser. */
function needsExpressions(document: PlanDocument): boolean {
  const isComplex = (text: string | undefined): boolean => text !== undefined && parsePath(text) === undefined
  return (
    (document.outputs !== undefined && usesExpressions(document.outputs)) ||
    document.steps.some(
      (step) =>
        isComplex(step.if) ||
        isComplex(step.replanIf) ||
        (step.wait !== undefined && 'until' in step.wait && isUntilExpression(step.wait.until)) ||
        [step.inputs, step.set, step.prompt, step.concurrency?.key].some(
          (value) => value !== undefined && usesExpressions(value),
        ) ||
        (step.fallback?.some((item) => usesExpressions('value' in item ? item.value : (item.inputs ?? null))) ?? false),
    )
  )
}

/** Anything but a time or text with references is an expression. */
const isUntilExpression = (until: string): boolean =>
  until.includes('${') ? usesExpressions(until) : Number.isNaN(Date.parse(until)) && parsePath(until) === undefined

interface CompileContext {
  readonly indexOf: ReadonlyMap<string, number>
  /** The step that added an edge last: edges are added once per step without a set for each. */
  readonly stamps: Int32Array
  readonly issues: Issue[]
}

function compileStep(step: Step, index: number, { indexOf, stamps, issues }: CompileContext): CompiledStep {
  const { name } = step
  const path: Path = ['steps', index]
  const dependencies: number[] = []
  const addEdge = (from: number): void => {
    if (stamps[from] === index) return
    stamps[from] = index
    dependencies.push(from)
  }
  for (const [i, wanted] of step.dependsOn.entries()) {
    const from = indexOf.get(wanted)
    const at = [...path, 'depends_on', i]
    if (wanted === name) {
      issues.push(
        createIssue({ code: 'self_dependency', path: at, step: name, message: `Step "${name}" waits for itself.` }),
      )
    } else if (from === undefined) {
      const alternatives = suggest(wanted, indexOf.keys(), issues.length)
      const message = `Step "${name}" waits for "${wanted}", which is no step of this document.${didYouMean(wanted, alternatives)}`
      issues.push(createIssue({ code: 'unknown_dependency', path: at, step: name, message, alternatives }))
    } else addEdge(from)
  }
  const use = (value: CompiledValue, at: Path): CompiledValue => {
    for (const from of checkTargets(value, { path: at, indexOf, issues, step: name })) addEdge(from)
    return value
  }
  const compileAt = (source: JsonValue, at: Path): CompiledValue => use(compileSafely(source, at, name, issues), at)
  const entries = (object: JsonObject, at: Path): { name: string; value: CompiledValue }[] => {
    const list = compileEntries(object, at, name, issues)
    for (const entry of list) use(entry.value, [...at, entry.name])
    return list
  }

  const condition =
    step.if === undefined ? undefined : use(compileBare(step.if, [...path, 'if'], name, issues), [...path, 'if'])
  const replanIf = compileReplanIf(step, [...path, 'replan_if'], issues, use)
  const inputs = isJsonObject(step.inputs) ? entries(step.inputs, [...path, 'inputs']) : undefined
  const wholeInputs = typeof step.inputs === 'string' ? compileAt(step.inputs, [...path, 'inputs']) : undefined
  const set = step.set && entries(step.set, [...path, 'set'])
  const prompt = step.prompt === undefined ? undefined : compileAt(step.prompt, [...path, 'prompt'])
  const untilText = step.wait !== undefined && 'until' in step.wait ? step.wait.until : undefined
  const until =
    untilText === undefined
      ? undefined
      : use(compileUntil(untilText, [...path, 'wait', 'until'], name, issues), [...path, 'wait', 'until'])
  const concurrencyKey = step.concurrency && compileAt(step.concurrency.key, [...path, 'concurrency', 'key'])
  const fallback = step.fallback?.map((item, i) => compileFallback(item, [...path, 'fallback', i], compileAt))
  return {
    index,
    name,
    step,
    dependencies,
    guarded: condition === undefined ? NO_STEPS : guardedBy(condition, indexOf),
    ...(condition !== undefined && { condition }),
    ...(replanIf !== undefined && { replanIf }),
    ...(inputs !== undefined && { inputs }),
    ...(wholeInputs !== undefined && { wholeInputs }),
    ...(set !== undefined && { set }),
    ...(prompt !== undefined && { prompt }),
    ...(until !== undefined && { until }),
    ...(concurrencyKey !== undefined && { concurrencyKey }),
    ...(fallback !== undefined && { fallback }),
  }
}

/** It is read when the step has succeeded: unlike all else of a step it may speak of the step itself. */
function compileReplanIf(
  { name, replanIf }: Step,
  path: Path,
  issues: Issue[],
  use: (value: CompiledValue, at: Path) => CompiledValue,
): CompiledValue | undefined {
  if (replanIf === undefined) return undefined
  const value = compileBare(replanIf, path, name, issues)
  const isOfOthers = ({ root, name: of }: Reference): boolean => root !== 'steps' || of !== name
  use({ ...value, references: value.references.filter(isOfOthers) }, path)
  return value
}

const NO_STEPS: ReadonlySet<number> = new Set()
const OUTCOME_FIELDS: ReadonlySet<unknown> = new Set(['status', 'success', 'error'])

function guardedBy({ references }: CompiledValue, indexOf: ReadonlyMap<string, number>): ReadonlySet<number> {
  const guarded = new Set<number>()
  for (const { root, name, path } of references) {
    const index = root === 'steps' && name !== undefined && OUTCOME_FIELDS.has(path[0]) ? indexOf.get(name) : undefined
    if (index !== undefined) guarded.add(index)
  }
  return guarded
}

function compileFallback(
  item: FallbackSpec,
  path: Path,
  compileAt: (source: JsonValue, at: Path) => CompiledValue,
): NonNullable<CompiledStep['fallback']>[number] {
  if ('value' in item) return { value: compileAt(item.value, [...path, 'value']) }
  const { component, action, inputs } = item
  return {
    component,
    ...(action !== undefined && { action }),
    ...(inputs !== undefined && { inputs: compileAt(inputs, [...path, 'inputs']) }),
  }
}

function compileEntries(
  object: JsonObject,
  path: Path,
  step: string | undefined,
  issues: Issue[],
): { readonly name: string; readonly value: CompiledValue }[] {
  return Object.entries(object).map(([name, source]) => ({
    name,
    value: compileSafely(source, [...path, name], step, issues),
  }))
}

function compileSafely(source: JsonValue, path: Path, step: string | undefined, issues: Issue[]): CompiledValue {
  return attempt(source, () => compileValue(source), path, step, issues)
}

/** `if`: an expression without `${}`. */
function compileBare(text: string, path: Path, step: string, issues: Issue[]): CompiledValue {
  return attempt(text, () => compileExpression(text), path, step, issues)
}

function compileUntil(text: string, path: Path, step: string, issues: Issue[]): CompiledValue {
  const isPlain = text.includes('${') || !isUntilExpression(text)
  if (!isPlain || parsePath(text) !== undefined) return compileBare(text, path, step, issues)
  return compileSafely(text, path, step, issues)
}

function attempt(
  source: JsonValue,
  compile: () => CompiledValue,
  path: Path,
  step: string | undefined,
  issues: Issue[],
): CompiledValue {
  try {
    return compile()
  } catch (thrown) {
    if (!(thrown instanceof TuttiError) || thrown.code === 'internal') throw thrown
    issues.push(createIssue({ code: 'bad_expression', path, step, message: thrown.message }))
    return literal(source)
  }
}

interface TargetContext {
  readonly path: Path
  readonly indexOf: ReadonlyMap<string, number>
  readonly issues: Issue[]
  readonly step?: string | undefined
}

/** The steps a value refers to; those that do not exist, and the step itself, become issues. */
function checkTargets({ references }: CompiledValue, { path, indexOf, issues, step }: TargetContext): number[] {
  const found: number[] = []
  for (const reference of references) {
    const { name } = reference
    if (reference.root !== 'steps' || name === undefined) continue
    const index = indexOf.get(name)
    if (index === undefined) issues.push(unknownStep(reference, name, { path, indexOf, issues, step }))
    else if (name === step) {
      const message = `Step "${step}" refers to itself in "${reference.text}". A step can use the results of other steps only.`
      issues.push(createIssue({ code: 'self_dependency', path, step, message }))
    } else found.push(index)
  }
  return found
}

function unknownStep({ text }: Reference, name: string, { path, indexOf, issues, step }: TargetContext): Issue {
  const alternatives = suggest(name, indexOf.keys(), issues.length)
  const message = `"${text}" refers to the step "${name}", which is not in this document.${didYouMean(name, alternatives)}`
  return createIssue({ code: 'unknown_reference', path, step, message, alternatives })
}
