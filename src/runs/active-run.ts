// One accepted run in this process: its log, how it is stopped, and a stretch of work on it from holding the journal to letting
// it go. It listens to nothing itself: whoever stops it says so, for a listener costs more than all the rest of it.
import type { PreparedPlan } from '../contracts/api.ts'
import type { SegmentEnd } from '../contracts/engine.ts'
import { toTuttiError } from '../contracts/errors.ts'
import type { NewRun } from '../contracts/journal.ts'
import type { Clock, Logger } from '../contracts/parts.ts'
import type { Response } from '../contracts/run.ts'
import type { RunHandle } from '../contracts/run-handle.ts'
import type { JournalDoor } from './journal-door.ts'
import { createRunLog, type RunListener, type RunLog } from './run-log.ts'
import type { Turns } from './turns.ts'

/** What the composition root has made of an ask before the run is accepted: refusals happen there, not in the run. */
export interface AcceptedRun {
  readonly prepared?: PreparedPlan
  /** As stored and shown: secrets replaced. */
  readonly inputs: NewRun['inputs']
  /** As used: with secrets. */
  readonly liveInputs: NewRun['inputs']
  readonly secrets: ReadonlyMap<string, string>
  /** The smallest limits that anybody sets for it. */
  readonly budget?: NonNullable<NewRun['budget']>
}

/** What all runs of a service share. */
export interface ActiveRunParts {
  readonly door: JournalDoor
  readonly clock: Clock
  readonly log: Logger
  readonly turns: Turns
}

/** A run that has ended waits for its journal as long as the process lives; once that closes, so long. */
const LAST_WRITE_MS = 2_000
const NOTHING_SETTLED: RunHandle['settled'] = new Map()

export class ActiveRun {
  readonly run: NewRun
  readonly log: RunLog
  readonly done: Promise<Response>
  /** Whether a worker has taken it. */
  hasBegun = false
  /** Told when it is stopped before a worker has taken it. */
  onStoppedEarly: (() => void) | undefined
  /** Told when a worker has taken it. */
  onBegun: (() => void) | undefined
  /** The signal of the worker that has it. */
  worker: AbortSignal | undefined
  readonly #parts: ActiveRunParts
  readonly #accepted: AcceptedRun
  // Its signal, which is what costs, is made when somebody reads it.
  readonly #controller = new AbortController()
  #resolve: (response: Response) => void = () => undefined
  #isStopped = false
  #isSettling = false
  #isClosing = false
  #isOver = false
  /** Pending until the journal has given the run to us, or never will. */
  #held: Promise<void> | undefined
  #stopWaiting: (() => void) | undefined
  #cancelLate: (() => void) | undefined

  constructor(run: NewRun, accepted: AcceptedRun, parts: ActiveRunParts, listeners: readonly RunListener[]) {
    this.run = run
    this.#accepted = accepted
    this.#parts = parts
    this.done = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.log = createRunLog({ ...parts, runId: run.runId, listeners, onFenced: (error) => this.abort(error) })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Ends the work on it. The first reason counts. */
  abort(reason: unknown): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#controller.abort(reason)
    if (!this.hasBegun) this.onStoppedEarly?.()
    else if (this.#isSettling) this.end()
    else this.#stopWaiting?.()
  }

  /** The worker closes: what is at work is stopped, what waits for the journal waits not much longer. */
  close(reason: unknown): void {
    this.#isClosing = true
    this.abort(reason)
    if (this.#isSettling) this.#hurry()
  }

  /** Who waits for it gets what there is. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#resolve(this.log.fold.snapshot())
  }

  /** Resolves when nothing of it is left to do here. The caller then calls `end`. */
  async work(conduct: (handle: RunHandle) => Promise<SegmentEnd>): Promise<SegmentEnd> {
    this.hasBegun = true
    this.onBegun?.()
    try {
      await this.#hold()
      return await conduct(this.#handle())
    } finally {
      await this.#settle()
    }
  }

  /** A run that cannot be held ends by that, like by anything else. Who stops it does not wait for the journal. */
  #hold(): Promise<void> {
    const { door } = this.#parts
    const { runId } = this.run
    return new Promise((resolve) => {
      const begun = door.persist(
        runId,
        () => door.journal.begin(runId),
        () => this.signal,
      )
      this.#held = begun.then(
        ({ epoch }) => {
          this.#held = undefined
          this.log.open(epoch)
          resolve()
        },
        (thrown: unknown) => {
          this.#held = undefined
          this.abort(toTuttiError(thrown))
          resolve()
        },
      )
      if (this.#isStopped) resolve()
      else this.#stopWaiting = resolve
    })
  }

  /** Waits for the journal. Who stops the run does not wait with it, and what closes does not wait for ever. */
  #settle(): Promise<void> {
    this.#isSettling = true
    if (this.#isStopped) this.end()
    return new Promise((resolve) => {
      const leave = (): void => {
        this.#cancelLate?.()
        resolve()
      }
      this.#stopWaiting = leave
      if (this.#isClosing) this.#hurry()
      const written = this.#held === undefined ? this.log.flush() : this.#held.then(() => this.log.flush())
      written.then(leave, leave)
    })
  }

  #hurry(): void {
    this.log.giveUp()
    this.#cancelLate ??= this.#parts.clock.after(LAST_WRITE_MS, () => this.#stopWaiting?.())
  }

  #handle(): RunHandle {
    const { run, log } = this
    const { liveInputs, secrets, prepared } = this.#accepted
    const handle: RunHandle = {
      run,
      liveInputs,
      secrets,
      signal: this.signal,
      abort: (reason) => this.abort(reason),
      emit: log.emit,
      flush: this.#parts.door.journal.durable ? () => log.flush() : undefined,
      startedAt: () => log.events[0]?.at ?? run.createdAt,
      snapshot: () => log.fold.snapshot(),
      view: (step) => log.fold.view(step),
      revisions: () => log.fold.revisions(),
      settled: log.events.length === 0 ? NOTHING_SETTLED : log.fold.settled(),
    }
    return prepared === undefined ? handle : Object.assign(handle, { prepared })
  }
}
