// A document made ready once, so that the step path does no parsing: expressions compiled, edges as counters.
import type { JsonObject, JsonValue } from './json.ts'
import type { Issue, PlanDocument, Step } from './plan.ts'
import type { RecoveryPolicy } from './policy.ts'

/** The result of a path that is not there. Different from `null`, which is a value. */
export const ABSENT: unique symbol = Symbol('absent')
/** What a path gives that is not there: neither null nor undefined, which are values of JSON and of programs. */
export type Absent = typeof ABSENT

/** Where a step stands. The last four are final. */
export type StepStatus = 'pending' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'skipped' | 'cancelled'

/** What other steps may read of a step. A plain object that the executor keeps up to date; never copied. */
export interface StepView {
  status: StepStatus
  success: boolean
  error: JsonObject | null
  output: JsonValue
  /** The whole answer when it came in an envelope; else the same as `output`. */
  response: JsonValue
}

/** What expressions read. Live: nothing is copied into it. */
export interface Scope {
  readonly inputs: JsonObject
  readonly run: { readonly id: string; readonly request: string | null; readonly started_at: string }
  /** undefined: no such step. A step skipped by its own `if` has output null. */
  step(name: string): StepView | undefined
  /** undefined: no such component. */
  component(name: string): { readonly healthy: boolean } | undefined
  /** undefined: no such secret. Resolved at call time only. */
  secret(name: string): string | undefined
  readonly item?: JsonValue
  readonly index?: number
}

/** A path of a document: the root it begins at, and what it asks for there. */
export interface Reference {
  readonly root: 'inputs' | 'steps' | 'state' | 'run' | 'item' | 'index' | 'components' | 'secrets'
  /** The step's or component's name for those roots, else the first key (`inputs.x` → `x`), when there is one. */
  readonly name?: string
  /** For `steps`: the part after the name, such as `['output', 'a', 0]`. Empty when computed (`steps[x]`). */
  readonly path: readonly (string | number)[]
  /** As written, for messages. */
  readonly text: string
}

/** One value of a document: a literal, a reference, an expression, text with either, or a structure of those. */
export interface CompiledValue {
  readonly source: JsonValue
  readonly references: readonly Reference[]
  /** True when nothing is to be computed: `evaluate` then gives `source` itself. */
  readonly isLiteral: boolean
  /**
   * @returns the value, or ABSENT when the value is exactly one path that is not there.
   * @throws TuttiError `binding_failed` (an absent path inside text or a list), `expression_failed`, `expression_too_expensive`
   */
  evaluate(scope: Scope): JsonValue | Absent
}

/** A step ready to be run: its values are parsed, its dependencies are indices. */
export interface CompiledStep {
  readonly index: number
  readonly name: string
  readonly step: Step
  /** Indices of the steps it waits for: `depends_on` and every reference. */
  readonly dependencies: readonly number[]
  /** The `if`; evaluates to a boolean (anything else is an error that says so). */
  readonly condition?: CompiledValue
  /** `replan_if`; evaluates to a boolean. */
  readonly replanIf?: CompiledValue
  /** Of the dependencies, those whose status, success or error the `if` mentions: their failure does not skip this step by itself. */
  readonly guarded: ReadonlySet<number>
  /** Each input by name, in document order; undefined when `inputs` is one reference (then `wholeInputs`) or absent. */
  readonly inputs?: readonly { readonly name: string; readonly value: CompiledValue }[]
  readonly wholeInputs?: CompiledValue
  /** `transform`: each key. */
  readonly set?: readonly { readonly name: string; readonly value: CompiledValue }[]
  readonly prompt?: CompiledValue
  readonly until?: CompiledValue
  /** The key of `concurrency`. */
  readonly concurrencyKey?: CompiledValue
  readonly fallback?: readonly (
    | { readonly component: string; readonly action?: string; readonly inputs?: CompiledValue }
    | { readonly value: CompiledValue }
  )[]
}

/** A document ready to be run; made once, never changed. */
export interface CompiledPlan {
  readonly document: PlanDocument
  readonly steps: readonly CompiledStep[]
  readonly indexOf: ReadonlyMap<string, number>
  /** How many dependencies each step has. Copied per run. */
  readonly inDegrees: Int32Array
  /** Dependants of step i: `dependants[offsets[i] .. offsets[i + 1])`. Length of `offsets` is steps + 1. */
  readonly offsets: Int32Array
  readonly dependants: Int32Array
  readonly outputs?: readonly { readonly name: string; readonly value: CompiledValue }[]
  /** The document's `recovery`, by lower-case component name. */
  readonly recovery?: ReadonlyMap<string, RecoveryPolicy>
  /** Whether any step says its own. */
  readonly hasPriorities?: boolean
  /** `fail` or `continue`, with the default applied. */
  readonly onError: 'fail' | 'continue'
}

/** A document that was read, validated and compiled once; `execute` takes it any number of times. */
export interface PreparedPlan {
  readonly document: PlanDocument
  /** Warnings; a document with errors is not prepared but refused. */
  readonly issues: readonly Issue[]
  readonly compiled: CompiledPlan
  /** Of the catalog it was validated against; checked again when that has changed. */
  readonly fingerprint: string
}
