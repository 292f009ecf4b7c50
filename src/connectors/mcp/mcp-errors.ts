// What the protocol library throws, in our codes or as an answer with a status; decided by codes and types, once, here.
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'
import type { InvokerResult } from '../../contracts/parts.ts'
import { isJsonObject, parseJson, stringifyJson } from '../../util/json.ts'
import { truncateText } from '../../util/text.ts'
import { ownError } from './admit-message.ts'
import type { McpLink, McpSdk } from './link.ts'

/** Error codes of JSON-RPC and MCP with the status that says the same; all others are failures of the server. */
const STATUS_OF: Readonly<Record<number, number>> = {
  [-32_700]: 400,
  [-32_600]: 400,
  [-32_601]: 404,
  [-32_602]: 422,
  [-32_002]: 404,
}

function readBody(text: unknown): JsonValue {
  if (typeof text !== 'string' || text === '') return null
  try {
    return parseJson(text)
  } catch {
    return truncateText(text, 4_096)
  }
}

/** What the server says of an error, as far as it is JSON. */
function detailsOf(data: unknown): { readonly details?: JsonValue } {
  if (!isJsonObject(data)) return {}
  try {
    return { details: parseJson(stringifyJson(data)) }
  } catch {
    return {}
  }
}

/** The status of a refused HTTP request, if it was one. */
export function httpStatusOf(thrown: unknown, { SdkHttpError }: McpSdk): number | undefined {
  return thrown instanceof SdkHttpError ? thrown.status : undefined
}

/**
 * @param who the tool, for messages
 * @throws TuttiError for what was no answer: `component_unavailable`, `component_timeout`, `bad_response`, our own errors
 */
export function readThrown(thrown: unknown, who: string, { sdk, isClosed }: McpLink): InvokerResult {
  const own = ownError(thrown)
  if (own !== undefined) throw own
  const { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } = sdk
  if (thrown instanceof SdkHttpError && thrown.status !== undefined) {
    return { status: thrown.status, body: readBody(thrown.data['text']) }
  }
  if (thrown instanceof ProtocolError) {
    const { code, message, data } = thrown
    return { status: STATUS_OF[code] ?? 500, body: { success: false, error: { message, ...detailsOf(data) } } }
  }
  const fail = (
    code: 'component_unavailable' | 'component_timeout' | 'bad_response',
    what: string,
    sent: boolean,
  ): never => {
    throw new TuttiError(code, `${who} ${what}`, { details: { sent }, cause: thrown })
  }
  if (thrown instanceof SdkError) {
    switch (thrown.code) {
      case SdkErrorCode.NotConnected:
      case SdkErrorCode.NotInitialized:
        return fail('component_unavailable', 'was not called: its server is not connected.', false)
      case SdkErrorCode.ConnectionClosed:
        return fail('component_unavailable', 'gave no answer: its server ended the connection.', true)
      case SdkErrorCode.RequestTimeout:
        return fail('component_timeout', 'did not answer in time.', true)
      case SdkErrorCode.UnsupportedResultType:
      case SdkErrorCode.InputRequiredRoundsExceeded:
        return fail('bad_response', 'asks for input of its own, which is not offered.', true)
      default:
        return fail('bad_response', `answered with something that cannot be used (${thrown.code}).`, true)
    }
  }
  if (isClosed) return fail('component_unavailable', 'was not called: its server has gone.', false)
  // Whatever goes wrong on the way is one of ours: what is left could not be read.
  return fail('bad_response', 'answered with something that is no message of the protocol.', true)
}
