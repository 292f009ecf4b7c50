// One run's events: stamped, folded, handed to every reader, and written to the journal in groups.
import type { RunEvent, RunFact } from '../contracts/events.ts'
import { toTuttiError } from '../contracts/errors.ts'
import type { Clock, Logger, RunJournal } from '../contracts/parts.ts'
import { createRunFold, type RunFold } from '../record/fold.ts'

export type RunListener = (event: RunEvent) => void

export interface RunLog {
  readonly emit: (fact: RunFact) => void
  /** Every event so far. Append-only. */
  readonly events: readonly RunEvent[]
  readonly fold: RunFold
  /** Sees every later event at once. Returns what ends it. What a listener throws is dropped. */
  subscribe(listener: RunListener): () => void
  /** Resolves when every event so far is with the journal. */
  flush(): Promise<void>
  /** From now on events may be written under this epoch. */
  open(epoch: number): void
}

export interface RunLogParts {
  readonly runId: string
  readonly journal: RunJournal
  readonly clock: Clock
  readonly log: Logger
  readonly listeners: readonly RunListener[]
}

/** Consecutive deltas are joined until the next turn of the event loop: a stream of tokens makes no flood of events. */
export function createRunLog({ runId, journal, clock, log, listeners }: RunLogParts): RunLog {
  const events: RunEvent[] = []
  const fold = createRunFold(runId)
  let readers: readonly RunListener[] = listeners
  let written = 0
  let epoch: number | undefined
  let scheduled = false
  let writing: Promise<void> = Promise.resolve()
  let delta: { type: 'plan-delta' | 'answer-delta'; delta: string } | undefined

  const record = (fact: RunFact): void => {
    const event: RunEvent = { ...fact, runId, seq: events.length + 1, at: clock.timestamp() }
    events.push(event)
    fold.apply(event)
    for (const reader of readers) {
      try {
        reader(event)
      } catch (thrown) {
        log.warn('an event listener threw', { run_id: runId, event: event.type, error: toTuttiError(thrown).message })
      }
    }
  }
  const flushDelta = (): void => {
    if (delta === undefined) return
    const joined = delta
    delta = undefined
    record(joined)
  }
  const write = (): void => {
    if (epoch === undefined || written === events.length) return
    const group = written === 0 && events.length === 1 ? [...events] : events.slice(written)
    written = events.length
    const held = epoch
    writing = writing.then(() => journal.append(runId, held, group))
    writing.catch((thrown: unknown) => log.error('events could not be written', { run_id: runId, error: toTuttiError(thrown, 'journal_failed').message }))
  }
  const turn = (): void => {
    scheduled = false
    flushDelta()
    write()
  }
  const schedule = (): void => {
    if (scheduled) return
    scheduled = true
    setImmediate(turn)
  }

  return {
    events,
    fold,
    emit(fact) {
      if (fact.type === 'plan-delta' || fact.type === 'answer-delta') {
        if (delta?.type === fact.type) delta.delta += fact.delta
        else {
          flushDelta()
          delta = { type: fact.type, delta: fact.delta }
        }
      } else {
        flushDelta()
        record(fact)
      }
      schedule()
    },
    subscribe(listener) {
      readers = [...readers, listener]
      return () => {
        readers = readers.filter((reader) => reader !== listener)
      }
    },
    async flush() {
      flushDelta()
      write()
      await writing
    },
    open(held) {
      epoch = held
      schedule()
    },
  }
}
