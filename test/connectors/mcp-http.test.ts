// MCP over HTTP where it is not friendly: addresses, redirects, sessions that are forgotten, streams that break, bodies without end.
import { describe, expect, it } from 'vitest'
import { startRawHttp } from '../support/mcp/raw-http.ts'
import { createWorld } from '../support/mcp/world.ts'

const BIG = 9_007_199_254_740_993n

describe('where it goes', () => {
  it('never to a metadata address, and to a private one only when that is meant', async () => {
    await using metadata = createWorld({ url: 'http://169.254.169.254/mcp', privateAddresses: true })
    await expect(metadata.load()).rejects.toMatchObject({
      code: 'source_failed',
      message: expect.stringContaining('never called'),
    })
    await using server = await startRawHttp(({ json }) => json('{"content":[]}'))
    await using refused = createWorld({ url: server.url, privateAddresses: false })
    await expect(refused.load()).rejects.toMatchObject({ message: expect.stringContaining('it is private') })
    await using named = createWorld({ url: `http://localhost:${server.port}/mcp`, privateAddresses: false })
    await expect(named.load()).rejects.toMatchObject({ message: expect.stringContaining('it is private') })
    expect(server.requests).toEqual([])
  })

  it('not where a redirect points', async () => {
    await using other = await startRawHttp(({ json }) => json('{"content":[]}'))
    await using server = await startRawHttp(() => undefined, {
      refuse: (_seen, response) => {
        response.writeHead(307, { location: `${other.url}?key=1` }).end()
        return true
      },
    })
    await using world = createWorld({ url: server.url, headers: { authorization: 'Bearer secret-token' } })
    await expect(world.load()).rejects.toMatchObject({ message: expect.stringContaining('redirects are not followed') })
    expect(other.requests).toEqual([])
  })

  it('with the headers of its entry, which no call can change', async () => {
    await using server = await startRawHttp(({ json }) => json('{"content":[{"type":"text","text":"ok"}]}'))
    await using world = createWorld({ url: server.url, headers: { Authorization: 'Bearer secret-token' } })
    await world.load()
    await world.call(
      'go',
      {},
      { headers: { authorization: 'Bearer other', 'x-trace': '1', 'mcp-session-id': 'stolen' } },
    )
    expect(server.requests.every(({ headers }) => headers.authorization === 'Bearer secret-token')).toBe(true)
    expect(server.requests.findLast(({ body }) => body.includes('tools/call'))?.headers).toMatchObject({
      'x-trace': '1',
      'mcp-session-id': 'session-1',
      'idempotency-key': 'run-1:step:1',
    })
  })

  it('is told in words, without the secret, when it is refused', async () => {
    await using server = await startRawHttp(() => undefined, {
      refuse: (seen, response) => {
        response.writeHead(401).end(`unknown: ${seen.headers.authorization}`)
        return true
      },
    })
    await using world = createWorld({ url: server.url, headers: { authorization: 'Bearer secret-token' } })
    const error = await world.load().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'source_failed',
      cause: { code: 'component_unauthorized', details: { status: 401 } },
    })
    expect(JSON.stringify([String(error), (error as Error).cause])).not.toContain('secret-token')
  })

  it('finds nobody there: the request was surely not sent', async () => {
    const server = await startRawHttp(() => undefined)
    await server.close()
    await using world = createWorld({ url: server.url })
    await expect(world.call('go', {}, { isUnseen: true })).rejects.toMatchObject({
      code: 'component_unavailable',
      details: { sent: false, reason: 'ECONNREFUSED' },
    })
  })
})

describe('credentials that the configuration declares', () => {
  const token = { type: 'bearer' as const, token: 'token-123456' }

  it('are shown with every request, and taken out of what comes back', async () => {
    await using server = await startRawHttp(({ json, seen }) =>
      json(JSON.stringify({ content: [{ type: 'text', text: `You are ${seen.headers.authorization}` }] })),
    )
    await using world = createWorld({ url: server.url })
    world.source.invoker.usePolicies?.((name) => (name === 'server' ? { credentials: token } : undefined))
    await world.load()
    expect(await world.call('go')).toEqual({ body: 'You are Bearer [secret credentials]' })
    expect(server.requests.every(({ headers }) => headers.authorization === 'Bearer token-123456')).toBe(true)
  })

  it('go to the origins they are declared for, else nowhere', async () => {
    await using server = await startRawHttp(({ json }) => json('{"content":[]}'))
    await using world = createWorld({ url: server.url })
    world.source.invoker.usePolicies?.(() => ({ credentials: { ...token, origins: ['https://elsewhere.example'] } }))
    await expect(world.load()).rejects.toMatchObject({
      cause: { code: 'component_unauthorized', details: { sent: false } },
    })
    expect(server.requests).toEqual([])
  })

  it('cannot be shown to a process, which is said', async () => {
    await using world = createWorld({ command: 'anything' })
    world.source.invoker.usePolicies?.(() => ({ credentials: token }))
    expect(world.warnings).toEqual([expect.stringContaining('Use its "env"')])
  })
})

