// Time, handed in. Many deadlines, one heap, one timer: a run of 10,000 steps sets no 10,000 timers.
import { TuttiError } from '../contracts/errors.ts'
import type { Clock } from '../contracts/parts.ts'

interface Deadline {
  readonly at: number
  readonly order: number
  callback: (() => void) | undefined
}

/** What the heap needs of the outside: a reading of time in ms, and one timer. */
export interface TimeSource {
  now(): number
  /** Sets the one timer (replacing an earlier one), or clears it with undefined. */
  arm(delayMs: number | undefined, fire: () => void): void
}

const before = (a: Deadline, b: Deadline): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** A clock over any source of time. Cancelled deadlines are dropped when they reach the top, or when they outnumber the live. */
export function createClockFrom(source: TimeSource): Clock {
  let heap: Deadline[] = []
  let order = 0
  let live = 0
  let armedFor = Infinity
  let stampedAt = Number.NaN
  let stamp = ''

  const up = (from: number): void => {
    let i = from
    const item = heap[i] as Deadline
    while (i > 0) {
      const parent = (i - 1) >> 1
      const above = heap[parent] as Deadline
      if (!before(item, above)) break
      heap[i] = above
      i = parent
    }
    heap[i] = item
  }
  const down = (from: number): void => {
    const item = heap[from] as Deadline
    let i = from
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      const right = child + 1
      if (right < heap.length && before(heap[right] as Deadline, heap[child] as Deadline)) child = right
      if (!before(heap[child] as Deadline, item)) break
      heap[i] = heap[child] as Deadline
      i = child
    }
    heap[i] = item
  }
  const pop = (): void => {
    const last = heap.pop() as Deadline
    if (heap.length > 0) {
      heap[0] = last
      down(0)
    }
  }
  const arm = (): void => {
    while (heap.length > 0 && heap[0]?.callback === undefined) pop()
    const next = heap[0]
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
      for (let top = heap[0]; top !== undefined && (top.callback === undefined || top.at <= now); top = heap[0]) {
        pop()
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
  const compact = (): void => {
    heap = heap.filter((d) => d.callback !== undefined)
    for (let i = (heap.length >> 1) - 1; i >= 0; i--) down(i)
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
      up(heap.length - 1)
      if (deadline.at < armedFor) arm()
      return () => {
        if (deadline.callback === undefined) return
        deadline.callback = undefined
        live--
        if (live === 0) {
          heap = []
          arm()
        } else if (heap.length > 64 && heap.length > 2 * live) {
          compact()
          arm()
        }
      }
    },
    sleep(delayMs, signal) {
      return new Promise((resolve, reject) => {
        const cancelled = (): TuttiError =>
          new TuttiError('cancelled', 'The wait was cancelled.', { cause: signal.reason })
        if (signal.aborted) {
          reject(cancelled())
          return
        }
        const onAbort = (): void => {
          stop()
          reject(cancelled())
        }
        const stop = clock.after(delayMs, () => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        })
        signal.addEventListener('abort', onAbort, { once: true })
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
