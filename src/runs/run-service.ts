// Accepts runs, hands them to the engine, and answers for them: live ones from memory, ended ones from the journal.
import type { LimitUsage, RequestOptions, RunAsk, RunsApi } from '../contracts/api.ts'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { Response } from '../contracts/run.ts'
import { raceAbort } from '../util/abort.ts'
import { createRunId } from '../util/ids.ts'
import type { ActiveRun } from './active-run.ts'
import { createJournalDoor } from './journal-door.ts'
import { RunDesk, type RunServiceParts } from './run-desk.ts'
import type { RunListener } from './run-log.ts'
import { createRunReader } from './run-reader.ts'
import { createTurns } from './turns.ts'

export type { AcceptedRun } from './active-run.ts'
export type { RunServiceParts } from './run-desk.ts'

export interface RunService extends Omit<RunsApi, 'explain'> {
  readonly active: number
  /** How many runs are at work and wait, in all and for each key that is bounded. */
  limits(): LimitUsage[]
  /** Why the journal cannot be written now, if so. */
  journalTrouble(): string | undefined
  /** Submits a run and waits for it. */
  answer(ask: RunAsk, options: RequestOptions): Promise<Response>
  /** `submit` for a run whose id and events are wanted before anything has happened. */
  open(
    runId: string,
    ask: RunAsk,
    options: RequestOptions,
    listener: RunListener,
  ): Promise<{ readonly done: Promise<Response> }>
  start(): void
  stop(drainMs: number): Promise<void>
}

const unknownRun = (runId: string): TuttiError =>
  new TuttiError('unknown_run', `There is no run "${runId}", or it is kept no longer.`)

export function createRunService(parts: RunServiceParts): RunService {
  const { clock, log } = parts
  const door = createJournalDoor(parts.journal, { clock, log })
  const { journal } = door
  const active = new Map<string, ActiveRun>()
  const reader = createRunReader(active, journal)
  const desk = new RunDesk(parts, { door, clock, log, turns: createTurns() }, active)

  const known = async (runId: string, principal: string | undefined): Promise<void> => {
    if ((await reader.find(runId, principal)) === undefined) throw unknownRun(runId)
  }

  return {
    get active() {
      return active.size
    },
    limits: () => desk.limits(),
    journalTrouble: () => door.trouble(),
    start: () => desk.start(),
    stop: (drainMs) => desk.stop(drainMs),
    answer: async (ask, options) => (await desk.begin(createRunId(), ask, options)).done,
    async open(runId, ask, options, listener) {
      const { done } = await desk.begin(runId, ask, options, listener)
      return { done }
    },
    async submit(ask, options = {}) {
      const { run } = await desk.begin(createRunId(), ask, options)
      return { runId: run.runId, status: 'queued' }
    },
    async get(runId, { principal } = {}) {
      if ((await reader.find(runId, principal)) === undefined) return undefined
      return await reader.response(runId)
    },
    list: (filter = {}) => journal.list(filter),
    async *events(runId, { fromSeq = 1, signal, principal } = {}) {
      await known(runId, principal)
      yield* reader.follow(runId, fromSeq, signal)
    },
    async wait(runId, { signal, principal } = {}) {
      await known(runId, principal)
      const entry = active.get(runId)
      if (entry === undefined) return await reader.response(runId)
      if (signal === undefined) return entry.done
      return await raceAbort(entry.done, signal)
    },
    async cancel(runId, { principal, reason } = {}) {
      await known(runId, principal)
      const entry = active.get(runId)
      if (entry === undefined) throw new TuttiError('conflict', `Run "${runId}" has ended already.`)
      entry.abort(new TuttiError('cancelled', reason ?? 'The run was cancelled.'))
      await journal.command(runId, { id: `cancel-${runId}`, kind: 'cancel' }).catch((thrown: unknown) => {
        // It is cancelled already; only a successor of this process would have had to be told.
        log.warn('a cancel was not written to the journal', { runId, error: toTuttiError(thrown).message })
      })
    },
  }
}
