import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { RunningComponent, ServedCapability } from '../../src/component/index.ts'
import { capability, componentError, createComponent } from '../../src/component/index.ts'
import { startRawServer } from '../support/http-servers.ts'

const running: RunningComponent[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop({ drainMs: 0 })
})

const echo = capability({
  name: 'echo',
  description: 'Gives back a city and a count',
  input: z.object({
    city: z
      .string()
      .describe('Name of a city')
      .meta({ examples: ['Tokyo'] }),
    count: z.number().int().default(3),
    data: z.unknown().optional(),
  }),
  effect: 'read',
  execute: (input, { idempotencyKey, headers }) => ({
    ...input,
    key: idempotencyKey ?? null,
    trace: headers['traceparent'],
  }),
})

async function start(
  capabilities: readonly ServedCapability[],
  kind: 'tool' | 'agent' = 'tool',
  more = {},
): Promise<RunningComponent> {
  const one = await createComponent({ name: 'probe', kind, description: 'A probe', capabilities }).start({
    id: 'probe-1',
    ...more,
  })
  running.push(one)
  return one
}

interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

async function send(url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, init)
  return { status: response.status, headers: response.headers, body: await response.json() }
}
const post = (
  one: RunningComponent,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> =>
  send(`${one.url}${path}`, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) })

describe('the endpoints of a component', () => {
  it('lists its capabilities in the registry format, for any method', async () => {
    const one = await start([echo])
    const expected = [
      {
        name: 'echo',
        description: 'Gives back a city and a count',
        endpoint: '/api/capabilities/echo',
        input_types: ['json'],
        output_types: ['json'],
        input_summary: {
          required: [{ name: 'city', type: 'string', example: 'Tokyo', description: 'Name of a city' }],
          optional: [
            { name: 'count', type: 'integer' },
            { name: 'data', type: 'string' },
          ],
        },
        schema_endpoint: '/api/capabilities/echo/schema',
        effect: 'read',
      },
    ]
    expect((await send(`${one.url}/api/capabilities`)).body).toEqual(expected)
    expect((await post(one, '/api/capabilities', {})).body).toEqual(expected)
  })

  it('says that it is healthy, and gives a draft-07 schema for each capability', async () => {
    const one = await start([echo])
    expect((await send(`${one.url}/health`)).body).toEqual({
      status: 'healthy',
      type: 'tool',
      name: 'probe',
      id: 'probe-1',
      description: 'A probe',
    })
    expect((await send(`${one.url}/api/capabilities/echo/schema`)).body).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      title: 'echo',
      description: 'Gives back a city and a count',
      properties: { city: { type: 'string', examples: ['Tokyo'] }, count: { type: 'integer', default: 3 } },
      required: ['city'],
      additionalProperties: false,
    })
  })

  it('answers in the envelope, with defaults applied, and hands key and headers to the capability', async () => {
    const one = await start([echo])
    const { status, body } = await post(
      one,
      '/api/capabilities/echo',
      { city: 'Rome' },
      { 'idempotency-key': 'k1', traceparent: 't' },
    )
    expect(status).toBe(200)
    expect(body).toEqual({ success: true, data: { city: 'Rome', count: 3, key: 'k1', trace: 't' } })
  })

  it('takes the inputs of an agent bare or in data, of a tool only bare', async () => {
    const agent = await start([echo], 'agent')
    const bare = await post(agent, '/api/capabilities/echo', { city: 'Rome' })
    const wrapped = await post(agent, '/api/capabilities/echo', { data: { city: 'Rome' } })
    expect(wrapped.body).toEqual(bare.body)
    const own = await post(agent, '/api/capabilities/echo', { data: { city: 'Rome', data: { x: 1 } } })
    expect(own.body).toMatchObject({ data: { data: { x: 1 } } })
    const tool = await start([echo])
    expect((await post(tool, '/api/capabilities/echo', { data: { city: 'Rome' } })).status).toBe(400)
  })

  it.each([
    [{ city: 7 }, 'city'],
    [{}, 'city'],
    [{ city: 'Rome', count: 1.5 }, 'count'],
  ])('refuses the inputs %j and names the field %s', async (inputs, field) => {
    const one = await start([echo])
    const { status, body } = await post(one, '/api/capabilities/echo', inputs)
    expect(status).toBe(400)
    expect(body).toMatchObject({
      success: false,
      error: { code: 'INVALID_INPUT', category: 'INPUT_ERROR', retryable: true, details: { field } },
    })
  })

  it('checks inputs described by JSON Schema alike', async () => {
    const plain = capability({
      name: 'plain',
      description: 'Takes a number',
      input: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
      execute: ({ n }) => ({ n }),
    })
    const one = await start([plain])
    expect((await post(one, '/api/capabilities/plain', { n: 1 })).body).toEqual({ success: true, data: { n: 1 } })
    const bad = await post(one, '/api/capabilities/plain', { n: 'one' })
    expect(bad.status).toBe(400)
    expect(bad.body).toMatchObject({ error: { code: 'INVALID_INPUT', details: { field: 'n' } } })
  })

  it('refuses bodies that are no object, too large, or no JSON, and methods and paths it does not have', async () => {
    const one = await start([echo], 'tool', { maxBodyBytes: 100 })
    const path = '/api/capabilities/echo'
    expect((await post(one, path, '{')).body).toMatchObject({ error: { code: 'INVALID_JSON' } })
    expect((await post(one, path, '[1]')).body).toMatchObject({ error: { code: 'INVALID_INPUT' } })
    const large = await post(one, path, { city: 'x'.repeat(200) })
    expect([large.status, large.body]).toMatchObject([413, { error: { code: 'BODY_TOO_LARGE' } }])
    const get = await send(`${one.url}${path}`)
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await post(one, `${path}/schema`, {})).status).toBe(405)
    expect((await post(one, '/nowhere', {})).status).toBe(404)
  })

  it('keeps the digits of large integers in both directions (B26)', async () => {
    const pass = capability({
      name: 'pass',
      description: 'Passes an id',
      input: { type: 'object', properties: { id: {} } },
      execute: ({ id }) => ({ id }),
    })
    const one = await start([pass])
    const response = await fetch(`${one.url}/api/capabilities/pass`, {
      method: 'POST',
      body: '{"id":12345678901234567890}',
    })
    expect(await response.text()).toBe('{"success":true,"data":{"id":12345678901234567890}}')
  })
})

