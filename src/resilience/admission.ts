// Admission to work: all places at once or none, so that nobody holds one and waits for another, and nothing can lock up. Work
// that does not fit waits at the first pool that has no room for it; whoever gives a place back lets the best waiter try again.
import type { LimitUsage } from '../contracts/api.ts'
import type { FairOrder } from './fair-queue.ts'
import type { Demand, Pool, Waiter } from './pool.ts'

/** Who was sent from one full pool to another so often keeps both for itself: else what needs much of several might never begin. */
const PATIENCE = 4

export class Admission {
  /** Pools with new room that somebody waits for. */
  readonly #roomy = new Set<Pool>()
  #isDraining = false
  #isClosed = false
  #turns = 0

  /** Takes everything, or nothing (false) when something does not fit or others wait for it. */
  take(demand: Demand): boolean {
    const { only } = demand
    if (only !== undefined && only.rate === undefined) {
      if (only.inUse >= only.limit || only.parked.size > 0) return false
      demand.users++
      only.take(1)
      return true
    }
    if (!demand.isIdle || demand.pools.some((pool) => pool.parked.size > 0)) return false
    if (this.#blockerOf(demand) !== undefined) return false
    this.#hold(demand)
    return true
  }

  /** Gives everything back; who waits best gets it at once. `isUnused`: no call was made, which matters to rates. */
  giveBack(demand: Demand, isUnused = false): void {
    this.#letGo(demand, isUnused)
    if (this.#roomy.size > 0) this.#drain()
  }

  /** Waits; `admit` is called as soon as it is its turn, perhaps before this returns. */
  wait(demand: Demand, waiter: Waiter): void {
    demand.users++
    const { turn } = waiter.order
    if (turn?.at === 0) turn.at = ++this.#turns
    demand.queue.push(waiter, waiter.order)
    this.#park(demand)
    this.#drain()
  }

  /** Leaves the queue at once. */
  leave(demand: Demand, waiter: Waiter): void {
    const wasBest = demand.queue.peek() === waiter
    if (!demand.queue.remove(waiter)) return
    demand.users--
    if (wasBest) this.#beginAnew(demand)
    const pool = demand.parkedAt
    if (!demand.isIdle) {
      // Another one is best now, and may fit where this one did not.
      if (pool !== undefined) this.#roomy.add(pool)
    } else this.#unpark(demand)
    this.#drain()
  }

  /** Its best has changed. */
  reorder(demand: Demand, waiter: Waiter): void {
    if (!demand.queue.remove(waiter)) return
    demand.queue.push(waiter, waiter.order)
    if (demand.parkedAt !== undefined) this.#roomy.add(demand.parkedAt)
    this.#drain()
  }

  /** Says that there may be more room than before. */
  free(pool: Pool): void {
    if (pool.parked.size === 0) return
    this.#roomy.add(pool)
    this.#drain()
  }

  /** From now on nobody who waits gets in. */
  close(): void {
    this.#isClosed = true
  }

  /** The first pool that has no room. Takes from a rate when all else fits, which comes last for that reason. */
  #blockerOf({ pools, amounts }: Demand): Pool | undefined {
    for (let i = 0; i < pools.length; i++) {
      const pool = pools[i]
      if (pool !== undefined && !pool.fits(amounts[i] ?? 1)) return pool
    }
    for (const pool of pools) if (pool.rate !== undefined && pool.rate.tryTake() > 0) return pool
    return undefined
  }

  #hold(demand: Demand): void {
    const { pools, amounts } = demand
    demand.users++
    for (let i = 0; i < pools.length; i++) pools[i]?.take(amounts[i] ?? 1)
  }

