// Errors as RFC 9457 problem documents. Our code is the stable part; a stack or a cause never leaves the process.
import { ERROR_KINDS, type ErrorCode, type TuttiError } from '../contracts/errors.ts'
import type { JsonObject } from '../contracts/json.ts'
import type { Issue } from '../contracts/plan.ts'
import { issueToWire } from '../record/wire.ts'
import { stringifyJson } from '../util/json.ts'

const PROBLEM_CONTENT_TYPE = 'application/problem+json'

const isIssue = (value: unknown): value is Issue =>
  typeof value === 'object' && value !== null && 'message' in value && 'pointer' in value && 'severity' in value

/** The places that an error names as wrong: those of a document that was refused. */
export function issuesOf({ details: { issues } }: TuttiError): Issue[] {
  return Array.isArray(issues) ? issues.filter(isIssue) : []
}

/** The document of an error. What went wrong inside is not told to strangers: the log has it under the request's id. */
function problemOf(error: TuttiError, requestId: string): JsonObject {
  const kind = ERROR_KINDS[error.code]
  const detail =
    error.code === 'internal'
      ? `Something unexpected happened. The log has it under the request id "${requestId}".`
      : error.message
  const { run_id: runId } = error.details
  const issues = issuesOf(error)
  return {
    type: `urn:tutti:error:${error.code}`,
    title: kind.title,
    status: kind.http,
    code: error.code,
    detail,
    ...(issues.length > 0 && { issues: issues.map(issueToWire) }),
    ...(typeof runId === 'string' && { run_id: runId }),
  }
}

/** Seconds until it is worth trying again, for the codes that say so. */
function retryAfter(error: TuttiError): string | undefined {
  const { retry_after_ms: ms } = error.details
  if (typeof ms === 'number') return String(Math.max(1, Math.ceil(ms / 1000)))
  return WAITING_HELPS.has(error.code) ? '1' : undefined
}
const WAITING_HELPS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['too_many_requests', 'not_ready', 'closed'])

export function problemResponse(error: TuttiError, requestId: string, headers: Record<string, string> = {}): Response {
  const wait = retryAfter(error)
  return new Response(stringifyJson(problemOf(error, requestId)), {
    status: ERROR_KINDS[error.code].http,
    headers: { 'content-type': PROBLEM_CONTENT_TYPE, ...(wait !== undefined && { 'retry-after': wait }), ...headers },
  })
}
