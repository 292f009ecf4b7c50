// What other processes say about open breakers. Hearsay: a note can only keep an instance from being called for a while, and
// what cannot be true is not believed.
import { LRUCache } from 'lru-cache'
import type { Coordination } from '../contracts/coordination.ts'

export interface BreakerNotes {
  /** Until when the instance of this key was said to be unwell, ms since the epoch; 0: nothing was said. Given once. */
  takeHeld(key: string): number
  tell(key: string, untilMs: number): void
  close(): void
}

const MAX_HELD = 1_000
const MAX_KEY = 1_000
/** Nobody rests so long; such a time is another clock's, or a lie. */
const LONGEST_MS = 86_400_000

export function createBreakerNotes({
  coordination,
  now,
  find,
}: {
  readonly coordination: Coordination | undefined
  readonly now: () => number
  readonly find: (key: string) => { openUntil(untilMs: number): void } | undefined
}): BreakerNotes {
  const held = new LRUCache<string, number>({ max: MAX_HELD })
  const stop = coordination?.listen((note) => {
    if (note.kind !== 'breaker') return
    const { key, untilMs }: { readonly key: unknown; readonly untilMs: unknown } = note
    if (typeof key !== 'string' || !key.includes('/') || key.length > MAX_KEY) return
    if (typeof untilMs !== 'number' || !(untilMs > now() && untilMs <= now() + LONGEST_MS)) return
    const known = find(key)
    // Of one that nobody here has called yet it is kept until somebody does.
    if (known === undefined) held.set(key, untilMs)
    else known.openUntil(untilMs)
  })

  return {
    takeHeld(key) {
      if (held.size === 0) return 0
      const untilMs = held.get(key) ?? 0
      held.delete(key)
      return untilMs
    },
    tell: (key, untilMs) => coordination?.announce({ kind: 'breaker', key, untilMs }),
    close: () => stop?.(),
  }
}
