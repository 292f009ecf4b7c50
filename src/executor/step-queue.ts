// The steps of one run that wait for a place, as numbers: by priority, then by what hangs on them, then as they came. What comes
// in order is only appended; the rest goes through a heap.

/** What the order is made of; one for all queues of a run, made when there is first something to choose from. */
export class StepOrder {
  readonly ranks: Float64Array
  readonly priorities: Uint8Array
  readonly #arrivals: Int32Array
  #arrived = 0

  constructor(ranks: Float64Array, priorities: Uint8Array) {
    this.ranks = ranks
    this.priorities = priorities
    this.#arrivals = new Int32Array(ranks.length)
  }

  /** A step that comes again, after a pause, keeps its turn. */
  arrive(index: number): void {
    if (this.#arrivals[index] === 0) this.#arrivals[index] = ++this.#arrived
  }

  priorityOf(index: number): 0 | 1 | 2 | 3 {
    const priority = this.priorities[index]
    return priority === 0 || priority === 1 || priority === 3 ? priority : 2
  }

  isBefore(a: number, b: number): boolean {
    const urgency = (this.priorities[a] ?? 0) - (this.priorities[b] ?? 0)
    if (urgency !== 0) return urgency < 0
    const rank = (this.ranks[a] ?? 0) - (this.ranks[b] ?? 0)
    if (rank !== 0) return rank > 0
    return (this.#arrivals[a] ?? 0) < (this.#arrivals[b] ?? 0)
  }
}

/** Numbers already taken from the front are kept until there are so many. */
const COMPACT_AT = 1_024

export class StepQueue {
  #order: StepOrder | undefined
  #line: number[] = []
  #head = 0
  #heap: number[] = []

  constructor(order?: StepOrder) {
    this.#order = order
  }

  get size(): number {
    return this.#line.length - this.#head + this.#heap.length
  }

  push(index: number): void {
    const order = this.#order
    if (order === undefined) {
      this.#line.push(index)
      return
    }
    order.arrive(index)
    const last = this.#head < this.#line.length ? this.#line[this.#line.length - 1] : undefined
    if (last === undefined || order.isBefore(last, index)) this.#line.push(index)
    else this.#rise(index, order)
  }

  /** From now on the order counts, also for those that are here. */
  sort(order: StepOrder): void {
    const waiting = this.#line.slice(this.#head)
    this.#order = order
    this.#line = []
    this.#head = 0
    for (const index of waiting) this.push(index)
  }

  peek(): number | undefined {
    const first = this.#line[this.#head]
    const top = this.#heap[0]
    if (top === undefined) return first
    return first === undefined || this.#order?.isBefore(top, first) === true ? top : first
  }

  pop(): number | undefined {
    const index = this.peek()
    if (index === undefined) return undefined
    if (this.#heap.length > 0 && index === this.#heap[0]) this.#dropTop()
    else if (++this.#head === this.#line.length) {
      this.#line.length = 0
      this.#head = 0
    } else if (this.#head >= COMPACT_AT && 2 * this.#head > this.#line.length) {
      this.#line.splice(0, this.#head)
      this.#head = 0
    }
    return index
  }

  #rise(index: number, order: StepOrder): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(index)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] ?? 0
      if (!order.isBefore(index, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = index
  }

  #dropTop(): void {
    const heap = this.#heap
    const order = this.#order
    const last = heap.pop()
    if (last === undefined || order === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && order.isBefore(heap[below + 1] ?? 0, heap[below] ?? 0)) below++
      const child = heap[below] ?? 0
      if (!order.isBefore(child, last)) break
      heap[at] = child
      at = below
    }
    heap[at] = last
  }
}
