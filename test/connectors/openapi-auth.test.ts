import { afterEach, describe, expect, it } from 'vitest'
import { type SeenRequest, startHttpServer } from '../support/http-servers.ts'
import { type Answer, jsonAnswer, openWorld, signal, type World, type WorldOptions } from './openapi-world.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function open(document: object, options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(document, options)
  closing.push(() => world.close())
  return world
}

const ok = { responses: { 200: { description: '' } } }
const schemes = {
  headerKey: { type: 'apiKey', in: 'header', name: 'X-Key' },
  queryKey: { type: 'apiKey', in: 'query', name: 'api_key' },
  cookieKey: { type: 'apiKey', in: 'cookie', name: 'session' },
  bearer: { type: 'http', scheme: 'bearer' },
  basic: { type: 'http', scheme: 'Basic' },
  oauth: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: 'https://login.example/token', scopes: {} } } },
}
const auth = {
  headerKey: { type: 'key', value: 'header-secret' },
  queryKey: { type: 'key', value: 'query secret&' },
  cookieKey: { type: 'key', value: 'cookie-secret' },
  bearer: { type: 'bearer', token: 'bearer-secret' },
  basic: { type: 'basic', username: 'me', password: 'basic-secret' },
} as const
const needing = (...security: object[]) => ({
  paths: {
    '/x': { get: { operationId: 'x', security, ...ok } },
    '/public': { get: { operationId: 'public', security: [], ...ok } },
  },
  components: { securitySchemes: schemes },
})

describe('credentials', () => {
  it.each([
    ['headerKey', { 'x-key': 'header-secret' }, '/x'],
    ['queryKey', {}, '/x?api_key=query%20secret%26'],
    ['cookieKey', { cookie: 'session=cookie-secret' }, '/x'],
    ['bearer', { authorization: 'Bearer bearer-secret' }, '/x'],
    ['basic', { authorization: `Basic ${Buffer.from('me:basic-secret').toString('base64')}` }, '/x'],
  ])('of the scheme "%s" are shown where the document wants them', async (scheme, headers, url) => {
    const world = await open(needing({ [scheme]: [] }), { spec: { auth } })
    await world.call('x')
    await world.call('public')
    const [seen, open_] = world.calls()
    expect(seen).toMatchObject({ url, headers })
    for (const name of Object.keys(headers)) expect(open_?.headers[name]).toBeUndefined()
  })

  it('are all shown that one alternative wants, of the first alternative that can be satisfied', async () => {
    const document = needing({ oauth: [] }, { headerKey: [], queryKey: [] }, { bearer: [] })
    const world = await open(document, { spec: { auth } })
    await world.call('x')
    expect(world.calls()[0]).toMatchObject({
      url: '/x?api_key=query%20secret%26',
      headers: { 'x-key': 'header-secret' },
    })
    expect(world.calls()[0]?.headers.authorization).toBeUndefined()
  })

  it('are shown also where the document would do without', async () => {
    const world = await open(needing({}, { bearer: [] }), { spec: { auth } })
    await world.call('x')
    expect(world.calls()[0]?.headers.authorization).toBe('Bearer bearer-secret')
    const without = await open(needing({}, { bearer: [] }))
    await without.call('x')
    expect(without.calls()[0]?.headers.authorization).toBeUndefined()
  })

  it('that are missing leave out the operations that need them, with the reason, and no others', async () => {
    const world = await open(needing({ bearer: [], headerKey: [] }, { oauth: [] }), {
      spec: { auth: { bearer: auth.bearer } },
    })
    expect((await world.component()).capabilities.map(({ name }) => name)).toEqual(['public'])
    const reason = 'it needs credentials (bearer and headerKey, or oauth), and none are declared in "auth"'
    expect(world.source.report().skipped).toEqual([{ operation: 'GET /x (x)', reason }])
  })

  it('that fit no scheme, or not theirs, are told', async () => {
    const world = await open(needing({ bearer: [] }), { spec: { auth: { beerer: auth.bearer, basic: auth.bearer } } })
    await world.component()
    expect(world.source.report().warnings).toEqual([
      'The security scheme "basic" is of the kind "basic", for which credentials of type "bearer" are no proof.',
      'There is no security scheme "beerer" in the document. Did you mean "bearer"?',
    ])
  })

  it('are no inputs, also where a document lists them as parameters', async () => {
    const parameter = (place: string, name: string) => ({ name, in: place, required: true, schema: { type: 'string' } })
    const document = needing({ queryKey: [] })
    const parameters = [
      parameter('query', 'api_key'),
      parameter('header', 'x-key'),
      parameter('header', 'Authorization'),
      parameter('query', 'q'),
    ]
    Object.assign(document.paths['/x'].get, { parameters })
    const world = await open(document, { spec: { auth } })
    expect((await world.capability('x')).inputSchema).toMatchObject({ required: ['q'], properties: { q: {} } })
    expect(JSON.stringify(await world.component())).not.toMatch(/secret|api_key|x-key/)
    await world.call('x', { q: '1', api_key: 'mine', Authorization: 'mine' })
    expect(world.calls()[0]?.url).toBe('/x?q=1&api_key=query%20secret%26')
  })

  it('are no inputs where the document says that a header of the configuration is a parameter', async () => {
    const parameters = [{ name: 'x-tenant', in: 'header', required: true, schema: { type: 'string' } }]
    const document = { paths: { '/x': { get: { operationId: 'x', parameters, ...ok } } } }
    const world = await open(document, { spec: { headers: { 'X-Tenant': 'ours' } } })
    expect((await world.capability('x')).inputSchema.properties).toEqual({})
    await world.call('x', { 'x-tenant': 'theirs' })
    expect(world.calls()[0]?.headers['x-tenant']).toBe('ours')
  })

  it('are taken out of headers too, which are what HEAD answers', async () => {
    const document = {
      components: { securitySchemes: schemes },
      paths: { '/x': { head: { operationId: 'x', security: [{ bearer: [] }], ...ok } } },
    }
    const answer = ({ headers }: SeenRequest): Answer => ({ headers: { 'x-you': String(headers.authorization) } })
    const world = await open(document, { spec: { auth }, answer })
    const result = await world.call('x')
    expect(result.body).toMatchObject({ 'x-you': 'Bearer [secret credentials]' })
    expect(JSON.stringify(result)).not.toContain('bearer-secret')
  })

  it('may be headers that every request gets, which no input and no call replaces', async () => {
    const world = await open(needing({ bearer: [] }), { spec: { headers: { Authorization: 'Bearer from-headers' } } })
    await world.call('x')
    expect(world.calls()[0]?.headers.authorization).toBe('Bearer from-headers')
    expect(world.server.requests[0]?.headers.authorization).toBe('Bearer from-headers')
  })

  it('never go to the origin of the document when the calls go to another', async () => {
    const api = await startHttpServer((_seen, _request, response) => response.end('{}'))
    closing.push(() => api.close())
    const world = await open(needing({ bearer: [] }), {
      spec: { auth, server: api.origin, headers: { 'X-Own': 'own-secret' } },
    })
    await world.call('x')
    expect(api.requests[0]?.headers).toMatchObject({ 'x-own': 'own-secret', authorization: 'Bearer bearer-secret' })
    expect(JSON.stringify(world.server.requests)).not.toContain('secret')
  })

  it('are taken out of what comes back, and stand in no error', async () => {
    const answer = ({ headers, url }: SeenRequest): Answer =>
      jsonAnswer({ headers, url, nested: [headers.authorization] })
    const world = await open(needing({ bearer: [], queryKey: [] }), { spec: { auth }, answer })
    expect(JSON.stringify((await world.call('x')).body)).not.toMatch(/bearer-secret/)
    await world.server.close()
    const error = await world.source.invoker
      .invoke({
        component: { ...(await world.source.discovery.load(signal))[0]! },
        capability: (await world.source.discovery.load(signal))[0]!.capabilities[0]!,
        instance: (await world.source.discovery.load(signal))[0]!.instances[0]!,
        inputs: {},
        idempotencyKey: 'k',
        runId: 'r',
        headers: {},
        signal,
      })
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'component_unavailable' })
    expect(JSON.stringify([String(error), (error as { details: unknown }).details])).not.toMatch(/secret|api_key/)
  })
})

