// An iterable that stops the moment a signal aborts, also when what it reads from never looks at the signal.
import { whenAborted } from '../util/abort.ts'

/**
 * Passes the items on; once the signal aborts, the pending read is left behind and `signal.reason` is thrown.
 * The source is told to stop whenever the reader or the signal ends the iteration early.
 */
export async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
  signal.throwIfAborted()
  const iterator = source[Symbol.asyncIterator]()
  const aborted = Promise.withResolvers<never>()
  // Without a reader at the moment of the abort this would count as unhandled.
  aborted.promise.catch(() => undefined)
  const ignore = whenAborted(signal, () => aborted.reject(signal.reason))
  let isDone = false
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted.promise])
      if (next.done === true) {
        isDone = true
        return
      }
      yield next.value
      signal.throwIfAborted()
    }
  } catch (thrown) {
    if (!signal.aborted) isDone = true
    throw thrown
  } finally {
    ignore()
    if (!isDone) stop(iterator)
  }
}

/** What a source says to being stopped, in whatever way, is of no interest. */
function stop(iterator: AsyncIterator<unknown>): void {
  try {
    void iterator.return?.()?.then(undefined, () => undefined)
  } catch {
    // It was left behind anyway.
  }
}
