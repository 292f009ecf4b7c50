import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccess, parseApiKeys } from '../../src/server/access.ts'
import { createRateLimit } from '../../src/server/rate-limit.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { runIdOf } from './http.ts'
import { startTestServer, type TestServer } from './support.ts'

const KEYS = { reader: 'kr-1', runner: 'kx:with:colons', approver: 'ka-1', boss: 'kb-1', other: 'ko-1' }
const apiKeys = `reader:read:${KEYS.reader}, runner:run:${KEYS.runner},approver:approve:${KEYS.approver},boss:admin:${KEYS.boss},other:run:${KEYS.other}`

describe('with API keys', () => {
  let t: TestServer
  beforeAll(async () => {
    t = await startTestServer({ apiKeys })
  })
  afterAll(() => t[Symbol.asyncDispose]())
  const as = (name: keyof typeof KEYS, method: string, path: string, body?: unknown) =>
    t.send(method, path, body, { headers: { 'x-api-key': KEYS[name] } })

  it('answers 401 without a key and with a wrong one, also where there is nothing', async () => {
    for (const headers of [
      {},
      { authorization: 'Bearer nope' },
      { 'x-api-key': 'nope' },
      { authorization: 'Basic eA==' },
    ]) {
      for (const path of ['/runs', '/nothing', '/metrics', '/openapi.json']) {
        const r = await t.send('GET', path, undefined, { headers })
        expect([r.status, r.json.code, r.headers['www-authenticate']]).toEqual([401, 'unauthorized', 'Bearer'])
      }
    }
  })
  it('takes the key as bearer or as X-API-Key', async () => {
    expect((await as('reader', 'GET', '/runs')).status).toBe(200)
    expect(
      (await t.send('GET', '/runs', undefined, { headers: { authorization: `bearer ${KEYS.runner}` } })).status,
    ).toBe(200)
  })
  it.each([
    ['reader', 'GET', '/catalog', undefined, 200],
    ['reader', 'POST', '/plans/validate', { plan: {} }, 200],
    ['reader', 'POST', '/runs', { request: 'x' }, 403],
    ['reader', 'POST', '/plans', { request: 'x' }, 403],
    ['reader', 'POST', '/runs/x/cancel', undefined, 403],
    ['runner', 'POST', '/runs', { request: 'x' }, 202],
    ['runner', 'GET', '/metrics', undefined, 200],
    ['approver', 'GET', '/runs', undefined, 200],
    ['approver', 'POST', '/runs', { request: 'x' }, 403],
    ['boss', 'POST', '/runs', { request: 'x' }, 202],
  ] as const)('lets %s do %s %s %o: %i', async (name, method, path, body, status) => {
    const r = await as(name, method, path, body)
    expect(r.status).toBe(status)
    if (status === 403)
      expect(r.json).toMatchObject({ code: 'forbidden', detail: expect.stringContaining(`"${name}"`) as string })
  })
  it('keeps the runs of one key from another; an admin sees all', async () => {
    const id = runIdOf(await as('runner', 'POST', '/runs', { request: 'x' }))
    for (const path of [`/runs/${id}`, `/runs/${id}/events`, `/runs/${id}/steps/a/output`]) {
      expect((await as('other', 'GET', path)).json.code).toBe('unknown_run')
    }
    expect((await as('other', 'POST', `/runs/${id}/cancel`)).status).toBe(404)
    expect((await as('other', 'GET', '/runs')).text).not.toContain(id)
    expect((await as('runner', 'GET', `/runs/${id}`)).status).toBe(200)
    expect((await as('boss', 'GET', `/runs/${id}`)).status).toBe(200)
    expect((await as('boss', 'GET', '/runs')).text).toContain(id)
  })
  it('gives two keys two runs for the same Idempotency-Key', async () => {
    const post = (key: string) =>
      t.send('POST', '/runs', { request: 'x' }, { headers: { 'x-api-key': key, 'idempotency-key': 'same' } })
    expect((await post(KEYS.runner)).json.run_id).not.toBe((await post(KEYS.other)).json.run_id)
  })
  it('answers /health and /ready without a key, naming states and no addresses', async () => {
    expect(await t.send('GET', '/ready')).toMatchObject({ status: 200, json: { ready: true } })
    const health = await t.send('GET', '/health')
    expect(health.json).toEqual({ status: 'healthy', ready: true, checks: { 'source:redis': 'ok' } })
  })
  it('answers any Host', async () => {
    expect(
      (await t.send('GET', '/runs', undefined, { headers: { 'x-api-key': KEYS.boss, host: 'tutti.example' } })).status,
    ).toBe(200)
  })
})

