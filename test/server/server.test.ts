import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveConfig } from '../../src/config/resolve-config.ts'
import { createServer } from '../../src/server/index.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { badStep, createFakeOrchestrator } from './fake-orchestrator.ts'
import { runIdOf } from './http.ts'
import { startTestServer, type TestServer } from './support.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer({ maxBodyBytes: 1_000 })
})
afterAll(() => t[Symbol.asyncDispose]())

describe('bodies', () => {
  it('answers 413 for a body that says it is too large, and for one that turns out to be', async () => {
    const large = JSON.stringify({ request: 'x'.repeat(2_000) })
    expect((await t.send('POST', '/runs', undefined, { raw: large })).json).toMatchObject({
      status: 413,
      code: 'payload_too_large',
    })
    const chunked = await t.send('POST', '/runs', undefined, { raw: [large.slice(0, 900), large.slice(900)] })
    expect(chunked.status).toBe(413)
  })
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=utf-16',
    'application/problem+json',
    '',
  ])('answers 415 for the content type "%s"', async (type) => {
    const r = await t.send('POST', '/runs', { request: 'x' }, { headers: { 'content-type': type } })
    expect([r.status, r.json.code]).toEqual([415, 'unsupported_media_type'])
  })
  it('takes application/json with charset and in any case', async () => {
    expect(
      (
        await t.send(
          'POST',
          '/runs',
          { request: 'x' },
          { headers: { 'content-type': 'Application/JSON; charset="UTF-8"' } },
        )
      ).status,
    ).toBe(202)
  })
  it.each(['', '{', '\u0000', 'request=x', '{"request": "x"', `{"plan":${'['.repeat(400)}${']'.repeat(400)}}`])(
    'answers 400 for the text %j',
    async (raw) => {
      expect((await t.send('POST', '/runs', undefined, { raw })).json).toMatchObject({
        status: 400,
        code: 'invalid_request',
      })
    },
  )
  it('refuses nesting that nobody writes by hand', async () => {
    await using wide = await startTestServer()
    const deep = `{"plan":${'{"a":'.repeat(1500)}1${'}'.repeat(1500)}}`
    expect((await wide.send('POST', '/plans/validate', undefined, { raw: deep })).status).toBe(400)
  })
  it('lets no __proto__ through', async () => {
    const r = await t.send('POST', '/runs', undefined, {
      raw: '{"__proto__":{"request":"x"},"plan":{"steps":[]},"inputs":{"__proto__":{"p":1},"constructor":2}}',
    })
    expect(r.status).toBe(202)
    const inputs = t.orchestrator.submitted.at(-1)?.options.inputs ?? {}
    expect(Object.keys(inputs)).toEqual(['constructor'])
    expect(Reflect.get(inputs, 'p')).toBeUndefined()
  })
})

