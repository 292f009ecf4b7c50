// The object that applications hold. Server and CLI are written against this, never against the parts behind it.

import type { Component, OfferedCapability } from './capability.ts'
import type { PreparedPlan } from './compiled.ts'
import type { PlanWay, RunEvent } from './events.ts'
import type { Explanation } from './explanation.ts'
import type { Page } from './journal.ts'
import type { JsonObject } from './json.ts'
import type { PlanLock } from './lock.ts'
import type { SkippedEntry } from './parts.ts'
import type { Issue, PlanDocument } from './plan.ts'
import type { BudgetSpec, Notice, Priority } from './policy.ts'
import type { Degraded, Response, RunStatus, RunSummary } from './run.ts'

export type { Explanation, PlanLock, PreparedPlan }

/** What a caller may add to a request or a document. */
export interface RequestOptions {
  /** Aborting it cancels the run. */
  readonly signal?: AbortSignal
  readonly inputs?: JsonObject
  /** Keeps earlier turns of the same thread for planner and synthesizer. Scoped by principal. */
  readonly threadId?: string
  /** Who asks; default `local`. Runs, threads and cached plans are kept apart by it. */
  readonly principal?: string
  /** What a document with a name is taken for: decides the default of `on_error`. Default: a document with a name is a workflow. */
  readonly documentKind?: 'plan' | 'workflow'
  /** Facts about the caller (locale, time zone, tenant, ...) for the capability provider and the planner; data, never instructions. */
  readonly metadata?: JsonObject
  /** Bounds the whole run, ms, from when it is accepted: the wait for a worker counts. Default: the document's `timeout`, else none. */
  readonly timeoutMs?: number
  readonly maxConcurrency?: number
  /** Before whom it goes when there is not room for all. Default `normal`. */
  readonly priority?: Priority
  /** Whose quota and fair share it takes, such as `payments/alice`. Default: the principal. Over HTTP always below the principal. */
  readonly key?: string
  /** When it should be done, ms from acceptance: the earliest first among equals. Bounds nothing; that is `timeoutMs`. */
  readonly dueInMs?: number
  /** What it may use up. Laid over that of the document, the key and the configuration; the smaller limit holds. */
  readonly budget?: BudgetSpec
  /** How often the rest of the plan of a request may be written anew, 0 to 5. Default `planner.maxReplans`. */
  readonly maxReplans?: number
  /** Sees every event of this run as it happens. What it throws is dropped. */
  readonly onEvent?: (event: RunEvent) => void
  /** Headers passed on to components, such as `traceparent`, and the orchestration depth of an incoming call. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What to run: a request in plain language, or a document. Exactly one of the two. */
export type RunAsk =
  | { readonly request: string; readonly document?: never }
  | { readonly document: DocumentInput; readonly request?: never }

/** A document in code (camelCase), as read from a file or wire (snake_case), as YAML or JSON text, or prepared. */
export type DocumentInput = PlanDocument | JsonObject | string | PreparedPlan

/** The events of a run as they happen, and its response. Leaving the loop does not end the run. */
export interface RunStream extends AsyncIterable<RunEvent> {
  readonly runId: string
  readonly result: Promise<Response>
}

/** A plan that was made and not run. With an issue of severity `error` it is not valid. */
export interface PlanOutcome {
  readonly document: PlanDocument
  readonly issues: readonly Issue[]
  readonly way: PlanWay
  readonly explanation: Explanation
  readonly degraded?: Degraded
}

/** Runs beyond the one call: accepted, looked at, followed, cancelled. */
export interface RunsApi {
  /** Accepts a run and returns at once. @throws TuttiError `invalid_document`, `invalid_inputs`, `too_many_requests`, `closed` */
  submit(ask: RunAsk, options?: RequestOptions): Promise<{ readonly runId: string; readonly status: RunStatus }>
  /** The response so far; undefined for an unknown run, or another principal's. */
  get(runId: string, options?: { readonly principal?: string }): Promise<Response | undefined>
  list(filter?: {
    readonly principal?: string
    readonly status?: RunStatus
    readonly limit?: number
    readonly cursor?: string
  }): Promise<Page<RunSummary>>
  /** Past events from `fromSeq` (default 1), then live ones until `run-end`. @throws TuttiError `unknown_run` */
  events(
    runId: string,
    options?: { readonly fromSeq?: number; readonly signal?: AbortSignal; readonly principal?: string },
  ): AsyncIterable<RunEvent>
  /** Resolves with the final response. @throws TuttiError `unknown_run` */
  wait(runId: string, options?: { readonly signal?: AbortSignal; readonly principal?: string }): Promise<Response>
  /** The plan of a run, with what was to be expected and what happened so far. @throws TuttiError `unknown_run` */
  explain(runId: string, options?: { readonly principal?: string }): Promise<Explanation>
  /** @throws TuttiError `unknown_run`, `conflict` (already ended) */
  cancel(runId: string, options?: { readonly principal?: string; readonly reason?: string }): Promise<void>
}

/** Capabilities chosen for a request. */
export interface CapabilityChoice {
  readonly offered: readonly OfferedCapability[]
  /** What was held back, with the reason; a few dozen at most. */
  readonly hidden: readonly { readonly name: string; readonly why: string }[]
  readonly degraded?: Degraded
}

/** What can be called now. */
export interface CatalogApi {
  readonly fingerprint: string
  /** With a principal, as it sees them: without what it may not use. */
  components(options?: { readonly principal?: string }): readonly Component[]
  component(name: string, options?: { readonly principal?: string }): Component | undefined
  search(
    query: string,
    options?: { readonly limit?: number; readonly principal?: string },
  ): Promise<readonly OfferedCapability[]>
  /**
   * What a planner would be shown for the request, with helpers and without what the principal may not use, and why: also of
   * what was held back. Chosen in the configured way; with a `limit` always by the search of this process.
   */
  choose(
    request: string,
    options?: {
      readonly principal?: string
      readonly metadata?: JsonObject
      readonly limit?: number
      readonly signal?: AbortSignal
    },
  ): Promise<CapabilityChoice>
  refresh(signal?: AbortSignal): Promise<void>
  sources(): readonly SourceHealth[]
}

/** Hears what people should know of: escalations, breakers, failed recoveries. What it throws is dropped. */
export type NoticeListener = (notice: Notice) => void

/** One source of components. `stale`: what it last gave is kept. */
export interface SourceHealth {
  readonly name: string
  readonly state: 'loading' | 'ready' | 'stale' | 'failed'
  readonly components: number
  readonly capabilities: number
  /** What its last load left out, and why. */
  readonly skipped?: readonly SkippedEntry[]
  readonly loadedAt?: string
  readonly error?: string
}

/** Whether everything works, part by part. */
export interface HealthReport {
  readonly status: 'healthy' | 'degraded' | 'unhealthy'
  /** Whether new runs can be taken: a loaded source and a writable journal. Not a model. */
  readonly ready: boolean
  readonly checks: Readonly<
    Record<string, { readonly status: 'ok' | 'degraded' | 'failed' | 'off'; readonly message: string }>
  >
}

/** What this orchestrator is and does at the moment. */
export interface StatusReport {
  readonly initialised: boolean
  readonly closed: boolean
  readonly version: string
  readonly activeRuns: number
  readonly components: number
  /** Without secrets. */
  readonly configuration: JsonObject
  /** Every limit that is in use: what it bounds, how much is taken, how many wait. */
  readonly limits: readonly LimitUsage[]
  /** Breakers that are not closed, or not yet back at full traffic. */
  readonly breakers: readonly BreakerReport[]
}

/** One limit as it stands. */
export interface LimitUsage {
  readonly kind: 'process' | 'key' | 'component' | 'model' | 'resource' | 'concurrency' | 'rate' | 'runs'
  /** Of what: the component, the key, the resource. Empty for the process. */
  readonly name: string
  readonly inUse: number
  /** What holds now; an adaptive limit moves. */
  readonly limit: number
  readonly waiting: number
  /** Nothing is let through before this time, ISO 8601: the other side asked for it. */
  readonly pausedUntil?: string
}

/** One breaker as it stands. */
export interface BreakerReport {
  readonly component: string
  readonly instance: string
  readonly state: 'closed' | 'open' | 'half-open'
  /** Share of the traffic that it may take now, from 0 to 1. */
  readonly share: number
  readonly openedAt?: string
  /** It opened because another process said so, not by what was seen here. */
  readonly heard?: true
}

/** Requests and documents in, runs and answers out. One per process is enough; close it at the end. */
export interface Orchestrator {
  /** Resolves for every run that started, whatever its status. @throws TuttiError only when no run began. */
  processRequest(request: string, options?: RequestOptions): Promise<Response>
  stream(request: string, options?: RequestOptions): RunStream
  /** Makes a plan and runs nothing. */
  plan(request: string, options?: RequestOptions): Promise<PlanOutcome>
  /**
   * What is to be expected of a document, also of one with issues: they are listed.
   * @throws TuttiError `invalid_document` when it cannot be read
   */
  explain(document: DocumentInput): Promise<Explanation>
  /** With `lock` also against what the document was locked to: changes that break it are errors, others warnings. */
  validate(
    document: DocumentInput,
    options?: { readonly lock?: PlanLock },
  ): Promise<{ readonly valid: boolean; readonly issues: readonly Issue[] }>
  /**
   * What a document counts on, for `validate`: its own hash, and the capabilities it calls as the catalog has them now.
   * @throws TuttiError `invalid_document`
   */
  lock(document: DocumentInput): Promise<PlanLock>
  /** Reads, validates and compiles. @throws TuttiError `invalid_document` with `details.issues` */
  prepare(document: DocumentInput): Promise<PreparedPlan>
  /** Runs a document. @throws TuttiError `invalid_document`, `invalid_inputs` */
  execute(document: DocumentInput, inputs?: JsonObject, options?: RequestOptions): Promise<Response>
  readonly runs: RunsApi
  readonly catalog: CatalogApi
  health(): Promise<HealthReport>
  status(): StatusReport
  metrics(): MetricsSnapshot
  /** Loads the catalog (waits at most 3 s for a source) and begins refreshing. Called by the first request otherwise. */
  start(): Promise<void>
  /** Stops taking runs, lets running ones end for `drainMs` (default 0), cancels the rest, frees everything in reverse order. */
  close(options?: { readonly drainMs?: number }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** How often a value was at most so large. */
export interface Histogram {
  readonly count: number
  readonly sum: number
  /** Upper bounds, and how many observations were at or below each (cumulative). */
  readonly buckets: readonly { readonly le: number; readonly count: number }[]
}

/** Counted from events, but for `planCache` and `activeRuns`. Times in seconds, as Prometheus has them. */
export interface MetricsSnapshot {
  readonly runs: Readonly<Record<RunStatus, number>>
  readonly runSeconds: Histogram
  readonly steps: Readonly<Record<string, number>>
  readonly componentCalls: readonly {
    readonly component: string
    readonly action: string
    readonly status: string
    readonly count: number
    readonly seconds: Histogram
  }[]
  readonly modelCalls: readonly {
    readonly purpose: string
    readonly model: string
    readonly status: string
    readonly count: number
    readonly inputTokens: number
    readonly outputTokens: number
  }[]
  readonly repairs: Readonly<Record<string, number>>
  readonly limits: readonly LimitUsage[]
  readonly breakers: readonly BreakerReport[]
  /** Failed steps that came back, by the way that did it, and those that did not. */
  readonly recoveries: Readonly<Record<string, number>>
  /** Runs that reached a limit of their budget, by which one. */
  readonly budgetExceeded: Readonly<Record<string, number>>
  readonly notices: { readonly sent: number; readonly failed: number; readonly dropped: number }
  /** From the start of a run to its first step. */
  readonly firstStepSeconds: Histogram
  /** Per plan that was made for a request, also one written anew. */
  readonly planningSeconds: Histogram
  /** Steps that began while the plan was still being written, and what became of them once it was known. */
  readonly earlySteps: { readonly begun: number; readonly kept: number; readonly dropped: number }
  readonly planCache: { readonly hits: number; readonly misses: number; readonly size: number }
  readonly activeRuns: number
  readonly maxParallelSteps: number
}
