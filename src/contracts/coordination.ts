// What processes that share something tell each other.
import type { RateLimitSpec } from './policy.ts'

/** What one process found out and the others should heed. A hint: nobody waits for it, and a lost one costs little. */
export type SharedNote =
  /** The breaker of `component/instance` opened, and stays so until this time (ms since the epoch). */
  | { readonly kind: 'breaker'; readonly key: string; readonly untilMs: number }
  /** The other side asked for a pause: nobody calls what the limit guards before this time. */
  | { readonly kind: 'pause'; readonly key: string; readonly untilMs: number }

/** Processes that share something (a Redis) act as one; without it each acts for itself. Its failure never holds up a run. */
export interface Coordination {
  /**
   * Takes up to `wanted` tokens of a bucket that all processes share. @returns how many were given and when to ask again, ms.
   * Rejects, within a second, when what is shared is away: the caller then counts by itself.
   */
  takeTokens(
    bucket: string,
    spec: RateLimitSpec,
    wanted: number,
  ): Promise<{ readonly granted: number; readonly retryInMs: number }>
  /** Tells the others. Never throws, never waits. */
  announce(note: SharedNote): void
  /** Hears the others, and at the start what still holds. Returns what ends it. */
  listen(heard: (note: SharedNote) => void): () => void
  close(): Promise<void>
}
