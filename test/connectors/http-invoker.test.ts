import { afterEach, describe, expect, it } from 'vitest'
import { createHttpInvoker } from '../../src/connectors/http/http-invoker.ts'
import type { Capability, Component } from '../../src/contracts/capability.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { JsonObject } from '../../src/contracts/json.ts'
import type { Invoker, InvokerCall } from '../../src/contracts/parts.ts'
import type { TestServer } from '../support/http-servers.ts'
import { startHttpServer, startJsonServer, startRawServer } from '../support/http-servers.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { freePort } from '../support/redis-server.ts'

const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

function keep<T extends { close?(): Promise<void> }>(thing: T): T {
  open.push(() => thing.close?.())
  return thing
}
const invokerOf = (options: Partial<Parameters<typeof createHttpInvoker>[0]> = {}): Invoker =>
  keep(createHttpInvoker({ maxResponseBytes: 10_000_000, privateAddresses: true, ...options }))

interface CallSpec {
  readonly address: string
  readonly inputs?: JsonObject
  readonly kind?: 'tool' | 'agent'
  readonly envelope?: 'bare' | 'data'
  readonly capability?: Partial<Capability>
  readonly headers?: Record<string, string>
  readonly signal?: AbortSignal
}

function callOf(spec: CallSpec): InvokerCall {
  const capability: Capability = {
    name: 'do_it',
    description: '',
    inputSchema: { type: 'object' },
    effect: 'unknown',
    ...spec.capability,
  }
  const instance = { id: 'one', address: spec.address, health: 'healthy' } as const
  const component: Component = {
    name: 'probe',
    kind: spec.kind ?? 'tool',
    source: 'test',
    trust: 'configured',
    capabilities: [capability],
    instances: [instance],
    ...(spec.envelope === undefined ? {} : { envelope: spec.envelope }),
  }
  return {
    component,
    capability,
    instance,
    inputs: spec.inputs ?? {},
    idempotencyKey: 'run_1:step:1',
    runId: 'run_1',
    headers: spec.headers ?? {},
    signal: spec.signal ?? new AbortController().signal,
  }
}

async function failureOf(promise: Promise<unknown>): Promise<TuttiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(TuttiError)
  return error as TuttiError
}

const answering = async (status: number, type: string | undefined, body: string): Promise<TestServer> =>
  keep(
    await startHttpServer((_seen, _request, response) => {
      response.writeHead(status, type === undefined ? {} : { 'content-type': type })
      response.end(body)
    }),
  )

describe('what is sent', () => {
  it('sends the bare inputs to a tool and wraps them in data for an agent, unless the component says otherwise', async () => {
    const server = keep(await startJsonServer({ ok: true }))
    const invoker = invokerOf()
    const inputs = { city: 'Tokyo' }
    await invoker.invoke(callOf({ address: server.origin, inputs }))
    await invoker.invoke(callOf({ address: server.origin, inputs, kind: 'agent' }))
    await invoker.invoke(callOf({ address: server.origin, inputs, kind: 'agent', envelope: 'bare' }))
    expect(server.requests.map(({ body }) => body)).toEqual([
      '{"city":"Tokyo"}',
      '{"data":{"city":"Tokyo"}}',
      '{"city":"Tokyo"}',
    ])
  })

  it("posts to the capability's endpoint with its idempotency key and the caller's headers, and asks for no compression", async () => {
    const server = keep(await startJsonServer({}))
    const invoker = invokerOf()
    const headers = { traceparent: '00-1-2-01', 'Content-Length': '5', 'idempotency-key': 'forged' }
    await invoker.invoke(callOf({ address: server.origin, headers }))
    await invoker.invoke(callOf({ address: server.origin, capability: { endpoint: '/orchestrate/natural' } }))
    const [first, second] = server.requests
    expect(first).toMatchObject({ method: 'POST', url: '/api/capabilities/do_it' })
    expect(first?.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': 'run_1:step:1',
      traceparent: '00-1-2-01',
    })
    expect(first?.headers['accept-encoding']).toBeUndefined()
    expect(second?.url).toBe('/orchestrate/natural')
  })

  it('passes integers beyond 2^53 through in both directions with their digits intact (B26)', async () => {
    const server = await answering(200, 'application/json', '{"id": 12345678901234567890, "ids": [9007199254740993]}')
    const invoker = invokerOf()
    const { body } = await invoker.invoke(callOf({ address: server.origin, inputs: { id: 12345678901234567890n } }))
    expect(server.requests[0]?.body).toBe('{"id":12345678901234567890}')
    expect(body).toEqual({ id: 12345678901234567890n, ids: [9007199254740993n] })
  })

  it.each([
    '//evil.example/x',
    'http://evil.example/x',
    '/a\\b',
    '/a/../admin',
    '/a/%2e%2E/admin',
    'relative',
    '/a b',
    '/a#b',
  ])('never follows the endpoint %j off the component', async (endpoint) => {
    const server = keep(await startJsonServer({}))
    const error = await failureOf(invokerOf().invoke(callOf({ address: server.origin, capability: { endpoint } })))
    expect(error.code).toBe('blocked_address')
    expect(error.details['sent']).toBe(false)
    expect(server.requests).toHaveLength(0)
  })
})

