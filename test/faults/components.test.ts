import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { startRawServer } from '../support/http-servers.ts'
import { honest, LIE, orchestratorAt, sourceAt, watchProcess } from './support.ts'

watchProcess()

const http = (headers: readonly string[], body: string | Buffer = ''): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${headers.join('\r\n')}\r\n\r\n`), Buffer.from(body)])
const json = (body: string | Buffer, type = 'application/json'): Buffer =>
  http([`content-type: ${type}`, `content-length: ${Buffer.byteLength(body)}`], body)
const say = (bytes: Buffer | string) => (socket: Socket) => void socket.write(bytes)
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

interface Lie {
  readonly what: string
  readonly tell: (socket: Socket) => void
  /** The code of the failed step, or what comes out of it. */
  readonly code?: string
  readonly output?: unknown
}

/** Writes for ever, as fast as the other side reads. */
const endless = (head: string, piece: string) => (socket: Socket) => {
  socket.write(head)
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
  }
  socket.on('drain', more)
  more()
}

const MEGABYTE = 'x'.repeat(1_000_000)
const LIES: readonly Lie[] = [
  { what: 'is HTML that says it is JSON', tell: say(json('<!doctype html><h1>Welcome</h1>')), code: 'bad_response' },
  { what: 'is HTML and says so', tell: say(json('<html></html>', 'text/html')), output: '<html></html>' },
  { what: 'is JSON that says it is HTML', tell: say(json('{"a":1}', 'text/html')), output: { a: 1 } },
  { what: 'is a truncated JSON', tell: say(json('{"a": [1, 2')), code: 'bad_response' },
  { what: 'is NaN', tell: say(json('{"a": NaN}')), code: 'bad_response' },
  { what: 'is empty', tell: say(json('')), output: null },
  { what: 'is white space alone', tell: say(json(' \n ')), code: 'bad_response' },
  { what: 'is nested 2,000 deep', tell: say(json(deep(2_000))), code: 'bad_response' },
  { what: 'is nested 100,000 deep', tell: say(json(deep(100_000))), code: 'bad_response' },
  { what: 'is nested 500 deep', tell: say(json(`{"a":${deep(500)}}`)), output: { a: JSON.parse(deep(500)) } },
  { what: 'is a number of a million digits', tell: say(json(`{"n": ${'9'.repeat(1_000_000)}}`)), code: 'bad_response' },
  { what: 'holds an exponent that no double holds', tell: say(json('{"n": 1e999}')), code: 'bad_response' },
  { what: 'has a key twice', tell: say(json('{"a":1,"a":2}')), output: { a: 2 } },
  {
    what: 'sets prototypes',
    tell: say(json('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":1}')),
    output: { a: 1, constructor: { prototype: { polluted: 1 } } },
  },
  { what: 'is not UTF-8', tell: say(json(Buffer.from([0x22, 0xff, 0xfe, 0x22]))), output: '\ufffd\ufffd' },
  {
    what: 'is 50 MB',
    tell: say(http(['content-type: application/json', 'content-length: 50000000'])),
    code: 'response_too_large',
  },
  {
    what: 'is chunked and has no end',
    tell: endless(
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
      `f4240\r\n${MEGABYTE}\r\n`,
    ),
    code: 'response_too_large',
  },
  {
    what: 'has headers without end',
    tell: endless('HTTP/1.1 200 OK\r\n', `x-more: ${'y'.repeat(1_000)}\r\n`),
    code: 'component_unavailable',
  },
  {
    what: 'is a flood of 100 Continue',
    tell: endless('', 'HTTP/1.1 100 Continue\r\n\r\n'),
    code: 'component_unavailable',
  },
  {
    what: 'comes after 103 Early Hints',
    tell: say(Buffer.concat([Buffer.from('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'), json('{"a":1}')])),
    output: { a: 1 },
  },
  {
    what: 'is zipped though nobody asked',
    tell: say(
      http(
        [
          'content-type: application/json',
          'content-encoding: gzip',
          'connection: close',
          `content-length: ${gzipSync(MEGABYTE).length}`,
        ],
        gzipSync(MEGABYTE),
      ),
    ),
    code: 'bad_response',
  },
  {
    what: 'redirects to a metadata service',
    tell: say('HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest/meta-data/\r\ncontent-length: 0\r\n\r\n'),
    code: 'redirect_refused',
  },
  {
    what: 'switches to another protocol',
    tell: say('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    code: 'component_unavailable',
  },
  { what: 'is no HTTP at all', tell: say('SSH-2.0-OpenSSH_9.6\r\n'), code: 'component_unavailable' },
  {
    what: 'has no header and a length that lies',
    tell: (socket) => void socket.end(http(['content-type: application/json', 'content-length: 100'], '{"a"')),
    code: 'component_unavailable',
  },
  {
    what: 'is cut by a reset after its headers',
    tell: (socket) =>
      void socket.write(http(['content-type: application/json', 'content-length: 100']), () =>
        socket.resetAndDestroy(),
      ),
    code: 'component_unavailable',
  },
  {
    what: 'is a connection that ends without a word',
    tell: (socket) => void socket.destroy(),
    code: 'component_unavailable',
  },
  { what: 'never comes', tell: () => undefined, code: 'component_timeout' },
  { what: 'drips and does not end', tell: endlessDrip, code: 'component_timeout' },
  { what: 'says success is a text', tell: say(json('{"success":"no","data":1}')), output: { success: 'no', data: 1 } },
  { what: 'fails without a reason', tell: say(json('{"success":false}')), code: 'component_failed' },
  {
    what: 'fails with a reason that is no text',
    tell: say(json('{"success":false,"error":{"code":[1],"message":{"a":1},"details":"x","retryable":"yes"}}')),
    code: 'component_failed',
  },
]

function endlessDrip(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n')
  const timer = setInterval(() => socket.write('1\r\n \r\n'), 5)
  socket.once('close', () => clearInterval(timer))
}

describe('an answer of a component that', () => {
  for (const { what, tell, code, output } of LIES) {
    it(`${what} ends at its step, and the other steps end as ever`, async () => {
      const server = await startRawServer(tell)
      const orchestrator = orchestratorAt(server.origin, {
        executor: { stepTimeoutMs: code === 'component_timeout' ? 150 : 10_000 },
      })
      const response = await orchestrator.execute(LIE)
      const [lie, truth] = response.steps
      expect(truth?.output).toEqual({ truth: 42 })
      if (code === undefined) {
        expect(lie?.error).toBeUndefined()
        expect(lie?.output).toEqual(output)
      } else {
        expect([lie?.status, lie?.error?.code, response.status]).toEqual(['failed', code, 'partial'])
        expect(lie?.error?.message.length).toBeGreaterThan(10)
        expect(lie?.error?.message.length).toBeLessThan(6_000)
      }
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
      await orchestrator.close()
      await server.close()
    })
  }
})

const COMPONENT = `
  const server = require('node:http').createServer((request) => { request.resume(); request.on('end', () => process.stdout.write('called\\n')) })
  server.listen(0, '127.0.0.1', () => process.stdout.write('port ' + server.address().port + '\\n'))
