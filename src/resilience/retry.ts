// How long to wait before the same call is made again. Pure arithmetic: who decides whether to repeat is elsewhere.
import type { Random } from '../contracts/parts.ts'

export type Backoff = 'fixed' | 'linear' | 'exponential'

export interface BackoffPolicy {
  /** The longest wait before the second call. */
  readonly initialWaitMs: number
  /** What each further wait is multiplied by, when `backoff` is `exponential`. */
  readonly factor: number
  /** No wait is longer; 0 means no such limit. */
  readonly maxWaitMs: number
  /** Default `exponential`. */
  readonly backoff?: Backoff
}

/** What one timer can hold; also keeps huge factors finite. */
const LONGEST_MS = 2_147_483_647

/**
 * The wait in ms after call number `attempt` (from 1): between half of the policy's bound and all of it, by chance, so that
 * callers who failed together do not return together, and yet nobody returns at once. What the other side asked for
 * (`retryAfterMs`) is a lower bound and may exceed `maxWaitMs`.
 */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: Random, retryAfterMs?: number): number {
  const steps = Math.max(0, attempt - 1)
  let bound = policy.initialWaitMs
  if (policy.backoff === 'linear') bound *= steps + 1
  else if (policy.backoff !== 'fixed' && bound > 0) bound *= policy.factor ** steps
  const limit = policy.maxWaitMs > 0 ? Math.min(policy.maxWaitMs, LONGEST_MS) : LONGEST_MS
  const wait = Math.round(Math.min(bound, limit) * (0.5 + random() / 2))
  return retryAfterMs === undefined ? wait : Math.min(LONGEST_MS, Math.max(wait, retryAfterMs))
}

const SECONDS = /^\d+(\.\d+)?$/

/**
 * A `Retry-After` header: seconds, or an HTTP date that is compared with `nowMs`.
 * @returns ms from now, at least 0; undefined when it is neither.
 */
export function parseRetryAfter(text: string, nowMs: number): number | undefined {
  const trimmed = text.trim()
  if (SECONDS.test(trimmed)) return Math.min(LONGEST_MS, Math.round(Number(trimmed) * 1000))
  const at = Date.parse(trimmed)
  return Number.isNaN(at) ? undefined : Math.min(LONGEST_MS, Math.max(0, at - nowMs))
}
