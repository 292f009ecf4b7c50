// Every error of ours has a code from this one table; the table says what a surface makes of it. An error is classified
// once, where it enters; afterwards only its code speaks, never its message.

interface ErrorKind {
  /** HTTP status of the problem document. */
  readonly http: number
  /** Exit code of the CLI. */
  readonly exit: number
  /** Whether the same call, made again later, may succeed. */
  readonly retryable: boolean
  /** A short title for the problem document. */
  readonly title: string
}

const kind = (http: number, exit: number, retryable: boolean, title: string): ErrorKind => ({
  http,
  exit,
  retryable,
  title,
})

/** Every error code with its HTTP status, its exit code, whether the same call may succeed later, and a title. */
export const ERROR_KINDS = {
  // What the caller got wrong.
  invalid_request: kind(400, 2, false, 'The request is not valid'),
  invalid_inputs: kind(400, 2, false, 'The inputs do not fit'),
  invalid_config: kind(500, 2, false, 'The configuration is not valid'),
  invalid_document: kind(422, 3, false, 'The document is not valid'),
  invalid_plan: kind(422, 3, false, 'No valid plan was found'),
  not_supported: kind(422, 3, false, 'Not supported yet'),
  not_found: kind(404, 2, false, 'Not found'),
  unknown_run: kind(404, 2, false, 'No such run'),
  method_not_allowed: kind(405, 2, false, 'Method not allowed'),
  conflict: kind(409, 2, false, 'Conflict'),
  payload_too_large: kind(413, 2, false, 'The body is too large'),
  unsupported_media_type: kind(415, 2, false, 'The media type is not supported'),
  unauthorized: kind(401, 2, false, 'A key is needed'),
  forbidden: kind(403, 2, false, 'The key may not do this'),
  no_api_keys: kind(403, 2, false, 'Only local requests are answered without API keys'),
  too_many_requests: kind(429, 1, true, 'Too many requests'),
  quota_exceeded: kind(429, 1, true, 'The quota of the key is used up'),
  not_ready: kind(503, 1, true, 'Not ready'),
  closed: kind(503, 1, false, 'Closed'),
  // What went wrong before a call: references, expressions, inputs.
  binding_failed: kind(422, 1, false, 'A reference could not be resolved'),
  missing_input: kind(422, 1, false, 'A required input is missing'),
  invalid_input: kind(422, 1, false, 'An input does not fit the schema'),
  expression_failed: kind(422, 1, false, 'An expression failed'),
  expression_too_expensive: kind(422, 1, false, 'An expression needs too much'),
  // What a component did.
  component_unavailable: kind(503, 1, true, 'The component cannot be reached'),
  component_timeout: kind(504, 1, true, 'The component did not answer in time'),
  component_failed: kind(502, 1, true, 'The component failed'),
  component_rejected: kind(422, 1, false, 'The component refused the inputs'),
  component_unauthorized: kind(502, 1, false, 'The component refused the credentials'),
  component_rate_limited: kind(503, 1, true, 'The component asks to slow down'),
  bad_response: kind(502, 1, false, 'The answer of the component is not usable'),
  response_too_large: kind(502, 1, false, 'The answer of the component is too large'),
  blocked_address: kind(502, 1, false, 'The address may not be called'),
  redirect_refused: kind(502, 1, false, 'Redirects are not followed'),
  breaker_open: kind(503, 1, true, 'The circuit breaker is open'),
  outcome_unknown: kind(502, 1, false, 'Whether the call took effect is unknown'),
  queue_full: kind(503, 1, true, 'Too many wait already'),
  budget_exceeded: kind(429, 5, false, 'The budget is used up'),
  deadline_exceeded: kind(504, 1, false, 'The deadline has passed'),
  run_timeout: kind(504, 1, false, 'The run took too long'),
  cancelled: kind(409, 1, false, 'Cancelled'),
  // What a model did.
  no_model: kind(503, 1, false, 'No model is configured'),
  model_unavailable: kind(503, 1, true, 'The model cannot be reached'),
  model_rate_limited: kind(503, 1, true, 'The model asks to slow down'),
  model_timeout: kind(504, 1, true, 'The model did not answer in time'),
  model_stream_cut: kind(502, 1, true, 'The answer of the model broke off'),
  model_unauthorized: kind(502, 1, false, 'The model refused the key'),
  model_rejected: kind(502, 1, false, 'The model refused the request'),
  model_refused: kind(502, 1, false, 'The model declined to answer'),
  model_output_invalid: kind(502, 1, false, 'The answer of the model is not usable'),
  // What should not happen.
  source_failed: kind(503, 1, true, 'A source of components failed'),
  journal_failed: kind(503, 1, true, 'The journal cannot be written'),
  internal: kind(500, 1, false, 'Something went wrong inside'),
} as const satisfies Record<string, ErrorKind>

