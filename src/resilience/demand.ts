// What a piece of work needs to be at work: so much of each of some pools, all at once. Work with the same needs waits together,
// for where one of it does not fit none does.
import { createFairQueue, type FairOrder, type FairQueue } from './fair-queue.ts'
import type { Pool } from './pool.ts'

/** Who waits: one piece of work, or several of one owner, the best first. */
export interface Waiter {
  /** Of its best. */
  readonly order: FairOrder
  /** Asked when everything fits: whether it can use it now. False: it does not wait here any more. */
  isReady(): boolean
  /** Everything was taken for its best. @returns whether more of it waits, with the order as it is then */
  admit(): boolean
}

export class Demand {
  /** In the one order that all demands keep. */
  readonly pools: readonly Pool[]
  readonly amounts: readonly number[]
  /** One place of one pool: most demands. */
  readonly only: Pool | undefined
  /** The component among them; it is always the last. */
  readonly component: Pool | undefined
  /** Where the best waiter does not fit. */
  parkedAt: Pool | undefined
  /** How many wait, as the queues' bounds count them. */
  waiting = 0
  /** Who holds it, or counts on it being the same later. */
  users = 0
  #queue: FairQueue<Waiter> | undefined

  constructor(needs: readonly { readonly pool: Pool; readonly amount: number }[]) {
    this.pools = needs.map(({ pool }) => pool)
    this.amounts = needs.map(({ amount }) => amount)
    const [first] = needs
    this.only = needs.length === 1 && first?.amount === 1 ? first.pool : undefined
    const last = needs.at(-1)?.pool
    this.component = last?.kind === 'component' ? last : undefined
    for (const pool of this.pools) pool.demands++
  }

  get queue(): FairQueue<Waiter> {
    this.#queue ??= createFairQueue<Waiter>()
    return this.#queue
  }

  /** Whether nobody waits. */
  get isIdle(): boolean {
    return this.#queue === undefined || this.#queue.size === 0
  }
}
