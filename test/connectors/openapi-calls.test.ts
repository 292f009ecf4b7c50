import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createOpenapiSource } from '../../src/connectors/openapi/openapi-source.ts'
import { type Answer, callOf, openWorld, signal, type World, type WorldOptions } from './openapi-world.ts'

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

describe('where calls go', () => {
  const at = (servers: object[], more: object = {}) => ({
    paths: { '/x': { get: { operationId: 'x', ...ok, ...more } } },
    servers,
  })

  it('to where the document stands when it names no other server, or one relative to it', async () => {
    const world = await open(at([{ url: '../v2/' }]))
    await world.call('x')
    expect(world.calls().map(({ url }) => url)).toEqual(['/v2/x'])
  })

  it('to a server of its own origin, with the variables that are configured', async () => {
    const servers = [
      { url: 'https://elsewhere.example' },
      { url: '/{stage}/{v}', variables: { stage: { default: 'live' }, v: { default: 1 } } },
    ]
    const world = await open(at(servers), { spec: { serverVariables: { stage: 'test' } } })
    await world.call('x')
    expect(world.calls().map(({ url }) => url)).toEqual(['/test/1/x'])
  })

  it('nowhere else than its own origin for a document that was fetched, unless the configuration says where', async () => {
    const world = await open(at([{ url: 'https://elsewhere.example/' }]))
    await expect(world.component()).rejects.toThrow(
      'its server "https://elsewhere.example" is not the origin of the document. Say where in "server".',
    )
    const other = await open(at([{ url: 'https://elsewhere.example/' }]), {
      spec: { server: `${world.server.origin}/base` },
    })
    await other.call('x')
    expect(world.calls().map(({ url }) => url)).toEqual(['/base/x'])
  })

  it('to the path of an operation that has a server of its own, if that is on the same origin', async () => {
    const world = await open({
      paths: {
        '/x': { get: { operationId: 'x', servers: [{ url: '/own' }], ...ok } },
        '/y': { servers: [{ url: '/path' }], get: { operationId: 'y', ...ok } },
        '/z': { get: { operationId: 'z', servers: [{ url: 'https://uploads.example' }], ...ok } },
      },
    })
    await world.call('x')
    await world.call('y')
    expect(world.calls().map(({ url }) => url)).toEqual(['/own/x', '/path/y'])
    expect(world.source.report().skipped).toEqual([
      { operation: 'GET /z (z)', reason: `its server "https://uploads.example" is not "${world.server.origin}"` },
    ])
  })

  it.each([
    'http://169.254.169.254/',
    'http://127.0.0.1:1/',
    'http://[::1]/',
    'file:///etc/passwd',
    'http://u:p@a.example',
  ])('never to %s because a file says so', async (url) => {
    const folder = await mkdtemp(join(tmpdir(), 'openapi-'))
    closing.push(() => rm(folder, { recursive: true }))
    const file = join(folder, 'api.json')
    await writeFile(file, JSON.stringify({ openapi: '3.1.0', ...at([{ url }]) }))
    const { discovery } = createOpenapiSource({ name: 'test', spec: { file } })
    await expect(discovery.load(signal)).rejects.toMatchObject({ code: 'source_failed' })
  })
})

