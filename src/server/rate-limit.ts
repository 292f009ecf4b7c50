// Token buckets: so many requests a second for each key, with one second's worth as a burst.
import { LRUCache } from 'lru-cache'
import { TuttiError } from '../contracts/errors.ts'
import type { Clock } from '../contracts/parts.ts'

export interface RateLimit {
  /** @throws TuttiError `too_many_requests` with `details.retry_after_ms` */
  take(key: string): void
}

interface Bucket {
  tokens: number
  at: number
}

/** Keys are kept up to this many; the least recently used one starts afresh. */
const MAX_KEYS = 10_000

export function createRateLimit(perSecond: number, clock: Pick<Clock, 'now'>): RateLimit {
  const buckets = new LRUCache<string, Bucket>({ max: MAX_KEYS })
  return {
    take(key) {
      const now = clock.now()
      let bucket = buckets.get(key)
      if (bucket === undefined) {
        bucket = { tokens: perSecond, at: now }
        buckets.set(key, bucket)
      }
      const refilled = bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * perSecond
      bucket.tokens = Math.min(perSecond, refilled)
      bucket.at = now
      if (bucket.tokens < 1) {
        const waitMs = Math.ceil(((1 - bucket.tokens) / perSecond) * 1000)
        throw new TuttiError(
          'too_many_requests',
          `More than ${perSecond} requests a second were sent with this key. Slow down, or raise server.requests_per_second.`,
          {
            details: { retry_after_ms: waitMs },
          },
        )
      }
      bucket.tokens--
    },
  }
}
