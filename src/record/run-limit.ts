// The time of a whole run, kept by reading its facts: its timeout and the wall time of its budget stand still while it only waits.
import { TuttiError } from '../contracts/errors.ts'
import type { RunFact } from '../contracts/events.ts'
import type { Clock } from '../contracts/parts.ts'
import type { RunHandle } from '../contracts/run-handle.ts'
import { createCountdown } from '../util/countdown.ts'

/** A wall clock with two ends: of the work, and of everything. */
export interface WallTime {
  readonly work: AbortSignal
  readonly whole: AbortSignal
  pause(): void
  resume(): void
}

export interface LimitedRun {
  readonly handle: RunHandle
  /** Aborts when no more work may be done: the run was stopped, or the time for it is up. */
  readonly work: AbortSignal
  /** Aborts when the run was stopped, or all of its time is up. */
  readonly whole: AbortSignal
  /** Ends the watch. */
  stop(): void
}

/**
 * A run without limits is given back as it is. One that takes too long for its timeout, the wait for its turn included, is aborted
 * with `run_timeout`.
 */
export function limitRun(handle: RunHandle, clock: Clock, wall?: WallTime): LimitedRun {
  const { signal } = handle
  const { timeoutMs } = handle.run
  if (timeoutMs === undefined && wall === undefined)
    return { handle, work: signal, whole: signal, stop: () => undefined }
  const timeout =
    timeoutMs === undefined
      ? undefined
      : createCountdown(clock, timeoutMs - queuedMs(handle), () => handle.abort(runTooLong(timeoutMs)))
  const watch = watchWaiting((isWaiting) => {
    for (const one of [timeout, wall]) {
      if (isWaiting) one?.pause()
      else one?.resume()
    }
  })
  const emit = (fact: RunFact): void => {
    handle.emit(fact)
    watch(fact)
  }
  return {
    handle: { ...handle, emit },
    work: wall === undefined ? signal : AbortSignal.any([signal, wall.work]),
    whole: wall === undefined ? signal : AbortSignal.any([signal, wall.whole]),
    stop: () => timeout?.close(),
  }
}

/** How long it waited for a worker. */
const queuedMs = (handle: RunHandle): number => Date.parse(handle.startedAt()) - Date.parse(handle.run.createdAt)

/** What ends a run that is over its timeout. */
export const runTooLong = (timeoutMs: number): TuttiError =>
  new TuttiError(
    'run_timeout',
    `The run took longer than its timeout of ${timeoutMs} ms. Raise "timeout", or ask which step is slow.`,
  )

/** Tells when a run begins to wait, with a step of type `wait` and nothing else at work, and when that is over. */
function watchWaiting(onChange: (isWaiting: boolean) => void): (fact: RunFact) => void {
  const waits = new Set<string>()
  const waiting = new Set<string>()
  const working = new Set<string>()
  let isWaiting = false
  return (fact) => {
    if (fact.type === 'plan-end') {
      for (const { name, type } of fact.document.steps) if (type === 'wait') waits.add(name)
    }
    if (waits.size === 0 || (fact.type !== 'step-start' && fact.type !== 'step-end')) return
    const atWork = waits.has(fact.step) ? waiting : working
    if (fact.type === 'step-start') atWork.add(fact.step)
    else atWork.delete(fact.step)
    const isNow = waiting.size > 0 && working.size === 0
    if (isNow !== isWaiting) onChange(isNow)
    isWaiting = isNow
  }
}
