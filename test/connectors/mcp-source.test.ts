// MCP servers that others wrote, as sources: what is found, what is called, what comes back.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createWorld,
  node,
  programOf,
  rawServer,
  startListening,
  supportProgram,
  type World,
} from '../support/mcp/world.ts'

const everything = node(programOf('everything'))

describe('server-everything over stdio', () => {
  let world: World
  beforeAll(async () => {
    world = createWorld(everything)
    await world.load()
  })
  afterAll(async () => await world[Symbol.asyncDispose]())

  it('is one component with its version, its instructions and its tools', async () => {
    const component = await world.load()
    expect(component).toMatchObject({
      name: 'server',
      kind: 'tool',
      source: 'mcp:server',
      trust: 'configured',
      version: '2.0.0',
    })
    expect(component.description).toContain('Everything Server')
    expect(component.instances).toEqual([{ id: 'server', health: 'healthy' }])
    const sum = component.capabilities.find(({ name }) => name === 'get-sum')
    expect(sum).toMatchObject({ effect: 'read', inputSchema: { type: 'object', required: ['a', 'b'] } })
    expect(component.capabilities).toHaveLength(12)
  })

  it('gives the same list again without asking, since the server tells when it changes', async () => {
    const [first, second] = [
      await world.source.discovery.load(AbortSignal.timeout(5_000)),
      await world.source.discovery.load(AbortSignal.timeout(5_000)),
    ]
    expect(second).toBe(first)
    expect(Object.isFrozen(first)).toBe(true)
  })

  it('gives structured content as it is, and text as text', async () => {
    expect(await world.call('get-structured-content', { location: 'Chicago' })).toEqual({
      body: { temperature: 36, conditions: 'Light rain / drizzle', humidity: 82 },
    })
    expect(await world.call('get-sum', { a: 20, b: 22 })).toEqual({ body: 'The sum of 20 and 22 is 42.' })
  })

  it('gives several parts as a list, images and resources as objects', async () => {
    const { body } = await world.call('get-tiny-image')
    expect(body).toEqual([
      expect.any(String),
      { type: 'image', mime_type: 'image/png', data: expect.any(String) },
      expect.any(String),
    ])
    const resource = await world.call('get-resource-reference', { resourceType: 'Text', resourceId: 1 })
    expect(resource.body).toContainEqual(
      expect.objectContaining({
        type: 'resource',
        uri: expect.stringContaining('demo://'),
        mime_type: 'text/plain',
      }),
    )
  })

  it('answers refused inputs so that they are corrected by meaning', async () => {
    const result = await world.call('get-sum', { a: 'many' })
    expect(result.status).toBe(422)
    expect(result.body).toMatchObject({
      success: false,
      error: { message: expect.stringContaining('expected number') },
    })
  })

  it('stops a call when its signal aborts', async () => {
    const stop = new AbortController()
    stop.abort()
    const early = world.call('trigger-long-running-operation', { duration: 30 }, { signal: stop.signal })
    await expect(early).rejects.toMatchObject({ code: 'cancelled', details: { sent: false } })
    const late = AbortSignal.timeout(50)
    const call = world.call('trigger-long-running-operation', { duration: 30, steps: 300 }, { signal: late })
    await expect(call).rejects.toMatchObject({ code: 'component_timeout', details: { sent: true } })
  })

  it('leaves out what answers by tasks only, and says so', () => {
    expect(world.source.discovery.skipped?.()).toEqual([
      { name: 'simulate-research-query', why: expect.stringContaining('by tasks only') },
    ])
  })
})

describe('server-everything over Streamable HTTP', () => {
  let server: Awaited<ReturnType<typeof startListening>>
  let url: string
  beforeAll(async () => {
    const port = String(20_000 + (process.pid % 20_000))
    server = await startListening([programOf('everything'), 'streamableHttp'], /listening on port (\d+)/, {
      PORT: port,
    })
    url = `http://localhost:${port}/mcp`
  })
  afterAll(async () => await server[Symbol.asyncDispose]())

  it('finds and calls the same tools', async () => {
    await using world = createWorld({ url })
    expect((await world.load()).capabilities).toHaveLength(12)
    expect(await world.call('get-sum', { a: 1, b: 2 })).toEqual({ body: 'The sum of 1 and 2 is 3.' })
    expect(await world.call('echo', { message: 'é€😀' })).toEqual({ body: 'Echo: é€😀' })
  })

  it('answers many calls at once over one session', async () => {
    await using world = createWorld({ url })
    await world.load()
    const sums = await Promise.all(Array.from({ length: 50 }, (_, i) => world.call('get-sum', { a: i, b: 1 })))
    expect(sums.map(({ body }) => body)).toEqual(sums.map((_, i) => `The sum of ${i} and 1 is ${i + 1}.`))
  })
})

