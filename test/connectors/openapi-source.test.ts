import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createOpenapiSource } from '../../src/connectors/openapi/openapi-source.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { openWorld, signal, type World, type WorldOptions } from './openapi-world.ts'

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
const pets = {
  paths: {
    '/pets': {
      get: {
        operationId: 'list pets',
        tags: ['pet'],
        summary: 'Lists pets',
        parameters: [
          { name: 'limit', in: 'query', schema: { type: 'integer', maximum: 100 } },
          { name: 'status', in: 'query', required: true, schema: { type: 'string', enum: ['sold', 'free'] } },
        ],
        responses: {
          200: {
            description: '',
            content: { 'application/json': { schema: { type: 'array', items: { $ref: '#/components/schemas/Pet' } } } },
          },
        },
      },
      post: {
        operationId: 'createPet',
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Pet' } } },
        },
        ...ok,
      },
    },
    '/pets/{petId}': {
      parameters: [{ name: 'petId', in: 'path', required: true, schema: { type: 'string' } }],
      delete: { tags: ['pet'], deprecated: true, ...ok },
      put: { operationId: 'replacePet', ...ok },
      head: { operationId: 'hasPet', ...ok },
      options: ok,
    },
  },
  components: {
    schemas: {
      Pet: {
        type: 'object',
        required: ['id', 'name'],
        properties: {
          id: { type: 'integer', readOnly: true },
          name: { type: 'string' },
          secret: { type: 'string', writeOnly: true },
          parent: { $ref: '#/components/schemas/Pet' },
        },
      },
    },
  },
}

