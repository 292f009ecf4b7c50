// The time limits of one run. Limits of the same length end in the order they began, so each length is one list with one
// deadline of the clock: a step costs two pointer moves, not a timer.
import type { Clock } from '../contracts/parts.ts'

/** One limit: link of a list. */
export interface Deadline {
  /** Set by the list. */
  at: number
  expire(): void
  previous: Deadline | undefined
  next: Deadline | undefined
  list: DeadlineList | undefined
}

export interface DeadlineList {
  readonly durationMs: number
  head: Deadline | undefined
  tail: Deadline | undefined
  cancel: (() => void) | undefined
}

const ARMED_AFTERWARDS = (): void => undefined

/** Limits of any length; `expire` is called at most once, never after `remove` or `close`. */
export class Deadlines {
  readonly #clock: Clock
  readonly #lists = new Map<number, DeadlineList>()
  #last: DeadlineList | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param now the clock's reading, which the caller has at hand */
  add(durationMs: number, now: number, expire: () => void): Deadline {
    return this.link({ at: 0, expire, previous: undefined, next: undefined, list: undefined }, durationMs, now)
  }

  /** {@link add} for who is a link itself, and in no list. */
  link<T extends Deadline>(deadline: T, durationMs: number, now: number): T {
    const list = this.#listOf(durationMs)
    deadline.at = now + durationMs
    deadline.previous = list.tail
    deadline.next = undefined
    deadline.list = list
    if (list.tail === undefined) list.head = deadline
    else list.tail.next = deadline
    list.tail = deadline
    if (list.cancel === undefined) this.#arm(list, durationMs)
    return deadline
  }

  remove(deadline: Deadline): void {
    const { list, previous, next } = deadline
    if (list === undefined) return
    deadline.list = undefined
    if (previous === undefined) list.head = next
    else previous.next = next
    if (next === undefined) list.tail = previous
    else next.previous = previous
  }

  /** Forgets everything; the clock is left without a deadline of ours. */
  close(): void {
    for (const list of this.#lists.values()) {
      list.cancel?.()
      list.head = list.tail = undefined
    }
    this.#lists.clear()
    this.#last = undefined
  }

  #listOf(durationMs: number): DeadlineList {
    if (this.#last?.durationMs === durationMs) return this.#last
    let list = this.#lists.get(durationMs)
    if (list === undefined) {
      list = { durationMs, head: undefined, tail: undefined, cancel: undefined }
      this.#lists.set(durationMs, list)
    }
    this.#last = list
    return list
  }

  #arm(list: DeadlineList, delayMs: number): void {
    list.cancel = this.#clock.after(delayMs, () => {
      // What is added meanwhile passes later than the head: who is added must not set the time for the whole list.
      list.cancel = ARMED_AFTERWARDS
      const now = this.#clock.now()
      try {
        for (let first = list.head; first !== undefined && first.at <= now; first = list.head) {
          this.remove(first)
          first.expire()
        }
      } finally {
        list.cancel = undefined
        if (list.head !== undefined) this.#arm(list, list.head.at - now)
      }
    })
  }
}
