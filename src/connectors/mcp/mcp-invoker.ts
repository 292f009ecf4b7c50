// Calls a tool of a server. Progress that it tells of moves the time limit of the call; a call that is stopped is told to it.
import { TuttiError } from '../../contracts/errors.ts'
import type { Invoker, InvokerCall, InvokerResult } from '../../contracts/parts.ts'
import { nameKey } from '../../util/name-key.ts'
import { hideSecrets } from '../../util/secrets.ts'
import { writableInputs } from '../http/keep-digits.ts'
import type { McpLink } from './link.ts'
import type { McpConnection } from './mcp-connection.ts'
import { httpStatusOf, readThrown } from './mcp-errors.ts'
import type { RequestProver } from './prove-requests.ts'
import { readResult } from './read-result.ts'
import type { McpTool } from './read-tool.ts'

export interface McpInvokerParts {
  /** Of the server. */
  readonly name: string
  readonly connection: McpConnection
  readonly toolOf: (key: string) => McpTool | undefined
  /** Header names in lower case that are the server's own and no caller's. */
  readonly ownHeaders: ReadonlySet<string>
  readonly prover: RequestProver
}

/** Headers of a call that also travel in the message, as the protocol has it. */
const TRACE = ['traceparent', 'tracestate', 'baggage']
/** Later than any call ends. */
const NEVER_MS = 2_147_483_647

function metaOf({ idempotencyKey, runId, headers }: InvokerCall): Record<string, string> {
  const meta: Record<string, string> = { 'io.tutti/idempotency-key': idempotencyKey, 'io.tutti/run-id': runId }
  for (const name of TRACE) if (headers[name] !== undefined) meta[name] = headers[name]
  return meta
}

/** The answer of a server that has forgotten our session: the call was refused before it began. */
function isForgotten(thrown: unknown, link: McpLink): boolean {
  const status = httpStatusOf(thrown, link.sdk)
  return link.hasSession() && (status === 404 || (status === 400 && link.hasServed))
}

export function createMcpInvoker({ name, connection, toolOf, ownHeaders, prover }: McpInvokerParts): Invoker {
  const request = async (link: McpLink, call: InvokerCall): Promise<unknown> => {
    const tool = toolOf(nameKey(call.capability.name))
    const original = tool?.original ?? call.capability.name
    const headers: Record<string, string> = { 'idempotency-key': call.idempotencyKey }
    for (const [key, value] of Object.entries(call.headers))
      if (!ownHeaders.has(key.toLowerCase())) headers[key] = value
    return await link.client.callTool(
      { name: original, arguments: writableInputs(call.inputs), _meta: metaOf(call) },
      {
        signal: call.signal,
        // The executor bounds a call; a sign of life moves its limit.
        onprogress: () => call.progress?.(),
        timeout: NEVER_MS,
        headers,
        ...(tool !== undefined && {
          toolDefinition: { name: original, inputSchema: { ...tool.inputSchema, type: 'object' } },
        }),
      },
    )
  }

  const callOver = async (link: McpLink, call: InvokerCall, who: string): Promise<InvokerResult> => {
    if (call.signal.aborted) throw stopError(call.signal.reason, who, false)
    try {
      const result = await request(link, call)
      link.hasServed = true
      return readResult(result, who)
    } catch (thrown) {
      if (call.signal.aborted) throw stopError(call.signal.reason, who, true)
      if (!isForgotten(thrown, link)) return readThrown(thrown, who, link)
      connection.drop(link)
      throw new TuttiError('component_unavailable', `"${name}" has forgotten the session; a new one is opened.`, {
        details: { sent: false },
        cause: thrown,
      })
    }
  }

  return {
    async invoke(call) {
      const link = await connection.open(call.signal)
      const result = await callOver(link, call, `"${name}/${call.capability.name}"`)
      const secrets = prover.secrets()
      // A server may say back what it was sent.
      return secrets.size === 0 ? result : { ...result, body: hideSecrets(result.body, secrets) }
    },
    refreshCredentials: (_component, signal) => prover.refresh(signal),
    usePolicies: (policyOf) => prover.use(policyOf(name)?.credentials),
    close: () => connection.close(),
  }
}

/** What stopped a call: the caller's own reason when that is one of ours. */
function stopError(reason: unknown, who: string, sent: boolean): TuttiError {
  if (reason instanceof TuttiError) {
    return new TuttiError(reason.code, reason.message, { details: { ...reason.details, sent }, cause: reason })
  }
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError'
  return new TuttiError(
    isTimeout ? 'component_timeout' : 'cancelled',
    isTimeout ? `${who} did not answer in time.` : `The call of ${who} was cancelled.`,
    { details: { sent }, cause: reason },
  )
}
