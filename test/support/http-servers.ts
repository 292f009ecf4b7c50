// Small HTTP servers that behave, and that lie, on a free port of this machine.

import type { IncomingHttpHeaders, IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { createServer as createTcpServer } from 'node:net'

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface TestServer {
  readonly port: number
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  /** Requests so far, with their whole bodies. */
  readonly requests: readonly SeenRequest[]
  close(): Promise<void>
}

export async function readRequest(request: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const { method = '', url = '', headers } = request
  return { method, url, headers, body: Buffer.concat(chunks).toString('utf8') }
}

type Listening = { listen(port: number, host: string, done: () => void): unknown; address(): unknown }

function listen(server: Listening): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null && 'port' in address ? Number(address.port) : 0)
    })
  })
}

/** Records every request, then answers with the handler. */
export async function startHttpServer(
  handler: (seen: SeenRequest, ...parts: Parameters<RequestListener>) => void,
): Promise<TestServer> {
  const requests: SeenRequest[] = []
  const server = createServer((request, response) => {
    void readRequest(request).then((seen) => {
      requests.push(seen)
      handler(seen, request, response)
    })
  })
  const port = await listen(server)
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Answers JSON with status 200. */
export const startJsonServer = (body: unknown): Promise<TestServer> =>
  startHttpServer((_seen, _request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  })

/** A server below HTTP: gets each connection when its first bytes have come. */
export async function startRawServer(handler: (socket: Socket) => void): Promise<TestServer> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    socket.once('data', () => handler(socket))
  })
  const port = await listen(server)
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    requests: [],
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
