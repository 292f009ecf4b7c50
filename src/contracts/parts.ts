// The parts that meet in create-orchestrator.ts, each seen from its consumer's side. Nothing here knows a vendor.
import type { RunBudget } from './budget.ts'
import type { Capability, Component, Instance, OfferedCapability } from './capability.ts'
import type { Emit } from './events.ts'
import type { JsonObject, JsonSchema, JsonValue } from './json.ts'
import type { Message, Purpose } from './model.ts'
import type { ComponentPolicy } from './policy.ts'
import type { Degraded } from './run.ts'

// ---- time and chance are handed in -------------------------------------------------------------------------------

/** Time, handed in: real, or moved by hand in tests. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** `now()` as ISO 8601 UTC with milliseconds. Cheap: made once per millisecond. */
  timestamp(): string
  /** Calls back once after `delayMs`; returns what cancels it. Many deadlines share one timer. Keeps the process alive. */
  after(delayMs: number, callback: () => void): () => void
  /** Rejects with TuttiError `cancelled` at once when the signal aborts. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>
}
/** In [0, 1). */
export type Random = () => number

/** Where facts about the work go. Facts are plain values under names in camelCase; none of them holds a secret. */
export interface Logger {
  debug(message: string, facts?: Readonly<Record<string, unknown>>): void
  info(message: string, facts?: Readonly<Record<string, unknown>>): void
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void
  error(message: string, facts?: Readonly<Record<string, unknown>>): void
}

// ---- catalog -----------------------------------------------------------------------------------------------------

/** A source of components. `load` gives the whole current list; one bad record is skipped, never the list. */
export interface Discovery {
  readonly name: string
  /** True when it always finds the same: loaded once, so that nothing keeps the process awake for it. */
  readonly fixed?: boolean
  /** @throws TuttiError `source_failed` when the source is down: the catalog then keeps its last good snapshot. */
  load(signal: AbortSignal): Promise<readonly Component[]>
  /** Tells that a new `load` would find something else. Returns what stops the watching. */
  watch?(changed: () => void): () => void
  /** What the last load left out, and why: operations that cannot be called, entries that could not be read. */
  skipped?(): readonly SkippedEntry[]
  close?(): Promise<void>
}

/** Something of a source that is not in the catalog. */
export interface SkippedEntry {
  readonly name: string
  readonly why: string
}

/** Calls one instance. Classifies what goes wrong on the way, once, and throws it as a TuttiError. */
export interface Invoker {
  /**
   * Resolves with any HTTP answer, also 4xx and 5xx: what it means is the executor's to say.
   * @throws TuttiError `component_unavailable`, `component_timeout`, `bad_response`, `response_too_large`,
   * `blocked_address`, `redirect_refused`, `cancelled`; `details.sent` is false when the request surely was not sent.
   */
  invoke(call: InvokerCall): Promise<InvokerResult>
  /**
   * After credentials were refused: gets fresh ones for this component. True when there are new ones; callers at the same time
   * share one refresh. Absent: credentials cannot be refreshed here.
   */
  refreshCredentials?(component: Component, signal: AbortSignal): Promise<boolean>
  /** Told before any call what the configuration declares of components: connections, credentials. */
  usePolicies?(policyOf: (component: string) => ComponentPolicy | undefined): void
  close?(): Promise<void>
}

/** One call of one capability on one instance. */
export interface InvokerCall {
  readonly component: Component
  readonly capability: Capability
  readonly instance: Instance
  readonly inputs: JsonObject
  /** `runId:step:n`, the same for every repetition of the same call. */
  readonly idempotencyKey: string
  readonly runId: string
  readonly headers: Readonly<Record<string, string>>
  /** Made on first use: read it only when the call can be aborted. Aborts on timeout and on cancel. */
  readonly signal: AbortSignal
  /** The component shows that it is at work: the time limit of the call begins anew, up to twenty times as long in all. */
  progress?(): void
}

