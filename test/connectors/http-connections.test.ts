import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createHttpClient } from '../../src/connectors/http/http-client.ts'
import { createHttpInvoker } from '../../src/connectors/http/http-invoker.ts'
import type { Capability, Component } from '../../src/contracts/capability.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { Invoker, InvokerResult } from '../../src/contracts/parts.ts'
import { startHttpServer } from '../support/http-servers.ts'

const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})
function keep<T extends { close?(): Promise<void> }>(thing: T): T {
  open.push(() => thing.close?.())
  return thing
}

const signal = new AbortController().signal
const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'

/** Below HTTP: every request with the number of its connection and its number on it, both from 1. */
async function startSocketServer(onRequest: (socket: Socket, connection: number, request: number) => void) {
  const sockets = new Set<Socket>()
  let connections = 0
  let requests = 0
  const server: Server = createServer((socket) => {
    const connection = ++connections
    let count = 0
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    socket.on('data', () => {
      requests++
      onRequest(socket, connection, ++count)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  open.push(close)
  return {
    origin: `http://127.0.0.1:${port}`,
    seen: () => ({ connections, requests, open: sockets.size }),
    stopListening: () => server.close(),
  }
}

function call(invoker: Invoker, address: string, more: Partial<Capability> = {}): Promise<InvokerResult> {
  const capability: Capability = {
    name: 'do',
    description: '',
    inputSchema: { type: 'object' },
    effect: 'read',
    ...more,
  }
  const instance = { id: 'one', address, health: 'healthy' } as const
  const component: Component = {
    name: 'probe',
    kind: 'tool',
    source: 'test',
    trust: 'configured',
    capabilities: [capability],
    instances: [instance],
  }
  return invoker.invoke({
    component,
    capability,
    instance,
    inputs: {},
    idempotencyKey: 'run_1:s:1',
    runId: 'run_1',
    headers: {},
    signal,
  })
}
const failureOf = async (promise: Promise<unknown>): Promise<TuttiError> => {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(TuttiError)
  return error as TuttiError
}
/** The connection is idle a moment after the answer. */
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))
const createInvoker = (): Invoker => keep(createHttpInvoker({ privateAddresses: true }))

describe('calls one right after the other', () => {
  it('share one connection: it is free again before the answer is handed on', async () => {
    const server = await startSocketServer((socket) => void socket.write(OK))
    const client = keep(createHttpClient({ privateAddresses: true }))
    for (let call = 0; call < 20; call++)
      await client.request({ origin: server.origin, path: '/', method: 'POST', headers: [], body: '{}', signal })
    expect(server.seen()).toMatchObject({ connections: 1, requests: 20 })
  })
})

describe('connections to a component', () => {
  it('are kept, and as many as components.NAME.connections says', async () => {
    const server = await startSocketServer((socket) => setImmediate(() => socket.write(OK)))
    const invoker = createInvoker()
    invoker.usePolicies?.((name) => (name === 'probe' ? { connections: 3 } : undefined))
    await Promise.all(Array.from({ length: 30 }, () => call(invoker, server.origin)))
    await Promise.all(Array.from({ length: 30 }, () => call(invoker, server.origin)))
    expect(server.seen()).toEqual({ connections: 3, requests: 60, open: 3 })
  })

  it.each([
    ['that only reads', { effect: 'read' }],
    ['that says it is idempotent', { effect: 'write', idempotent: true }],
  ] as const)(
    'closed by the other side just when it is used costs a capability %s nothing',
    async (_what, capability) => {
      const server = await startSocketServer((socket, connection, request) => {
        if (connection === 1 && request === 2) socket.destroy()
        else socket.write(OK)
      })
      const invoker = createInvoker()
      await call(invoker, server.origin, capability)
      await rest()
      expect((await call(invoker, server.origin, capability)).status).toBe(200)
      expect(server.seen()).toMatchObject({ connections: 2, requests: 3 })
    },
  )

  it.each([
    ['writes', { effect: 'write' }],
    ['nobody knows what it does', { effect: 'unknown' }],
    ['says it must not be repeated', { effect: 'read', idempotent: false }],
  ] as const)(
    'closed when it is used fails a capability that %s: it may have been heard (B50)',
    async (_what, capability) => {
      const server = await startSocketServer((socket, connection, request) => {
        if (connection === 1 && request === 2) socket.destroy()
        else socket.write(OK)
      })
      const invoker = createInvoker()
      await call(invoker, server.origin, capability)
      await rest()
      const error = await failureOf(call(invoker, server.origin, capability))
      expect([error.code, error.details['sent']]).toEqual(['component_unavailable', true])
      expect(server.seen()).toMatchObject({ connections: 1, requests: 2 })
    },
  )

  it('closed with an answer begun, or new ones, are no excuse: nothing is sent twice', async () => {
    const begun = await startSocketServer((socket, _connection, request) => {
      if (request === 1) socket.write(OK)
      else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"a"')
    })
    const fresh = await startSocketServer((socket) => socket.destroy())
    const invoker = createInvoker()
    await call(invoker, begun.origin)
    await rest()
    await failureOf(call(invoker, begun.origin))
    await failureOf(call(invoker, fresh.origin))
    expect([begun.seen().requests, fresh.seen().requests]).toEqual([2, 1])
  })

  it('still says that the request was sent when the second one cannot connect, and tries no third', async () => {
    const server = await startSocketServer((socket, _connection, request) => {
      if (request === 1) socket.write(OK)
      else {
        server.stopListening()
        socket.destroy()
      }
    })
    const invoker = createInvoker()
    await call(invoker, server.origin)
    await rest()
    const error = await failureOf(call(invoker, server.origin))
    expect([error.code, error.details['sent'], error.details['reason']]).toEqual([
      'component_unavailable',
      true,
      'ECONNREFUSED',
    ])
  })
})

describe('connections to an instance that is gone', () => {
  it('are closed when their calls have ended, never before, and are made anew when it is back', async () => {
    const reached = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const server = keep(
      await startHttpServer((seen, request, response) => {
        request.socket.once('close', () => ended.resolve())
        if (seen.url !== '/slow') return void response.end('{}')
        reached.resolve()
        void release.promise.then(() => response.end('{"late":true}'))
      }),
    )
    const client = keep(createHttpClient({ privateAddresses: true }))
    const get = (path: string) => client.request({ origin: server.origin, path, method: 'GET', headers: [], signal })
    const slow = get('/slow')
    await reached.promise
    client.keepOnly(new Set(['http://127.0.0.1:1']))
    release.resolve()
    expect((await slow).text).toBe('{"late":true}')
    await ended.promise
    expect((await get('/again')).status).toBe(200)
    client.keepOnly(new Set([server.origin]))
    expect((await get('/again')).status).toBe(200)
  })

  it('do not hold up the close of the client, though a call on them hangs', async () => {
    const reached = Promise.withResolvers<void>()
    const server = keep(await startHttpServer(() => reached.resolve()))
    const client = createHttpClient({ privateAddresses: true })
    const hanging = failureOf(client.request({ origin: server.origin, path: '/', method: 'GET', headers: [], signal }))
    await reached.promise
    client.keepOnly(new Set())
    await client.close()
    expect((await hanging).code).toBe('component_unavailable')
  })
})
