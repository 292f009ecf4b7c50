// Earlier turns of conversations, per principal, in memory: what "and in Osaka?" refers to.
import { LRUCache } from 'lru-cache'
import type { Turn } from '../contracts/planner.ts'

const MAX_THREADS = 1_000
const MAX_TURNS = 20

export interface Threads {
  turns(principal: string, threadId: string): readonly Turn[]
  add(principal: string, threadId: string, turn: Turn): void
}

/** Keeps the last 20 turns of the 1,000 most recently used threads. */
export function createThreads(): Threads {
  const threads = new LRUCache<string, readonly Turn[]>({ max: MAX_THREADS })
  const keyOf = (principal: string, threadId: string): string => JSON.stringify([principal, threadId])
  return {
    turns: (principal, threadId) => threads.get(keyOf(principal, threadId)) ?? [],
    add(principal, threadId, turn) {
      const key = keyOf(principal, threadId)
      threads.set(key, [...(threads.get(key) ?? []), turn].slice(-MAX_TURNS))
    },
  }
}
