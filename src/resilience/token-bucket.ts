// A token bucket that refills with time, counted in whole numbers so that it is exact: one token is `perMs` units, and each
// millisecond brings `requests` units.
import type { RateLimitSpec } from '../contracts/policy.ts'

export interface TokenBucket {
  /** 0: taken. Else ms until so many will be there. More than fit at once are given when it is full, and owed afterwards. */
  tryTake(count: number): number
  /** Takes without asking: what was given elsewhere, or turned out to be more. May leave the bucket in debt. */
  charge(count: number): void
  giveBack(count: number): void
  /** Tokens that are out, from 0 when it is full. */
  readonly taken: number
  /** Tokens when it is full. */
  readonly size: number
}

/** Starts full. A clock that jumps back brings nothing and costs nothing. */
export function createTokenBucket(spec: RateLimitSpec, now: () => number): TokenBucket {
  const { requests, perMs } = spec
  const size = spec.burst ?? requests
  const full = size * perMs
  let units = full
  let countedAt = now()

  const refill = (): void => {
    const at = now()
    if (at > countedAt) units = Math.min(full, units + (at - countedAt) * requests)
    countedAt = at
  }
  return {
    size,
    get taken() {
      refill()
      return (full - units) / perMs
    },
    tryTake(count) {
      refill()
      const lacking = Math.min(count * perMs, full) - units
      if (lacking > 0) return Math.ceil(lacking / requests)
      units -= count * perMs
      return 0
    },
    charge(count) {
      refill()
      units -= count * perMs
    },
    giveBack(count) {
      refill()
      units = Math.min(full, units + count * perMs)
    },
  }
}
