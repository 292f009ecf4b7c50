// Who is next when many want the same thing: the most urgent, and among those every flow (a team, its users, their runs) in its
// turn. Start-time fair queueing (Goyal, Vin, Cheng 1996) on every level of the tree of flows; each operation costs O(log n).

/** What decides about an item's turn. */
export interface FairOrder {
  /** 0 is the most urgent: no item of another priority goes before it. */
  readonly priority: 0 | 1 | 2 | 3
  /** Whose item it is, from the widest to the narrowest, such as a team, its user, a run. */
  readonly flow: readonly string[]
  /** Share of the widest flow when it competes with others. Default 1. */
  readonly weight?: number
  /** ms since the epoch: the earliest first, within the widest flow. */
  readonly dueAtMs?: number
  /** When the narrowest flow last had something; for those who compare items of several queues. */
  readonly turn?: { at: number }
  /** The larger first, within one flow. */
  readonly rank?: number
}

export interface FairQueue<T> {
  /** An item may be in the queue once. */
  push(item: T, order: FairOrder): void
  /** Who is next; it stays. */
  peek(): T | undefined
  /** Who is next; its flows are charged for it. */
  pop(): T | undefined
  /** Without a charge. False: it is not in the queue. */
  remove(item: T): boolean
  readonly size: number
  /** How many flows it remembers. */
  readonly flows: number
}

/** What stands in a heap and knows where. */
interface Placed {
  at: number
}

interface Entry<T> extends Placed {
  readonly item: T
  readonly dueAtMs: number
  readonly rank: number
  readonly arrival: number
  flow: Flow<T> | undefined
}

/** A binary heap whose members may also leave from the middle. */
class Heap<T extends Placed> {
  readonly #isBefore: (a: T, b: T) => boolean
  readonly #list: T[] = []

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore
  }

  get size(): number {
    return this.#list.length
  }

  get first(): T | undefined {
    return this.#list[0]
  }

  add(member: T): void {
    member.at = this.#list.length
    this.#list.push(member)
    this.#rise(member)
  }

  remove(member: T): void {
    const last = this.#list.pop()
    if (last === undefined || last === member) return
    this.#list[member.at] = last
    last.at = member.at
    this.adjust(last)
  }

  /** The member's place after its key has changed. */
  adjust(member: T): void {
    this.#rise(member)
    this.#sink(member)
  }

  #rise(member: T): void {
    for (;;) {
      const above = (member.at - 1) >> 1
      const parent = this.#list[above]
      if (member.at === 0 || parent === undefined || !this.#isBefore(member, parent)) return
      this.#swap(member, parent)
    }
  }

  #sink(member: T): void {
    for (;;) {
      const below = 2 * member.at + 1
      let child = this.#list[below]
      const other = this.#list[below + 1]
      if (child !== undefined && other !== undefined && this.#isBefore(other, child)) child = other
      if (child === undefined || !this.#isBefore(child, member)) return
      this.#swap(member, child)
    }
  }

  #swap(a: T, b: T): void {
    const { at } = a
    this.#list[b.at] = a
    this.#list[at] = b
    a.at = b.at
    b.at = at
  }
}

/** Below 0: the first one goes first. Two that are never due differ by NaN, which says nothing. */
const compare = <T>(a: Entry<T>, b: Entry<T>): number =>
  a.dueAtMs - b.dueAtMs || b.rank - a.rank || a.arrival - b.arrival
const isEarlier = <T>(a: Entry<T>, b: Entry<T>): boolean => compare(a, b) < 0

/** Below the widest flows the due date speaks first, the share second. */
const isFlowEarlier = <T>(a: Flow<T>, b: Flow<T>): boolean => {
  const [x, y] = [a.best, b.best]
  return x !== undefined && y !== undefined && (x.dueAtMs - y.dueAtMs || a.start - b.start || compare(x, y)) < 0
}
const isShareEarlier = <T>(a: Flow<T>, b: Flow<T>): boolean => {
  const [x, y] = [a.best, b.best]
  return x !== undefined && y !== undefined && (a.start - b.start || compare(x, y)) < 0
}

const MIN_PRUNE = 64