describe('what a document offers', () => {
  it('is one component with a capability for each operation, versioned as the document', async () => {
    const world = await open({ ...pets, info: { title: 'Pets', version: '2.1', description: 'A shop.' } })
    const component = await world.component()
    expect(component).toMatchObject({ name: 'test', kind: 'tool', version: '2.1', description: 'Pets: A shop.' })
    expect(component.instances).toMatchObject([{ address: world.server.origin }])
    expect(component.capabilities.map(({ name, effect, idempotent }) => [name, effect, idempotent])).toEqual([
      ['list_pets', 'read', undefined],
      ['createPet', 'write', undefined],
      ['hasPet', 'read', undefined],
      ['replacePet', 'write', true],
      ['delete_pets_petId', 'write', undefined],
    ])
  })

  it('reports what it leaves out, with the reason', async () => {
    const world = await open(pets)
    await world.component()
    const skipped = [{ operation: 'OPTIONS /pets/{petId}', reason: 'such operations are not called' }]
    expect(world.source.report()).toEqual({ operations: 5, skipped, warnings: [] })
    expect(world.source.discovery.skipped?.()).toEqual([
      { name: 'OPTIONS /pets/{petId}', why: 'such operations are not called' },
    ])
    expect(world.warnings).toEqual([])
    expect(world.told).toEqual([
      'The OpenAPI source "test" leaves out OPTIONS /pets/{petId}: such operations are not called.',
    ])
  })

  it('makes parameters and the properties of a body one object of typed inputs', async () => {
    const world = await open(pets)
    expect((await world.capability('list_pets')).inputSchema).toEqual({
      type: 'object',
      properties: {
        limit: { type: 'integer', maximum: 100 },
        status: { type: 'string', enum: ['sold', 'free'] },
      },
      required: ['status'],
      additionalProperties: false,
    })
  })

  it('keeps recursion as a reference, asks for nothing that only the server sets, promises nothing that only callers give', async () => {
    const world = await open(pets)
    const request = (await world.capability('createPet')).inputSchema
    expect(request['required']).toEqual(['name'])
    expect(Object.keys(request['properties'] as object)).toEqual(['name', 'secret', 'parent'])
    expect(request['$defs']).toMatchObject({ Pet: { properties: { parent: { $ref: '#/$defs/Pet' } } } })
    const response = (await world.capability('list_pets')).outputSchema
    expect(response).toMatchObject({ type: 'array', items: { $ref: '#/$defs/Pet' } })
    expect(Object.keys((response as { $defs: { Pet: { properties: object } } }).$defs.Pet.properties)).toEqual([
      'id',
      'name',
      'parent',
    ])
  })

  it('reads the dialect of 3.0 as JSON Schema 2020-12', async () => {
    const schema = {
      type: 'object',
      properties: {
        a: { type: 'string', nullable: true, enum: ['x'], example: 'x' },
        b: { type: 'number', minimum: 0, exclusiveMinimum: true },
        c: { $ref: '#/components/schemas/C', description: 'siblings mean nothing in 3.0' },
        d: { nullable: true, allOf: [{ $ref: '#/components/schemas/C' }] },
      },
    }
    const world = await open({
      openapi: '3.0.3',
      paths: {
        '/x': { post: { operationId: 'x', requestBody: { content: { 'application/json': { schema } } }, ...ok } },
      },
      components: { schemas: { C: { type: 'integer' } } },
    })
    expect((await world.capability('x')).inputSchema['properties']).toEqual({
      a: { type: ['string', 'null'], enum: ['x', null], examples: ['x'] },
      b: { type: 'number', exclusiveMinimum: 0 },
      c: { $ref: '#/$defs/C' },
      d: { anyOf: [{ allOf: [{ $ref: '#/$defs/C' }] }, { type: 'null' }] },
    })
  })

  it('joins what `allOf` puts together, and gives bodies that are no plain object an input of their own', async () => {
    const body = (schema: object) => ({
      requestBody: { required: true, content: { 'application/json': { schema } } },
      ...ok,
    })
    const part = (name: string) => ({ type: 'object', required: [name], properties: { [name]: { type: 'string' } } })
    const world = await open({
      paths: {
        '/all': { post: { operationId: 'all', ...body({ allOf: [part('a'), part('b')] }) } },
        '/one': { post: { operationId: 'one', ...body({ oneOf: [part('a'), part('b')] }) } },
        '/list': { post: { operationId: 'list', ...body({ type: 'array', items: { type: 'string' } }) } },
        '/map': { post: { operationId: 'map', ...body({ ...part('a'), additionalProperties: true }) } },
        '/choice': {
          post: { operationId: 'choice', ...body({ ...part('a'), anyOf: [{ required: ['a'] }, { required: ['b'] }] }) },
        },
        '/clash/{a}': {
          post: {
            operationId: 'clash',
            parameters: [{ name: 'a', in: 'path', required: true, schema: { type: 'string' } }],
            ...body(part('a')),
          },
        },
      },
    })
    const required = async (name: string) => (await world.capability(name)).inputSchema['required']
    expect(await required('all')).toEqual(['a', 'b'])
    expect((await world.capability('choice')).inputSchema).toMatchObject({
      properties: { a: {} },
      anyOf: [{ required: ['a'] }, { required: ['b'] }],
    })
    expect(await required('one')).toEqual(['body'])
    expect(await required('list')).toEqual(['body'])
    expect(await required('map')).toEqual(['body'])
    expect(await required('clash')).toEqual(['a', 'body'])
    await world.call('all', { a: '1', b: '2' })
    await world.call('list', { body: ['1'] })
    await world.call('clash', { a: 'x', body: { a: 'y' } })
    expect(world.calls().map(({ url, body: sent }) => [url, sent])).toEqual([
      ['/all', '{"a":"1","b":"2"}'],
      ['/list', '["1"]'],
      ['/clash/x', '{"a":"y"}'],
    ])
  })

  it('gives every operation a name that models take, and no two the same', async () => {
    const get = (operationId?: string) => ({ get: { ...(operationId !== undefined && { operationId }), ...ok } })
    const world = await open(
      {
        paths: {
          '/a': get('Ünï/köde name'),
          '/b': get('x'),
          '/c': get('X'),
          '/d/{e}': get(),
          '/e': get('y'.repeat(100)),
        },
      },
      { spec: {} },
    )
    const paths = (await world.component().catch(() => undefined))?.capabilities.map(({ name }) => name)
    expect(paths).toEqual(['n_k_de_name', 'x', 'X_2', 'y'.repeat(64)])
    expect(world.source.report().skipped).toEqual([
      { operation: 'GET /d/{e}', reason: 'its path has a parameter "e" that is not declared' },
    ])
  })

  it('takes only what is included, nothing that is excluded, and what is declared over what is read', async () => {
    const world = await open(pets, {
      spec: {
        include: ['pet', 'replacePet', 'nothing'],
        exclude: ['hasPet', 'POST /pets'],
        operations: {
          'list pets': { approval: 'always', description: 'All.', timeoutMs: 500, tags: ['t'] },
          'DELETE /pets/{petId}': { hidden: true },
          replacePet: { effect: 'unknown', idempotent: false, requires: ['list_pets'] },
          creatPet: { effect: 'read' },
        },
      },
    })
    const { capabilities } = await world.component()
    expect(capabilities).toMatchObject([
      { name: 'list_pets', approval: 'always', description: 'All.', timeoutMs: 500, tags: ['t'] },
      { name: 'replacePet', effect: 'unknown', idempotent: false, requires: ['list_pets'] },
    ])
    expect(world.source.report().warnings).toEqual([
      'Nothing in the document is "nothing".',
      'Nothing in the document is "creatPet". Did you mean "createPet"?',
    ])
  })
})

