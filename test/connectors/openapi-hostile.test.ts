// Documents from strangers: what they point at, how large they grow, and what they try to reach.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterEach, describe, expect, it } from 'vitest'
import { createCatalog } from '../../src/catalog/catalog.ts'
import { compileSchema, loadSchemas } from '../../src/plan/schema.ts'
import { openWorld, type World, type WorldOptions } from './openapi-world.ts'

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
const withBody = (schema: object, more: object = {}) => ({
  paths: {
    '/x': {
      post: { operationId: 'x', requestBody: { required: true, content: { 'application/json': { schema } } }, ...ok },
    },
  },
  ...more,
})

describe('references', () => {
  it.each([
    'https://evil.example/a.json',
    '../other.yaml#/x',
    'file:///etc/passwd',
    '//169.254.169.254/',
    'other.json',
  ])('to other documents are refused, with the place: %s', async (reference) => {
    const world = await open(withBody({ type: 'object', properties: { 'a/b': { items: [{ $ref: reference }] } } }))
    await expect(world.component()).rejects.toMatchObject({
      code: 'source_failed',
      message: expect.stringContaining(
        `refers to another document at #/paths/~1x/post/requestBody/content/application~1json/schema/properties/a~1b/items/0/$ref: "${reference}"`,
      ),
    })
    expect(world.calls()).toEqual([])
  })

  it('in data are data', async () => {
    const schema = { type: 'object', properties: { a: { default: { $ref: 'x.json' }, example: { $ref: 'y.json' } } } }
    const world = await open(withBody(schema))
    expect((await world.capability('x')).inputSchema).toMatchObject({ properties: { a: {} } })
  })

  it('to nowhere and in circles leave out what needs them, and nothing else', async () => {
    const world = await open({
      paths: {
        '/a': { get: { operationId: 'a', parameters: [{ $ref: '#/components/parameters/Loop' }], ...ok } },
        '/b': { $ref: '#/components/pathItems/none' },
        '/c': { post: { operationId: 'c', requestBody: { $ref: '#/nowhere' }, ...ok } },
        '/d': {
          post: {
            operationId: 'd',
            requestBody: { content: { 'application/json': { schema: { $ref: '#/nowhere' } } } },
            ...ok,
          },
        },
        '/e': { get: 'none' },
      },
      components: {
        parameters: { Loop: { $ref: '#/components/parameters/Pool' }, Pool: { $ref: '#/components/parameters/Loop' } },
      },
    })
    expect((await world.component()).capabilities.map(({ name }) => name)).toEqual(['d'])
    expect(world.source.report().skipped).toEqual([
      { operation: '/b', reason: 'it refers to nothing' },
      { operation: 'GET /e', reason: 'it is no object' },
      { operation: 'GET /a (a)', reason: 'one of its parameters refers to nothing' },
      { operation: 'POST /c (c)', reason: 'its body refers to nothing' },
    ])
  })
})

describe('size', () => {
  it('of schemas that multiply by reference is bounded: each definition is there once', async () => {
    const schemas = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => {
        const next = { $ref: `#/components/schemas/S${(i + 1) % 40}` }
        return [
          `S${i}`,
          { type: 'object', properties: Object.fromEntries(Array.from({ length: 20 }, (_, p) => [`p${p}`, next])) },
        ]
      }),
    )
    const world = await open(withBody({ $ref: '#/components/schemas/S0' }, { components: { schemas } }))
    const text = JSON.stringify((await world.capability('x')).inputSchema)
    expect(text.length).toBeLessThan(100_000)
  })

  it('of one schema with 100,000 properties says nothing of them instead of half', async () => {
    const properties = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`p${i}`, { type: 'string' }]))
    const schema = { type: 'object', additionalProperties: false, properties, required: ['p1'] }
    const world = await open(withBody(schema))
    const began = performance.now()
    expect((await world.capability('x')).inputSchema['properties']).toEqual({ body: { type: 'object' } })
    expect(performance.now() - began).toBeLessThan(2_000)
    await world.call('x', { body: { p1: 'a' } })
    expect(world.calls()[0]?.body).toBe('{"p1":"a"}')
  })

  it('of nesting is bounded', async () => {
    const deep = (levels: number) =>
      `{"openapi":"3.1.0","paths":{"/x":{"get":{"x-deep":1,"responses":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}}}}`
    const fine = await open({}, { text: deep(300) })
    expect((await fine.component()).capabilities).toHaveLength(1)
    const world = await open({}, { text: deep(100_000) })
    await expect(world.component()).rejects.toMatchObject({ code: 'source_failed' })
  })

  it('of a schema that is nested beyond all use ends in one that says nothing', async () => {
    let schema: object = { type: 'string' }
    for (let i = 0; i < 200; i++) schema = { type: 'array', items: schema }
    const world = await open(withBody(schema))
    expect(JSON.stringify((await world.capability('x')).inputSchema).match(/items/g)?.length).toBeLessThan(50)
  })

  it('of YAML that multiplies by aliases is bounded', async () => {
    const lines = ['openapi: 3.1.0', 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 12; i++)
      lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`)
    const world = await open({}, { text: [...lines, 'paths: {}'].join('\n') })
    await expect(world.component()).rejects.toMatchObject({
      code: 'source_failed',
      message: expect.stringContaining('alias'),
    })
  })

  it('of a large YAML text holds up nothing else, and its aliases are bounded all the same', async () => {
    const paths = Array.from({ length: 4_000 }, (_, i) => `  /p${i}:\n    get: {operationId: o${i}, responses: {}}`)
    const text = ['openapi: 3.1.0', 'paths:', ...paths].join('\n')
    const world = await open({}, { text })
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    expect((await world.component()).capabilities).toHaveLength(4_000)
    expect(delay.max / 1e6).toBeLessThan(1_000)
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 12; i++)
      bomb.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`)
    const hostile = await open({}, { text: [...bomb, text].join('\n') })
    await expect(hostile.component()).rejects.toThrow('alias')
  })

  it('of a document is bounded', async () => {
    const world = await open({}, { text: ' '.repeat(20_000_001) })
    await expect(world.component()).rejects.toThrow('more than 20000000 bytes')
  })
})