/** What came back, before anybody has judged it. */
export interface InvokerResult {
  /** Absent for calls that have none (local functions): then the call succeeded unless the body is an envelope that says otherwise. */
  readonly status?: number
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>
  /** Parsed JSON with large integers as bigint; text where it was not JSON; null without a body. */
  readonly body: JsonValue
}

/** A discovery with the invoker that calls what it finds. */
export interface Source {
  readonly discovery: Discovery
  readonly invoker: Invoker
}

/** What is known of an instance beside its registration. */
export interface InstanceCondition {
  /** Of the usual traffic, what it takes now: 0 nothing, less than 1 while it recovers. */
  readonly share: number
  /** A call to it failed a moment ago. */
  readonly hasJustFailed: boolean
}

/** What bears on which instance is picked. */
export interface PickOptions {
  /** Instance ids. */
  readonly avoid?: ReadonlySet<string>
  /** Absent: all are in a good one. */
  readonly conditionOf?: (instance: Instance) => InstanceCondition
}

/** What planner, validation and executor see of the catalog: one immutable snapshot at a time, names without regard to case. */
export interface CatalogView {
  /** Changes exactly when components or capabilities change (not with health). */
  readonly fingerprint: string
  components(): readonly Component[]
  component(name: string): Component | undefined
  find(component: string, action: string): Capability | undefined
  /** Every component that offers a capability of this name, in source order. */
  offering(capability: string): readonly Component[]
  /** A healthy instance, the least busy first; one in `avoid`, or in a bad condition, only when there is no better. */
  pick(component: string, options?: PickOptions): Instance | undefined
  /** Tells the view that a call to this instance begins; returns what tells it that the call has ended. */
  busy(instance: Instance): () => void
  refresh(signal: AbortSignal): Promise<void>
}

/** Chooses which capabilities the planner sees for a request, and says which it held back. */
export interface CapabilityProvider {
  offer(query: {
    readonly request: string
    readonly principal: string
    readonly metadata?: JsonObject
    readonly signal: AbortSignal
    /** The run that it is for, if any: model calls of the choice are counted and shown there. */
    readonly run?: { readonly runId: string; readonly emit: Emit; readonly budget?: RunBudget }
    /** A plan named something that was not offered: these are other words for it. Answered without a model. */
    readonly isWider?: true
  }): Promise<{
    readonly offered: readonly OfferedCapability[]
    /** What would have come next and was held back, with the reason. At most a few dozen. */
    readonly hidden: readonly { readonly name: string; readonly why: string }[]
    /** Set when another way of choosing stood in for the one that is configured. */
    readonly degraded?: Degraded
  }>
  /** Told after a run that succeeded which capabilities had served the request; may find them sooner the next time. */
  learn?(outcome: {
    readonly request: string
    readonly principal: string
    readonly used: readonly { readonly component: string; readonly action: string }[]
  }): void
}

// ---- asking a model (the door is asking/ask-model) ----------------------------------------------------------------

/** One question to a model, of whichever part. */
export interface ModelAsk {
  readonly purpose: Purpose
  readonly system: string
  readonly messages: readonly Message[]
  readonly schema?: JsonSchema
  readonly json?: boolean
  readonly temperature?: number
  readonly maxTokens?: number
  readonly runId: string
  readonly step?: string
  readonly signal: AbortSignal
  readonly emit: Emit
  readonly budget?: RunBudget
}

/** Asks the model that is configured for the purpose; emits one `model-call` per call; text comes as it streams. */
export interface AskModel {
  /** Whether any model is configured for the purpose. */
  available(purpose: Purpose): boolean
  /** Model id for the purpose, for cache keys and health. */
  modelId(purpose: Purpose): string | undefined
  stream(ask: ModelAsk): AsyncIterable<string>
  /** The stream collected. */
  text(ask: ModelAsk): Promise<string>
  /** The text parsed leniently and checked against `ask.schema` when given. @throws TuttiError `model_output_invalid` */
  json(ask: ModelAsk): Promise<JsonValue>
}
