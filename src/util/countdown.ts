// A deadline that can stand still: time in which a run only waits, or is paused, is not its own.
import type { Clock } from '../contracts/parts.ts'

/** @see createCountdown */
export interface Countdown {
  /** Stands still until `resume`. */
  pause(): void
  resume(): void
  /** ms that counted so far. */
  readonly elapsedMs: number
  close(): void
}

/** Calls back once, after `ms` in which it did not stand still. */
export function createCountdown(clock: Clock, ms: number, onEnd: () => void): Countdown {
  let before = 0
  let since: number | undefined = clock.now()
  let isOver = false
  const end = (): void => {
    isOver = true
    onEnd()
  }
  let cancel = clock.after(ms, end)
  const elapsed = (): number => before + (since === undefined ? 0 : clock.now() - since)
  return {
    get elapsedMs() {
      return elapsed()
    },
    pause() {
      if (since === undefined) return
      before = elapsed()
      since = undefined
      cancel()
    },
    resume() {
      if (since !== undefined) return
      since = clock.now()
      if (!isOver) cancel = clock.after(Math.max(0, ms - before), end)
    },
    close() {
      isOver = true
      cancel()
    },
  }
}
