// What components.NAME declares, seen from outside: credentials, breaker, connections.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createHttpSource } from '../../src/connectors/http/http-source.ts'
import type { RunEvent } from '../../src/contracts/events.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import type { OrchestratorOptions } from '../../src/orchestrator-options.ts'
import { type SeenRequest, startHttpServer } from '../support/http-servers.ts'
import { watchProcess } from './support.ts'

watchProcess()

const SECRET = 'v3ry-s3cret'
const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

type Reply = readonly [status: number, body: unknown, headers?: Readonly<Record<string, string>>]

/** A component "payments" with one capability that reads; `reply` answers its calls. */
async function startPayments(reply: (seen: SeenRequest) => Reply) {
  const calls: SeenRequest[] = []
  const sockets = new Set<number | undefined>()
  const capability = { name: 'get', description: 'Reads.', effect: 'read', input_schema: { type: 'object' } }
  const replyTo = (seen: SeenRequest): Reply => {
    if (seen.url === '/api/capabilities') return [200, [capability]]
    if (seen.url === '/health') return [200, { status: 'healthy', name: 'payments', type: 'tool', id: 'p-1' }]
    return seen.method === 'POST' ? reply(seen) : [404, {}]
  }
  const server = await startHttpServer((seen, request, response) => {
    if (seen.method === 'POST') {
      calls.push(seen)
      sockets.add(request.socket.remotePort)
    }
    const [status, body, headers = {}] = replyTo(seen)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  })
  open.push(() => server.close())
  return { origin: server.origin, calls, sockets }
}

/** Gives `t1`, `t2` and so on. */
async function startTokens() {
  const server = await startHttpServer((_seen, _request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ access_token: `t0ken-${server.requests.length}`, expires_in: 3600 }))
  })
  open.push(() => server.close())
  return server
}

function createTutti(origin: string, options: OrchestratorOptions) {
  const events: RunEvent[] = []
  const tutti = createOrchestrator({
    sources: [createHttpSource({ name: 'given', url: origin })],
    recovery: { initialWaitMs: 1, semanticEnabled: false },
    onEvent: (event) => events.push(event),
    ...options,
  })
  open.push(() => tutti.close())
  return { tutti, events }
}
const documentOf = (count: number) => ({
  steps: Array.from({ length: count }, (_, i) => ({ name: `s${i}`, component: 'payments', action: 'get' })),
})
const credentialsAt = (origin: string) => ({
  payments: {
    credentials: {
      type: 'client-credentials' as const,
      tokenUrl: `${origin}/token`,
      clientId: 'tutti',
      clientSecret: SECRET,
    },
  },
})

describe('a component that asks to slow down (429)', () => {
  it('is not called while it rests, for as long as it asked, and then serves every step', async () => {
    let firstAt = 0
    const payments = await startPayments(() => {
      firstAt ||= performance.now()
      return performance.now() - firstAt < 800 ? [429, { error: 'slow down' }, { 'retry-after': '1' }] : [200, {}]
    })
    const opened: unknown[] = []
    const { tutti } = createTutti(payments.origin, {
      executor: { maxConcurrency: 100 },
      onNotice: ({ kind, details }) => void (kind === 'breaker' && opened.push(details?.['state'])),
    })
    const { status } = await tutti.execute(documentOf(100))
    expect(status).toBe('succeeded')
    expect(opened).toEqual(['open', 'closed'])
    // 64 at once before the first answer; after it nobody, until it may be asked again.
    expect(payments.calls.length).toBeLessThanOrEqual(64 + 10 + 100)
  })
})

