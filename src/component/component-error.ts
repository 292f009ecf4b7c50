// How a capability says what went wrong, in the envelope that orchestrators read: a category decides the HTTP status, a code
// names the case, details hint at what would be right.

/** What kind of failure it is; decides the HTTP status, and whether callers correct their inputs or try again. */
export type ErrorCategory =
  | 'INPUT_ERROR'
  | 'AUTH_ERROR'
  | 'NOT_FOUND'
  | 'RATE_LIMIT'
  | 'SERVICE_ERROR'
  | 'INTERNAL_ERROR'

const STATUS: Readonly<Record<ErrorCategory, number>> = {
  INPUT_ERROR: 400,
  AUTH_ERROR: 401,
  NOT_FOUND: 404,
  RATE_LIMIT: 429,
  SERVICE_ERROR: 503,
  INTERNAL_ERROR: 500,
}

function categoryOf(status: number): ErrorCategory {
  if (status === 401 || status === 403) return 'AUTH_ERROR'
  if (status === 404) return 'NOT_FOUND'
  if (status === 429) return 'RATE_LIMIT'
  if (status >= 400 && status < 500) return 'INPUT_ERROR'
  return status === 502 || status === 503 || status === 504 ? 'SERVICE_ERROR' : 'INTERNAL_ERROR'
}

/** What a caller may know of a failure; made by {@link componentError}. */
export class ComponentError extends Error {
  readonly status: number
  readonly category: ErrorCategory
  readonly code: string
  readonly details: Readonly<Record<string, string>>

  constructor(kind: ErrorCategory | number, code: string, message: string, details: Readonly<Record<string, string>>) {
    super(message)
    this.name = 'ComponentError'
    this.status = typeof kind === 'number' ? kind : STATUS[kind]
    this.category = typeof kind === 'number' ? categoryOf(kind) : kind
    this.code = code
    this.details = details
  }

  /** Whether another try may work: later, or with corrected inputs. */
  get retryable(): boolean {
    return this.category !== 'AUTH_ERROR' && this.category !== 'INTERNAL_ERROR'
  }
}

/**
 * An error to throw from `execute`. Useful details are `hint`, `field`, `original_input` and `retry_after` (seconds).
 *
 * @param kind a category, or an HTTP status from 400 to 599
 * @example throw componentError('NOT_FOUND', 'CITY_NOT_FOUND', `City "${city}" is not known.`, { hint: 'Tokyo' })
 */
export function componentError(
  kind: ErrorCategory | number,
  code: string,
  message: string,
  details: Readonly<Record<string, string>> = {},
): ComponentError {
  return new ComponentError(kind, code, message, details)
}
