// What a failed call says of the instance that was called.
import { type ErrorCode, TuttiError } from '../contracts/errors.ts'

/**
 * What says that the instance itself is unwell, or has more to do than it can. An answer that refuses the inputs shows that it is
 * alive.
 */
const FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'component_unavailable',
  'component_timeout',
  'component_failed',
  'component_rate_limited',
  'outcome_unknown',
  'bad_response',
])
/** The caller gave up: says nothing about the instance. */
const WITHDRAWN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'cancelled',
  'deadline_exceeded',
  'run_timeout',
  'budget_exceeded',
])

export const isWithdrawn = (error: unknown): boolean => error instanceof TuttiError && WITHDRAWN.has(error.code)
export const isFault = (error: unknown): boolean => error instanceof TuttiError && FAULTS.has(error.code)