describe('reading a document again', () => {
  it('gives the very same list while nothing changed, also when the server only says so by a tag', async () => {
    const world = await open(pets, { documentHeaders: { 'content-type': 'application/json', etag: '"1"' } })
    const first = await world.source.discovery.load(signal)
    expect(await world.source.discovery.load(signal)).toBe(first)
    expect(Object.isFrozen(first)).toBe(true)
    expect(world.server.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"'])
  })

  it('asks a server without tags once a minute', async () => {
    const clock = createManualClock()
    const world = await open(pets)
    const source = createOpenapiSource({ name: 'test', spec: { url: `${world.server.origin}/openapi.json` }, clock })
    closing.push(async () => source.discovery.close?.())
    const first = await source.discovery.load(signal)
    expect(await source.discovery.load(signal)).toBe(first)
    expect(world.server.requests).toHaveLength(1)
    await clock.advance(60_000)
    expect(await source.discovery.load(signal)).toBe(first)
    expect(world.server.requests).toHaveLength(2)
  })

  it('reads a file anew when it has changed, keeps what is good while it is broken, and says what is wrong with it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'openapi-'))
    closing.push(() => rm(folder, { recursive: true }))
    const file = join(folder, 'api.yaml')
    const yaml = (id: string) =>
      `openapi: 3.0.0\ninfo: {title: T, version: 1.0}\nservers: [{url: https://api.example/v1/}]\npaths:\n  /a:\n    get:\n      operationId: ${id}\n      responses: {200: {description: ok}}\n`
    await writeFile(file, yaml('one'))
    const source = createOpenapiSource({ name: 'test', spec: { file } })
    const names = async () => (await source.discovery.load(signal))[0]?.capabilities.map(({ name }) => name)
    expect(await names()).toEqual(['one'])
    const [component] = await source.discovery.load(signal)
    expect(component).toMatchObject({ version: '1', instances: [{ address: 'https://api.example' }] })
    await writeFile(file, 'openapi: [')
    await expect(names()).rejects.toMatchObject({
      code: 'source_failed',
      message: expect.stringContaining('cannot be read'),
    })
    await expect(names()).rejects.toMatchObject({ code: 'source_failed' })
    // Also of the same bytes as once before.
    await writeFile(file, yaml('one'))
    expect(await names()).toEqual(['one'])
    await writeFile(file, yaml('three'))
    expect(await names()).toEqual(['three'])
  })

  it('goes on with what a load has left that was told to stop', async () => {
    const paths = Array.from({ length: 2_000 }, (_, i) => `  /p${i}: {get: {operationId: o${i}, responses: {}}}`)
    const headers = { 'content-type': 'application/yaml', etag: '"1"' }
    const world = await open({}, { text: ['openapi: 3.1.0', 'paths:', ...paths].join('\n'), documentHeaders: headers })
    const controller = new AbortController()
    // The first to listen fetches the document, the second parses its text.
    let listeners = 0
    vi.spyOn(controller.signal, 'addEventListener').mockImplementation((...listening) => {
      EventTarget.prototype.addEventListener.apply(controller.signal, listening)
      if (++listeners === 2) queueMicrotask(() => controller.abort())
    })
    const stopped = world.source.discovery.load(controller.signal)
    await expect(stopped).rejects.toThrow('given up')
    expect((await world.component()).capabilities).toHaveLength(2_000)
  })

  it.each([
    ['{"swagger":"2.0"}', 'is Swagger 2.0'],
    ['<html>', 'Is it the document itself, and not a page about it?'],
    ['{"openapi":"4.0"}', 'does not begin with "openapi: 3.0.x"'],
    ['{"openapi": "3.1.0", "paths": {', 'is not JSON'],
    ['{"openapi": "3.1.0", "paths": {}}', 'Nothing in the OpenAPI document'],
  ])('refuses %s', async (text, why) => {
    const world = await open({}, { text })
    await expect(world.component()).rejects.toMatchObject({
      code: 'source_failed',
      message: expect.stringContaining(why),
    })
  })

  it('refuses to be built of both a URL and a file, or of neither', () => {
    const build = (spec: object) => () => createOpenapiSource({ name: 'x', spec })
    expect(build({})).toThrow('needs either "url" or "file"')
    expect(build({ url: 'http://a', file: 'b' })).toThrow('needs either "url" or "file"')
    expect(build({ url: 'ftp://a' })).toThrow('must be like')
    expect(build({ file: 'b', server: 'https://u:p@a' })).toThrow('server must be like')
    expect(build({ file: 'b', headers: { 'x-a': 'b\r\nc: d' } })).toThrow('cannot be sent as a header')
  })
})