describe('tokens from client credentials', () => {
  const client = { type: 'client-credentials', clientId: 'id', clientSecret: 'client-secret' } as const

  async function startLogin() {
    let count = 0
    const login = await startHttpServer((_seen, _request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ access_token: `token-${++count}`, token_type: 'bearer', expires_in: 3600 }))
    })
    closing.push(() => login.close())
    return login
  }

  it('are fetched once, and anew after a refusal', async () => {
    const login = await startLogin()
    const answer = ({ headers }: SeenRequest): Answer => ({
      status: headers.authorization === 'Bearer token-1' ? 401 : 200,
    })
    const oauth = { ...client, tokenUrl: `${login.origin}/token` }
    const world = await open(needing({ oauth: [] }), { spec: { auth: { oauth } }, answer })
    expect((await world.call('x')).status).toBe(401)
    const component = await world.component()
    const { refreshCredentials } = world.source.invoker
    expect(
      await Promise.all([refreshCredentials?.(component, signal), refreshCredentials?.(component, signal)]),
    ).toEqual([true, true])
    expect((await world.call('x')).status).toBe(200)
    expect(login.requests).toHaveLength(2)
  })

  it('are not asked of an origin that only the fetched document names', async () => {
    const world = await open(needing({ oauth: [] }), { spec: { auth: { oauth: client } } })
    expect((await world.component()).capabilities.map(({ name }) => name)).toEqual(['public'])
    expect(world.source.report().warnings).toEqual([
      'The security scheme "oauth" names a token URL on an origin that is not its own. Say it in "auth.oauth.tokenUrl".',
    ])
  })
})