describe('methods and paths', () => {
  it.each([
    ['PUT', '/runs', 'POST, GET'],
    ['DELETE', '/runs/x', 'GET'],
    ['HEAD', '/plans', 'POST'],
    ['OPTIONS', '/runs', 'POST, GET'],
    ['GET', '/plans', 'POST'],
    ['POST', '/health', 'GET'],
    ['PROPFIND', '/catalog', 'GET'],
    ['TRACE', '/catalog', 'GET'],
  ])('answers 405 with Allow for %s %s', async (method, path, allow) => {
    const r = await t.send(method, path)
    expect([r.status, r.headers.allow]).toEqual([405, allow])
  })
  it.each([
    '/',
    '/no/such/path',
    '//',
    '/runs/',
    '/workflows',
    '/approvals',
    '/runs/x/pause',
    '/runs/%E0%A4%A/nothing',
    '/RUNS',
  ])('answers 404 as a problem for %s', async (path) => {
    const r = await t.send('GET', path)
    expect(r.status).toBe(404)
    expect(r.headers['content-type']).toBe('application/problem+json')
    expect(r.json).toMatchObject({
      status: 404,
      title: expect.any(String) as string,
      code: expect.any(String) as string,
    })
  })
  it.each([
    ['/health', 200],
    ['/ready', 200],
    ['/runs', 200],
    ['/runs/none', 404],
  ])('answers HEAD %s like GET, without the body', async (path, status) => {
    const [head, get] = [await t.send('HEAD', path), await t.send('GET', path)]
    expect([head.status, head.text]).toEqual([status, ''])
    expect(head.headers['content-type']).toBe(get.headers['content-type'])
  })
  it('stops reading the events of a run after a HEAD', async () => {
    const id = runIdOf(await t.send('POST', '/runs', { request: 'x' }))
    expect((await t.send('HEAD', `/runs/${id}/events`)).headers['content-type']).toMatch(/^text\/event-stream/)
    await expect.poll(() => t.orchestrator.readers(id)).toBe(0)
  })
  it('refuses a page of another origin', async () => {
    const r = await t.send('POST', '/runs', { request: 'x' }, { headers: { origin: 'https://evil.example' } })
    expect([r.status, r.json.code]).toEqual([403, 'forbidden'])
  })
  it('gives every answer a request id, and keeps one that can stand in a log', async () => {
    expect(
      (await t.send('GET', '/health', undefined, { headers: { 'x-request-id': 'my-id_1' } })).headers['x-request-id'],
    ).toBe('my-id_1')
    const made = (await t.send('GET', '/nothing', undefined, { headers: { 'x-request-id': 'a b"c' } })).headers[
      'x-request-id'
    ]
    expect(made).toMatch(/^req_[0-9a-f]{32}$/)
  })
})

describe('plans', () => {
  it('makes a plan and runs nothing', async () => {
    const before = t.orchestrator.submitted.length
    const r = await t.send('POST', '/plans', { request: 'x' })
    expect(r.status).toBe(200)
    expect(r.json).toMatchObject({
      plan: { steps: [{ name: 'a', component: 'weather-tool', action: 'get_weather' }] },
      issues: [],
      way: 'model',
      explanation: { stages: [['a']], critical_path: ['a'], max_parallelism: 1 },
    })
    expect(t.orchestrator.submitted.length).toBe(before)
  })
  it('hands on the facts about the caller and the thread', async () => {
    await t.send('POST', '/plans', { request: 'x', options: { thread_id: 'th', metadata: { tier: 'gold' } } })
    expect(t.orchestrator.plannedWith.at(-1)).toMatchObject({ threadId: 'th', metadata: { tier: 'gold' } })
  })
  it('answers 503 when there is no model', async () => {
    expect((await t.send('POST', '/plans', { request: 'no model' })).json).toMatchObject({
      status: 503,
      code: 'no_model',
    })
  })
  it('validates with 200 either way', async () => {
    expect((await t.send('POST', '/plans/validate', { plan: { steps: [] } })).json).toEqual({ valid: true, issues: [] })
    const bad = await t.send('POST', '/plans/validate', { workflow: 'steps: [{component: weathr}]' })
    expect([bad.status, bad.json]).toEqual([200, { valid: false, issues: [{ ...badStep }] }])
    expect((await t.send('POST', '/plans/validate', { steps: [] })).status).toBe(400)
  })
})