describe('without API keys', () => {
  const identify = (peer: string, headers: Record<string, string>) =>
    createAccess(undefined).identify({ peer, headers: new Headers({ host: 'localhost:8080', ...headers }) })

  it.each([
    ['127.0.0.1', {}],
    ['::1', {}],
    ['::ffff:127.0.0.1', { host: '127.0.0.1:1' }],
    ['127.0.0.1', { host: '[::1]:8080' }],
    ['127.0.0.1', { origin: 'http://localhost:8080' }],
  ])('answers this machine (%s %o) as principal local', (peer, headers) => {
    expect(identify(peer, headers)).toEqual({ principal: 'local', role: 'admin' })
  })
  it.each([
    ['10.0.0.5', {}],
    ['127.0.0.1', { host: 'evil.example' }],
    ['127.0.0.1', { host: '' }],
    ['127.0.0.1', { host: '127.0.0.1.evil.example' }],
    ['2001:db8::1', { host: 'localhost' }],
  ])('refuses %s %o', (peer, headers) => {
    expect(() => identify(peer, headers)).toThrow(expect.objectContaining({ code: 'no_api_keys' }))
  })
  it.each(['https://evil.example', 'null', 'http://localhost:9999'])('refuses the foreign origin %s', (origin) => {
    expect(() => identify('127.0.0.1', { origin })).toThrow(expect.objectContaining({ code: 'forbidden' }))
  })
  it('answers 403 no_api_keys over HTTP to a foreign Host', async () => {
    await using t = await startTestServer()
    const r = await t.send('GET', '/runs', undefined, { headers: { host: 'rebind.example' } })
    expect([r.status, r.json.code]).toEqual([403, 'no_api_keys'])
    expect((await t.send('GET', '/health', undefined, { headers: { host: 'rebind.example' } })).status).toBe(200)
  })
})

describe('parseApiKeys', () => {
  it.each([
    ['justakey', /Entry 1 .* not of the form NAME:ROLE:KEY/],
    ['a:read:k1,b:root:topsecret', /Entry 2 .*"b".* unknown role/],
    ['a:read:', /Entry 1/],
    ['a:read:k1,a:run:topsecret', /same name/],
    ['a:read:topsecret,b:run:topsecret', /same key.*"b"/],
  ])('refuses "%s" without showing a key', (text, message) => {
    expect(() => parseApiKeys(text)).toThrow(message)
    expect(() => parseApiKeys(text)).not.toThrow(/topsecret|justakey/)
  })
})

describe('metrics', () => {
  it('need no key when they are public', async () => {
    await using t = await startTestServer({ apiKeys, publicMetrics: true })
    const r = await t.send('GET', '/metrics')
    expect(r.status).toBe(200)
    expect(r.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(r.text).toContain('tutti_runs_total{status="succeeded"} 0')
  })
})

describe('rate limit', () => {
  it('lets a second worth of requests through at once and says of the rest when to come again', async () => {
    await using t = await startTestServer({ requestsPerSecond: 100 })
    const answers = await Promise.all(Array.from({ length: 150 }, () => t.send('POST', '/runs', { request: 'x' })))
    expect(answers.filter((r) => r.status === 202).length).toBe(100)
    const refused = answers.filter((r) => r.status === 429)
    expect(refused.length).toBe(50)
    for (const r of refused) expect(r.headers['retry-after']).toBe('1')
    expect((await t.send('GET', '/health')).status).toBe(200)
    await t.clock.advance(1_000)
    expect((await t.send('POST', '/runs', { request: 'x' })).status).toBe(202)
  })
  it('refills evenly and never beyond one second', async () => {
    const clock = createManualClock()
    const limit = createRateLimit(2, clock)
    const takes = (n: number) => Array.from({ length: n }, () => attempt(() => limit.take('a')))
    expect(takes(3)).toEqual([true, true, false])
    await clock.advance(500)
    expect(takes(2)).toEqual([true, false])
    await clock.advance(60_000)
    expect(takes(3)).toEqual([true, true, false])
    expect(attempt(() => limit.take('b'))).toBe(true)
  })
  it('slows down guessing of keys', async () => {
    await using t = await startTestServer({ apiKeys, requestsPerSecond: 5 })
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        t.send('GET', '/runs', undefined, { headers: { 'x-api-key': `guess-${i}` } }),
      ),
    )
    expect(answers.map((r) => r.status).sort()).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
  })
})

const attempt = (work: () => void): boolean => {
  try {
    work()
    return true
  } catch {
    return false
  }
}
