// Accepts runs, hands them to the engine, and answers for them: live ones from memory, ended ones from the journal.
import type { PreparedPlan, RequestOptions, RunAsk, RunsApi } from '../contracts/api.ts'
import type { RunEngine, SegmentEnd } from '../contracts/engine.ts'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { RunEvent } from '../contracts/events.ts'
import type { NewRun, RunJournal } from '../contracts/journal.ts'
import type { Clock, Logger, RunHandle } from '../contracts/parts.ts'
import type { Response } from '../contracts/run.ts'
import { foldEvents } from '../record/fold.ts'
import { raceAbort, whenAborted, whenSharedAborted } from '../util/abort.ts'
import { createEventQueue } from '../util/event-queue.ts'
import { createRunId } from '../util/ids.ts'
import { createJournalDoor } from './journal-door.ts'
import { createRunLog, type RunListener, type RunLog } from './run-log.ts'

interface ActiveRun {
  readonly run: NewRun
  readonly log: RunLog
  readonly abort: AbortController
  hasBegun: boolean
  readonly accepted: AcceptedRun
  readonly done: Promise<Response>
  readonly end: (response: Response) => void
}

/** What the composition root has made of an ask before the run is accepted: refusals happen there, not in the run. */
export interface AcceptedRun {
  readonly prepared?: PreparedPlan
  /** As stored and shown: secrets replaced. */
  readonly inputs: NewRun['inputs']
  /** As used: with secrets. */
  readonly liveInputs: NewRun['inputs']
  readonly secrets: ReadonlyMap<string, string>
}

export interface RunServiceParts {
  readonly journal: RunJournal
  readonly engine: RunEngine
  readonly clock: Clock
  readonly log: Logger
  readonly settings: { readonly concurrency: number; readonly maxQueued: number }
  readonly listeners: readonly RunListener[]
  /** Reads and checks what was asked for. @throws TuttiError when no run can begin */
  readonly accept: (ask: RunAsk, options: RequestOptions) => Promise<AcceptedRun>
  readonly conduct: (handle: RunHandle) => Promise<SegmentEnd>
}

export interface RunService extends RunsApi {
  readonly active: number
  /** Why the journal cannot be written now, if so. */
  journalTrouble(): string | undefined
  /** Like submit, but gives the run itself: for callers that will wait for it. */
  begin(ask: RunAsk, options?: RequestOptions): Promise<{ readonly runId: string; readonly done: Promise<Response> }>
  /** `begin` for a run whose id and events are wanted before anything has happened. */
  open(
    runId: string,
    ask: RunAsk,
    options: RequestOptions,
    listener: RunListener,
  ): Promise<{ readonly done: Promise<Response> }>
  start(): void
  stop(drainMs: number): Promise<void>
}

/** A run that has ended waits for its journal as long as the process lives; once that closes, so long. */
const LAST_WRITE_MS = 2_000

const unknownRun = (runId: string): TuttiError =>
  new TuttiError('unknown_run', `There is no run "${runId}", or it is kept no longer.`)

