import { afterEach, describe, expect, it } from 'vitest'
import { createHttpSource } from '../../src/connectors/http/http-source.ts'
import type { Source } from '../../src/contracts/parts.ts'
import type { TestServer } from '../support/http-servers.ts'
import { startHttpServer } from '../support/http-servers.ts'

const signal = new AbortController().signal
const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const LIST = [
  {
    name: 'search',
    description: 'Searches',
    input_types: null,
    input_summary: { required: [{ name: 'q', type: 'string' }] },
  },
  { name: 'two\nlines' },
  { name: 'ask', endpoint: '/orchestrate/natural', internal: true },
]

/** Answers each path with a status and a body. */
async function serve(routes: Record<string, readonly [number, unknown]>): Promise<TestServer> {
  const server = await startHttpServer((seen, _request, response) => {
    const [status, body] = routes[seen.url] ?? [404, 'not found']
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  open.push(() => server.close())
  return server
}
function sourceOf(options: Omit<Parameters<typeof createHttpSource>[0], 'name'>): Source {
  const source = createHttpSource({ name: 'given', ...options })
  open.push(async () => {
    await source.discovery.close?.()
    await source.invoker.close?.()
  })
  return source
}

describe('components at known addresses', () => {
  it('name themselves by their health, as tool or agent, and offer what can be read of their list', async () => {
    const server = await serve({
      '/api/capabilities': [200, LIST],
      '/health': [200, { status: 'healthy', agent: 'research-agent', id: 'research-agent-1', region: 'eu-1' }],
    })
    const [component] = await sourceOf({ url: server.origin }).discovery.load(signal)
    expect(component).toMatchObject({
      name: 'research-agent',
      kind: 'agent',
      source: 'given',
      trust: 'configured',
      instances: [{ id: 'research-agent-1', address: server.origin, health: 'healthy', region: 'eu-1' }],
    })
    expect(component?.capabilities.map(({ name, internal }) => [name, internal])).toEqual([
      ['ask', true],
      ['search', undefined],
    ])
  })

  it('have the name of the source and unknown health when they have no health of this format', async () => {
    const server = await serve({ '/api/capabilities': [200, LIST] })
    const [component] = await sourceOf({ url: server.origin, kind: 'agent' }).discovery.load(signal)
    expect(component).toMatchObject({ name: 'given', kind: 'agent', instances: [{ health: 'unknown' }] })
  })

  it('may stand below a path, where their capabilities are called too', async () => {
    const server = await serve({
      '/base/api/capabilities': [200, LIST],
      '/base/api/capabilities/search': [200, { ok: true }],
    })
    const source = sourceOf({ url: `${server.origin}/base/` })
    const [component] = await source.discovery.load(signal)
    const capability = component?.capabilities.find(({ name }) => name === 'search')
    const instance = component?.instances[0]
    if (component === undefined || capability === undefined || instance === undefined) throw new Error('not found')
    const call = {
      component,
      capability,
      instance,
      inputs: { q: 'x' },
      idempotencyKey: 'k',
      runId: 'r',
      headers: {},
      signal,
    }
    expect((await source.invoker.invoke(call)).body).toEqual({ ok: true })
  })

  it('are instances of one component when they have one name', async () => {
    const routes = { '/api/capabilities': [200, LIST], '/health': [200, { name: 'twin' }] } as const
    const servers = [await serve(routes), await serve(routes)]
    const [component, ...others] = await sourceOf({ url: servers.map(({ origin }) => origin) }).discovery.load(signal)
    expect(others).toEqual([])
    expect(new Set(component?.instances.map(({ address }) => address))).toEqual(
      new Set(servers.map(({ origin }) => origin)),
    )
  })

  it.each([
    ['an error', 500, '{}'],
    ['something that is not JSON', 200, '<html>'],
  ])('that answer with %s are a failed source', async (_what, status, body) => {
    const server = await serve({ '/api/capabilities': [status, body] })
    await expect(sourceOf({ url: server.origin }).discovery.load(signal)).rejects.toMatchObject({
      code: 'source_failed',
    })
  })

  it('must have an HTTP URL without credentials, which is not repeated', () => {
    expect(() => createHttpSource({ name: 'x', url: 'http://user:s3cret@host' })).toThrow(
      expect.objectContaining({ code: 'invalid_config', message: expect.not.stringContaining('s3cret') as string }),
    )
  })
})
