// The document: plan and workflow are one format. This is its shape in code, camelCase with durations in ms;
// plan/document.ts maps it from and to the snake_case of files and wires by one table.
import type { JsonObject, JsonSchema, JsonValue } from './json.ts'
import type { BudgetSpec, Priority, RecoveryPolicy } from './policy.ts'

/** What an input may be; `any` is not checked. */
export type InputType = 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array' | 'any'

/** One declared input of a document. With `secret` its value is shown nowhere, only sent. */
export interface InputSpec {
  readonly type: InputType
  readonly required?: boolean
  readonly default?: JsonValue
  readonly description?: string
  readonly enum?: readonly JsonValue[]
  readonly secret?: boolean
}

/** How calls are repeated after transient failures. */
export interface RetrySpec {
  /** Calls in all, at least 1. */
  readonly maxAttempts?: number
  readonly backoff?: 'fixed' | 'linear' | 'exponential'
  readonly initialWaitMs?: number
  readonly maxWaitMs?: number
}

/** What stands in for a step that failed: another call, or a value. */
export type FallbackSpec =
  | { readonly component: string; readonly action?: string; readonly inputs?: JsonObject | string }
  | { readonly value: JsonValue }

/** `fail`: the run stops; `continue`: what does not depend on the failure goes on. */
export type OnError = 'fail' | 'continue'
/** What a step does. */
export type StepType = 'call' | 'gate' | 'transform' | 'wait' | 'ai-generate'

/** One step. `type` is always set after reading: `call` when it names a component or a capability, `gate` when it calls nothing. */
export interface Step {
  readonly name: string
  readonly type: StepType
  readonly description?: string
  /** The component's name as written; resolved without regard to case. */
  readonly component?: string
  /** Set when the document wrote `tool:` or `agent:`; validation checks it. */
  readonly kind?: 'tool' | 'agent'
  readonly action?: string
  /** `capability: NAME` alone: any healthy component that offers it. */
  readonly capability?: string
  /** Values may hold `${...}`; a string is one reference that yields the whole object. */
  readonly inputs?: JsonObject | string
  readonly dependsOn: readonly string[]
  /** An expression, without `${}`. */
  readonly if?: string
  readonly retry?: RetrySpec
  readonly timeoutMs?: number
  readonly deadlineMs?: number
  readonly onError?: OnError
  /** An expression, without `${}`: true once the step has succeeded means that the rest of the plan should be thought over. */
  readonly replanIf?: string
  readonly fallback?: readonly FallbackSpec[]
  readonly idempotent?: boolean
  /** Which of the steps that could start does; within a run and between runs. Default: the run's. */
  readonly priority?: Priority
  /** May be left out when the budget comes to its end. */
  readonly optional?: boolean
  /** At most `limit` steps with this key at once, over all runs of the process. The key may hold `${inputs.x}`. */
  readonly concurrency?: { readonly key: string; readonly limit: number }
  /** Named slots of `resources.inventory`, taken all at once while the step is at work. */
  readonly resources?: Readonly<Record<string, number>>
  /** type `transform` */
  readonly set?: JsonObject
  /** type `wait`: exactly one of the two; `until` is an ISO time, an expression giving one, or a condition that becomes true. */
  readonly wait?: { readonly forMs: number } | { readonly until: string; readonly timeoutMs?: number }
  /** type `ai-generate` */
  readonly prompt?: string
  readonly outputSchema?: JsonSchema
}

/**
 * A plan or a workflow in code: camelCase, durations in ms. In files and on the wire the same in snake_case, see
 * `documentToWire`.
 */
export interface PlanDocument {
  readonly apiVersion?: 1
  readonly name?: string
  readonly version?: string
  readonly description?: string
  readonly inputs?: Readonly<Record<string, InputSpec>>
  readonly steps: readonly Step[]
  /** Values may hold `${...}`. */
  readonly outputs?: JsonObject
  readonly timeoutMs?: number
  /** Default: `fail` for a document with a name (a workflow), `continue` for a plan. */
  readonly onError?: { readonly strategy: OnError }
  readonly priority?: Priority
  readonly budget?: BudgetSpec
  /** By component name; laid over what the configuration declares of it. */
  readonly recovery?: Readonly<Record<string, RecoveryPolicy>>
  /** Only with `steps: []`: an honest "cannot", and what would be needed. */
  readonly reason?: string
  readonly missing?: readonly string[]
}

/** What kind of mistake an {@link Issue} is. */
export type IssueCode =
  | 'syntax'
  | 'schema'
  | 'unknown_key'
  | 'not_supported'
  | 'limit'
  | 'empty_name'
  | 'duplicate_name'
  | 'bad_name'
  | 'unknown_component'
  | 'unknown_action'
  | 'wrong_kind'
  | 'not_offered'
  | 'self_dependency'
  | 'cycle'
  | 'unknown_dependency'
  | 'bad_expression'
  | 'unknown_reference'
  | 'unknown_path'
  | 'undeclared_input'
  | 'missing_input'
  | 'unknown_input'
  | 'wrong_type'
  | 'not_in_enum'
  | 'expression_object'
  | 'secret_leak'
  | 'loosened_policy'
  /** What the plan was locked to is no longer so. */
  | 'lock_drift'

/** What is wrong in a document, where, and what would be right. */
export interface Issue {
  readonly code: IssueCode
  /** A warning never stops a run. */
  readonly severity: 'error' | 'warning'
  /** The step's name, when the issue belongs to one. */
  readonly step?: string
  /** JSON pointer into the document as written, such as `/steps/0/inputs/amount`. */
  readonly pointer: string
  /** Names the thing in quotes and says what to do. */
  readonly message: string
  /** Legal names or values, nearest first, at most 5. */
  readonly alternatives: readonly string[]
  /** 1-based place in the text, where the document came from text. */
  readonly line?: number
  readonly column?: number
}
