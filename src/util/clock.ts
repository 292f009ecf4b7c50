// Time, handed in. Many deadlines, one heap, one timer: a run of 10,000 steps sets no 10,000 timers.
import { TuttiError } from '../contracts/errors.ts'
import type { Clock } from '../contracts/parts.ts'
import { whenAborted } from './abort.ts'
import { type Deadline, DeadlineHeap } from './deadline-heap.ts'

/** What the heap needs of the outside: a reading of time in ms, and one timer. */
export interface TimeSource {
  now(): number
  /** Sets the one timer (replacing an earlier one), or clears it with undefined. */
  arm(delayMs: number | undefined, fire: () => void): void
}

/** A clock over any source of time. Cancelled deadlines are dropped when they reach the top, or when they outnumber the live. */
export function createClockFrom(source: TimeSource): Clock {
  let heap = new DeadlineHeap()
  let order = 0
  let live = 0
  let armedFor = Infinity
  let stampedAt = Number.NaN
  let stamp = ''

  const arm = (): void => {
    let next = heap.next
    for (; next !== undefined && next.callback === undefined; next = heap.next) heap.pop()
    if (next === undefined) {
      if (armedFor !== Infinity) {
        armedFor = Infinity
        source.arm(undefined, fire)
      }
    } else if (next.at !== armedFor) {
      armedFor = next.at
      source.arm(Math.max(0, next.at - source.now()), fire)
    }
  }
  const fire = (): void => {
    armedFor = Infinity
    const now = source.now()
    try {
      for (let top = heap.next; top !== undefined && (top.callback === undefined || top.at <= now); top = heap.next) {
        heap.pop()
        const { callback } = top
        if (callback === undefined) continue
        top.callback = undefined
        live--
        callback()
      }
    } finally {
      arm()
    }
  }

  const clock: Clock = {
    now: () => source.now(),
    timestamp() {
      const now = source.now()
      if (now !== stampedAt) {
        stampedAt = now
        stamp = new Date(now).toISOString()
      }
      return stamp
    },
    after(delayMs, callback) {
      const deadline: Deadline = { at: source.now() + Math.max(0, delayMs), order: order++, callback }
      heap.push(deadline)
      live++
      if (deadline.at < armedFor) arm()
      return () => {
        if (deadline.callback === undefined) return
        deadline.callback = undefined
        live--
        if (live === 0) {
          heap = new DeadlineHeap()
          arm()
        } else if (heap.size > 64 && heap.size > 2 * live) {
          heap.compact()
          arm()
        }
      }
    },
    sleep(delayMs, signal) {
      return new Promise((resolve, reject) => {
        const stop = clock.after(delayMs, () => {
          ignore()
          resolve()
        })
        const ignore = whenAborted(signal, () => {
          stop()
          reject(new TuttiError('cancelled', 'The wait was cancelled.', { cause: signal.reason }))
        })
      })
    },
  }
  return clock
}

/** The clock of the machine. */
export function createClock(): Clock {
  let timer: NodeJS.Timeout | undefined
  return createClockFrom({
    now: () => Date.now(),
    arm(delayMs, fire) {
      clearTimeout(timer)
      // Node fires a longer delay at once; the heap arms again when this one ends early.
      timer = delayMs === undefined ? undefined : setTimeout(fire, Math.min(delayMs, 2_147_483_647))
    },
  })
}
