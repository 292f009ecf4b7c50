// Lists of tools that are long, circular, changing or wrong, and what becomes of each tool.
import { describe, expect, it } from 'vitest'
import { createManualClock } from '../support/manual-clock.ts'
import { createWorld, rawServer } from '../support/mcp/world.ts'

describe('lists', () => {
  it('ends a list that comes back to its beginning', async () => {
    await using world = createWorld(rawServer('loop'))
    expect((await world.load()).capabilities.map(({ name }) => name)).toEqual(['page-0', 'page-1', 'page-2'])
    expect(world.warnings.join()).toContain('comes back to a page')
  })

  it('ends a list without end after 100 pages, and one of many after 10,000 tools', async () => {
    await using endless = createWorld(rawServer('endless-list'))
    expect((await endless.load()).capabilities).toHaveLength(100)
    await using many = createWorld(rawServer('many'))
    expect((await many.load()).capabilities).toHaveLength(10_000)
    expect(many.warnings).toEqual([
      'MCP server "server": its list goes on after 10000 tools and 5 pages; the rest is left out.',
    ])
  })

  it('is asked for once while the server tells of changes, and again after one', async () => {
    await using world = createWorld(rawServer())
    await world.load()
    await world.load()
    expect(await world.call('lists')).toEqual({ body: '1' })
    const changed = new Promise<void>((resolve) => world.source.discovery.watch?.(resolve))
    await world.call('grow')
    await changed
    expect((await world.load()).capabilities.map(({ name }) => name)).toContain('grown')
    expect(await world.call('lists')).toEqual({ body: '2' })
  })

  it('is asked for at each load where the server tells nothing, and holds as long as it says', async () => {
    await using silent = createWorld(rawServer('silent'))
    await silent.load()
    await silent.load()
    expect(await silent.call('lists')).toEqual({ body: '2' })
    const clock = createManualClock()
    await using timed = createWorld(rawServer('ttl'), { clock })
    await timed.load()
    await timed.load()
    expect(await timed.call('lists')).toEqual({ body: '1' })
    await clock.advance(60_001)
    await timed.load()
    expect(await timed.call('lists')).toEqual({ body: '2' })
  })
})

describe('tools that are wrong', () => {
  const withTools = (tools: readonly unknown[], more: object = {}) =>
    createWorld({ ...rawServer('hostile-tools', JSON.stringify(tools)), ...more })
  const input = { type: 'object' }

  it('are left out one by one, never the list', async () => {
    await using world = withTools([
      null,
      7,
      { inputSchema: input },
      { name: '' },
      { name: 'good', inputSchema: input },
      { name: 'good' },
    ])
    const { capabilities } = await world.load()
    expect(world.source.discovery.skipped?.().map(({ why }) => why)).toEqual([
      ...Array.from({ length: 4 }, () => 'it has no usable name'),
      'it is listed twice; the first counts',
    ])
    expect(capabilities).toEqual([{ name: 'good', description: '', inputSchema: input, effect: 'unknown' }])
  })

  it('take any inputs where their schema cannot be used, with a warning that names them', async () => {
    const deep = JSON.parse('{"type":"object","properties":'.repeat(300) + '{}' + '}'.repeat(300))
    await using world = withTools([
      { name: 'text', inputSchema: 'object' },
      { name: 'list', inputSchema: { type: 'array' } },
      { name: 'deep', inputSchema: deep },
      { name: 'huge', inputSchema: { type: 'object', description: 'x'.repeat(210_000).slice(0, 90_000) } },
      { name: 'none' },
      { name: 'untyped', inputSchema: { properties: { a: { type: 'string' } } }, outputSchema: 5 },
    ])
    const { capabilities } = await world.load()
    const schemas = Object.fromEntries(capabilities.map(({ name, inputSchema }) => [name, inputSchema]))
    expect(schemas).toMatchObject({ text: input, list: input, none: input })
    expect(schemas['untyped']).toEqual({ type: 'object', properties: { a: { type: 'string' } } })
    expect(capabilities.find(({ name }) => name === 'untyped')?.outputSchema).toBeUndefined()
    expect(world.warnings).toEqual([
      expect.stringContaining('"text" takes any inputs, since its input schema is not an object'),
      expect.stringContaining('"list" takes any inputs, since its input schema describes no object, but "array"'),
      expect.stringContaining('the output schema of the tool "untyped" is left out'),
    ])
  })

  it('get names that models and documents can write, unique without regard to case, and are called by their own', async () => {
    await using world = withTools(
      [
        'get weather/now',
        'get_weather_now',
        'Get_Weather_Now',
        'días',
        '___',
        '__proto__',
        'a'.repeat(200),
        'fx.convert',
      ].map((name) => ({ name, inputSchema: input })),
    )
    const names = (await world.load()).capabilities.map(({ name }) => name)
    expect(names[1]).toBe('get_weather_now')
    expect(names[7]).toBe('fx.convert')
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(8)
    expect(names.every((name) => /^[A-Za-z0-9_.-]{1,128}$/.test(name))).toBe(true)
    expect(await world.call(names[0] ?? '')).toEqual({ body: { called: 'get weather/now' } })
    expect(await world.call(names[3] ?? '')).toEqual({ body: { called: 'días' } })
  })

  it('carry their hints as hints, which the configuration overrides', async () => {
    const tools = [
      { name: 'reader', inputSchema: input, annotations: { readOnlyHint: true } },
      { name: 'both', inputSchema: input, annotations: { readOnlyHint: true, destructiveHint: true } },
      { name: 'writer', inputSchema: input, annotations: { destructiveHint: true, idempotentHint: true } },
      {
        name: 'liar',
        inputSchema: input,
        annotations: { readOnlyHint: true },
        description: 'Reads. ' + 'x'.repeat(5_000),
      },
      { name: 'secret', inputSchema: input },
    ]
    await using world = withTools(tools, {
      tools: { liar: { effect: 'write', approval: 'always', tags: ['danger'] }, secret: { hidden: true }, writter: {} },
    })
    const { capabilities } = await world.load()
    expect(capabilities.map(({ name, effect, idempotent }) => [name, effect, idempotent])).toEqual([
      ['reader', 'read', undefined],
      ['both', 'write', undefined],
      ['writer', 'write', true],
      ['liar', 'write', undefined],
    ])
    expect(capabilities[3]).toMatchObject({ approval: 'always', tags: ['danger'] })
    expect(capabilities[3]?.description).toHaveLength(4_000)
    expect(world.warnings.join()).toMatch(/"tools" names "writter", which it does not have\. Did you mean "writer"\?$/)
  })
})

describe('an entry that says nothing usable', () => {
  it.each([
    [{}, 'neither "command" nor "url"'],
    [{ command: 'x', url: 'http://localhost' }, 'both "command" and "url"'],
    [{ command: 'x', type: 'http' as const }, 'has a "command", but the type "http"'],
    [{ url: 'http://localhost', type: 'stdio' as const }, 'Say its "command"'],
    [{ url: 'file:///etc/passwd' }, 'needs a URL'],
    [{ url: 'http://user:pw@localhost/' }, 'without a user name'],
  ])('%j is refused in words', (server, words) => {
    expect(() => createWorld(server)).toThrow(words)
  })
})
