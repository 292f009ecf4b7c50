// One call of a source, bounded: it ends in time or when it is given up, whether or not the source heeds its signal.
import { TuttiError } from '../contracts/errors.ts'
import type { Clock, Discovery } from '../contracts/parts.ts'

/** Calls that were given up and have not ended since; with so many, no further one is begun. */
const MAX_ABANDONED = 3

/** Loads a source. @throws TuttiError `source_failed` (too late, too many hang), `cancelled`, or what the source throws */
export type CallSource = (signal: AbortSignal) => Promise<unknown>

export function createSourceCall(discovery: Discovery, clock: Clock, timeoutMs: number): CallSource {
  let abandoned = 0

  const begin = (signal: AbortSignal, resolve: (found: unknown) => void, reject: (thrown: unknown) => void): void => {
    const controller = new AbortController()
    let isOver = false
    const end = (): void => {
      isOver = true
      cancelTimer()
      signal.removeEventListener('abort', onAbort)
    }
    const giveUp = (reason: TuttiError): void => {
      end()
      abandoned++
      reject(reason)
      controller.abort(reason)
    }
    const onAbort = (): void => giveUp(new TuttiError('cancelled', `Loading "${discovery.name}" was cancelled.`))
    const cancelTimer = clock.after(timeoutMs, () => {
      const text = `It did not answer in ${timeoutMs} ms. Raise catalog.load_timeout, or ask why it is slow.`
      giveUp(new TuttiError('source_failed', text))
    })
    signal.addEventListener('abort', onAbort, { once: true })
    const settle = (act: () => void): void => {
      if (isOver) {
        abandoned--
        return
      }
      end()
      act()
    }
    // A source that throws instead of rejecting is treated alike.
    new Promise<unknown>((start) => start(discovery.load(controller.signal))).then(
      (found) => settle(() => resolve(found)),
      (thrown: unknown) => settle(() => reject(thrown)),
    )
  }

  return (signal) => {
    if (abandoned >= MAX_ABANDONED) {
      return Promise.reject(new TuttiError('source_failed', `${abandoned} earlier loads still hang.`))
    }
    return new Promise((resolve, reject) => begin(signal, resolve, reject))
  }
}
