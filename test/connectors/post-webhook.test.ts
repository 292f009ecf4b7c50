import { afterEach, describe, expect, it } from 'vitest'
import { createWebhookPoster } from '../../src/connectors/http/post-webhook.ts'
import { startHttpServer, startRawServer, type TestServer } from '../support/http-servers.ts'

const opened: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})
const keep = async (starting: Promise<TestServer>): Promise<TestServer> => {
  const server = await starting
  opened.push(() => server.close())
  return server
}
function post(url: string, signal: AbortSignal = new AbortController().signal) {
  const poster = createWebhookPoster()
  opened.push(() => poster.close())
  return poster.post({
    url,
    headers: { 'content-type': 'application/json', 'x-tutti-notice-id': 'n1' },
    body: '{"a":1}',
    signal,
  })
}

describe('a webhook', () => {
  it('gets a POST with the body, the headers and the query of its URL, on a private address too', async () => {
    const server = await keep(startHttpServer((_seen, _request, response) => response.writeHead(204).end()))
    expect(await post(`${server.origin}/hooks/in?key=k`)).toEqual({ status: 204 })
    expect(server.requests).toMatchObject([{ method: 'POST', url: '/hooks/in?key=k', body: '{"a":1}' }])
    expect(server.requests[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'x-tutti-notice-id': 'n1' })
  })

  it('tells its status and when it wants to be asked again', async () => {
    const server = await keep(
      startHttpServer((_seen, _request, response) => response.writeHead(429, { 'retry-after': '7' }).end('slow down')),
    )
    expect(await post(server.origin)).toEqual({ status: 429, retryAfter: '7' })
  })

  it('cannot lead elsewhere', async () => {
    const target = await keep(startHttpServer((_seen, _request, response) => response.end()))
    const server = await keep(
      startHttpServer((_seen, _request, response) => response.writeHead(307, { location: target.origin }).end()),
    )
    await expect(post(server.origin)).rejects.toMatchObject({ code: 'redirect_refused', retryable: false })
    expect(target.requests).toEqual([])
  })

  it.each(['http://169.254.169.254/latest', 'http://[fe80::1]/'])('is never at %s', async (url) => {
    await expect(post(url)).rejects.toMatchObject({ code: 'blocked_address', retryable: false })
  })

  it('that talks without end is broken off', async () => {
    const server = await keep(
      startHttpServer((_seen, _request, response) => {
        response.writeHead(200)
        response.write('x'.repeat(200_000))
      }),
    )
    await expect(post(server.origin)).rejects.toMatchObject({ code: 'response_too_large' })
  })

  it('that answers no HTTP, or nothing before the signal, is an error that does not show the URL', async () => {
    const garbage = await keep(startRawServer((socket) => void socket.end('220 smtp ready\r\n')))
    await expect(post(`${garbage.origin}/?key=SECRET`)).rejects.toMatchObject({
      code: 'component_unavailable',
      message: expect.not.stringContaining('SECRET'),
    })
    const silent = await keep(startRawServer(() => undefined))
    const abort = new AbortController()
    const posted = post(silent.origin, abort.signal)
    abort.abort(new DOMException('late', 'TimeoutError'))
    await expect(posted).rejects.toMatchObject({ code: 'component_timeout' })
  })
})