describe('a session', () => {
  it.each([404, 400])('that is forgotten (%i) is told as not sent, and opened anew', async (status) => {
    await using server = await startRawHttp(({ json }) => json('{"content":[{"type":"text","text":"ok"}]}'))
    await using world = createWorld({ url: server.url })
    await world.load()
    server.forget(status)
    await expect(world.call('go')).rejects.toMatchObject({ code: 'component_unavailable', details: { sent: false } })
    expect(await world.call('go')).toEqual({ body: 'ok' })
  })

  it('is given back when the source is closed', async () => {
    await using server = await startRawHttp(({ json }) => json('{"content":[]}'))
    const world = createWorld({ url: server.url })
    await world.load()
    await world[Symbol.asyncDispose]()
    expect(server.requests.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'mcp-session-id': 'session-1' } })
  })
})

describe('an answer', () => {
  it('that is a status is given to the executor as it is', async () => {
    await using server = await startRawHttp(({ response }) =>
      response.writeHead(503).end('{"error":{"message":"full"}}'),
    )
    await using world = createWorld({ url: server.url })
    expect(await world.call('go')).toEqual({ status: 503, body: { error: { message: 'full' } } })
  })

  it.each(['json', 'events'] as const)(
    'as %s keeps every digit of large integers, and no key sets a prototype',
    async (way) => {
      await using server = await startRawHttp((call) => {
        const digits = /"order":(\d+)/.exec(call.seen.body)?.[1] ?? ''
        const result = `{"content":[],"structuredContent":{"order":${digits},"text":"${digits}","__proto__":{"polluted":1},"list":[1,1.5,-${digits}]}}`
        if (way === 'json') call.json(result)
        else {
          const events = call.events()
          events.data(`{"jsonrpc":"2.0","id":${call.id},"result":${result}}`)
          events.end()
        }
      })
      await using world = createWorld({ url: server.url })
      const { body } = await world.call('go', { order: BIG, nested: { list: [BIG] } })
      expect(body).toEqual({ order: BIG, text: String(BIG), list: [1, 1.5, -BIG] })
      expect(Object.keys(body ?? {})).toEqual(['order', 'text', 'list'])
    },
  )

  it('that is larger than allowed fails its call, as a body and as an event', async () => {
    await using server = await startRawHttp((call) => {
      const text = 'x'.repeat(1_000_000)
      if (call.inputs['way'] === 'json') call.json(`{"content":[{"type":"text","text":"${text}"}]}`)
      else
        call.events().data(`{"jsonrpc":"2.0","id":${call.id},"result":{"content":[{"type":"text","text":"${text}"}]}}`)
    })
    await using world = createWorld({ url: server.url }, { maxResponseBytes: 100_000 })
    for (const way of ['json', 'events'])
      await expect(world.call('go', { way })).rejects.toMatchObject({
        code: 'response_too_large',
        details: { sent: true },
      })
  })

  it('may come after many notices that are larger together', async () => {
    await using server = await startRawHttp((call) => {
      const events = call.events()
      const notice = JSON.stringify({
        jsonrpc: '2.0',
        method: 'notifications/message',
        params: { level: 'info', data: 'x'.repeat(50_000) },
      })
      for (let i = 0; i < 20; i++) events.data(notice)
      events.data(`{"jsonrpc":"2.0","id":${call.id},"result":{"content":[{"type":"text","text":"late"}]}}`)
      events.end()
    })
    await using world = createWorld({ url: server.url }, { maxResponseBytes: 100_000 })
    expect(await world.call('go')).toEqual({ body: 'late' })
  })

  it('that never comes, since its stream ended or broke, fails its call at once', async () => {
    await using server = await startRawHttp((call) => {
      const events = call.events()
      events.data('{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"soon"}}')
      if (call.inputs['way'] === 'end') events.end()
      else setImmediate(() => call.response.destroy())
    })
    await using world = createWorld({ url: server.url })
    for (const way of ['end', 'break'])
      await expect(world.call('go', { way })).rejects.toMatchObject({
        code: 'component_unavailable',
        details: { sent: true },
      })
  })

  it('that is no JSON, or of no known type, is a bad response or a lost one, never a hang', async () => {
    await using server = await startRawHttp((call) => {
      const type = call.inputs['type']
      call.response.writeHead(200, { 'content-type': String(type) }).end('<html>')
    })
    await using world = createWorld({ url: server.url })
    await expect(world.call('go', { type: 'text/html' })).rejects.toMatchObject({ code: 'bad_response' })
    await expect(world.call('go', { type: 'application/json' })).rejects.toMatchObject({ code: 'bad_response' })
  })

  it('that hangs is stopped by the caller, who tells the server', async () => {
    await using server = await startRawHttp(() => undefined)
    await using world = createWorld({ url: server.url })
    await world.load()
    await expect(world.call('go', {}, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      code: 'component_timeout',
    })
    await expect.poll(() => server.requests.some(({ body }) => body.includes('notifications/cancelled'))).toBe(true)
  })
})