  #letGo(demand: Demand, isUnused: boolean): void {
    const { pools, amounts } = demand
    demand.users--
    for (let i = 0; i < pools.length; i++) {
      const pool = pools[i]
      if (pool === undefined) continue
      pool.giveBack(amounts[i] ?? 1)
      if (isUnused) pool.rate?.giveBack(1)
      if (pool.parked.size > 0) this.#roomy.add(pool)
    }
  }

  /** Somebody waits: at the pool that has no room, else where others wait already, else at the first, which is looked at next. */
  #park(demand: Demand): void {
    const { pools, amounts, parkedAt } = demand
    const at =
      parkedAt ??
      pools.find((pool, i) => !pool.fits(amounts[i] ?? 1)) ??
      pools.find((pool) => pool.parked.size > 0) ??
      pools[0]
    if (at === undefined) return
    demand.parkedAt = at
    at.parked.add(demand)
    this.#roomy.add(at)
  }

  #unpark(demand: Demand): void {
    const pool = demand.parkedAt
    demand.parkedAt = undefined
    if (pool !== undefined) this.#forget(demand, pool)
    this.#beginAnew(demand)
  }

  /** Another one is best now, who has not been sent anywhere. */
  #beginAnew(demand: Demand): void {
    demand.moves = 0
    this.#dropClaims(demand)
  }

  #dropClaims(demand: Demand): void {
    if (demand.claims.size === 0) return
    for (const pool of demand.claims) if (pool !== demand.parkedAt) this.#forget(demand, pool)
    demand.claims.clear()
  }

  /** Its best goes on to the pool that has no room for it. */
  #move(demand: Demand, from: Pool, to: Pool, isForTime: boolean): void {
    if (++demand.moves > PATIENCE && !isForTime) demand.claims.add(from)
    else this.#forget(demand, from)
    demand.parkedAt = to
    to.parked.add(demand)
  }

  #forget(demand: Demand, pool: Pool): void {
    pool.parked.delete(demand)
    if (pool.parked.size > 0) this.#roomy.add(pool)
    else {
      pool.served.clear()
      pool.now = 0
    }
  }

  /** Lets in whoever fits now, the best of each pool first. Never within itself. */
  #drain(): void {
    if (this.#isDraining || this.#isClosed) return
    this.#isDraining = true
    for (const pool of this.#roomy) {
      while (this.#tryBest(pool));
      this.#roomy.delete(pool)
    }
    this.#isDraining = false
  }

  /** @returns false when the best waiter of the pool does not fit in it (nobody overtakes it), or nobody waits */
  #tryBest(pool: Pool): boolean {
    const demand = bestOf(pool)
    const waiter = demand?.queue.peek()
    if (demand === undefined || waiter === undefined) return false
    const blocker = this.#blockerOf(demand)
    if (blocker !== undefined) {
      // What lacks only a rate's time keeps no places from others meanwhile.
      const isForTime = blocker.fits(demand.amounts[demand.pools.indexOf(blocker)] ?? 1)
      if (isForTime) this.#dropClaims(demand)
      if (blocker === pool) return false
      const isClaimed = demand.claims.has(pool)
      if (blocker !== demand.parkedAt) this.#move(demand, demand.parkedAt ?? pool, blocker, isForTime)
      return !isClaimed
    }
    if (demand.claims.has(pool) && demand.parkedAt !== undefined) this.#roomy.add(demand.parkedAt)
    this.#beginAnew(demand)
    if (waiter.isReady()) {
      this.#hold(demand)
      charge(pool, waiter.order)
      if (waiter.order.turn !== undefined) waiter.order.turn.at = ++this.#turns
      demand.queue.pop()
      if (waiter.admit()) demand.queue.push(waiter, waiter.order)
      else demand.users--
    } else {
      for (const { rate } of demand.pools) rate?.giveBack(1)
      if (demand.queue.remove(waiter)) demand.users--
    }
    if (demand.isIdle) this.#unpark(demand)
    return true
  }
}

/** Among several demands: the most urgent, then fair between flows, then as within one queue. */
function bestOf(pool: Pool): Demand | undefined {
  let best: Demand | undefined
  let order: FairOrder | undefined
  for (const demand of pool.parked) {
    const other = demand.queue.peek()?.order
    if (other !== undefined && (order === undefined || isBefore(other, order, pool))) {
      best = demand
      order = other
    }
  }
  return best
}

function isBefore(a: FairOrder, b: FairOrder, pool: Pool): boolean {
  const before =
    a.priority - b.priority ||
    startOf(pool, a) - startOf(pool, b) ||
    // Two that are never due differ by NaN, which says nothing either.
    (a.dueAtMs ?? Infinity) - (b.dueAtMs ?? Infinity) ||
    (a.turn?.at ?? 0) - (b.turn?.at ?? 0) ||
    (b.rank ?? 0) - (a.rank ?? 0)
  return before < 0
}

const startOf = (pool: Pool, { flow: [widest = ''] }: FairOrder): number =>
  Math.max(pool.served.get(widest) ?? 0, pool.now)

function charge(pool: Pool, order: FairOrder): void {
  if (pool.parked.size < 2) return
  pool.now = startOf(pool, order)
  pool.served.set(order.flow[0] ?? '', pool.now + 1 / (order.weight ?? 1))
}

/** As it is shown: only what is in use, waited for or paused. */
export const usageOf = (pools: Iterable<Pool>): LimitUsage[] =>
  Array.from(pools, (pool) => pool.usage()).filter(
    ({ inUse, waiting, pausedUntil }) => inUse > 0 || waiting > 0 || pausedUntil !== undefined,
  )
