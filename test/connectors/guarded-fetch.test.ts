// `fetch` for libraries with a client of their own: one origin, checked addresses, no redirects, bounded bodies.
import { afterEach, describe, expect, it } from 'vitest'
import { createGuardedFetch, type GuardedFetchOptions } from '../../src/connectors/http/guarded-fetch.ts'
import { startHttpServer, type TestServer } from '../support/http-servers.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function start(handler: Parameters<typeof startHttpServer>[0]): Promise<TestServer> {
  const server = await startHttpServer(handler)
  open.push(server)
  return server
}
function guard(options: GuardedFetchOptions) {
  const guarded = createGuardedFetch({ privateAddresses: true, ...options })
  open.push(guarded)
  return guarded
}

describe('createGuardedFetch', () => {
  it('sends what it is given, and asks for no encoding', async () => {
    const server = await start((_seen, _request, response) => response.writeHead(201, { 'x-a': '1' }).end('made'))
    const answer = await guard(server).fetch(`${server.origin}/a?b=1`, {
      method: 'POST',
      body: '{}',
      headers: { 'x-b': '2' },
    })
    expect([answer.status, answer.headers.get('x-a'), await answer.text()]).toEqual([201, '1', 'made'])
    expect(server.requests[0]).toMatchObject({
      url: '/a?b=1',
      body: '{}',
      headers: { 'x-b': '2', 'accept-encoding': 'identity' },
    })
  })

  it('goes to its origin only', async () => {
    const server = await start((_seen, _request, response) => response.end())
    const other = guard({ origin: 'http://example.com' })
    await expect(other.fetch(server.origin)).rejects.toMatchObject({
      code: 'blocked_address',
      details: { sent: false },
    })
    expect(server.requests).toEqual([])
  })

  it('checks what a name resolves to when it connects', async () => {
    const resolve: GuardedFetchOptions['resolve'] = (_host, _options, done) =>
      done(null, [{ address: '10.0.0.1', family: 4 }])
    const inner = guard({ origin: 'http://inner.example', privateAddresses: false, resolve })
    await expect(inner.fetch('http://inner.example/')).rejects.toMatchObject({ code: 'blocked_address' })
    expect(() => createGuardedFetch({ origin: 'http://169.254.169.254', privateAddresses: true })).toThrow(
      'never called',
    )
  })

  it('refuses redirects', async () => {
    const server = await start((_seen, _request, response) =>
      response.writeHead(302, { location: 'http://example.com/x?k=1' }).end(),
    )
    await expect(guard(server).fetch(server.origin)).rejects.toMatchObject({
      code: 'redirect_refused',
      message: expect.not.stringContaining('k=1'),
    })
  })

  it('ends a body at its limit, and an event of a stream at the same', async () => {
    const server = await start((seen, _request, response) => {
      if (seen.url === '/body') response.end('x'.repeat(2_000))
      else {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (let i = 0; i < 10; i++) response.write(`data: ${'x'.repeat(500)}\r\n\r\n`)
        if (seen.url === '/events') response.end()
        else response.write(`data: ${'x'.repeat(2_000)}`)
      }
    })
    const broken: string[] = []
    const guarded = guard({ origin: server.origin, maxResponseBytes: 1_000, onBroken: ({ code }) => broken.push(code) })
    const textOf = async (path: string) => await (await guarded.fetch(server.origin + path)).text()
    await expect(textOf('/body')).rejects.toMatchObject({ code: 'response_too_large' })
    expect(await textOf('/events')).toHaveLength(10 * 510)
    await expect(textOf('/endless')).rejects.toMatchObject({ code: 'response_too_large' })
    expect(broken).toEqual(['response_too_large'])
  })

  it('says whether anything was sent', async () => {
    const server = await start((_seen, request) => request.socket.destroy())
    await expect(guard(server).fetch(server.origin)).rejects.toMatchObject({
      code: 'component_unavailable',
      details: { sent: true },
    })
    await server.close()
    await expect(guard(server).fetch(server.origin)).rejects.toMatchObject({
      code: 'component_unavailable',
      details: { sent: false },
    })
  })

  it('stops when its signal aborts, also within a body', async () => {
    const server = await start((_seen, _request, response) => void response.writeHead(200).write('begun'))
    const stop = new AbortController()
    const answer = await guard(server).fetch(server.origin, { signal: stop.signal })
    const text = answer.text()
    stop.abort()
    await expect(text).rejects.toMatchObject({ code: 'cancelled' })
  })
})
