// What goes wrong with an agent, in our codes: statuses where the answer comes in, protocol errors by their number.
import { type ErrorCode, TuttiError } from '../../contracts/errors.ts'
import { hideSecrets } from '../../util/secrets.ts'
import { truncateText } from '../../util/text.ts'

const MAX_TEXT = 500
const MAX_BODY = 4_000

/** JSON-RPC and A2A error numbers that blame what was sent. */
const ABOUT_INPUTS: ReadonlySet<number> = new Set([-32602, -32600, -32005])
const INTERNAL_ERROR = -32603

function codeOfStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'component_unauthorized'
  if (status === 408) return 'component_timeout'
  if (status === 429) return 'component_rate_limited'
  return status >= 500 ? 'component_failed' : 'component_rejected'
}

/** An HTTP answer that is no answer of the protocol. `body` is shown in the details, cut. */
export function statusError(agent: string, status: number, body: string): TuttiError {
  return new TuttiError(codeOfStatus(status), `"${agent}" answered HTTP ${status}.`, {
    details: { sent: true, status, ...(body !== '' && { body: truncateText(body, MAX_BODY) }) },
  })
}

/** The number that a protocol error carries: of JSON-RPC, or the status of a REST answer. */
function numberOf(error: Error): { readonly rpc?: number; readonly status?: number } | undefined {
  if ('envelopeCode' in error && typeof error.envelopeCode === 'number') return { rpc: error.envelopeCode }
  if ('statusCode' in error && typeof error.statusCode === 'number') return { status: error.statusCode }
  return error.cause instanceof Error ? numberOf(error.cause) : undefined
}

/** The innermost sentence: the SDK puts its own around what the agent said. */
const textOf = (error: Error): string =>
  truncateText(
    error.cause instanceof Error && numberOf(error.cause) !== undefined ? error.cause.message : error.message,
    MAX_TEXT,
  )

/** Of whatever the SDK throws. */
export function agentError(agent: string, thrown: unknown): TuttiError {
  if (thrown instanceof TuttiError) return thrown
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  // A fetch that failed may be wrapped by the reader of the stream.
  if (error.cause instanceof TuttiError) return error.cause
  const number = numberOf(error)
  if (number === undefined)
    return new TuttiError('bad_response', `"${agent}" answered with something that is not A2A: ${textOf(error)}`, {
      details: { sent: true },
      cause: error,
    })
  const { rpc, status } = number
  const details = {
    sent: true,
    ...(rpc !== undefined && { component_code: rpc }),
    ...(status !== undefined && { status }),
  }
  const code: ErrorCode =
    status !== undefined
      ? codeOfStatus(status)
      : rpc !== undefined && ABOUT_INPUTS.has(rpc)
        ? 'component_rejected'
        : 'component_failed'
  // What an agent cannot do now it cannot do in a moment either; what broke inside of it may work the next time.
  const retryable = status === undefined ? rpc === INTERNAL_ERROR : status >= 500
  return new TuttiError(code, `"${agent}" refused the message: ${textOf(error)}`, { retryable, details, cause: error })
}

/** The same error without what the agent was shown; other errors as they are. */
export function withoutSecrets(thrown: unknown, secrets: ReadonlyMap<string, string>): unknown {
  if (!(thrown instanceof TuttiError) || secrets.size === 0) return thrown
  const { code, message, details, retryable } = thrown
  const hide = (value: unknown): unknown => (typeof value === 'string' ? hideSecrets(value, secrets) : value)
  return new TuttiError(code, hideSecrets(message, secrets), {
    retryable,
    details: Object.fromEntries(Object.entries(details).map(([key, value]) => [key, hide(value)])),
  })
}