describe('catalog', () => {
  it('names components, capabilities with schemas, instances and sources', async () => {
    expect((await t.send('GET', '/catalog')).json).toMatchObject({
      fingerprint: 'f1',
      components: [
        {
          name: 'weather-tool',
          capabilities: [{ name: 'get_weather', effect: 'read', input_schema: { type: 'object' } }],
          instances: [{ id: 'w1' }],
        },
      ],
      sources: [{ name: 'local', state: 'ready' }],
    })
    expect((await t.send('GET', '/catalog/weather-tool')).json.name).toBe('weather-tool')
  })
  it('is 404 with the nearest name for an unknown component', async () => {
    const r = await t.send('GET', '/catalog/wether-tool')
    expect([r.status, r.json.detail]).toEqual([
      404,
      'There is no component "wether-tool". Did you mean "weather-tool"?',
    ])
  })
  it('searches', async () => {
    expect((await t.send('GET', '/catalog/search?q=rain&k=1')).json).toMatchObject({
      items: [{ component: 'weather-tool', action: 'get_weather', score: 2.5 }],
    })
  })
  it.each([
    '',
    '?q=',
    '?q=%20',
    '?q=x&k=0',
    '?q=x&k=-5',
    '?q=x&k=abc',
    '?q=x&k=1e9',
    `?q=${'a'.repeat(1_001)}`,
    '?k=abc',
  ])('refuses /catalog/search%s', async (query) => {
    expect((await t.send('GET', `/catalog/search${query}`)).status).toBe(400)
  })

  it('says of a long query that it is too long', async () => {
    const { json } = await t.send('GET', `/catalog/search?q=${'a'.repeat(1_001)}`)
    expect(json.detail).toContain('must have at most 1000 characters')
  })
})

