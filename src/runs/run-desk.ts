// Where runs are taken in, worked on, and let go: who may come in, what is stored of a run, and who hears that a worker closes.
import type { LimitUsage, RequestOptions, RunAsk } from '../contracts/api.ts'
import type { RunEngine, SegmentEnd } from '../contracts/engine.ts'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { NewRun, RunJournal } from '../contracts/journal.ts'
import type { Clock, Logger } from '../contracts/parts.ts'
import type { RunHandle } from '../contracts/run-handle.ts'
import { runTooLong } from '../record/run-limit.ts'
import { whenAborted } from '../util/abort.ts'
import { type AcceptedRun, ActiveRun, type ActiveRunParts } from './active-run.ts'
import type { RunListener } from './run-log.ts'
import type { RunQuotas } from './run-quotas.ts'

export interface RunServiceParts {
  readonly journal: RunJournal
  readonly engine: RunEngine
  readonly clock: Clock
  readonly log: Logger
  readonly settings: { readonly concurrency: number; readonly maxQueued: number }
  readonly listeners: readonly RunListener[]
  /** The same that the engine keeps to. Absent: no key is bounded. */
  readonly quotas?: RunQuotas | undefined
  /** Reads and checks what was asked for. @throws TuttiError when no run can begin */
  readonly accept: (ask: RunAsk, options: RequestOptions) => AcceptedRun | Promise<AcceptedRun>
  readonly conduct: (handle: RunHandle) => Promise<SegmentEnd>
  /** All runs are about to be cancelled, one by one: no place that gets free may be given to one whose turn comes later. */
  readonly onCancelAll?: () => void
}

const CLOSING = 'The orchestrator is closing.'

export class RunDesk {
  readonly #parts: RunServiceParts
  readonly #ofRuns: ActiveRunParts
  readonly #active: Map<string, ActiveRun>
  /** Signals of workers that are listened to: an engine has one for all its runs, or one for each. */
  readonly #watched = new WeakSet<AbortSignal>()
  /** Stands for the worker of runs that never get one. */
  readonly #stopping = new AbortController()
  #worker: ReturnType<RunEngine['work']> | undefined
  /** As long as one of them is alive, the code made for runs outlives a collection that finds no run at work. */
  #kept: ActiveRun | undefined
  /** Runs accepted and not ended, from before they are with the journal. */
  #accepted = 0
  #atWork = 0
  #isClosed = false

  constructor(parts: RunServiceParts, ofRuns: ActiveRunParts, active: Map<string, ActiveRun>) {
    this.#parts = parts
    this.#ofRuns = ofRuns
    this.#active = active
  }

  start(): void {
    const { engine, settings } = this.#parts
    this.#kept = keptRun(this.#ofRuns)
    this.#worker ??= engine.work((segment) => this.#work(segment), { concurrency: settings.concurrency })
  }