/** A key of {@link ERROR_KINDS}. */
export type ErrorCode = keyof typeof ERROR_KINDS

/**
 * What kind of trouble it is, which is what a policy is written for: `transient` network trouble, a `backend` that fails,
 * refused `authentication`, a lack of `resource`s (busy, rate limited), `input`s that do not fit, and what is `permanent`.
 */
export type ErrorClass = 'transient' | 'backend' | 'authentication' | 'resource' | 'input' | 'permanent'

const CLASSES: Readonly<Partial<Record<ErrorCode, ErrorClass>>> = {
  component_unavailable: 'transient',
  component_timeout: 'transient',
  outcome_unknown: 'transient',
  model_unavailable: 'transient',
  model_timeout: 'transient',
  model_stream_cut: 'transient',
  component_failed: 'backend',
  bad_response: 'backend',
  response_too_large: 'backend',
  breaker_open: 'backend',
  component_unauthorized: 'authentication',
  model_unauthorized: 'authentication',
  component_rate_limited: 'resource',
  model_rate_limited: 'resource',
  queue_full: 'resource',
  component_rejected: 'input',
  invalid_input: 'input',
  missing_input: 'input',
  binding_failed: 'input',
}

/** The class of a code; `permanent` is what no class of trouble fits. */
export const errorClassOf = (code: ErrorCode): ErrorClass => CLASSES[code] ?? 'permanent'

/** What a {@link TuttiError} says beside its code and message. */
export interface TuttiErrorOptions {
  /** Overrides the table where this very case is known better (a 503 that names the input, a tool that says `retryable`). */
  readonly retryable?: boolean
  /** Facts for the reader and for recovery: plain JSON, bodies up to 4 kB, never headers, never URL queries, never secrets. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/**
 * The only error that leaves tutti. `message` names the thing, its value with the unit, and what the reader can do.
 * `code` is a key of {@link ERROR_KINDS}.
 */
export class TuttiError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: TuttiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'TuttiError'
    this.code = code
    this.retryable = options.retryable ?? ERROR_KINDS[code].retryable
    this.details = options.details ?? {}
  }
}

/** The part of an error that events, records and answers carry. The message is never empty. */
export interface ErrorInfo {
  readonly code: ErrorCode
  readonly message: string
  readonly retryable?: boolean
  readonly details?: Readonly<Record<string, unknown>>
}

/** Whatever was thrown, as a TuttiError; what is not one of ours becomes `fallback` (default `internal`) with the cause kept. */
export function toTuttiError(thrown: unknown, fallback: ErrorCode = 'internal'): TuttiError {
  if (thrown instanceof TuttiError) return thrown
  const text = thrown instanceof Error ? thrown.message : typeof thrown === 'string' ? thrown : ''
  return new TuttiError(fallback, text.trim() === '' ? `${ERROR_KINDS[fallback].title} (no reason was given).` : text, {
    cause: thrown,
  })
}

/** An error as events, records and answers carry it. */
export function errorInfo(error: TuttiError): ErrorInfo {
  const info: { -readonly [K in keyof ErrorInfo]: ErrorInfo[K] } = { code: error.code, message: error.message }
  if (error.retryable) info.retryable = true
  if (Object.keys(error.details).length > 0) info.details = error.details
  return info
}