/** A flow with flows in it, or the leaf that holds a flow's own items. */
class Flow<T> implements Placed {
  readonly name: string
  readonly parent: Flow<T> | undefined
  readonly items: Heap<Entry<T>> = new Heap(isEarlier)
  readonly flows: Heap<Flow<T>>
  /** Also those with nothing to do, for what they have had counts until the others have had as much. */
  readonly known = new Map<string, Flow<T>>()
  at = -1
  /** The virtual time at which its next item is due its turn. */
  start = 0
  /** The virtual time of its flows: one passes while each of those with something to do is served once, by its weight. */
  now = 0
  weight = 1
  /** What it counts for in its parent while it has something to do. */
  counted = 0
  /** Of those of its flows that have something to do, together. */
  weights = 0
  best: Entry<T> | undefined
  #pruneAt = MIN_PRUNE

  constructor(name: string, parent: Flow<T> | undefined) {
    this.name = name
    this.parent = parent
    this.flows = new Heap(parent === undefined ? isShareEarlier : isFlowEarlier)
  }

  child(name: string): Flow<T> {
    let flow = this.known.get(name)
    if (flow === undefined) {
      if (this.known.size >= this.#pruneAt) this.#prune()
      flow = new Flow(name, this)
      this.known.set(name, flow)
    }
    return flow
  }

  /** Of those that it knows, on all levels. */
  count(): number {
    let count = this.known.size
    for (const flow of this.known.values()) count += flow.count()
    return count
  }

  join(flow: Flow<T>): void {
    flow.counted = flow.weight
    this.weights += flow.counted
    this.flows.add(flow)
  }

  leave(flow: Flow<T>): void {
    this.flows.remove(flow)
    flow.at = -1
    // Sums of fractions come back to nothing exactly.
    this.weights = this.flows.size === 0 ? 0 : this.weights - flow.counted
  }

  #prune(): void {
    for (const [name, flow] of this.known) if (flow.at < 0 && flow.start <= this.now) this.known.delete(name)
    this.#pruneAt = Math.max(MIN_PRUNE, 2 * this.known.size)
  }
}

/** The name of the leaf below a flow: its own items compete with the flows in it as one of them. */
const OWN = ''

export function createFairQueue<T>(): FairQueue<T> {
  const roots = [0, 1, 2, 3].map(() => new Flow<T>(OWN, undefined))
  const entries = new Map<T, Entry<T>>()
  let arrivals = 0

  const leafOf = ({ priority, flow, weight }: FairOrder): Flow<T> => {
    let at = roots[priority] as Flow<T>
    for (const [depth, name] of flow.entries()) {
      at = at.child(name)
      if (depth === 0) at.weight = weight ?? 1
    }
    return at.child(OWN)
  }
  /** From a leaf whose items have changed to the root: who is best, and where each flow stands. */
  const settle = (leaf: Flow<T>, isCharged: boolean): void => {
    for (let flow = leaf; flow.parent !== undefined; flow = flow.parent) {
      const { parent } = flow
      flow.best = flow.items.first ?? flow.flows.first?.best
      if (isCharged) {
        // If it stood still while newcomers are served, they would go before whoever was served once, for ever.
        parent.now = Math.max(parent.now + 1 / parent.weights, flow.start)
        flow.start += 1 / flow.weight
      }
      if (flow.best === undefined) {
        if (flow.at >= 0) parent.leave(flow)
      } else if (flow.at < 0) {
        flow.start = Math.max(flow.start, parent.now)
        parent.join(flow)
      } else parent.flows.adjust(flow)
    }
  }
  const take = (entry: Entry<T>, isCharged: boolean): void => {
    entries.delete(entry.item)
    const { flow } = entry
    if (flow === undefined) return
    flow.items.remove(entry)
    settle(flow, isCharged)
  }
  const first = (): Entry<T> | undefined => {
    for (const root of roots) {
      const best = root.flows.first?.best
      if (best !== undefined) return best
    }
    return undefined
  }

  return {
    push(item, order) {
      const flow = leafOf(order)
      const { dueAtMs = Infinity, rank = 0 } = order
      const entry: Entry<T> = { item, dueAtMs, rank, arrival: arrivals++, flow, at: -1 }
      entries.set(item, entry)
      flow.items.add(entry)
      settle(flow, false)
    },
    peek: () => first()?.item,
    pop() {
      const entry = first()
      if (entry !== undefined) take(entry, true)
      return entry?.item
    },
    remove(item) {
      const entry = entries.get(item)
      if (entry !== undefined) take(entry, false)
      return entry !== undefined
    },
    get size() {
      return entries.size
    },
    get flows() {
      return roots.reduce((sum, root) => sum + root.count(), 0)
    },
  }
}
