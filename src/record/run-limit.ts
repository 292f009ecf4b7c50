// The timeout of a whole run, kept by reading its facts: it stands still while the run only waits.
import { TuttiError } from '../contracts/errors.ts'
import type { RunFact } from '../contracts/events.ts'
import type { Clock, RunHandle } from '../contracts/parts.ts'

export interface LimitedRun {
  readonly handle: RunHandle
  /** Ends the watch. */
  stop(): void
}

/** A run without a timeout is given back as it is. One that takes too long is aborted with `run_timeout`. */
export function limitRun(handle: RunHandle, clock: Clock): LimitedRun {
  const { timeoutMs } = handle.run
  if (timeoutMs === undefined) return { handle, stop: () => undefined }
  const end = (): void => {
    const message = `The run took longer than its timeout of ${timeoutMs} ms. Raise "timeout", or ask which step is slow.`
    handle.abort(new TuttiError('run_timeout', message))
  }
  let leftMs = timeoutMs
  let since = clock.now()
  let cancel = clock.after(leftMs, end)
  const watch = watchWaiting((isWaiting) => {
    if (isWaiting) {
      cancel()
      leftMs -= clock.now() - since
    } else {
      since = clock.now()
      cancel = clock.after(Math.max(0, leftMs), end)
    }
  })
  const emit = (fact: RunFact): void => {
    handle.emit(fact)
    watch(fact)
  }
  return { handle: { ...handle, emit }, stop: () => cancel() }
}

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