describe('failures of a capability', () => {
  const failing = (thrown: unknown): ServedCapability =>
    capability({
      name: 'fail',
      description: 'Fails',
      input: z.object({}),
      execute: () => {
        throw thrown
      },
    })

  it.each([
    ['INPUT_ERROR', 400, true],
    ['AUTH_ERROR', 401, false],
    ['NOT_FOUND', 404, true],
    ['RATE_LIMIT', 429, true],
    ['SERVICE_ERROR', 503, true],
    ['INTERNAL_ERROR', 500, false],
  ] as const)('of category %s answer with status %i', async (category, status, retryable) => {
    const one = await start([failing(componentError(category, 'SOME_CODE', 'Because.', { hint: 'Tokyo' }))])
    const reply = await post(one, '/api/capabilities/fail', {})
    expect(reply.status).toBe(status)
    expect(reply.body).toEqual({
      success: false,
      error: { code: 'SOME_CODE', message: 'Because.', category, retryable, details: { hint: 'Tokyo' } },
    })
  })

  it('take a status of their own, and tell when to come again', async () => {
    const one = await start([failing(componentError(429, 'BUSY', 'Later.', { retry_after: '5s' }))])
    const reply = await post(one, '/api/capabilities/fail', {})
    expect(reply.headers.get('retry-after')).toBe('5')
    expect(reply.body).toMatchObject({ error: { category: 'RATE_LIMIT', details: { retry_after: '5s' } } })
  })

  it('that nobody foresaw answer 500 without a stack', async () => {
    const one = await start([failing(new Error('The disk is full'))])
    const reply = await post(one, '/api/capabilities/fail', {})
    expect(reply.status).toBe(500)
    expect(reply.body).toEqual({
      success: false,
      error: { code: 'INTERNAL_ERROR', message: 'The disk is full', category: 'INTERNAL_ERROR', retryable: false },
    })
  })
})

