import { afterEach, describe, expect, it } from 'vitest'
import { createHttpInvoker } from '../../src/connectors/http/http-invoker.ts'
import type { Component } from '../../src/contracts/capability.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { Invoker, InvokerResult } from '../../src/contracts/parts.ts'
import type { CredentialsSpec } from '../../src/contracts/policy.ts'
import { type SeenRequest, startHttpServer, startJsonServer, type TestServer } from '../support/http-servers.ts'
import { createManualClock } from '../support/manual-clock.ts'

const SECRET = 'cl1ent-s3cret'
const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})
function keep<T extends { close?(): Promise<void> }>(thing: T): T {
  open.push(() => thing.close?.())
  return thing
}

const capability = { name: 'do_it', description: '', inputSchema: { type: 'object' }, effect: 'read' } as const
const componentAt = (address: string, name = 'payments'): Component => ({
  name,
  kind: 'tool',
  source: 'test',
  trust: 'configured',
  capabilities: [capability],
  instances: [{ id: 'one', address, health: 'healthy' }],
})
const invokerWith = (spec: CredentialsSpec | undefined, clock = createManualClock()): Invoker =>
  keep(createHttpInvoker({ privateAddresses: true, credentialsOf: () => spec, clock }))
const signal = new AbortController().signal
const call = (
  invoker: Invoker,
  component: Component,
  more: { headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<InvokerResult> => {
  const [instance] = component.instances
  const [capability] = component.capabilities
  if (instance === undefined || capability === undefined) throw new Error('an instance and a capability are wanted')
  const fixed = { component, capability, instance, inputs: {}, idempotencyKey: 'run_1:s:1', runId: 'run_1' }
  return invoker.invoke({ ...fixed, headers: {}, signal, ...more })
}
const failureOf = async (promise: Promise<unknown>): Promise<TuttiError> => {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(TuttiError)
  return error as TuttiError
}
const textOf = (error: TuttiError): string => `${error.message} ${JSON.stringify(error.details)} ${String(error.cause)}`

type Answer = { readonly status?: number; readonly type?: string; readonly body: unknown }
/** Gives what the test says, in turn; the last for ever. */
const startTokenServer = async (answers: readonly Answer[]): Promise<TestServer> => {
  let asked = 0
  return keep(
    await startHttpServer((_seen, _request, response) => {
      const answer = answers[Math.min(asked++, answers.length - 1)]
      response.writeHead(answer?.status ?? 200, { 'content-type': answer?.type ?? 'application/json' })
      response.end(typeof answer?.body === 'string' ? answer.body : JSON.stringify(answer?.body))
    }),
  )
}
const token = (value: string, expires: unknown = 3600): Answer => ({
  body: { access_token: value, token_type: 'Bearer', expires_in: expires },
})
const specAt = ({ origin }: TestServer, more: Partial<Extract<CredentialsSpec, { type: 'client-credentials' }>> = {}) =>
  ({
    type: 'client-credentials',
    tokenUrl: `${origin}/oauth/token`,
    clientId: 'tutti',
    clientSecret: SECRET,
    ...more,
  }) as const
const shown = (requests: readonly SeenRequest[]) => requests.map(({ headers }) => headers.authorization)

describe('credentials of a component', () => {
  it('go with each call, and a run cannot put its own in their place', async () => {
    const tool = keep(await startJsonServer({}))
    const bearer = invokerWith({ type: 'bearer', token: 'abc' })
    await call(bearer, componentAt(tool.origin), { headers: { Authorization: 'Bearer forged', 'x-trace': '1' } })
    const header = invokerWith({ type: 'header', name: 'X-Api-Key', value: 'k1' })
    await call(header, componentAt(tool.origin), { headers: { 'x-api-key': 'forged' } })
    expect(tool.requests[0]?.headers).toMatchObject({ authorization: 'Bearer abc', 'x-trace': '1' })
    expect(tool.requests[1]?.headers['x-api-key']).toBe('k1')
    expect(tool.requests[1]?.headers.authorization).toBeUndefined()
  })

  it('come from components.NAME.credentials, and go to that component only', async () => {
    const mine = keep(await startJsonServer({}))
    const other = keep(await startJsonServer({}))
    const invoker = keep(createHttpInvoker({ privateAddresses: true }))
    invoker.usePolicies?.((name) =>
      name === 'payments' ? { credentials: { type: 'bearer', token: 'abc' }, connections: 2 } : undefined,
    )
    await call(invoker, componentAt(mine.origin))
    await call(invoker, componentAt(other.origin, 'weather'))
    expect([shown(mine.requests), shown(other.requests)]).toEqual([['Bearer abc'], [undefined]])
  })

  it('are taken out of an answer that says them back', async () => {
    const echo = keep(
      await startHttpServer((seen, _request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        const said = JSON.stringify({ got: seen.headers })
        response.end(seen.url.endsWith('slashes') ? said.replaceAll('/', '\\/') : said)
      }),
    )
    const invoker = invokerWith({ type: 'bearer', token: 'abc/12+3==' })
    for (const path of ['/plain', '/slashes']) {
      const component = componentAt(echo.origin)
      const { body } = await call(invoker, { ...component, capabilities: [{ ...capability, endpoint: path }] })
      expect(JSON.stringify(body)).toContain('Bearer [secret credentials]')
      expect(JSON.stringify(body)).not.toContain('12+3')
    }
  })

  it.each([
    { type: 'header', name: 'x key', value: 'v' },
    { type: 'header', name: 'Host', value: 'v' },
    { type: 'header', name: 'x-key', value: 'a\r\nhost: evil' },
    { type: 'bearer', token: 'a\nb' },
  ] as const)('that no header can carry fail the call and are not shown: %j', async (spec) => {
    const tool = keep(await startJsonServer({}))
    const error = await failureOf(call(invokerWith(spec), componentAt(tool.origin)))
    expect([error.code, error.details['sent']]).toEqual(['component_unauthorized', false])
    expect(textOf(error)).not.toMatch(/evil|a\\nb/)
    expect(tool.requests).toHaveLength(0)
  })

  describe('of a component that registered itself', () => {
    const spec = { type: 'bearer', token: 'abc-secret' } as const
    const discovered = (...addresses: string[]): Component => ({
      ...componentAt(''),
      trust: 'discovered',
      instances: addresses.map((address, i) => ({ id: `i${i}`, address, health: 'healthy' })),
    })

    it('go to the origins that are declared, and nowhere else', async () => {
      const mine = keep(await startJsonServer({}))
      const evil = keep(await startJsonServer({}))
      const invoker = invokerWith({ ...spec, origins: [`${mine.origin}/`] })
      await call(invoker, discovered(mine.origin))
      expect(shown(mine.requests)).toEqual(['Bearer abc-secret'])
      for (const address of [evil.origin, mine.origin.replace('127.0.0.1', 'localhost'), 'nonsense'])
        expect(await failureOf(call(invoker, discovered(address)))).toMatchObject({
          code: 'component_unauthorized',
          retryable: false,
          details: { sent: false },
        })
      expect(evil.requests).toEqual([])
      expect(mine.requests).toHaveLength(1)
    })

    it('go nowhere while no origins are declared, and the error says what to declare', async () => {
      const tool = keep(await startJsonServer({}))
      const tokens = await startTokenServer([token('t1')])
      for (const unbound of [spec, specAt(tokens)]) {
        const invoker = invokerWith(unbound)
        const error = await failureOf(call(invoker, discovered(tool.origin)))
        expect(error.message).toContain(`"${tool.origin}"`)
        expect(error.message).toContain('components.payments.credentials.origins')
        expect(textOf(error)).not.toContain('abc-secret')
        expect(await invoker.refreshCredentials?.(discovered(tool.origin), signal)).toBe(false)
      }
      expect([tool.requests, tokens.requests]).toEqual([[], []])
    })

    it('leave the call to another instance, where one is at a declared origin', async () => {
      const mine = keep(await startJsonServer({}))
      const component = discovered('http://127.0.0.1:1', mine.origin)
      const error = await failureOf(call(invokerWith({ ...spec, origins: [mine.origin] }), component))
      expect(error).toMatchObject({ code: 'component_unauthorized', retryable: true })
    })
  })

  it('keep to their origins for a component that is configured, too', async () => {
    const tool = keep(await startJsonServer({}))
    const invoker = invokerWith({ type: 'header', name: 'x-key', value: 'v', origins: ['https://pay.example'] })
    expect((await failureOf(call(invoker, componentAt(tool.origin)))).code).toBe('component_unauthorized')
    expect(tool.requests).toEqual([])
  })

  it('that stand fast cannot be refreshed', async () => {
    const refresh = (spec: CredentialsSpec | undefined) =>
      invokerWith(spec).refreshCredentials?.(componentAt('http://127.0.0.1:1'), signal)
    expect(await refresh({ type: 'bearer', token: 'abc' })).toBe(false)
    expect(await refresh(undefined)).toBe(false)
  })
})

describe('client credentials', () => {
  it('fetch one token for any number of calls at once, and use it until half a minute before its end', async () => {
    const clock = createManualClock()
    const tool = keep(await startJsonServer({}))
    const tokens = await startTokenServer([token('t1', 300), token('t2', '300')])
    const invoker = invokerWith(specAt(tokens, { scope: 'pay', audience: 'bank' }), clock)
    const payments = componentAt(tool.origin)
    await Promise.all(Array.from({ length: 20 }, () => call(invoker, payments)))
    expect(tokens.requests).toHaveLength(1)
    const [asked] = tokens.requests
    expect(asked).toMatchObject({ method: 'POST', url: '/oauth/token' })
    expect(asked?.headers.authorization).toBe(`Basic ${Buffer.from(`tutti:${SECRET}`).toString('base64')}`)
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'pay',
      audience: 'bank',
    })
    await clock.advance(269_000)
    await call(invoker, payments)
    expect(tokens.requests).toHaveLength(1)
    await clock.advance(1_000)
    await call(invoker, payments)
    expect(tokens.requests).toHaveLength(2)
    expect(new Set(shown(tool.requests))).toEqual(new Set(['Bearer t1', 'Bearer t2']))
    expect(tool.requests.some(({ headers, body }) => JSON.stringify([headers, body]).includes(SECRET))).toBe(false)
  })

  it('are refreshed once for all who were refused, and not for one who was refused with the token before', async () => {
    const clock = createManualClock()
    const tool = keep(await startJsonServer({}))
    const tokens = await startTokenServer([token('t1'), token('t2'), token('t2')])
    const invoker = invokerWith(specAt(tokens), clock)
    const payments = componentAt(tool.origin)
    const refresh = () => invoker.refreshCredentials?.(payments, signal)
    await call(invoker, payments)
    await clock.advance(5_000)
    expect(await Promise.all([refresh(), refresh(), refresh()])).toEqual([true, true, true])
    expect(await refresh()).toBe(true)
    expect(tokens.requests).toHaveLength(2)
    await call(invoker, payments)
    expect(shown(tool.requests)).toEqual(['Bearer t1', 'Bearer t2'])
    await clock.advance(5_000)
    // The endpoint has no other to give.
    expect(await refresh()).toBe(false)
  })

  it('are fetched again at once when the new token is refused as well', async () => {
    const tool = keep(
      await startHttpServer((seen, _request, response) => {
        response.writeHead(seen.headers.authorization === 'Bearer t3' ? 200 : 401)
        response.end()
      }),
    )
    const invoker = invokerWith(specAt(await startTokenServer([token('t1'), token('t2'), token('t3')])))
    const payments = componentAt(tool.origin)
    for (const expected of [401, 401, 200]) {
      expect((await call(invoker, payments)).status).toBe(expected)
      expect(await invoker.refreshCredentials?.(payments, signal)).toBe(true)
    }
  })

  it('are sent in the form to an endpoint that does not know the header', async () => {
    const tool = keep(await startJsonServer({}))
    const tokens = await startTokenServer([{ status: 401, body: { error: 'invalid_client' } }, token('t1')])
    await call(invokerWith(specAt(tokens)), componentAt(tool.origin))
    expect(new URLSearchParams(tokens.requests[1]?.body).get('client_secret')).toBe(SECRET)
    expect(shown(tool.requests)).toEqual(['Bearer t1'])
  })

  it.each<[string, Answer, RegExp]>([
    ['answers HTML', { type: 'text/html', body: `<html>${SECRET}</html>` }, /without a token/],
    ['answers nothing', { body: '' }, /without a token/],
    ['gives a token that is no text', { body: { access_token: 5 } }, /without a token/],
    ['gives a token with a line break', { body: { access_token: 'a\r\nb' } }, /without a token/],
    ['gives a token of another kind', { body: { access_token: 'a', token_type: 'mac' } }, /another kind/],
    ['refuses', { status: 400, body: { error: 'invalid_scope', error_description: SECRET } }, /400 \(invalid_scope\)/],
    ['says the secret back', { status: 403, body: { error: SECRET } }, /answered with 403\./],
    ['fails', { status: 503, body: 'down' }, /answered with 503/],
    ['sends elsewhere', { status: 307, body: '' }, /could not be asked \(redirect_refused\)/],
  ])(
    'that cannot be had, since the endpoint %s, fail the call with a reason and no secret',
    async (_what, answer, why) => {
      const tool = keep(await startJsonServer({}))
      const tokens = await startTokenServer([answer])
      const error = await failureOf(call(invokerWith(specAt(tokens)), componentAt(tool.origin)))
      expect([error.code, error.details['sent']]).toEqual(['component_unauthorized', false])
      expect(error.message).toMatch(why)
      expect(error.message).toContain('components.payments.credentials')
      expect(textOf(error)).not.toContain(SECRET)
      expect(tool.requests).toHaveLength(0)
    },
  )

  it('wait ten seconds for an endpoint that hangs, then leave it alone for a second', async () => {
    const clock = createManualClock()
    const reached = Promise.withResolvers<void>()
    const hanging = keep(await startHttpServer(() => reached.resolve()))
    const invoker = invokerWith(specAt(hanging), clock)
    const payments = componentAt('http://127.0.0.1:1')
    const failing = failureOf(call(invoker, payments))
    await reached.promise
    await clock.advance(10_000)
    const error = await failing
    expect([error.code, error.retryable]).toEqual(['component_unauthorized', true])
    expect(error.message).toContain('did not answer within 10s')
    expect((await failureOf(call(invoker, payments))).message).toBe(error.message)
    expect(await invoker.refreshCredentials?.(payments, signal)).toBe(false)
    expect(hanging.requests).toHaveLength(1)
  })

  it('let a caller go who does not wait longer, while the others wait on', async () => {
    const tool = keep(await startJsonServer({}))
    const reached = Promise.withResolvers<() => void>()
    const slow = keep(
      await startHttpServer((_seen, _request, response) => {
        reached.resolve(() => response.end(JSON.stringify(token('t1').body)))
      }),
    )
    const invoker = invokerWith(specAt(slow))
    const controller = new AbortController()
    const first = failureOf(call(invoker, componentAt(tool.origin), { signal: controller.signal }))
    const second = call(invoker, componentAt(tool.origin))
    const answer = await reached.promise
    controller.abort(new TuttiError('cancelled', 'The run was cancelled.'))
    expect((await first).code).toBe('cancelled')
    answer()
    expect((await second).status).toBe(200)
    expect(shown(tool.requests)).toEqual(['Bearer t1'])
  })
})
