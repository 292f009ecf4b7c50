// A token bucket that several processes share: tokens are leased a few at a time, so that taking one rarely waits for the
// place where they are counted. While that place is away, each process counts by itself.
import type { Coordination } from '../contracts/coordination.ts'
import type { Clock } from '../contracts/parts.ts'
import type { RateLimitSpec } from '../contracts/policy.ts'
import type { TokenBucket } from './token-bucket.ts'

/** A lease is on its way: whoever cannot be called back asks again after so long, ms. */
const SOON_MS = 5
/** Leased tokens that nobody wanted for so long are let go; they were meant for a rush that is over. */
const STALE_MS = 1_000
/** Pause before what is shared is tried again after it was away. */
const AWAY_MS = 1_000

export interface LeasedBucketParts {
  readonly name: string
  readonly spec: RateLimitSpec
  readonly clock: Pick<Clock, 'now'>
  readonly coordination: Pick<Coordination, 'takeTokens'>
  /** Counts along, and counts alone while the others cannot be asked. */
  readonly own: TokenBucket
  /** A lease has come, or will not come: asking again may have another answer. */
  readonly onChange: () => void
}

export interface LeasedBucket {
  /** As {@link TokenBucket.tryTake}; never waits. */
  tryTake(count: number): number
  giveBack(count: number): void
}

/** Leases begin with one token and grow to a tenth of the burst while they are used up quickly. */
export function createLeasedBucket(parts: LeasedBucketParts): LeasedBucket {
  const { name, spec, clock, coordination, own, onChange } = parts
  const largest = Math.max(1, Math.floor(own.size / 10))
  let leased = 0
  let batch = 1
  let usedAt = -Infinity
  let askedAt = -Infinity
  let askAgainAt = 0
  let isAsking = false
  let isAway = false

  const ask = (wanted: number): void => {
    isAsking = true
    askedAt = clock.now()
    void coordination
      .takeTokens(name, spec, wanted)
      .then(
        ({ granted, retryInMs }) => {
          isAway = false
          leased += granted
          usedAt = clock.now()
          askAgainAt = granted < wanted ? usedAt + Math.max(1, retryInMs) : 0
        },
        () => {
          isAway = true
          leased = 0
          askAgainAt = clock.now() + AWAY_MS
        },
      )
      .then(() => {
        isAsking = false
        onChange()
      })
  }
  /** Twice as many as the last time while they are used up quickly. */
  const askForMore = (least: number, now: number): void => {
    if (now - askedAt < STALE_MS) batch = Math.min(largest, batch * 2)
    ask(Math.max(batch, least))
  }
  const forgetStale = (now: number): void => {
    if (now <= Math.max(usedAt, askAgainAt) + STALE_MS) return
    // What is owed stays owed.
    leased = Math.min(leased, 0)
    batch = 1
  }
  const takeLeased = (count: number, now: number): number => {
    forgetStale(now)
    if (leased >= count) {
      leased -= count
      usedAt = now
      own.charge(count)
      // Under steady load the next lease comes before this one is used up.
      if (batch > 1 && leased < batch / 2 && !isAsking && now >= askAgainAt) askForMore(1, now)
      return 0
    }
    if (isAsking) return SOON_MS
    if (now < askAgainAt) return askAgainAt - now
    askForMore(Math.ceil(count - leased), now)
    return SOON_MS
  }

  return {
    tryTake(count) {
      const now = clock.now()
      if (!isAway) return takeLeased(count, now)
      if (!isAsking && now >= askAgainAt) ask(1)
      return own.tryTake(count)
    },
    giveBack(count) {
      own.giveBack(count)
      if (!isAway) leased += count
    },
  }
}
