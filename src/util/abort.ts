// Listening to abort signals, and letting go of them again.
import { toTuttiError } from '../contracts/errors.ts'

/** Calls back at the abort, or now when that was earlier. Returns what ends the listening. */
export function whenAborted(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) act()
  else signal.addEventListener('abort', act, { once: true })
  return () => signal.removeEventListener('abort', act)
}

/** Ends the wait, not the work. @throws TuttiError the signal's reason, `cancelled` unless it says better */
export async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const stop = Promise.withResolvers<never>()
  const ignore = whenAborted(signal, () => stop.reject(toTuttiError(signal.reason, 'cancelled')))
  try {
    return await Promise.race([promise, stop.promise])
  } finally {
    ignore()
  }
}
