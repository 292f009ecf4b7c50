// Deadlines in the order in which they pass, as a binary heap: adding one and taking the next cost the logarithm of their number.

export interface Deadline {
  /** ms, by the clock that keeps it. */
  readonly at: number
  /** Of two at the same time the one that was set first passes first. */
  readonly order: number
  /** undefined once it was cancelled or has passed. */
  callback: (() => void) | undefined
}

const isBefore = (a: Deadline, b: Deadline): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

export class DeadlineHeap {
  #items: Deadline[] = []

  get size(): number {
    return this.#items.length
  }

  /** The one that passes first. */
  get next(): Deadline | undefined {
    return this.#items[0]
  }

  push(deadline: Deadline): void {
    this.#items.push(deadline)
    this.#rise(this.#items.length - 1)
  }

  /** Takes the next one out. */
  pop(): void {
    const last = this.#items.pop()
    if (last === undefined || this.#items.length === 0) return
    this.#items[0] = last
    this.#sink(0)
  }

  /** Forgets those that were cancelled. */
  compact(): void {
    this.#items = this.#items.filter(({ callback }) => callback !== undefined)
    for (let i = (this.#items.length >> 1) - 1; i >= 0; i--) this.#sink(i)
  }

  #rise(from: number): void {
    const items = this.#items
    const item = items[from]
    if (item === undefined) return
    let i = from
    while (i > 0) {
      const parent = (i - 1) >> 1
      const above = items[parent]
      if (above === undefined || !isBefore(item, above)) break
      items[i] = above
      i = parent
    }
    items[i] = item
  }

  #sink(from: number): void {
    const items = this.#items
    const item = items[from]
    if (item === undefined) return
    let i = from
    for (;;) {
      let at = 2 * i + 1
      let child = items[at]
      if (child === undefined) break
      const right = items[at + 1]
      if (right !== undefined && isBefore(right, child)) {
        child = right
        at++
      }
      if (!isBefore(child, item)) break
      items[i] = child
      i = at
    }
    items[i] = item
  }
}
