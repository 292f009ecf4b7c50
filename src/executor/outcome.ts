// What an answer means: the output of the step, or an error with its code. Every answer passes here once, and nowhere else
// is a status or an envelope interpreted.
import { type ErrorCode, TuttiError } from '../contracts/errors.ts'
import type { JsonValue } from '../contracts/json.ts'
import type { InvokerResult } from '../contracts/parts.ts'
import { isJsonObject } from '../util/json.ts'
import { hasHints, type Reason, readReason, showBody } from './reason.ts'

export interface Outcome {
  readonly output: JsonValue
  /** The whole answer; the same as `output` without an envelope. */
  readonly response: JsonValue
}

/** Answers that blame the inputs by their status alone. */
const ABOUT_INPUTS: ReadonlySet<number> = new Set([400, 404, 409, 422])
const INPUT_CATEGORY = /^(INPUT|VALIDATION|NOT_FOUND|INVALID|BAD_REQUEST)/i
const INPUT_CODE =
  /(^|_)(INVALID|NOT_FOUND|VALIDATION|MISSING|BAD_REQUEST|UNKNOWN(?!_ERROR)|UNSUPPORTED|INPUT|OUT_OF_RANGE)(_|$)/i
/** Wrong credentials: other inputs would not help. */
const ACCESS_CATEGORY = /^(AUTH|UNAUTHORI[SZ]ED|FORBIDDEN|PERMISSION)/i
const ACCESS_CODE =
  /(^|_)(UNAUTHORI[SZ]ED|UNAUTHENTICATED|FORBIDDEN|AUTH|AUTHENTICATION|AUTHORI[SZ]ATION|ACCESS_DENIED|PERMISSION_DENIED|API_KEY|CREDENTIALS?)(_|$)/i
const BUSY =
  /(^|_)(BUSY|UNAVAILABLE|OVERLOAD(ED)?|TIMEOUT|RATE_LIMIT(ED)?|THROTTLED|TEMPORARY|SERVICE_ERROR|TOO_MANY_REQUESTS)(_|$)/i

/**
 * @param label `component/action`, for messages
 * @param nowMs for a `Retry-After` that is a date
 * @throws TuttiError `component_*`, `bad_response` with the reason that the component gave
 */
export function readOutcome(result: InvokerResult, label: string, nowMs: number): Outcome {
  const { status } = result
  const body = result.body ?? null
  const isEnvelope = isJsonObject(body) && typeof body['success'] === 'boolean'
  if ((status === undefined || (status >= 200 && status < 300)) && !(isEnvelope && body['success'] === false)) {
    const data = isEnvelope ? body['data'] : undefined
    return { output: data === undefined ? body : data, response: body }
  }
  throw failureOf(result, label, nowMs)
}

/** Whether an error speaks of the inputs, so that other inputs may help. Refused credentials and methods never do. */
export function speaksOfInputs(error: TuttiError): boolean {
  if (error.code === 'invalid_input' || error.code === 'missing_input') return true
  // A transient failure that also shows what it made of the inputs: looked at when repeating did not help.
  if (error.code === 'component_failed') return hasHints(error.details)
  if (error.code !== 'component_rejected') return false
  const { status } = error.details
  return typeof status !== 'number' || status < 400 || status >= 500 || ABOUT_INPUTS.has(status)
}

function failureOf(result: InvokerResult, label: string, nowMs: number): TuttiError {
  const reason = readReason(result, nowMs)
  const verdict = judge(result.status, reason)
  const details: Record<string, unknown> = {}
  if (result.status !== undefined) details['status'] = result.status
  if (reason.category !== undefined) details['category'] = reason.category
  if (reason.code !== undefined) details['component_code'] = reason.code
  if (reason.retryable !== undefined) details['component_retryable'] = reason.retryable
  if (reason.retryAfterMs !== undefined) details['retry_after_ms'] = reason.retryAfterMs
  Object.assign(details, reason.hints)
  const body = showBody(result.body)
  if (body !== undefined) details['body'] = body
  return new TuttiError(verdict.code, describe(result.status, reason, label), { retryable: verdict.retryable, details })
}

function describe(status: number | undefined, reason: Reason, label: string): string {
  const answered = status === undefined || status < 300 ? 'reported a failure' : `answered HTTP ${status}`
  const code = reason.code === undefined || reason.message?.includes(reason.code) ? '' : ` (${reason.code})`
  if (reason.message !== undefined) return `"${label}" ${answered}${code}: ${reason.message}`
  return `"${label}" ${answered}${code} without saying why. Look into its log.`
}

interface Verdict {
  readonly code: ErrorCode
  readonly retryable: boolean
}

function judge(status: number | undefined, reason: Reason): Verdict {
  if (status === 401 || status === 403) return { code: 'component_unauthorized', retryable: false }
  if (status === 408) return { code: 'component_timeout', retryable: true }
  if (status === 429) return { code: 'component_rate_limited', retryable: true }
  if (blamesAccess(status, reason)) return { code: 'component_unauthorized', retryable: false }
  if (status !== undefined && status >= 400 && status < 500) return { code: 'component_rejected', retryable: false }
  if (status !== undefined && status >= 300 && status < 400) return { code: 'redirect_refused', retryable: false }
  if (blamesInputs(reason)) return { code: 'component_rejected', retryable: false }
  // A 5xx is transient whatever the component thinks of repeating; in an envelope with a good status its word counts.
  if (status !== undefined && status >= 500) return { code: 'component_failed', retryable: true }
  const isBusy = BUSY.test(reason.code ?? '') || BUSY.test(reason.category ?? '')
  return { code: 'component_failed', retryable: reason.retryable ?? isBusy }
}

/** The category says it under any status; a code alone counts where the status says nothing of inputs. */
function blamesAccess(status: number | undefined, { code = '', category }: Reason): boolean {
  if (category !== undefined && category !== '') return ACCESS_CATEGORY.test(category)
  return ACCESS_CODE.test(code) && (status === undefined || !ABOUT_INPUTS.has(status))
}

/** The code is the most precise, then the category; hints alone decide when there is neither. */
function blamesInputs(reason: Reason): boolean {
  const { code = '', category = '' } = reason
  if (INPUT_CODE.test(code)) return true
  if (BUSY.test(code)) return false
  if (INPUT_CATEGORY.test(category)) return true
  return !BUSY.test(category) && hasHints(reason.hints)
}
