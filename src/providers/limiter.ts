// How many at once: a counter with a fair queue. Who waits longest goes first; who gives up leaves the queue at once.
import { TuttiError } from '../contracts/errors.ts'

export interface Limiter {
  /**
   * Resolves with what gives the place back (call it once; more calls do nothing).
   * @throws TuttiError `cancelled` at once when the signal aborts while waiting
   */
  acquire(signal: AbortSignal): Promise<() => void>
  readonly inUse: number
  readonly waiting: number
}

interface Waiter {
  readonly admit: () => void
}

/** At most `limit` places (at least 1) at once. */
export function createLimiter(limit: number): Limiter {
  const places = Math.max(1, limit)
  // A Set keeps the order of arrival and forgets one that gives up in constant time.
  const waiters = new Set<Waiter>()
  let inUse = 0

  const release = (): void => {
    const [next] = waiters
    if (next === undefined) inUse--
    else {
      waiters.delete(next)
      next.admit()
    }
  }
  const once = (): (() => void) => {
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      release()
    }
  }
  return {
    acquire(signal) {
      return new Promise((resolve, reject) => {
        const refuse = (): void => {
          reject(new TuttiError('cancelled', 'The wait for a free place was cancelled.', { cause: signal.reason }))
        }
        if (signal.aborted) return refuse()
        if (inUse < places && waiters.size === 0) {
          inUse++
          return resolve(once())
        }
        const onAbort = (): void => {
          waiters.delete(waiter)
          refuse()
        }
        const waiter: Waiter = {
          admit() {
            signal.removeEventListener('abort', onAbort)
            resolve(once())
          },
        }
        waiters.add(waiter)
        signal.addEventListener('abort', onAbort, { once: true })
      })
    },
    get inUse() {
      return inUse
    },
    get waiting() {
      return waiters.size
    },
  }
}
