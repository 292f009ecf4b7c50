// Answers for runs: what is at work from memory, what has ended from the journal.
import type { RunEvent } from '../contracts/events.ts'
import type { NewRun, RunJournal } from '../contracts/journal.ts'
import type { Response } from '../contracts/run.ts'
import { foldEvents } from '../record/fold.ts'
import { createEventQueue } from '../util/event-queue.ts'
import type { ActiveRun } from './active-run.ts'

export interface RunReader {
  /** undefined for an unknown run, or another principal's. */
  find(runId: string, principal: string | undefined): Promise<NewRun | undefined>
  /** The response so far. */
  response(runId: string): Promise<Response>
  /** Past events, then live ones to its end. */
  follow(runId: string, fromSeq: number, signal: AbortSignal | undefined): AsyncIterable<RunEvent>
}

export function createRunReader(active: ReadonlyMap<string, ActiveRun>, journal: RunJournal): RunReader {
  return {
    async find(runId, principal) {
      const run = active.get(runId)?.run ?? (await journal.load(runId))
      return run === undefined || (principal !== undefined && run.principal !== principal) ? undefined : run
    },
    async response(runId) {
      const entry = active.get(runId)
      if (entry !== undefined) return entry.log.fold.snapshot()
      const events: RunEvent[] = []
      for await (const event of journal.read(runId, 1)) events.push(event)
      return foldEvents(runId, events).snapshot()
    },
    async *follow(runId, fromSeq, signal) {
      const entry = active.get(runId)
      if (entry === undefined) yield* journal.read(runId, fromSeq)
      else yield* followLive(entry, fromSeq, signal)
    },
  }
}

async function* followLive(
  entry: ActiveRun,
  fromSeq: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<RunEvent> {
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
