// Ids that sort by the time they were made (UUID version 7), so that a journal reads in order.
import { v7 } from 'uuid'

/** `run_` and 32 hexadecimal digits; no characters that a URL, a file name or an idempotency key must escape. */
export const createRunId = (): string => `run_${v7().replaceAll('-', '')}`
export const createId = (prefix: string): string => `${prefix}_${v7().replaceAll('-', '')}`