`

describe('a component process', () => {
  it('that is killed in the middle of a call fails its step alone, and the run ends', async () => {
    const child = spawn(process.execPath, ['-e', COMPONENT], { stdio: ['ignore', 'pipe', 'inherit'] })
    const port = await new Promise<string>((resolve) => {
      child.stdout.on('data', (data: Buffer) => {
        const found = /port (\d+)/.exec(data.toString())?.[1]
        if (found !== undefined) resolve(found)
        if (data.toString().includes('called')) child.kill('SIGKILL')
      })
    })
    const orchestrator = orchestratorAt(`http://127.0.0.1:${port}`)
    const { steps, status } = await orchestrator.execute(LIE)
    expect([status, steps[0]?.error?.code, steps[1]?.output]).toEqual([
      'partial',
      'component_unavailable',
      { truth: 42 },
    ])
    await orchestrator.close()
  })
})

describe('a fan-out over liars', () => {
  it('keeps what the honest ones said', async () => {
    const servers = await Promise.all(LIES.slice(0, 8).map(({ tell }) => startRawServer(tell)))
    const source = sourceAt('http://127.0.0.1:1')
    const template = (await source.discovery.load(new AbortController().signal))[0]
    if (template === undefined) throw new Error('no template')
    const components = servers.map(({ origin }, i) => ({
      ...template,
      name: `liar-${i}`,
      // Each offers something of its own: nobody can stand in for another.
      capabilities: template.capabilities.map((each) => ({ ...each, name: `lie-${i}` })),
      instances: [{ id: `l${i}`, address: origin, health: 'healthy' as const }],
    }))
    const orchestrator = orchestratorAt('', {
      tools: [honest],
      sources: [{ ...source, discovery: { ...source.discovery, load: async () => components } }],
    })
    const steps = [...components.map(({ name }) => ({ name, component: name })), { name: 'truth', component: 'honest' }]
    const response = await orchestrator.execute({ steps })
    expect(response.steps.filter((step) => step.status === 'failed').map((step) => step.name)).toEqual([
      'liar-0',
      'liar-3',
      'liar-4',
      'liar-6',
      'liar-7',
    ])
    expect(response.steps.find((step) => step.name === 'truth')?.output).toEqual({ truth: 42 })
    await orchestrator.close()
    await Promise.all(servers.map((server) => server.close()))
  })
})