describe('what comes back', () => {
  it.each([
    [200, 'application/json', '[1,2]', [1, 2]],
    [201, 'application/json; charset=utf-8', '"text"', 'text'],
    [202, 'application/problem+json', '{"a":null}', { a: null }],
    [204, undefined, '', null],
    [200, 'text/plain', 'hello', 'hello'],
    [200, 'text/plain', '42', '42'],
    [200, 'text/plain', '{"a":1}', { a: 1 }],
    [200, undefined, '42', 42],
    [200, 'text/html', '<html>login</html>', '<html>login</html>'],
    [404, 'application/json', '{"success":false,"error":{"code":"X"}}', { success: false, error: { code: 'X' } }],
    [500, 'application/json', 'not json at all', 'not json at all'],
    [200, 'application/json', '\ufeff{"a":1}', { a: 1 }],
  ])('gives status %i of type %s and body %j as it is (B35, B44)', async (status, type, text, expected) => {
    const server = await answering(status, type, text)
    const result = await invokerOf().invoke(callOf({ address: server.origin }))
    expect(result.status).toBe(status)
    expect(result.body).toEqual(expected)
  })

  it('gives the headers with lower-case names, so that Retry-After can be honoured (B46)', async () => {
    const server = keep(
      await startHttpServer((_seen, _request, response) => {
        response.writeHead(429, { 'Retry-After': '5', 'Set-Cookie': ['a=1', 'b=2'] })
        response.end()
      }),
    )
    const { headers } = await invokerOf().invoke(callOf({ address: server.origin }))
    expect(headers).toMatchObject({ 'retry-after': '5', 'set-cookie': 'a=1, b=2' })
  })

  it('drops keys that would set a prototype', async () => {
    const server = await answering(200, 'application/json', '{"__proto__":{"polluted":true},"a":1}')
    const { body } = await invokerOf().invoke(callOf({ address: server.origin }))
    expect(body).toEqual({ a: 1 })
    expect(Object.hasOwn(body as object, '__proto__')).toBe(false)
  })

  it('refuses an answer that says it is JSON and is none', async () => {
    const server = await answering(200, 'application/json', '<html>')
    const error = await failureOf(invokerOf().invoke(callOf({ address: server.origin })))
    expect(error.code).toBe('bad_response')
  })
})