describe('components.NAME.credentials', () => {
  it('are withheld from a component that registered itself until its origins are named: the call, health and the log say so', async () => {
    const payments = await startPayments(() => [200, {}])
    const warned: string[] = []
    const log = { debug: () => 0, info: () => 0, warn: (message: string) => warned.push(message), error: () => 0 }
    const ask = vi.fn((): never => {
      throw new Error('no model is asked')
    })
    const run = async (origins?: string[]) => {
      const { tutti } = createTutti(payments.origin, {
        sources: [createHttpSource({ name: 'given', url: payments.origin, trust: 'discovered' })],
        components: { Payments: { credentials: { type: 'bearer', token: SECRET, origins } } },
        model: { id: 'test:none', stream: ask },
        recovery: { initialWaitMs: 1, semanticEnabled: true },
        log,
      })
      const { steps } = await tutti.execute(documentOf(1))
      return { error: steps[0]?.error, check: (await tutti.health()).checks['credentials'] }
    }
    const { error, check } = await run()
    expect(error?.code).toBe('component_unauthorized')
    expect(error?.message).toContain('credentials.origins')
    expect(check).toMatchObject({ status: 'degraded', message: expect.stringContaining('"payments"') })
    expect(warned).toEqual([check?.message])
    expect([payments.calls, ask.mock.calls]).toEqual([[], []])
    expect(await run([payments.origin])).toEqual({ error: undefined, check: undefined })
    expect(payments.calls.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${SECRET}`])
    expect(warned).toHaveLength(1)
  })

  it('are renewed once when a component refuses them, and stand in no event, answer or status', async () => {
    const tokens = await startTokens()
    const payments = await startPayments(({ headers }) =>
      headers.authorization === 'Bearer t0ken-2'
        ? [200, { seen: headers }]
        : [401, { error: { code: 'EXPIRED', message: `No: ${String(headers.authorization)}` } }],
    )
    const { tutti, events } = createTutti(payments.origin, { components: credentialsAt(tokens.origin) })
    const response = await tutti.execute(documentOf(1))
    expect(response.status).toBe('succeeded')
    expect(payments.calls.map(({ headers }) => headers.authorization)).toEqual(['Bearer t0ken-1', 'Bearer t0ken-2'])
    expect(events.filter((event) => event.type === 'step-repair')).toMatchObject([{ way: 'credentials' }])
    const told = JSON.stringify([events, response, tutti.status()], (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    expect(told).not.toMatch(/t0ken-\d|v3ry-s3cret/)
    expect(told).toContain('[secret credentials]')
  })

  it('that are refused again stop the step: two calls, two tokens, and no model is asked (B47)', async () => {
    const tokens = await startTokens()
    const payments = await startPayments(() => [403, { error: { code: 'NO', message: 'Not you.' } }])
    const { tutti, events } = createTutti(payments.origin, { components: credentialsAt(tokens.origin) })
    const response = await tutti.execute(documentOf(1))
    expect(response.steps[0]).toMatchObject({ status: 'failed', error: { code: 'component_unauthorized' } })
    expect([payments.calls.length, tokens.requests.length]).toEqual([2, 2])
    expect(events.some(({ type }) => type === 'model-call')).toBe(false)
  })
})

describe('components.NAME.breaker', () => {
  it('opens after as many calls as it says, whatever the case of the name, and shows in status', async () => {
    const payments = await startPayments(() => [500, { error: { code: 'BROKEN', message: 'It broke.' } }])
    const { tutti } = createTutti(payments.origin, {
      components: { Payments: { breaker: { volume: 3, errorPercentage: 100 }, recovery: { maxAttempts: 1 } } },
    })
    const response = await tutti.execute(documentOf(12), {}, { maxConcurrency: 1 })
    expect(payments.calls).toHaveLength(3)
    expect(response.steps.slice(3).every(({ error }) => error?.code === 'breaker_open')).toBe(true)
    expect(tutti.status().breakers).toMatchObject([
      { component: 'payments', instance: 'p-1', state: 'open', share: 0, openedAt: expect.stringMatching(/Z$/) },
    ])
  })
})

describe('components.NAME.connections', () => {
  it('bounds the sockets to an instance', async () => {
    const payments = await startPayments(() => [200, {}])
    const { tutti } = createTutti(payments.origin, { components: { payments: { connections: 2 } } })
    expect((await tutti.execute(documentOf(40), {}, { maxConcurrency: 40 })).status).toBe('succeeded')
    expect([payments.calls.length, payments.sockets.size]).toEqual([40, 2])
  })
})
