// What of a server's messages reaches the protocol library: answers that somebody waits for, and the few notices that mean
// something here. A server that floods is dropped message by message, before anything is made of it.
import type { JSONRPCMessage } from '@modelcontextprotocol/client'
import { TuttiError } from '../../contracts/errors.ts'
import { isJsonObject } from '../../util/json.ts'

const NOTICES = new Set([
  'notifications/progress',
  'notifications/tools/list_changed',
  'notifications/subscriptions/acknowledged',
  'notifications/cancelled',
])

type RequestId = string | number

/** The requests that wait for an answer over one transport. */
export interface OpenRequests {
  /** Told of whatever is sent. */
  sent(message: JSONRPCMessage): void
  has(id: RequestId): boolean
  close(id: RequestId): void
  /** Whether a message that came in is of use; an answer closes its request. */
  admits(message: unknown): message is JSONRPCMessage
}

const isId = (value: unknown): value is RequestId => typeof value === 'string' || typeof value === 'number'

export function createOpenRequests(): OpenRequests {
  const open = new Set<RequestId>()
  return {
    sent(message) {
      if ('method' in message && 'id' in message) open.add(message.id)
      else if ('method' in message && message.method === 'notifications/cancelled') {
        const id: unknown = message.params?.['requestId']
        if (isId(id)) open.delete(id)
      }
    },
    has: (id) => open.has(id),
    close: (id) => void open.delete(id),
    admits(message): message is JSONRPCMessage {
      if (!isJsonObject(message) || message['jsonrpc'] !== '2.0') return false
      const { id, method } = message
      if (typeof method === 'string') return isId(id) || (id === undefined && NOTICES.has(method))
      return isId(id) && isAnswer(message) && open.delete(id)
    },
  }
}

/** An answer has one of both, and of the right shape; the library takes it from there. */
function isAnswer(message: Readonly<Record<string, unknown>>): boolean {
  const { result, error } = message
  if (result !== undefined) return error === undefined && isJsonObject(result)
  return isJsonObject(error) && typeof error['code'] === 'number' && typeof error['message'] === 'string'
}

/** An error of ours in the place of an answer. It travels as `data`, where nothing from outside can be an instance of it. */
export function answerWith(id: RequestId, error: TuttiError): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: -32_000, message: error.message, data: error } }
}

/** The error of ours that ended a call, wherever it stands in what the library threw. */
export function ownError(thrown: unknown): TuttiError | undefined {
  let found = thrown
  for (let depth = 0; depth < 5; depth++) {
    if (found instanceof TuttiError) return found
    if (!(found instanceof Error)) return undefined
    if ('data' in found && found.data instanceof TuttiError) return found.data
    found = found.cause
  }
  return undefined
}