describe('what is sent and what comes back', () => {
  const operation = (more: object) => ({
    paths: { '/x/{id}': { post: { operationId: 'x', parameters: [id], ...more, ...ok } } },
  })
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }

  it('puts every input in its place', async () => {
    const parameters = [
      id,
      { name: 'q', in: 'query', schema: { type: 'array', items: { type: 'string' } } },
      { name: 'id', in: 'query', schema: { type: 'string' } },
      { name: 'X-Trace', in: 'header', schema: { type: 'string' } },
      { name: 'sid', in: 'cookie', schema: { type: 'string' } },
      { name: 'Accept', in: 'header', schema: { type: 'string' } },
    ]
    const schema = { type: 'object', properties: { big: { type: 'integer' } } }
    const world = await open(operation({ parameters, requestBody: { content: { 'application/json': { schema } } } }))
    const inputs = { id: 'a/b', q: ['1', '2 3'], query_id: 'two', 'X-Trace': 't', sid: 's;d', big: 9007199254740993n }
    await world.call('x', inputs)
    const [seen] = world.calls()
    expect(seen).toMatchObject({ method: 'POST', url: '/x/a%2Fb?q=1&q=2%203&id=two', body: '{"big":9007199254740993}' })
    expect(seen?.headers).toMatchObject({
      'x-trace': 't',
      cookie: 'sid=s%3Bd',
      'content-type': 'application/json',
      traceparent: '00-trace',
    })
    expect(seen?.headers['idempotency-key']).toBeUndefined()
  })

  it('sends our key where an operation takes one, which makes it idempotent, and never shows it', async () => {
    const parameters = [id, { name: 'Idempotency-Key', in: 'header', required: true, schema: { type: 'string' } }]
    const world = await open(operation({ parameters }))
    const capability = await world.capability('x')
    expect(capability).toMatchObject({ effect: 'write', idempotent: true })
    expect(Object.keys(capability.inputSchema['properties'] as object)).toEqual(['id'])
    await world.call('x', { id: '1' })
    expect(world.calls()[0]?.headers['idempotency-key']).toBe('run:step:1')
  })

  it.each([['..'], ['.'], [''], [null]])('does not let %j as a part of the path lead elsewhere', async (value) => {
    const world = await open(operation({}))
    await expect(world.call('x', { id: value })).rejects.toMatchObject({ code: 'invalid_input' })
    expect(world.calls()).toEqual([])
  })

  it('refuses inputs that would end a header', async () => {
    const world = await open(operation({ parameters: [id, { name: 'X-A', in: 'header', schema: { type: 'string' } }] }))
    await expect(world.call('x', { id: '1', 'X-A': 'a\r\nX-B: c' })).rejects.toMatchObject({ code: 'invalid_input' })
    expect(world.calls()).toEqual([])
  })

  it('writes forms, parts and text', async () => {
    const properties = {
      name: { type: 'string' },
      tags: { type: 'array', items: { type: 'string' } },
      address: { type: 'object', properties: { city: { type: 'string' } } },
      file: { type: 'string', format: 'binary' },
    }
    const body = (type: string, more: object = {}) => ({
      post: {
        operationId: type,
        requestBody: { required: true, content: { [type]: { schema: { type: 'object', properties }, ...more } } },
        ...ok,
      },
    })
    const world = await open({
      paths: {
        '/form': body('application/x-www-form-urlencoded', {
          encoding: { address: { style: 'deepObject', explode: true } },
        }),
        '/parts': body('multipart/form-data'),
        '/text': {
          post: {
            operationId: 'text',
            requestBody: { content: { 'text/plain': { schema: { type: 'string' } } } },
            ...ok,
          },
        },
        '/bytes': {
          post: { operationId: 'bytes', requestBody: { required: true, content: { 'image/png': {} } }, ...ok },
        },
      },
    })
    const inputs = { name: 'a&b', tags: ['x', 'y'], address: { city: 'Ulm' } }
    await world.call('application_x-www-form-urlencoded', inputs)
    await world.call('multipart_form-data', { ...inputs, file: 'line\r\n--x' })
    await world.call('text', { body: '42' })
    const [form, parts, text] = world.calls()
    expect(form).toMatchObject({ body: 'name=a%26b&tags=x&tags=y&address%5Bcity%5D=Ulm' })
    const sent = await new Response(parts?.body, {
      headers: { 'content-type': parts?.headers['content-type'] ?? '' },
    }).formData()
    expect([sent.get('name'), sent.getAll('tags')]).toEqual(['a&b', ['x', 'y']])
    const file = sent.get('file')
    expect(file instanceof File && (await file.text())).toBe('line\r\n--x')
    expect(parts?.body).toContain('Content-Type: application/json\r\n\r\n{"city":"Ulm"}')
    expect(text).toMatchObject({ body: '42', headers: { 'content-type': 'text/plain' } })
    expect(world.source.report().skipped).toEqual([
      { operation: 'POST /bytes (bytes)', reason: 'its body is image/png, which cannot be written here' },
    ])
  })

  it('reads JSON without loss, text, nothing, bytes, and the headers that HEAD is asked for', async () => {
    const answers: Record<string, Answer> = {
      '/json': { headers: { 'content-type': 'application/json' }, body: '{"id":9007199254740993}' },
      '/text': { headers: { 'content-type': 'text/plain' }, body: '42' },
      '/none': { status: 204 },
      '/png': { headers: { 'content-type': 'image/png' }, body: Buffer.from([137, 80, 255]) },
      '/missing': { status: 404, headers: { 'content-type': 'application/problem+json' }, body: '{"title":"no"}' },
      '/head': { headers: { 'content-type': 'text/plain', 'content-length': '99000000', etag: '"e"' } },
    }
    const paths = Object.fromEntries(
      Object.keys(answers).map((path) => [
        path,
        { [path === '/head' ? 'head' : 'get']: { operationId: path.slice(1), ...ok } },
      ]),
    )
    const world = await open({ paths }, { answer: ({ url }) => answers[url] ?? {} })
    expect(await world.call('json')).toMatchObject({ status: 200, body: { id: 9007199254740993n } })
    expect(await world.call('text')).toMatchObject({ body: '42' })
    expect(await world.call('none')).toMatchObject({ status: 204, body: null })
    expect(await world.call('png')).toMatchObject({
      body: { content_type: 'image/png', size_bytes: 3, base64: 'iVD/' },
    })
    expect(await world.call('missing')).toMatchObject({ status: 404, body: { title: 'no' } })
    expect(await world.call('head')).toMatchObject({ body: { etag: '"e"', 'content-length': '99000000' } })
  })

  it('refuses redirects, and ends answers at the limit', async () => {
    const world = await open(
      { paths: { '/r': { get: { operationId: 'r', ...ok } }, '/l': { get: { operationId: 'l', ...ok } } } },
      {
        answer: ({ url }) =>
          url === '/r'
            ? { status: 302, headers: { location: 'http://169.254.169.254/' } }
            : { body: 'x'.repeat(2_000) },
      },
    )
    await expect(world.call('r')).rejects.toMatchObject({ code: 'redirect_refused' })
    const spec = { url: `${world.server.origin}/openapi.json` }
    const small = createOpenapiSource({ name: 'test', spec, maxResponseBytes: 1_000 })
    closing.push(async () => Promise.all([small.discovery.close?.(), small.invoker.close?.()]))
    const [component] = await small.discovery.load(signal)
    const capability = component?.capabilities.find(({ name }) => name === 'l')
    if (component === undefined || capability === undefined) throw new Error('not found')
    await expect(callOf(small, component, capability, {})).rejects.toMatchObject({ code: 'response_too_large' })
  })
})
