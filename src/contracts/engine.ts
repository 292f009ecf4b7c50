// How accepted runs reach a worker: in this process, or through a queue. An engine gets its handler in `work`, never before.

import type { Priority } from './policy.ts'

/** How a stretch of work ended: for good, or parked until a time or a signal. */
export type SegmentEnd = 'ended' | { readonly parked: { readonly until?: number; readonly on: readonly string[] } }

/** Hands runs to workers: each submitted run is worked on once at a time. */
export interface RunEngine {
  submit(job: {
    readonly runId: string
    readonly priority?: Priority
    readonly key?: string
    readonly notBefore?: number
    /** ms since the epoch: the earliest first among equals. */
    readonly deadline?: number
  }): Promise<void>
  wake(runId: string): Promise<void>
  /** It has ended before a worker took it: it may be forgotten. A worker that still gets it has nothing to do. */
  withdraw?(runId: string): void
  work(
    handler: (segment: { readonly runId: string; readonly signal: AbortSignal }) => Promise<SegmentEnd>,
    options: { readonly concurrency: number },
  ): { stop(drainMs: number): Promise<void> }
}
