// MCP servers that hang, flood, die, lie and list nonsense: bounded, told in words, and no trouble for anybody else.
import { describe, expect, it, vi } from 'vitest'
import { isJsonObject } from '../../src/util/json.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { startRawHttp } from '../support/mcp/raw-http.ts'
import {
  createWorld,
  isAlive,
  node,
  programOf,
  rawServer,
  startListening,
  supportProgram,
  type World,
} from '../support/mcp/world.ts'

const pids = async (world: World) => {
  const { body } = await world.call('pid')
  if (!isJsonObject(body)) throw new Error('no pids')
  return { own: Number(body['own']), child: Number(body['child']) }
}
const gone = async (pid: number) =>
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000, interval: 20 })

describe('a server that cannot be had', () => {
  it('is told by its last words, without the secrets it was given', async () => {
    await using world = createWorld({ ...rawServer('crash'), env: { API_TOKEN: 'token-123456' } })
    await expect(world.load()).rejects.toMatchObject({
      code: 'source_failed',
      message: expect.stringMatching(/It cannot start with \[secret API_TOKEN\]: the disk is full/),
    })
  })

  it('is tried again at once, then after growing pauses', async () => {
    const clock = createManualClock()
    await using world = createWorld({ command: '/nowhere/server' }, { clock })
    const refusal = async () =>
      await world.load().then(
        () => '',
        (thrown: Error) => thrown.message,
      )
    expect(await refusal()).toContain('"/nowhere/server" of "server" cannot be run (ENOENT)')
    expect(await refusal()).toContain('ENOENT')
    expect(await refusal()).toContain('it is tried again in 1s')
    await clock.advance(1_000)
    expect(await refusal()).toContain('ENOENT')
    expect(await refusal()).toContain('it is tried again in 2s')
    await expect(world.call('any', {}, { isUnseen: true })).rejects.toMatchObject({
      code: 'component_unavailable',
      details: { sent: false },
    })
  })

  it('delays a load no longer than its signal, and is found when it has started', async () => {
    await using world = createWorld(rawServer('slow-start', '400'))
    const changed = new Promise<void>((resolve) => world.source.discovery.watch?.(resolve))
    await expect(world.load(100)).rejects.toMatchObject({ code: 'source_failed' })
    await changed
    expect((await world.load()).version).toBe('1.2.3')
  })

  it('leaves no process behind when it is closed while it hangs', async () => {
    const world = createWorld(rawServer('mute'))
    await expect(world.load(200)).rejects.toMatchObject({ code: 'source_failed' })
    await world[Symbol.asyncDispose]()
    await expect(world.load()).rejects.toMatchObject({ message: expect.stringContaining('is closed') })
  })

  it('gets a second life when the question of its protocol ended it', async () => {
    await using world = createWorld(rawServer('old'))
    expect((await world.load()).version).toBe('1.2.3')
  })

  it('has no tools when it says so, which is not asked for', async () => {
    await using world = createWorld(rawServer('toolless'))
    expect((await world.load()).capabilities).toEqual([])
  })
})

describe('a server that dies', () => {
  it('fails the call in flight, and serves the next one in a new process', async () => {
    await using world = createWorld(rawServer())
    await world.load()
    await expect(world.call('die')).rejects.toMatchObject({ code: 'component_unavailable', details: { sent: true } })
    expect(await world.call('echo', { a: 1 })).toEqual({ body: { inputs: { a: 1 } } })
  })

  it('is told to those who watch, once', async () => {
    await using world = createWorld(rawServer())
    await world.load()
    let told = 0
    const lost = new Promise<void>((resolve) =>
      world.source.discovery.watch?.(() => {
        told++
        resolve()
      }),
    )
    await world.call('die').catch(() => undefined)
    await lost
    await world.load()
    expect(told).toBe(1)
  })

  it('takes along what it started, also when it will not go', async () => {
    const world = createWorld(rawServer('stubborn'))
    await world.load()
    const body = await pids(world)
    expect([isAlive(body.own), isAlive(body.child)]).toEqual([true, true])
    await world[Symbol.asyncDispose]()
    await gone(body.own)
    await gone(body.child)
  })

  it('takes along what it started when it ends by itself', async () => {
    await using world = createWorld(rawServer())
    await world.load()
    const body = await pids(world)
    await world.call('die').catch(() => undefined)
    await gone(body.child)
  })
})

