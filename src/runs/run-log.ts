// One run's events: stamped, folded, handed to every reader, and written to the journal in groups.

import { type TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { EventStamp, RunEvent, RunFact } from '../contracts/events.ts'
import type { Clock, Logger } from '../contracts/parts.ts'
import { createRunFold, type RunFold } from '../record/fold.ts'
import type { JournalDoor } from './journal-door.ts'
import type { Task, Turns } from './turns.ts'

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
  readonly turns: Turns
  /** Another worker holds the run now: nothing that happens here counts any more, and nothing is told. */
  readonly onFenced?: (error: TuttiError) => void
}

/** Consecutive deltas are joined until the next turn of the event loop: a stream of tokens makes no flood of events. */
export function createRunLog(parts: RunLogParts): RunLog {
  return new Log(parts)
}

const WRITTEN = Promise.resolve()

class Log implements RunLog, Task {
  readonly events: RunEvent[] = []
  readonly fold: RunFold
  /** A function of its own, for it is handed on alone. */
  readonly emit = (fact: RunFact): void => this.#emit(fact)
  readonly #parts: RunLogParts
  #readers: readonly RunListener[]
  #written = 0
  #epoch: number | undefined
  #isScheduled = false
  #hasEnded = false
  #writing: Promise<void> | undefined
  #failure: TuttiError | undefined
  // Made when a write fails, which it hardly ever does.
  #surrender: AbortController | undefined
  #delta: { type: 'plan-delta' | 'answer-delta'; delta: string } | undefined

  constructor(parts: RunLogParts) {
    this.#parts = parts
    this.#readers = parts.listeners
    this.fold = createRunFold(parts.runId)
  }

  subscribe(listener: RunListener): () => void {
    this.#readers = [...this.#readers, listener]
    return () => {
      this.#readers = this.#readers.filter((reader) => reader !== listener)
    }
  }

  flush(): Promise<void> {
    this.#flushDelta()
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return this.#epoch === undefined || this.#written === this.events.length
      ? WRITTEN
      : this.#flushUpTo(this.events.length)
  }

  open(epoch: number): void {
    this.#epoch = epoch
    if (this.events.length > 0) this.#schedule()
  }

  giveUp(): void {
    this.#surrenderOf().abort()
  }

  turn(): void {
    this.#isScheduled = false
    this.#flushWholeCharacters()
    this.#write()
  }

  #emit(fact: RunFact): void {
    // What ends late (an aborted model call) has nothing to add to a run that has ended.
    if (this.#hasEnded || this.#failure?.code === 'conflict') return
    if (fact.type === 'plan-delta' || fact.type === 'answer-delta') {
      if (this.#delta?.type === fact.type) this.#delta.delta += fact.delta
      else {
        this.#flushDelta()
        this.#delta = { type: fact.type, delta: fact.delta }
      }
    } else {
      if (this.#delta !== undefined) this.#flushDelta()
      this.#record(fact)
    }
    this.#schedule()
  }

  #record(fact: RunFact): void {
    const { runId, clock } = this.#parts
    const event = stamp(fact, runId, this.events.length + 1, clock.timestamp())
    if (event.type === 'run-end') this.#hasEnded = true
    this.events.push(event)
    this.fold.apply(event)
    for (const reader of this.#readers) {
      try {
        const heard: unknown = reader(event)
        // A listener may be an async function, and fail later.
        if (heard instanceof Promise) heard.catch((thrown: unknown) => this.#unheard(event.type, thrown))
      } catch (thrown) {
        this.#unheard(event.type, thrown)
      }
    }
  }

  #unheard(event: string, thrown: unknown): void {
    const { runId, log } = this.#parts
    log.warn('an event listener threw', { runId, event, error: toTuttiError(thrown).message })
  }

  #flushDelta(): void {
    if (this.#delta === undefined) return
    const joined = this.#delta
    this.#delta = undefined
    this.#record(joined)
  }

  /** Half a surrogate pair waits for its other half: who prints each delta would show two wrong characters. */
  #flushWholeCharacters(): void {
    if (this.#delta === undefined) return
    const { type, delta: text } = this.#delta
    if (!/[\ud800-\udbff]$/.test(text)) this.#flushDelta()
    else {
      if (text.length > 1) this.#record({ type, delta: text.slice(0, -1) })
      this.#delta = { type, delta: text.slice(-1) }
    }
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#parts.turns.next(this)
  }

  /** One group after the other: what could not be written stays the first to be, and what came meanwhile goes with it. */
  #write(): void {
    const epoch = this.#epoch
    if (epoch === undefined || this.#writing !== undefined || this.#failure !== undefined) return
    if (this.#written === this.events.length) return
    const { runId, door } = this.#parts
    let upTo = 0
    const append = (): Promise<void> => {
      upTo = this.events.length
      return door.journal.append(runId, epoch, this.events.slice(this.#written, upTo))
    }
    this.#writing = door
      .persist(runId, append, () => this.#surrenderOf().signal)
      .then(
        () => {
          this.#written = upTo
          this.#writing = undefined
          this.#write()
        },
        (thrown: unknown) => this.#lose(toTuttiError(thrown, 'journal_failed')),
      )
  }

  #lose(failure: TuttiError): void {
    const { runId, log, onFenced } = this.#parts
    this.#failure = failure
    this.#writing = undefined
    if (failure.code === 'conflict') onFenced?.(failure)
    else {
      const count = this.events.length - this.#written
      log.error('events were not written', { runId, count, error: failure.message })
    }
  }

  /** Mostly one group. What came while an earlier one was written is the next. */
  #flushUpTo(count: number): Promise<void> {
    this.#write()
    return (this.#writing ?? WRITTEN).then(() => {
      if (this.#failure !== undefined) throw this.#failure
      return this.#written < count ? this.#flushUpTo(count) : undefined
    })
  }

  #surrenderOf(): AbortController {
    this.#surrender ??= new AbortController()
    return this.#surrender
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