describe('server-everything over the forerunner of Streamable HTTP', () => {
  it('is spoken to when its entry says so', async () => {
    const port = String(40_000 + (process.pid % 20_000))
    await using _server = await startListening([programOf('everything'), 'sse'], /running on port/, { PORT: port })
    await using world = createWorld({ url: `http://localhost:${port}/sse`, type: 'sse' })
    expect((await world.load()).capabilities).toHaveLength(12)
    expect(await world.call('get-sum', { a: 1, b: 2 })).toEqual({ body: 'The sum of 1 and 2 is 3.' })
  })
})

describe('server-filesystem', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcp-files-'))
  })
  afterAll(async () => await rm(folder, { recursive: true }))

  it('writes and reads real files, and says which tools do what', async () => {
    await using world = createWorld(node(programOf('filesystem'), folder))
    const { capabilities } = await world.load()
    const effects = Object.fromEntries(capabilities.map(({ name, effect, idempotent }) => [name, [effect, idempotent]]))
    expect(effects).toMatchObject({
      read_text_file: ['read', undefined],
      write_file: ['write', true],
      edit_file: ['write', undefined],
    })
    expect(capabilities.every(({ outputSchema }) => outputSchema !== undefined)).toBe(true)
    await world.call('write_file', { path: join(folder, 'a.txt'), content: 'forty-two' })
    expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('forty-two')
    await writeFile(join(folder, 'b.txt'), 'seven')
    expect(await world.call('read_text_file', { path: join(folder, 'b.txt') })).toEqual({ body: { content: 'seven' } })
    expect(await world.call('read_text_file', { path: '/etc/passwd' })).toMatchObject({
      status: 422,
      body: { success: false },
    })
  })
})

describe('server-memory', () => {
  it('keeps what it is told in a file named by its environment', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mcp-memory-'))
    const file = join(folder, 'graph.json')
    {
      await using world = createWorld({ ...node(programOf('memory')), env: { MEMORY_FILE_PATH: file } })
      await world.load()
      await world.call('create_entities', {
        entities: [{ name: 'Seoul', entityType: 'city', observations: ['large'] }],
      })
      const { body } = await world.call('search_nodes', { query: 'seoul' })
      expect(body).toMatchObject({ entities: [{ name: 'Seoul', entityType: 'city', observations: ['large'] }] })
    }
    expect(await readFile(file, 'utf8')).toContain('Seoul')
    await rm(folder, { recursive: true })
  })
})

describe('a server of protocol 2026-07-28', () => {
  const program = supportProgram('modern-server.ts')

  it('is spoken to in it over stdio, and its notices of changed tools are heard', async () => {
    await using world = createWorld(node(program))
    const component = await world.load()
    expect(component).toMatchObject({ version: '7.0.0', description: 'For numbers.' })
    expect(component.capabilities[0]).toMatchObject({
      name: 'add',
      description: 'Adding: Adds two numbers',
      effect: 'read',
    })
    expect(await world.call('add', { a: 1, b: 2 })).toEqual({ body: { sum: 3 } })
    const changed = new Promise<void>((resolve) => world.source.discovery.watch?.(resolve))
    await world.call('grow')
    await changed
  })

  it('is spoken to in it over HTTP, where a changed list is told and found', async () => {
    await using server = await startListening([program, '0'], /listening (\d+)/)
    await using world = createWorld({ url: `http://127.0.0.1:${server.match[1]}/` })
    expect((await world.load()).capabilities.map(({ name }) => name)).toEqual(['add', 'grow'])
    expect(await world.call('add', { a: 0.5, b: 2 })).toEqual({ body: { sum: 2.5 } })
    const changed = new Promise<void>((resolve) => world.source.discovery.watch?.(resolve))
    await world.call('grow')
    await changed
    expect((await world.load()).capabilities.map(({ name }) => name)).toContain('more')
  })
})

describe('what a call carries', () => {
  it('says which run it is for, in the message', async () => {
    await using world = createWorld(rawServer())
    const { body } = await world.call('meta', {}, { headers: { traceparent: '00-1-2-01', authorization: 'x' } })
    expect(body).toEqual({
      'io.tutti/idempotency-key': 'run-1:step:1',
      'io.tutti/run-id': 'run-1',
      traceparent: '00-1-2-01',
      progressToken: expect.any(Number),
    })
  })

  it('keeps every digit of large integers in both directions', async () => {
    await using world = createWorld(rawServer())
    expect(await world.call('raw', { id_number: 9_007_199_254_740_993n })).toEqual({
      body: { digits: '9007199254740993', number: 9_007_199_254_740_993n },
    })
  })
})