  async stop(drainMs: number): Promise<void> {
    this.#isClosed = true
    this.#kept = undefined
    await this.#worker?.stop(drainMs)
    // What is left was accepted and never begun: it ends as cancelled, so that nobody waits for it for ever.
    this.#stopping.abort(new TuttiError('cancelled', CLOSING))
    for (const [runId, entry] of [...this.#active]) {
      if (entry.hasBegun) entry.end()
      else await this.#work({ runId, signal: this.#stopping.signal })
    }
  }

  limits(): LimitUsage[] {
    const { quotas, settings } = this.#parts
    const inUse = this.#atWork
    const all: LimitUsage = {
      kind: 'runs',
      name: '',
      inUse,
      limit: settings.concurrency,
      waiting: this.#active.size - inUse,
    }
    return quotas === undefined ? [all] : [all, ...quotas.usage()]
  }

  async begin(runId: string, ask: RunAsk, options: RequestOptions, listener?: RunListener): Promise<ActiveRun> {
    const { engine, quotas } = this.#parts
    const key = options.key ?? options.principal ?? 'local'
    this.#refuse(key)
    const made = this.#parts.accept(ask, options)
    const accepted = made instanceof Promise ? await made : made
    this.#refuse(key)
    this.#accepted++
    quotas?.wait(key)
    let entry: ActiveRun | undefined
    try {
      entry = this.#admit(newRun(runId, ask, options, { accepted, clock: this.#parts.clock }), accepted, options)
      if (listener !== undefined) entry.log.subscribe(listener)
      await this.#ofRuns.door.journal.create(entry.run)
      this.#active.set(runId, entry)
      followCaller(entry, options.signal)
      await engine.submit(jobOf(entry.run))
      if (!entry.hasBegun) this.#watchQueued(entry)
      return entry
    } catch (thrown) {
      if (entry?.hasBegun !== true) this.#forget(runId, key, entry)
      throw thrown
    }
  }

  /** It waits for a worker, but not to be stopped, or to be told that its time is up. */
  #watchQueued(entry: ActiveRun): void {
    const { engine, clock } = this.#parts
    const { runId, timeoutMs } = entry.run
    const forgetTime =
      timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => entry.abort(runTooLong(timeoutMs)))
    entry.onBegun = forgetTime
    entry.onStoppedEarly = () => {
      engine.withdraw?.(runId)
      this.#work({ runId, signal: this.#stopping.signal }).catch((thrown: unknown) => {
        this.#parts.log.error('a run segment failed', { runId, error: toTuttiError(thrown).message })
      })
    }
    if (entry.isStopped) entry.onStoppedEarly()
  }

  /** Of a run that was never begun nothing is kept. */
  #forget(runId: string, key: string, entry: ActiveRun | undefined): void {
    this.#active.delete(runId)
    this.#accepted--
    this.#parts.quotas?.waited(key)
    entry?.end()
  }

  #admit(run: NewRun, accepted: AcceptedRun, { onEvent }: RequestOptions): ActiveRun {
    const { listeners } = this.#parts
    return new ActiveRun(run, accepted, this.#ofRuns, onEvent === undefined ? listeners : [...listeners, onEvent])
  }

  #refuse(key: string): void {
    const { settings, quotas } = this.#parts
    if (this.#isClosed) throw new TuttiError('closed', 'The orchestrator is closed and takes no more runs.')
    if (this.#accepted >= settings.maxQueued) {
      throw new TuttiError(
        'too_many_requests',
        `${this.#accepted} runs are accepted and not ended, which is the limit. Try again later, or raise runs.max_queued.`,
        { details: { retry_after_ms: 1_000 } },
      )
    }
    quotas?.refuse(key)
  }

  async #work({ runId, signal }: { readonly runId: string; readonly signal: AbortSignal }): Promise<SegmentEnd> {
    const entry = this.#active.get(runId)
    if (entry === undefined || entry.hasBegun) return 'ended'
    this.#atWork++
    this.#parts.quotas?.waited(keyOf(entry.run))
    this.#watch(entry, signal)
    try {
      return await entry.work(this.#parts.conduct)
    } finally {
      this.#atWork--
      this.#accepted--
      this.#active.delete(runId)
      entry.end()
    }
  }

  /** One listener for each signal, whatever the number of runs: adding one costs more than a step. */
  #watch(entry: ActiveRun, signal: AbortSignal): void {
    entry.worker = signal
    if (signal.aborted) entry.close(signal.reason)
    else if (!this.#watched.has(signal)) {
      this.#watched.add(signal)
      whenAborted(signal, () => {
        if (this.#isClosed) this.#parts.onCancelAll?.()
        for (const each of [...this.#active.values()]) if (each.worker === signal) each.close(signal.reason)
      })
    }
  }
}

/** Nothing of it is ever run. */
function keptRun(parts: ActiveRunParts): ActiveRun {
  const nothing: AcceptedRun = { inputs: {}, liveInputs: {}, secrets: new Map() }
  const kept = new ActiveRun({ runId: '', principal: '', createdAt: '', inputs: {} }, nothing, parts, [])
  kept.log.fold.apply({ type: 'step-start', step: '', runId: '', seq: 1, at: '' })
  return kept
}

const keyOf = (run: NewRun): string => run.key ?? run.principal

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** What is stored of a run. Built key by key: it is made for every run, and most keys are absent. */
function newRun(
  runId: string,
  ask: RunAsk,
  options: RequestOptions,
  { accepted, clock }: { readonly accepted: AcceptedRun; readonly clock: Clock },
): NewRun {
  const document = accepted.prepared?.document
  const { principal = 'local', threadId, metadata, maxConcurrency, headers, priority, key, dueInMs } = options
  const timeoutMs = options.timeoutMs ?? document?.timeoutMs
  const run: Mutable<NewRun> = { runId, principal, createdAt: clock.timestamp(), inputs: accepted.inputs }
  if (ask.request !== undefined) run.request = ask.request
  if (document !== undefined) run.document = document
  if (threadId !== undefined) run.threadId = threadId
  if (metadata !== undefined) run.metadata = metadata
  if (timeoutMs !== undefined) run.timeoutMs = timeoutMs
  if (maxConcurrency !== undefined) run.maxConcurrency = maxConcurrency
  if (headers !== undefined) run.headers = headers
  if (priority !== undefined) run.priority = priority
  if (key !== undefined) run.key = key
  if (dueInMs !== undefined) run.deadline = new Date(clock.now() + dueInMs).toISOString()
  if (accepted.budget !== undefined) run.budget = accepted.budget
  if (options.maxReplans !== undefined && ask.request !== undefined) run.maxReplans = options.maxReplans
  return run
}

function jobOf(run: NewRun): Parameters<RunEngine['submit']>[0] {
  const { runId, priority = run.document?.priority, deadline } = run
  const job = { runId, key: keyOf(run) }
  if (priority === undefined && deadline === undefined) return job
  return {
    ...job,
    ...(priority !== undefined && { priority }),
    ...(deadline !== undefined && { deadline: Date.parse(deadline) }),
  }
}

function followCaller(entry: ActiveRun, signal: AbortSignal | undefined): void {
  if (signal === undefined) return
  const ignore = whenAborted(signal, () =>
    entry.abort(new TuttiError('cancelled', 'The caller cancelled the run.', { cause: signal.reason })),
  )
  void entry.done.then(ignore)
}