describe('the end of a call and of a component', () => {
  const waiting = () => {
    const begun: PromiseWithResolvers<AbortSignal> = Promise.withResolvers()
    const finish: PromiseWithResolvers<string> = Promise.withResolvers()
    const wait = capability({
      name: 'wait',
      description: 'Waits',
      input: z.object({}),
      execute: (_input, { signal }) => {
        begun.resolve(signal)
        return finish.promise
      },
    })
    return { begun, finish, wait }
  }
  const aborted = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve())
    })

  it('aborts the signal of a call whose caller has gone', async () => {
    const { begun, finish, wait } = waiting()
    const one = await start([wait])
    const controller = new AbortController()
    const call = post(one, '/api/capabilities/wait', {}).catch(() => undefined)
    void fetch(`${one.url}/api/capabilities/wait`, { method: 'POST', body: '{}', signal: controller.signal }).catch(
      () => undefined,
    )
    const signal = await begun.promise
    expect(signal.aborted).toBe(false)
    finish.resolve('done')
    expect(await call).toMatchObject({ body: { data: 'done' } })
    controller.abort()
    expect(signal.aborted).toBe(false)

    const second = waiting()
    const two = await start([second.wait])
    const leaving = new AbortController()
    void fetch(`${two.url}/api/capabilities/wait`, { method: 'POST', body: '{}', signal: leaving.signal }).catch(
      () => undefined,
    )
    const left = await second.begun.promise
    leaving.abort()
    await aborted(left)
    expect(left.aborted).toBe(true)
  })

  it('lets a call in flight end before it stops', async () => {
    const { begun, finish, wait } = waiting()
    const one = await start([wait])
    const call = post(one, '/api/capabilities/wait', {})
    await begun.promise
    const stopping = one.stop()
    finish.resolve('done')
    const reply = await call
    expect(reply).toMatchObject({ status: 200, body: { data: 'done' } })
    // Else the caller's idle connection would keep it from stopping.
    expect(reply.headers.get('connection')).toBe('close')
    await stopping
    await expect(fetch(`${one.url}/health`)).rejects.toThrow()
  })

  it('aborts what is still in flight after the drain', async () => {
    const { begun, wait } = waiting()
    const one = await start([wait])
    const call = post(one, '/api/capabilities/wait', {}).catch(() => 'cut')
    const signal = await begun.promise
    await one.stop({ drainMs: 0 })
    expect(signal.aborted).toBe(true)
    expect(await call).toBe('cut')
  })

  it('fails to start on a port that is taken', async () => {
    const taken = await startRawServer(() => undefined)
    await expect(start([echo], 'tool', { port: taken.port })).rejects.toThrow(/EADDRINUSE/)
    await taken.close()
  })
})

describe('definitions', () => {
  it('refuses names and endpoints that cannot be used, and those that appear twice', () => {
    const define = (name: string, endpoint?: string) =>
      capability({
        name,
        description: '',
        input: z.object({}),
        execute: () => 1,
        ...(endpoint === undefined ? {} : { endpoint }),
      })
    expect(() => define('two words')).toThrow(/"two words" cannot be used/)
    expect(() => define('__proto__')).toThrow(/cannot be used/)
    expect(() => define('ok', '//evil/x')).toThrow(/must be a path/)
    expect(() => define('ok', '/a/../b')).toThrow(/must be a path/)
    expect(() => createComponent({ name: 'x', capabilities: [define('a'), define('a')] })).toThrow(/same name/)
    expect(() => createComponent({ name: '', capabilities: [] })).toThrow(/cannot be used/)
  })
})
