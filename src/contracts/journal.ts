// How runs are kept: what is stored of one, its events, and the inbox of wishes for it. Journals implement it, runs/ is its
// only caller.
import type { RunEvent } from './events.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { PlanDocument } from './plan.ts'
import type { BudgetSpec, Priority } from './policy.ts'
import type { RunStatus, RunSummary } from './run.ts'

/** What is stored when a run is accepted: all that is needed to start it on another machine. */
export interface NewRun {
  readonly runId: string
  readonly principal: string
  readonly createdAt: string
  readonly request?: string
  readonly document?: PlanDocument
  readonly inputs: JsonObject
  readonly threadId?: string
  readonly metadata?: JsonObject
  readonly timeoutMs?: number
  readonly maxConcurrency?: number
  readonly priority?: Priority
  /** Whose share of every limit it takes: the principal, or `principal/...`. */
  readonly key?: string
  /** When it should be done, ISO 8601: the earlier, the sooner among equals. */
  readonly deadline?: string
  readonly budget?: BudgetSpec
  readonly maxReplans?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** A wish for a running run, in its inbox. The same id counts once. */
export interface Command {
  readonly id: string
  readonly kind: 'cancel' | 'pause' | 'resume' | 'signal' | 'decide'
  readonly payload?: JsonValue
}

/** Which runs a list holds. `cursor` is the `nextCursor` of the page before. */
export interface RunFilter {
  readonly principal?: string
  readonly status?: RunStatus
  readonly limit?: number
  readonly cursor?: string
}

/** One page of a list; without `nextCursor` it is the last. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor?: string
}

/** A run's events on disk, and its inbox. Only the holder of the run's epoch appends. */
export interface RunJournal {
  /** Whether what was appended survives the process. */
  readonly durable: boolean
  create(run: NewRun): Promise<void>
  load(runId: string): Promise<NewRun | undefined>
  /** Raises the epoch: whoever held the run before can append no more. */
  begin(runId: string): Promise<{ readonly epoch: number; readonly lastSeq: number }>
  /**
   * All of them or none. After a failure the same events come again, with later ones: those that are there already
   * (by their seq) are left out. @throws TuttiError `conflict` when the epoch is another one; anything else is tried again
   */
  append(runId: string, epoch: number, events: readonly RunEvent[]): Promise<void>
  read(runId: string, fromSeq: number): AsyncIterable<RunEvent>
  /** Keeps a large value of a run under a name; a second time the first one stays. Without it values stay in the events. */
  putBlob?(runId: string, epoch: number, name: string, value: JsonValue): Promise<void>
  getBlob?(runId: string, name: string): Promise<JsonValue | undefined>
  command(runId: string, command: Command): Promise<'new' | 'seen'>
  commands(runId: string, after: number): Promise<readonly Command[]>
  list(filter: RunFilter): Promise<Page<RunSummary>>
  prune(policy: { readonly endedBefore?: string; readonly keep?: number }): Promise<number>
  close?(): Promise<void>
}
