// Time that moves only when a test says so.
import type { Clock } from '../contracts/parts.ts'
import { createClockFrom } from '../util/clock.ts'

/** A clock for tests. */
export interface ManualClock extends Clock {
  /** Moves time on by `ms`, firing every deadline on the way in order, and lets promises settle in between. */
  advance(ms: number): Promise<void>
}

/** Starts at 2026-01-01T00:00:00.000Z. */
export function createManualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let now = start
  let due: { readonly at: number; readonly fire: () => void } | undefined
  const clock = createClockFrom({
    now: () => now,
    arm(delayMs, fire) {
      due = delayMs === undefined ? undefined : { at: now + delayMs, fire }
    },
  })
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await new Promise<void>((resolve) => setImmediate(resolve))
  }
  return {
    ...clock,
    async advance(ms) {
      const end = now + ms
      await settle()
      while (due !== undefined && due.at <= end) {
        now = Math.max(now, due.at)
        const { fire } = due
        due = undefined
        fire()
        await settle()
      }
      now = end
      await settle()
    },
  }
}