export function createRunService(parts: RunServiceParts): RunService {
  const { engine, clock, log } = parts
  const door = createJournalDoor(parts.journal, { clock, log })
  const { journal } = door
  const active = new Map<string, ActiveRun>()
  let worker: ReturnType<RunEngine['work']> | undefined
  let closed = false

  /** A run that cannot be held ends by that, like by anything else. */
  const hold = async (entry: ActiveRun): Promise<void> => {
    const { run, abort } = entry
    try {
      const { epoch } = await raceAbort(
        door.persist(
          run.runId,
          () => journal.begin(run.runId),
          () => abort.signal,
        ),
        abort.signal,
      )
      entry.log.open(epoch)
    } catch (thrown) {
      abort.abort(toTuttiError(thrown))
    }
  }
  /** Waits for the journal. Who cancels does not wait with it, and what closes does not wait for ever. */
  const settle = async (entry: ActiveRun, closing: AbortSignal): Promise<void> => {
    const end = (): void => entry.end(entry.log.fold.snapshot())
    const late = Promise.withResolvers<void>()
    let cancelLate = (): void => undefined
    const hurry = (): void => {
      entry.log.giveUp()
      cancelLate = clock.after(LAST_WRITE_MS, late.resolve)
    }
    whenAborted(entry.abort.signal, end)
    const ignore = whenSharedAborted(closing, hurry)
    await Promise.race([entry.log.flush().catch(() => undefined), late.promise])
    ignore()
    cancelLate()
    active.delete(entry.run.runId)
    end()
  }

  const handle = async ({ runId, signal }: { runId: string; signal: AbortSignal }): Promise<SegmentEnd> => {
    const entry = active.get(runId)
    if (entry === undefined) return 'ended'
    entry.hasBegun = true
    const ignore = whenSharedAborted(signal, () => entry.abort.abort(signal.reason))
    try {
      await hold(entry)
      return await parts.conduct({
        run: entry.run,
        liveInputs: entry.accepted.liveInputs,
        secrets: entry.accepted.secrets,
        ...(entry.accepted.prepared !== undefined && { prepared: entry.accepted.prepared }),
        signal: entry.abort.signal,
        abort: (reason) => entry.abort.abort(reason),
        emit: entry.log.emit,
        flush: journal.durable ? () => entry.log.flush() : undefined,
        startedAt: () => entry.log.events[0]?.at ?? entry.run.createdAt,
        snapshot: () => entry.log.fold.snapshot(),
        view: (step) => entry.log.fold.view(step),
        settled: entry.log.fold.settled(),
      })
    } finally {
      ignore()
      await settle(entry, signal)
    }
  }

  const admit = (runId: string, ask: RunAsk, options: RequestOptions, accepted: AcceptedRun): ActiveRun => {
    const document = accepted.prepared?.document
    const timeoutMs = options.timeoutMs ?? document?.timeoutMs
    const run: NewRun = {
      runId,
      principal: options.principal ?? 'local',
      createdAt: clock.timestamp(),
      ...(ask.request !== undefined && { request: ask.request }),
      ...(document !== undefined && { document }),
      inputs: accepted.inputs,
      ...(options.threadId !== undefined && { threadId: options.threadId }),
      ...(options.metadata !== undefined && { metadata: options.metadata }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(options.maxConcurrency !== undefined && { maxConcurrency: options.maxConcurrency }),
      ...(options.headers !== undefined && { headers: options.headers }),
    }
    const listeners = options.onEvent === undefined ? parts.listeners : [...parts.listeners, options.onEvent]
    let end: (response: Response) => void = () => undefined
    const done = new Promise<Response>((resolve) => {
      end = resolve
    })
    const abort = new AbortController()
    const runLog = createRunLog({ runId, door, clock, log, listeners, onFenced: (error) => abort.abort(error) })
    return { run, accepted, log: runLog, abort, hasBegun: false, done, end }
  }

  const refuse = (): void => {
    if (closed) throw new TuttiError('closed', 'The orchestrator is closed and takes no more runs.')
    if (active.size >= parts.settings.maxQueued) {
      throw new TuttiError(
        'too_many_requests',
        `${active.size} runs are accepted and not ended, which is the limit. Try again later, or raise runs.max_queued.`,
        { details: { retry_after_ms: 1_000 } },
      )
    }
  }
  const begin = async (
    runId: string,
    ask: RunAsk,
    options: RequestOptions,
    listener?: RunListener,
  ): Promise<ActiveRun> => {
    refuse()
    const accepted = await parts.accept(ask, options)
    refuse()
    const entry = admit(runId, ask, options, accepted)
    if (listener !== undefined) entry.log.subscribe(listener)
    await journal.create(entry.run)
    active.set(runId, entry)
    followCaller(entry, options.signal)
    try {
      await engine.submit({ runId, key: entry.run.principal })
    } catch (thrown) {
      active.delete(runId)
      entry.end(entry.log.fold.snapshot())
      throw thrown
    }
    return entry
  }
  const followCaller = (entry: ActiveRun, signal: AbortSignal | undefined): void => {
    if (signal === undefined) return
    const ignore = whenAborted(signal, () =>
      entry.abort.abort(new TuttiError('cancelled', 'The caller cancelled the run.', { cause: signal.reason })),
    )
    void entry.done.then(ignore)
  }
  const find = async (runId: string, principal: string | undefined): Promise<NewRun | undefined> => {
    const run = active.get(runId)?.run ?? (await journal.load(runId))
    return run === undefined || (principal !== undefined && run.principal !== principal) ? undefined : run
  }
  const endedResponse = async (runId: string): Promise<Response> => {
    const events: RunEvent[] = []
    for await (const event of journal.read(runId, 1)) events.push(event)
    return foldEvents(runId, events).snapshot()
  }

  async function* follow(runId: string, fromSeq: number, signal: AbortSignal | undefined): AsyncIterable<RunEvent> {
    const entry = active.get(runId)
    if (entry === undefined) {
      yield* journal.read(runId, fromSeq)
      return
    }
    const stopped = (): void => queue.end()
    const queue = createEventQueue<RunEvent>(() => {
      unsubscribe()
      signal?.removeEventListener('abort', stopped)
    })
    const unsubscribe = entry.log.subscribe((event) => {
      if (event.seq >= fromSeq) queue.push(event)
      if (event.type === 'run-end') queue.end()
    })
    const past = entry.log.events.slice(Math.max(0, fromSeq - 1))
    if (signal?.aborted === true) queue.end()
    else signal?.addEventListener('abort', stopped, { once: true })
    void entry.done.then(stopped)
    for (const event of past) {
      yield event
      if (event.type === 'run-end') return
    }
    yield* queue
  }

  return {
    get active() {
      return active.size
    },
    journalTrouble: () => door.trouble(),
    start() {
      worker ??= engine.work(handle, { concurrency: parts.settings.concurrency })
    },
    async stop(drainMs) {
      closed = true
      await worker?.stop(drainMs)
      // What is left was accepted and never begun: it ends as cancelled, so that nobody waits for it for ever.
      const closing = AbortSignal.abort(new TuttiError('cancelled', 'The orchestrator is closing.'))
      for (const [runId, entry] of [...active]) {
        if (!entry.hasBegun) await handle({ runId, signal: closing })
        else entry.end(entry.log.fold.snapshot())
      }
    },
    async begin(ask, options = {}) {
      const { run, done } = await begin(createRunId(), ask, options)
      return { runId: run.runId, done }
    },
    async open(runId, ask, options, listener) {
      const { done } = await begin(runId, ask, options, listener)
      return { done }
    },
    async submit(ask, options = {}) {
      const { run } = await begin(createRunId(), ask, options)
      return { runId: run.runId, status: 'queued' }
    },
    async get(runId, { principal } = {}) {
      if ((await find(runId, principal)) === undefined) return undefined
      return active.get(runId)?.log.fold.snapshot() ?? (await endedResponse(runId))
    },
    list: (filter = {}) => journal.list(filter),
    async *events(runId, { fromSeq = 1, signal, principal } = {}) {
      if ((await find(runId, principal)) === undefined) throw unknownRun(runId)
      yield* follow(runId, fromSeq, signal)
    },
    async wait(runId, { signal, principal } = {}) {
      if ((await find(runId, principal)) === undefined) throw unknownRun(runId)
      const entry = active.get(runId)
      if (entry === undefined) return endedResponse(runId)
      if (signal === undefined) return entry.done
      return await raceAbort(entry.done, signal)
    },
    async cancel(runId, { principal, reason } = {}) {
      if ((await find(runId, principal)) === undefined) throw unknownRun(runId)
      const entry = active.get(runId)
      if (entry === undefined) throw new TuttiError('conflict', `Run "${runId}" has ended already.`)
      entry.abort.abort(new TuttiError('cancelled', reason ?? 'The run was cancelled.'))
      await journal.command(runId, { id: `cancel-${runId}`, kind: 'cancel' }).catch((thrown: unknown) => {
        // It is cancelled already; only a successor of this process would have had to be told.
        log.warn('a cancel was not written to the journal', { runId, error: toTuttiError(thrown).message })
      })
    },
  }
}