describe('openapi.json', () => {
  it('describes what is served, and every reference in it resolves', async () => {
    const { json } = await t.send('GET', '/openapi.json?')
    expect(json.openapi).toBe('3.1.0')
    expect(Object.keys(json.paths as object).sort()).toEqual([
      '/capabilities',
      '/catalog',
      '/catalog/search',
      '/catalog/{component}',
      '/health',
      '/metrics',
      '/openapi.json',
      '/plans',
      '/plans/validate',
      '/ready',
      '/runs',
      '/runs/{run_id}',
      '/runs/{run_id}/cancel',
      '/runs/{run_id}/events',
      '/runs/{run_id}/explanation',
      '/runs/{run_id}/steps/{step}/output',
    ])
    const refs = [...new Set(JSON.stringify(json).match(/"#\/[^"]+"/g))].map((ref) => JSON.parse(ref) as string)
    expect(refs).toContain('#/components/schemas/Document')
    for (const ref of refs) {
      const found = ref
        .slice(2)
        .split('/')
        .reduce<unknown>(
          (at, key) => (at as Record<string, unknown> | undefined)?.[key.replaceAll('~1', '/').replaceAll('~0', '~')],
          json,
        )
      expect(found, ref).toBeDefined()
    }
  })
  it('gives every operation its own id', async () => {
    const { text } = await t.send('GET', '/openapi.json')
    const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map((m) => m[1])
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toContain('getRunsRunIdStepsStepOutput')
  })
})

describe('draining and closing', () => {
  it('says 503 on /ready, takes no new work, and still shows runs', async () => {
    await using own = await startTestServer()
    const id = runIdOf(await own.send('POST', '/runs', { request: 'x' }))
    own.server.drain()
    expect((await own.send('GET', '/ready')).json).toMatchObject({ status: 503, code: 'not_ready' })
    expect((await own.send('POST', '/runs', { request: 'x' })).json).toMatchObject({ status: 503, code: 'closed' })
    expect((await own.send('POST', '/plans', { request: 'x' })).status).toBe(503)
    expect((await own.send('GET', `/runs/${id}`)).status).toBe(200)
    expect((await own.send('GET', '/health')).json).toMatchObject({ status: 'healthy', ready: false })
  })
  it('lets an open stream end within the time it is given', async () => {
    const own = await startTestServer()
    const id = runIdOf(await own.send('POST', '/runs', { request: 'x' }))
    const stream = await own.open('GET', `/runs/${id}/events`)
    await stream.until((text) => text.includes('run-start'))
    const closed = own.server.close(10_000)
    own.orchestrator.end(id)
    expect(await stream.ended).toContain('event: run-end')
    await closed
  })
  it('cuts what is still open when the time is over', async () => {
    const own = await startTestServer()
    const id = runIdOf(await own.send('POST', '/runs', { request: 'x' }))
    const stream = await own.open('GET', `/runs/${id}/events`)
    await stream.until((text) => text.includes('run-start'))
    const closed = own.server.close(500)
    await own.clock.advance(500)
    await closed
    await expect.poll(() => own.orchestrator.readers(id)).toBe(0)
  })
  it('is not ready while no source is loaded', async () => {
    await using own = await startTestServer()
    own.orchestrator.ready = false
    expect((await own.send('GET', '/ready')).status).toBe(503)
    expect((await own.send('GET', '/health')).status).toBe(200)
  })
  it('needs an orchestrator only: the rest has defaults', async () => {
    const server = await createServer({ orchestrator: createFakeOrchestrator(), config: { server: { port: 0 } } })
    expect(await (await fetch(`${server.url}/ready`)).json()).toEqual({ ready: true })
    await server.close()
  })
  it('says which port is taken', async () => {
    const config = resolveConfig({ server: { port: t.server.port } })
    const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
    const second = createServer({
      orchestrator: createFakeOrchestrator(),
      config,
      log: silent,
      clock: createManualClock(),
    })
    await expect(second).rejects.toThrow(`Cannot listen on "127.0.0.1", port ${t.server.port}: EADDRINUSE.`)
  })
})

describe('hostile requests', () => {
  const junk = [
    '',
    '{}',
    '[]',
    'null',
    '0',
    '"x"',
    '{"request":null}',
    '{"request":{}}',
    '{"plan":{"steps":[null]}}',
    '{"__proto__":{"x":1},"request":1}',
    '{"workflow":{}}',
    '{"workflow":"\\u0000"}',
    '{"request":"x","options":5}',
    '\ufeff{}',
    '{"a":1e999}',
    '<xml/>',
    `{"plan":${'['.repeat(2000)}`,
  ]
  const paths = [
    '/runs',
    '/plans',
    '/plans/validate',
    '/workflows/%2e%2e%2fx/runs',
    '/runs/%00',
    '/runs/..%2f..%2fetc',
    '/runs/x/cancel',
    '/runs/%E0%A4%A',
    '/catalog/search?q=%FF&k=-5',
    '/runs?limit=-1&offset=abc',
    '/runs?cursor=%00',
    '/runs/x/events',
    '/metrics?x=[]',
    '//',
    '/openapi.json?',
    `/catalog/${'x'.repeat(2000)}`,
    '/%',
    '/\\..\\',
    '/?%',
    '/runs/__proto__',
    '/runs/constructor/steps/toString/output',
    '/http://evil/',
  ]
  const extra: Record<string, string>[] = [
    {},
    { 'content-type': 'text/plain' },
    { 'last-event-id': '-5' },
    { prefer: 'wait=99999999999' },
    { authorization: `Bearer ${'x'.repeat(500)}` },
    { 'x-forwarded-for': "'; drop" },
    { host: 'a b' },
    { host: '' },
    { 'idempotency-key': '' },
    { traceparent: 'x' },
  ]

  it('never make a 5xx, and the server still works', async () => {
    await using own = await startTestServer()
    const bad: string[] = []
    for (const [i, path] of paths.entries()) {
      for (const [j, method] of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'].entries()) {
        const headers = extra[(i + j) % extra.length] ?? {}
        const raw = method === 'GET' || method === 'HEAD' ? undefined : junk[(i * 7 + j) % junk.length]
        const r = await own.send(method, path, undefined, { headers, ...(raw !== undefined && { raw }) })
        if (r.status >= 500) bad.push(`${method} ${path} ${JSON.stringify(headers)} -> ${r.status} ${r.text}`)
      }
    }
    for (const raw of junk) {
      const r = await own.send('POST', '/runs', undefined, { raw })
      if (r.status >= 500) bad.push(`POST /runs ${raw.slice(0, 40)} -> ${r.status}`)
    }
    expect(bad).toEqual([])
    expect((await own.send('POST', '/runs', { request: 'x' })).status).toBe(202)
  })
})
