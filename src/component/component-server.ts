// The HTTP side of a component: GoMind's endpoints, so that its orchestrators and ours call it alike.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { Logger } from '../contracts/parts.ts'
import { isJsonObject, parseJson, stringifyJson } from '../util/json.ts'
import type { ServedCapability } from './capability.ts'
import { ComponentError, componentError } from './component-error.ts'
import { recordCapability, schemaReply } from './service-record.ts'

export interface ServedComponent {
  readonly id: string
  readonly name: string
  readonly kind: 'tool' | 'agent'
  readonly description: string
  readonly capabilities: readonly ServedCapability[]
  readonly maxBodyBytes: number
  readonly log: Logger | undefined
  /** Aborts when the component stops. */
  readonly stopping: AbortSignal
}

interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const ok = (body: unknown): Answer => ({ status: 200, body })

function failure(error: ComponentError): Answer {
  const { code, message, category, retryable, details, status } = error
  const retryAfter = details['retry_after']
  const seconds = retryAfter === undefined ? undefined : /^\d+/.exec(retryAfter)?.[0]
  return {
    status,
    body: {
      success: false,
      error: { code, message, category, retryable, ...(Object.keys(details).length > 0 ? { details } : {}) },
    },
    ...(seconds === undefined ? {} : { headers: { 'retry-after': seconds } }),
  }
}

const wrongMethod = (allow: string): Answer => ({
  ...failure(componentError(405, 'METHOD_NOT_ALLOWED', `Use ${allow} here.`)),
  headers: { allow },
})

/** The text of a body. @throws ComponentError 413 */
async function readText(request: IncomingMessage, maxBytes: number): Promise<string> {
  const tooLarge = (): ComponentError =>
    componentError(413, 'BODY_TOO_LARGE', `The body is larger than ${maxBytes} bytes.`, {
      limit_bytes: String(maxBytes),
    })
  if (Number(request.headers['content-length']) > maxBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, bytes).toString('utf8')
}

/** Agents are called with `{data: inputs}` or with the bare inputs; both are tried, the wrapped form first. */
function formsOf(body: JsonObject, kind: 'tool' | 'agent'): JsonObject[] {
  const wrapped = Object.keys(body).length === 1 ? body['data'] : undefined
  return kind === 'agent' && isJsonObject(wrapped) ? [wrapped, body] : [body]
}

async function readInput(served: ServedCapability, text: string, kind: 'tool' | 'agent'): Promise<unknown> {
  let body: JsonValue
  try {
    body = text.trim() === '' ? {} : parseJson(text)
  } catch {
    throw componentError('INPUT_ERROR', 'INVALID_JSON', 'The body is not JSON.')
  }
  if (!isJsonObject(body))
    throw componentError('INPUT_ERROR', 'INVALID_INPUT', 'The body must be a JSON object of inputs.')
  const forms = formsOf(body, kind)
  const outcomes = await Promise.all(forms.map((form) => served.parse(form)))
  const fitting = outcomes.find((outcome) => 'value' in outcome)
  if (fitting !== undefined && 'value' in fitting) return fitting.value
  const first = outcomes[0]
  const issue = first !== undefined && 'issues' in first ? first.issues[0] : undefined
  const field = issue?.path ?? ''
  throw componentError(
    'INPUT_ERROR',
    'INVALID_INPUT',
    `${field === '' ? 'The inputs do not fit' : `Input "${field}" does not fit`}: ${issue?.message ?? 'see the schema'}`,
    field === '' ? {} : { field },
  )
}

function plainHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && name !== '__proto__')
      headers[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return headers
}

async function callCapability(
  component: ServedComponent,
  served: ServedCapability,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<Answer> {
  const input = await readInput(served, await readText(request, component.maxBodyBytes), component.kind)
  const headers = plainHeaders(request)
  const idempotencyKey = headers['idempotency-key']
  const data = await served.execute(input, {
    signal,
    headers,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  })
  return ok({ success: true, data: data ?? null })
}

/** Which capability or document a request is for. */
function createRoutes(component: ServedComponent) {
  const { id, name, kind, description } = component
  const records = component.capabilities.map((served) => recordCapability(served.description, served.endpoint))
  const calls = new Map(component.capabilities.map((served) => [served.endpoint, served]))
  const documents = new Map<string, unknown>([
    ['/api/capabilities', records],
    ['/health', { status: 'healthy', type: kind, name, ...(kind === 'agent' ? { agent: name } : {}), id, description }],
    ...component.capabilities.map((served) => [`${served.endpoint}/schema`, schemaReply(served.description)] as const),
  ])
  return { calls, documents }
}

function createAnswerer(component: ServedComponent) {
  const { calls, documents } = createRoutes(component)

  return async (request: IncomingMessage, signal: AbortSignal): Promise<Answer> => {
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    const served = calls.get(path)
    if (served !== undefined) {
      return request.method === 'POST' ? callCapability(component, served, request, signal) : wrongMethod('POST')
    }
    const document = documents.get(path)
    if (document === undefined) {
      return failure(componentError('NOT_FOUND', 'UNKNOWN_PATH', `"${component.name}" has nothing at this path.`))
    }
    // The list of capabilities answers any method, as it does everywhere in this format.
    return request.method === 'GET' || path === '/api/capabilities' ? ok(document) : wrongMethod('GET')
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Whether more requests may follow on the same connection. */
  readonly isOpen: boolean
}

function send({ request, response, isOpen }: Exchange, { status, body, headers }: Answer): void {
  if (response.destroyed || response.headersSent) return
  const text = Buffer.from(stringifyJson(body))
  // A body that was not read to its end cannot be followed by another request.
  const connection = request.complete && isOpen ? {} : { connection: 'close' }
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': text.length,
    ...connection,
    ...headers,
  })
  response.end(text)
}

/** An HTTP server that is not listening yet. */
export function createComponentServer(component: ServedComponent): Server {
  const answer = createAnswerer(component)

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const controller = new AbortController()
    const abort = (): void => controller.abort()
    component.stopping.addEventListener('abort', abort, { once: true })
    response.once('close', () => {
      component.stopping.removeEventListener('abort', abort)
      if (!response.writableFinished) abort()
    })
    const reply = await answer(request, controller.signal).catch((error: unknown) => {
      if (error instanceof ComponentError) return failure(error)
      component.log?.error(`A capability of "${component.name}" failed.`, { error: String(error) })
      const message = error instanceof Error && error.message !== '' ? error.message : 'The capability failed.'
      return failure(componentError('INTERNAL_ERROR', 'INTERNAL_ERROR', message.slice(0, 1000)))
    })
    send({ request, response, isOpen: server.listening }, reply)
  }

  const server = createServer((request, response) => void handle(request, response))
  server.requestTimeout = 30_000
  return server
}