describe('what goes wrong', () => {
  it('stops reading at the limit, whether the length was announced or not', async () => {
    const announced = await answering(200, 'application/json', JSON.stringify('x'.repeat(50_000)))
    const endless = keep(
      await startHttpServer((_seen, _request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        const more = (): void => {
          while (!response.destroyed && response.write('x'.repeat(10_000)));
          if (!response.destroyed) response.once('drain', more)
        }
        more()
      }),
    )
    const invoker = invokerOf({ maxResponseBytes: 20_000 })
    for (const { origin } of [announced, endless]) {
      const error = await failureOf(invoker.invoke(callOf({ address: origin })))
      expect(error.code).toBe('response_too_large')
      expect(error.message).toContain('20000 bytes')
    }
  })

  it('does not wait for a body whose announced length is too large', async () => {
    const server = keep(
      await startRawServer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 50000000\r\n\r\n')
      }),
    )
    const error = await failureOf(invokerOf({ maxResponseBytes: 20_000 }).invoke(callOf({ address: server.origin })))
    expect(error.code).toBe('response_too_large')
  })

  it('ends a body that never ends when the caller aborts, and says why', async () => {
    const reached: PromiseWithResolvers<void> = Promise.withResolvers()
    const server = keep(
      await startHttpServer((_seen, _request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write('{')
        reached.resolve()
      }),
    )
    const controller = new AbortController()
    const call = invokerOf().invoke(callOf({ address: server.origin, signal: controller.signal }))
    await reached.promise
    controller.abort(new TuttiError('component_timeout', '"probe" did not answer in 10 ms.'))
    const error = await failureOf(call)
    expect(error.code).toBe('component_timeout')
    expect(error.message).toBe('"probe" did not answer in 10 ms.')
    expect(error.details['sent']).toBe(true)
  })

  it('says that nothing was sent when the port is closed, the name unknown, or the caller already gone', async () => {
    const port = await freePort()
    const resolve = (_host: string, _options: unknown, callback: (error: NodeJS.ErrnoException, found: []) => void) =>
      callback(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }), [])
    const refused = await failureOf(invokerOf().invoke(callOf({ address: `http://127.0.0.1:${port}` })))
    const unknown = await failureOf(invokerOf({ resolve }).invoke(callOf({ address: 'http://nowhere.invalid:80' })))
    const gone = await failureOf(
      invokerOf().invoke(callOf({ address: `http://127.0.0.1:${port}`, signal: AbortSignal.abort() })),
    )
    expect([refused.code, refused.details['sent']]).toEqual(['component_unavailable', false])
    expect(refused.message).toContain('ECONNREFUSED')
    expect([unknown.code, unknown.details['sent']]).toEqual(['component_unavailable', false])
    expect([gone.code, gone.details['sent']]).toEqual(['cancelled', false])
  })

  it('says that the request was sent when the socket is cut before or within the answer', async () => {
    const before = keep(await startRawServer((socket) => socket.destroy()))
    const within = keep(
      await startRawServer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a":')
        socket.end()
      }),
    )
    const invoker = invokerOf()
    for (const { origin } of [before, within]) {
      const error = await failureOf(invoker.invoke(callOf({ address: origin })))
      expect(error.code).toBe('component_unavailable')
      expect(error.details['sent']).toBe(true)
      expect(error.retryable).toBe(true)
    }
  })

  it('calls it a timeout of the component when it hangs up after a long wait: a longer one here would not help (B69)', async () => {
    const clock = createManualClock()
    const server = keep(await startRawServer((socket) => void clock.advance(30_000).then(() => socket.destroy())))
    const error = await failureOf(invokerOf({ clock }).invoke(callOf({ address: server.origin })))
    expect(error).toMatchObject({
      code: 'component_timeout',
      retryable: true,
      details: { sent: true, waited_ms: 30_000 },
    })
    expect(error.message).toBe(
      `"${server.origin}" hung up after 30s without an answer: it has a time limit of its own, so a longer timeout here does not help. Raise it there, or ask the component for less.`,
    )
  })

  it('refuses redirects without following them, and shows no query of their target', async () => {
    const target = keep(await startJsonServer({ secret: true }))
    const server = keep(
      await startHttpServer((_seen, _request, response) => {
        response.writeHead(302, { location: `${target.origin}/x?token=s3cret` })
        response.end()
      }),
    )
    const error = await failureOf(invokerOf().invoke(callOf({ address: server.origin })))
    expect(error.code).toBe('redirect_refused')
    expect(error.message).toContain(target.origin)
    expect(`${error.message}${JSON.stringify(error.details)}`).not.toContain('s3cret')
    expect(target.requests).toHaveLength(0)
  })

  it('refuses an answer in an encoding that it did not ask for', async () => {
    const server = keep(
      await startHttpServer((_seen, _request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        response.end('xx')
      }),
    )
    expect((await failureOf(invokerOf().invoke(callOf({ address: server.origin })))).code).toBe('bad_response')
  })

  it('fails a call that waits for a connection as soon as its caller goes, and never sends it', async () => {
    const reached: PromiseWithResolvers<void> = Promise.withResolvers()
    const release: (() => void)[] = []
    const server = keep(
      await startHttpServer((_seen, _request, response) => {
        release.push(() => response.end('{}'))
        reached.resolve()
      }),
    )
    const invoker = invokerOf({ connections: 1 })
    const first = invoker.invoke(callOf({ address: server.origin }))
    await reached.promise
    const controller = new AbortController()
    const second = invoker.invoke(callOf({ address: server.origin, signal: controller.signal }))
    controller.abort()
    const error = await failureOf(second)
    expect([error.code, error.details['sent']]).toEqual(['cancelled', false])
    release[0]?.()
    expect((await first).status).toBe(200)
    expect(server.requests).toHaveLength(1)
  })

  it('takes no calls after close', async () => {
    const server = keep(await startJsonServer({}))
    const invoker = invokerOf()
    await invoker.invoke(callOf({ address: server.origin }))
    await invoker.close?.()
    expect((await failureOf(invoker.invoke(callOf({ address: server.origin })))).code).toBe('closed')
  })
})

