// An MCP server over HTTP written by hand: answers the handshake and the list, and whatever a test wants of a call.
import type { ServerResponse } from 'node:http'
import { type SeenRequest, startHttpServer, type TestServer } from '../http-servers.ts'

export interface RawCall {
  readonly seen: SeenRequest
  readonly response: ServerResponse
  readonly id: number
  readonly inputs: Record<string, unknown>
  /** Answers with JSON text as it is. */
  json(result: string): void
  /** Begins a stream of events. */
  events(): { data(text: string): void; end(): void }
}

export interface RawHttp extends TestServer, AsyncDisposable {
  readonly url: string
  /** From now on every session is unknown, with this status. */
  forget(status: number): void
}

export async function startRawHttp(
  call: (call: RawCall) => void,
  { refuse }: { refuse?: (seen: SeenRequest, response: ServerResponse) => boolean } = {},
): Promise<RawHttp> {
  const forgotten = new Map<string, number>()
  let sessions = 0
  const server = await startHttpServer((seen, _request, response) => {
    if (refuse?.(seen, response) === true) return
    if (seen.method !== 'POST') {
      response.writeHead(seen.method === 'DELETE' ? 200 : 405).end()
      return
    }
    const { id, method, params } = JSON.parse(seen.body) as {
      id?: number
      method: string
      params?: { arguments?: Record<string, unknown> }
    }
    const json = (result: string, more: Record<string, string> = {}): void => {
      response.writeHead(200, { 'content-type': 'application/json', ...more })
      response.end(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`)
    }
    if (method === 'server/discover') {
      response.writeHead(400, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Bad Request: no session' } }),
      )
    } else if (method === 'initialize') {
      json('{"protocolVersion":"2025-06-18","serverInfo":{"name":"raw","version":"1"},"capabilities":{"tools":{}}}', {
        'mcp-session-id': `session-${++sessions}`,
      })
    } else if (id === undefined) response.writeHead(202).end()
    else {
      const status = forgotten.get(String(seen.headers['mcp-session-id']))
      if (status !== undefined) response.writeHead(status).end('{"error":"no such session"}')
      else if (method === 'tools/list') json('{"tools":[{"name":"go","inputSchema":{"type":"object"}}]}')
      else {
        const events = () => {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          return {
            data: (text: string) => void response.write(`event: message\ndata: ${text}\n\n`),
            end: () => void response.end(),
          }
        }
        call({ seen, response, id, inputs: params?.arguments ?? {}, json, events })
      }
    }
  })
  return {
    ...server,
    get requests() {
      return server.requests
    },
    url: `${server.origin}/mcp`,
    forget(status) {
      for (let i = 1; i <= sessions; i++) forgotten.set(`session-${i}`, status)
    },
    async [Symbol.asyncDispose]() {
      await server.close()
    },
  }
}