describe('a server that hangs', () => {
  it('is told that a call is given up', async () => {
    await using world = createWorld(rawServer())
    await world.load()
    await expect(world.call('hang', {}, { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({
      code: 'component_timeout',
      details: { sent: true },
    })
    expect(await world.call('cancelled')).toEqual({ body: { count: 1 } })
  })

  it('shows that it is at work by progress, which moves the time limit of the call', async () => {
    await using world = createWorld(rawServer())
    let signs = 0
    expect(await world.call('slow', { steps: 4, everyMs: 30 }, { progress: () => signs++ })).toEqual({ body: 'done' })
    expect(signs).toBeGreaterThan(0)
  })

  it('has the time that the configuration gives it, or each of its tools', async () => {
    await using world = createWorld({ ...rawServer(), timeoutMs: 400, tools: { slow: { timeoutMs: 1_000 } } })
    const { capabilities } = await world.load()
    const timeouts = Object.fromEntries(capabilities.map(({ name, timeoutMs }) => [name, timeoutMs]))
    expect(timeouts).toMatchObject({ echo: 400, slow: 1_000 })
  })
})

describe('a server that floods', () => {
  it('is heard out: what nobody asked for is dropped, the answer comes', async () => {
    await using world = createWorld(rawServer())
    await world.load()
    expect(await world.call('flood', { count: 200_000 })).toEqual({ body: 'after the flood' })
  }, 30_000)

  it('fails the call whose answer is too large, and no other', async () => {
    await using world = createWorld(rawServer(), { maxResponseBytes: 100_000 })
    await world.load()
    const [big, small] = await Promise.allSettled([
      world.call('big', { bytes: 1_000_000 }),
      world.call('echo', { a: 1 }),
    ])
    expect(big).toMatchObject({
      status: 'rejected',
      reason: { code: 'response_too_large', details: { limit_bytes: 100_000 } },
    })
    expect(small).toMatchObject({ status: 'fulfilled', value: { body: { inputs: { a: 1 } } } })
  })

  it('is ended when it writes without end', async () => {
    await using world = createWorld(rawServer(), { maxResponseBytes: 100_000 })
    await world.load()
    await expect(world.call('endless')).rejects.toMatchObject({ code: 'component_unavailable' })
  })

  it('does not flood the log', async () => {
    await using world = createWorld(rawServer('chatty'))
    await world.load()
    expect(world.debugs.length).toBeLessThanOrEqual(30)
    expect(world.debugs[0]).toBe('MCP server "server": line 0')
  })
})

describe('a server that talks nonsense', () => {
  it('is understood where it makes sense', async () => {
    await using world = createWorld(rawServer())
    expect(await world.call('garbage')).toEqual({ body: 'the answer' })
  })

  it('fails with bad_response where an answer is none', async () => {
    await using world = createWorld(rawServer())
    await expect(world.call('nonsense')).rejects.toMatchObject({ code: 'bad_response' })
    await using lister = createWorld(rawServer('no-list'))
    await expect(lister.load()).rejects.toMatchObject({
      code: 'source_failed',
      message: expect.stringContaining('no list'),
    })
  })

  it('gives errors of the protocol the status that says the same', async () => {
    await using world = createWorld(rawServer())
    expect(await world.call('refused')).toEqual({
      status: 422,
      body: {
        success: false,
        error: { message: expect.stringContaining('"city" is unknown'), details: { field: 'city' } },
      },
    })
    expect(await world.call('missing')).toMatchObject({ status: 404 })
    expect(await world.call('broken')).toMatchObject({ status: 500 })
  })

  it('lets a failing tool say itself what kind of failure it is', async () => {
    await using world = createWorld(rawServer())
    expect(await world.call('fails')).toEqual({
      status: 422,
      body: { success: false, error: { message: 'City not found. Did you mean Chicago?' } },
    })
    expect(await world.call('busy')).toEqual({
      body: { success: false, code: 'SERVICE_UNAVAILABLE', message: 'Come back later' },
    })
  })

  it('is refused when it asks for a model of ours', async () => {
    await using world = createWorld(rawServer())
    const { body } = await world.call('asks')
    expect(body).toMatchObject({ error: { code: -32601 } })
  })
})

it('a server that prints to its output before it speaks is understood', async () => {
  await using world = createWorld(node(programOf('memory')))
  expect((await world.load()).capabilities.length).toBeGreaterThan(5)
})

describe('a server that tells what it was given', () => {
  const env = { API_TOKEN: 'token-123456', PLACE: '/data' }

  it('gives it to nobody: neither as an answer, nor as its trouble, which is short', async () => {
    const started = rawServer('plain', '', '--api-key=key-123456', '--token', 'token-987654', '--place', '/data/here')
    await using world = createWorld({ ...started, env })
    const { body } = await world.call('environment')
    expect(body).toMatchObject({ API_TOKEN: '[secret API_TOKEN]', PLACE: '/data' })
    expect(body).toMatchObject({
      args: ['plain', '', '--api-key=[secret api-key]', '--token', '[secret token]', '--place', '/data/here'],
    })
    await using other = createWorld({ ...rawServer('tell-tale'), env })
    const trouble = await other.load().then(
      () => '',
      (thrown: Error) => thrown.message,
    )
    expect(trouble).toMatch(/^MCP server "server": I know \[secret API_TOKEN\] x+…$/)
    expect(trouble.length).toBeLessThan(1_100)
  })
})

describe('an answer that is nested too deeply', () => {
  it('fails its call at once, over pipes as over HTTP', async () => {
    await using world = createWorld(rawServer())
    await expect(world.call('deep')).rejects.toMatchObject({ code: 'bad_response', details: { sent: true } })
    await using server = await startRawHttp(({ json }) =>
      json(`{"content":[],"structuredContent":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`),
    )
    await using far = createWorld({ url: server.url })
    await expect(far.call('go')).rejects.toMatchObject({ code: 'bad_response', details: { sent: true } })
  })
})

describe('a process that is ended by a signal', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('takes its servers along at %s', async (signal) => {
    await using started = await startListening([supportProgram('orphan.ts')], /server (\d+)\n/)
    const pid = Number(started.match[1])
    const ended = new Promise((resolve) => started.child.once('exit', (_code, by) => resolve(by)))
    started.child.kill(signal)
    expect(await ended).toBe(signal)
    await gone(pid)
  })

  it.each(['once', 'alone'])('is left to who ends the program itself (%s)', async (manner) => {
    await using started = await startListening([supportProgram('orphan.ts'), manner], /server (\d+)\n/)
    const ended = new Promise((resolve) => started.child.once('exit', (code) => resolve(code)))
    started.child.kill('SIGTERM')
    expect(await ended).toBe(7)
    await gone(Number(started.match[1]))
  })
})