describe('which addresses are called', () => {
  it('calls no private address unless its source allows it', async () => {
    const server = keep(await startJsonServer({}))
    const strict = invokerOf({ privateAddresses: false })
    for (const address of [
      server.origin,
      `http://localhost:${server.port}`,
      `http://[::ffff:127.0.0.1]:${server.port}`,
    ]) {
      const error = await failureOf(strict.invoke(callOf({ address })))
      expect([error.code, error.details['sent']], address).toEqual(['blocked_address', false])
    }
    expect(server.requests).toHaveLength(0)
    const listed = invokerOf({ privateAddresses: ['127.0.0.0/8'] })
    expect((await listed.invoke(callOf({ address: server.origin }))).status).toBe(200)
  })

  it('checks what a name resolves to when it connects, so that a name cannot lead to the metadata service', async () => {
    const resolve = (
      _host: string,
      _options: unknown,
      callback: (error: null, found: { address: string; family: number }[]) => void,
    ) => callback(null, [{ address: '169.254.169.254', family: 4 }])
    const error = await failureOf(
      invokerOf({ resolve }).invoke(
        callOf({ address: 'http://innocent.example:80', capability: { endpoint: '/x?key=s3cret' } }),
      ),
    )
    expect(error.code).toBe('blocked_address')
    expect(error.message).toContain('innocent.example')
    expect(error.message).not.toContain('s3cret')
  })

  it.each([
    'http://169.254.169.254',
    'http://[fe80::1]',
    'http://2852039166',
    'http://[::ffff:a9fe:a9fe]',
    'ftp://host',
    'http://user:pw@host',
    'nonsense',
  ])('never calls %s', async (address) => {
    const error = await failureOf(invokerOf().invoke(callOf({ address })))
    expect(error.code).toBe('blocked_address')
    expect(error.message).not.toContain('pw')
  })
})