describe('names and paths', () => {
  it.each(['//evil.example/x', 'http://evil.example/', '/a/../b', '/a/%2e%2e/b', '/a?b=c', '/a#b', '/a\\b', '/a b'])(
    'a path like %j is not called',
    async (path) => {
      const world = await open({ paths: { [path]: { get: ok }, '/fine': { get: ok } } })
      expect((await world.component()).capabilities.map(({ name }) => name)).toEqual(['get_fine'])
      expect(world.source.report().skipped).toHaveLength(1)
    },
  )

  it.each(['Host', 'Content-Length', 'Transfer-Encoding', 'X\r\nY'])(
    'the header %j cannot be set by an input',
    async (name) => {
      const parameters = [{ name, in: 'header', schema: { type: 'string' } }]
      const world = await open({ paths: { '/x': { get: { operationId: 'x', parameters, ...ok } } } })
      expect((await world.capability('x')).inputSchema['properties']).toEqual({})
    },
  )

  it('keys that would set a prototype reach no object', async () => {
    const text = `{"openapi":"3.1.0","paths":{"/x":{"post":{"operationId":"x","requestBody":{"content":{"application/json":{"schema":
      {"type":"object","properties":{"__proto__":{"type":"string"},"a":{"type":"object","properties":{"__proto__":{"const":1}}}}}}}},"responses":{}}}}}`
    const world = await open({}, { text })
    const { inputSchema } = await world.capability('x')
    expect(Object.getPrototypeOf(inputSchema['properties'])).toBe(Object.prototype)
    expect(JSON.stringify(inputSchema)).not.toContain('__proto__')
  })

  it('descriptions are cut', async () => {
    const world = await open({
      paths: { '/x': { get: { operationId: 'x', description: 'y'.repeat(100_000), ...ok } } },
    })
    expect((await world.capability('x')).description).toHaveLength(1_000)
  })
})

describe('patterns that backtrack', () => {
  it.each(['^(a+)+$', '(a|a)*b', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*)*x', '\\1(a)'])(
    'cannot block who checks inputs: %s',
    async (pattern) => {
      const world = await open(withBody({ type: 'object', properties: { a: { type: 'string', pattern } } }))
      await loadSchemas()
      const schema = compileSchema((await world.capability('x')).inputSchema)
      const began = performance.now()
      schema.check({ a: `${'a'.repeat(1_900)}!` })
      expect(performance.now() - began).toBeLessThan(500)
    },
  )
})

describe('one broken document', () => {
  it('leaves the catalog with what it had', async () => {
    const world = await open({ paths: { '/x': { get: { operationId: 'x', ...ok } } } })
    const broken = await open({}, { text: '[' })
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
    const { createClock } = await import('../../src/util/clock.ts')
    const { resolveConfig } = await import('../../src/config/resolve-config.ts')
    const settings = resolveConfig({}).catalog
    const rename = { ...broken.source, discovery: { ...broken.source.discovery, name: 'broken' } }
    const catalog = createCatalog({ sources: [world.source, rename], clock: createClock(), log, settings })
    await catalog.start()
    expect(catalog.components().map(({ name }) => name)).toEqual(['test'])
    expect(catalog.sources().map(({ state }) => state)).toEqual(['ready', 'failed'])
    await catalog.close()
  })
})
