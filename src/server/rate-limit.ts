// So many requests a second for each key, with one second's worth as a burst.
import { LRUCache } from 'lru-cache'
import { TuttiError } from '../contracts/errors.ts'
import type { Clock } from '../contracts/parts.ts'
import { createTokenBucket, type TokenBucket } from '../resilience/token-bucket.ts'

export interface RateLimit {
  /** @throws TuttiError `too_many_requests` with `details.retry_after_ms` */
  take(key: string): void
}

/** Keys are kept up to this many; the least recently used one starts afresh. */
const MAX_KEYS = 10_000

export function createRateLimit(perSecond: number, clock: Pick<Clock, 'now'>): RateLimit {
  const now = (): number => clock.now()
  const buckets = new LRUCache<string, TokenBucket>({ max: MAX_KEYS })
  return {
    take(key) {
      const bucket = buckets.get(key) ?? createTokenBucket({ requests: perSecond, perMs: 1_000 }, now)
      buckets.set(key, bucket)
      const waitMs = bucket.tryTake(1)
      if (waitMs > 0)
        throw new TuttiError(
          'too_many_requests',
          `More than ${perSecond} requests a second were sent with this key. Slow down, or raise server.requests_per_second.`,
          {
            details: { retry_after_ms: waitMs },
          },
        )
    },
  }
}
