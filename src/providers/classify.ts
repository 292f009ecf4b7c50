// What the SDKs throw, as one of our codes: by class, status and the vendors' own codes, never by the text of a message.
import { type ErrorCode, TuttiError } from '../contracts/errors.ts'
import { parseRetryAfter } from '../resilience/retry.ts'
import { truncateText } from '../util/text.ts'

type ErrorClass<T extends Error = Error> = abstract new (...args: never[]) => T

interface ApiFailure extends Error {
  readonly status: number | undefined
  readonly headers: Headers | undefined
  readonly error: unknown
}

/** The error classes of one SDK; the two vendors' have the same names and different identities. */
export interface SdkErrors {
  readonly APIError: ErrorClass<ApiFailure>
  readonly APIUserAbortError: ErrorClass
  readonly APIConnectionError: ErrorClass
}

export interface ErrorScene {
  readonly sdk: SdkErrors
  /** `vendor:NAME` of the model. */
  readonly model: string
  readonly nowMs: number
  /** Never shown. */
  readonly apiKey: string
  /** Where the key comes from, for the reader. */
  readonly keyVariable: string
}

/** What the vendor's error body says about itself. */
export interface VendorWords {
  readonly kinds: readonly string[]
  /** Null when the vendor says that it is none of them. */
  readonly param: string | null | undefined
  readonly message: string | undefined
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** OpenAI's SDK gives the inner object, Anthropic's the whole body. */
export function readVendorWords(body: unknown): VendorWords {
  const inner = isRecord(body) && isRecord(body.error) ? body.error : body
  if (!isRecord(inner)) return { kinds: [], param: undefined, message: undefined }
  const kinds = [textOf(inner.code), textOf(inner.type)].filter((kind) => kind !== undefined)
  return { kinds, param: inner.param === null ? null : textOf(inner.param), message: textOf(inner.message) }
}

const BY_KIND: ReadonlyMap<string, ErrorCode> = new Map([
  ['content_filter', 'model_refused'],
  ['content_policy_violation', 'model_refused'],
  ['insufficient_quota', 'model_rate_limited'],
  ['rate_limit_exceeded', 'model_rate_limited'],
  ['rate_limit_error', 'model_rate_limited'],
  ['invalid_api_key', 'model_unauthorized'],
  ['authentication_error', 'model_unauthorized'],
  ['permission_error', 'model_unauthorized'],
  ['billing_error', 'model_unauthorized'],
  ['invalid_request_error', 'model_rejected'],
  ['invalid_prompt', 'model_rejected'],
  ['not_found_error', 'model_rejected'],
])

const byKind = (kinds: readonly string[]): ErrorCode | undefined =>
  kinds.map((kind) => BY_KIND.get(kind)).find((code) => code !== undefined)

function codeOf(status: number | undefined, kinds: readonly string[]): ErrorCode {
  // An error within a stream has no status of its own.
  if (status === undefined) return byKind(kinds) ?? 'model_unavailable'
  if (status === 401 || status === 402 || status === 403) return 'model_unauthorized'
  if (status === 429) return 'model_rate_limited'
  if (status === 408 || status === 409 || status === 425 || status >= 500) return 'model_unavailable'
  return byKind(kinds) === 'model_refused' ? 'model_refused' : 'model_rejected'
}

function hintFor(code: ErrorCode, keyVariable: string): string {
  if (code === 'model_unauthorized') return `Check ${keyVariable} and what the account may use.`
  if (code === 'model_rate_limited')
    return 'Wait, raise the limits of the account, or list a second model for failover.'
  if (code === 'model_rejected') return 'Check the name of the model and what it accepts.'
  if (code === 'model_refused') return 'Put the request in other words.'
  return 'Try again later, or list a second model for failover.'
}

/** An error of the SDK or of the connection, as ours. Nothing of the request is kept, nor the SDK's error object. */
export function classifyError(thrown: unknown, scene: ErrorScene): TuttiError {
  const { sdk, model } = scene
  if (thrown instanceof TuttiError) return thrown
  if (thrown instanceof sdk.APIUserAbortError)
    return new TuttiError('cancelled', `The call of "${model}" was cancelled.`)
  if (thrown instanceof sdk.APIConnectionError) {
    const system = systemCodeOf(thrown)
    return new TuttiError(
      'model_unavailable',
      `"${model}" cannot be reached${system === undefined ? '' : ` (${system})`}. Check the address and the network.`,
      { details: system === undefined ? {} : { system } },
    )
  }
  if (thrown instanceof sdk.APIError) return classifyAnswer(thrown, scene)
  // Sockets that were cut and frames that are no JSON come as plain TypeError and SyntaxError.
  const system = systemCodeOf(thrown)
  return new TuttiError(
    'model_stream_cut',
    `The answer of "${model}" broke off${system === undefined ? '' : ` (${system})`}.`,
    {
      details: system === undefined ? {} : { system },
    },
  )
}

function classifyAnswer(thrown: ApiFailure, { model, apiKey, keyVariable, nowMs }: ErrorScene): TuttiError {
  const { status } = thrown
  const { kinds, message } = readVendorWords(thrown.error)
  const code = codeOf(status, kinds)
  // Vendors repeat parts of a wrong key in their message.
  const words = code === 'model_unauthorized' || message === undefined ? '' : `: ${hideKey(message, apiKey)}`
  const retryAfterMs = retryAfterOf(thrown.headers, nowMs)
  const head =
    status === undefined ? `"${model}" failed within its answer` : `"${model}" answered with status ${status}`
  return new TuttiError(code, `${head}${words}${/[.!?]$/.test(words) ? '' : '.'} ${hintFor(code, keyVariable)}`, {
    // A quota that is used up does not come back by waiting a moment; another model may still serve.
    ...(kinds.includes('insufficient_quota') && { retryable: false }),
    details: {
      ...(status !== undefined && { status }),
      ...(kinds[0] !== undefined && { kind: kinds[0] }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
  })
}

/** Shorter ones are placeholders, and would punch holes into words. */
const SHORTEST_KEY = 8
const hideKey = (text: string, apiKey: string): string =>
  truncateText(apiKey.length < SHORTEST_KEY ? text : text.replaceAll(apiKey, '[key]'), 300)

function retryAfterOf(headers: Headers | undefined, nowMs: number): number | undefined {
  const exact = Number(headers?.get('retry-after-ms') ?? Number.NaN)
  if (Number.isFinite(exact) && exact >= 0) return exact
  const text = headers?.get('retry-after')
  return text == null ? undefined : parseRetryAfter(text, nowMs)
}

/** The code of the system error beneath, such as ECONNREFUSED or UND_ERR_SOCKET. */
function systemCodeOf(thrown: unknown): string | undefined {
  for (let error = thrown, depth = 0; isRecord(error) && depth < 5; error = error.cause, depth++) {
    if (typeof error.code === 'string') return error.code
  }
  return undefined
}
