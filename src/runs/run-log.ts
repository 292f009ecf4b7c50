// One run's events: stamped, folded, handed to every reader, and written to the journal in groups.

import { type TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { EventStamp, RunEvent, RunFact } from '../contracts/events.ts'
import type { Clock, Logger } from '../contracts/parts.ts'
import { createRunFold, type RunFold } from '../record/fold.ts'
import type { JournalDoor } from './journal-door.ts'

export type RunListener = (event: RunEvent) => void

export interface RunLog {
  readonly emit: (fact: RunFact) => void
  /** Every event so far. Append-only. */
  readonly events: readonly RunEvent[]
  readonly fold: RunFold
  /** Sees every later event at once. Returns what ends it. What a listener throws is dropped. */
  subscribe(listener: RunListener): () => void
  /**
   * Resolves when every event so far is with the journal, however long that takes.
   * @throws TuttiError `conflict` when another worker holds the run, `journal_failed` once the log was given up
   */
  flush(): Promise<void>
  /** From now on events may be written under this epoch. */
  open(epoch: number): void
  /** Tries what waits for the journal no more. */
  giveUp(): void
}

export interface RunLogParts {
  readonly runId: string
  readonly door: JournalDoor
  readonly clock: Clock
  readonly log: Logger
  readonly listeners: readonly RunListener[]
  /** Another worker holds the run now: nothing that happens here counts any more, and nothing is told. */
  readonly onFenced?: (error: TuttiError) => void
}

/** Consecutive deltas are joined until the next turn of the event loop: a stream of tokens makes no flood of events. */
export function createRunLog({ runId, door, clock, log, listeners, onFenced }: RunLogParts): RunLog {
  const events: RunEvent[] = []
  const fold = createRunFold(runId)
  let readers: readonly RunListener[] = listeners
  let written = 0
  let epoch: number | undefined
  let scheduled = false
  let writing: Promise<void> | undefined
  let failure: TuttiError | undefined
  // Made when a write fails, which it hardly ever does.
  let surrender: AbortController | undefined
  const surrenderOf = (): AbortController => (surrender ??= new AbortController())
  let delta: { type: 'plan-delta' | 'answer-delta'; delta: string } | undefined

  const record = (fact: RunFact): void => {
    const event = stamp(fact, runId, events.length + 1, clock.timestamp())
    events.push(event)
    fold.apply(event)
    for (const reader of readers) {
      try {
        const heard: unknown = reader(event)
        // A listener may be an async function, and fail later.
        if (heard instanceof Promise) heard.catch((thrown: unknown) => unheard(event.type, thrown))
      } catch (thrown) {
        unheard(event.type, thrown)
      }
    }
  }
  const unheard = (event: string, thrown: unknown): void =>
    log.warn('an event listener threw', { runId, event, error: toTuttiError(thrown).message })
  const flushDelta = (): void => {
    if (delta === undefined) return
    const joined = delta
    delta = undefined
    record(joined)
  }
  /** Half a surrogate pair waits for its other half: who prints each delta would show two wrong characters. */
  const flushWholeCharacters = (): void => {
    if (delta === undefined) return
    const { type, delta: text } = delta
    if (!/[\ud800-\udbff]$/.test(text)) flushDelta()
    else {
      if (text.length > 1) record({ type, delta: text.slice(0, -1) })
      delta = { type, delta: text.slice(-1) }
    }
  }
  /** One group after the other: what could not be written stays the first to be, and what came meanwhile goes with it. */
  const writeAll = async (held: number): Promise<void> => {
    while (written < events.length) {
      let upTo = written
      await door.persist(
        runId,
        () => {
          upTo = events.length
          return door.journal.append(runId, held, events.slice(written, upTo))
        },
        () => surrenderOf().signal,
      )
      written = upTo
    }
  }
  const write = (): void => {
    if (epoch === undefined || writing !== undefined || failure !== undefined || written === events.length) return
    writing = writeAll(epoch)
      .catch((thrown: unknown) => {
        failure = toTuttiError(thrown, 'journal_failed')
        if (failure.code === 'conflict') onFenced?.(failure)
        else
          log.error('events were not written', {
            runId,
            count: events.length - written,
            error: failure.message,
          })
      })
      .finally(() => {
        writing = undefined
      })
  }
  const turn = (): void => {
    scheduled = false
    flushWholeCharacters()
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
      // What ends late (an aborted model call) has nothing to add to a run that has ended.
      if (events.at(-1)?.type === 'run-end' || failure?.code === 'conflict') return
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
      const upTo = events.length
      while (epoch !== undefined && written < upTo && failure === undefined) {
        write()
        await writing
      }
      if (failure !== undefined) throw failure
    },
    open(held) {
      epoch = held
      schedule()
    },
    giveUp() {
      surrenderOf().abort()
    },
  }
}

/** The fact itself becomes the event: it was made for this, and a copy of each would be half of what a run costs. */
function stamp(fact: RunFact, runId: string, seq: number, at: string): RunEvent {
  const event = fact as RunFact & { -readonly [K in keyof EventStamp]: EventStamp[K] }
  event.runId = runId
  event.seq = seq
  event.at = at
  return event
}
