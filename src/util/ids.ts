// Ids that sort by the time they were made (UUID version 7, RFC 9562), so that a journal reads in order.
import { randomFillSync } from 'node:crypto'

/** Random bytes are fetched in bulk: one id needs eight. */
const RANDOM_BYTES = 8
const pool = Buffer.alloc(512 * RANDOM_BYTES)
let used = pool.length

const MAX_COUNT = 0xfff
let lastMs = 0
let count = 0
let timeDigits = ''

/** 32 hexadecimal digits: 48 bits of time, a counter within the millisecond, 62 random bits. */
function nextDigits(): string {
  const now = Date.now()
  if (now <= lastMs && count < MAX_COUNT) count++
  else {
    // More than 4,096 in a millisecond, or a clock that was set back: the order holds, the time runs ahead.
    lastMs = Math.max(now, lastMs + 1)
    count = 0
    timeDigits = lastMs.toString(16).padStart(12, '0')
  }
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const from = used
  used += RANDOM_BYTES
  pool[from] = ((pool[from] ?? 0) & 0x3f) | 0x80
  return `${timeDigits}7${count.toString(16).padStart(3, '0')}${pool.toString('hex', from, used)}`
}

/** `run_` and 32 hexadecimal digits; no characters that a URL, a file name or an idempotency key must escape. */
export const createRunId = (): string => `run_${nextDigits()}`
export const createId = (prefix: string): string => `${prefix}_${nextDigits()}`
