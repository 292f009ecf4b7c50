import { spawn } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { send } from '../server/http.ts'
import { CUT, chat, type RawServer, startRawServer } from '../support/raw-sse-server.ts'
import { eventually } from '../support/redis-server.ts'

const MAIN = join(dirname(fileURLToPath(import.meta.url)), '../../src/cli/main.ts')
/** What nobody handled ends the server with this code, and the test with it. */
const UNHANDLED = 99
const WATCH = `for (const name of ['unhandledRejection', 'uncaughtException']) process.on(name, (thrown) => { console.error('UNHANDLED', thrown); process.exit(${UNHANDLED}) })`
const SECRETS = ['sk-very-secret-key-1', 'hunter2-of-redis', 'front-door-key']

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

async function serve(env: Record<string, string> = {}) {
  const cwd = await mkdtemp(join(tmpdir(), 'tutti-faults-'))
  const child = spawn(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(WATCH)}`, MAIN, 'serve', '--port', '0'],
    {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  stops.push(() => child.kill('SIGKILL'))
  let log = ''
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => (log += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
      const found = /"message":"listening","url":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(log)?.[1]
      if (found !== undefined) resolve(Number(found))
    })
    child.on('close', () => reject(new Error(`ended before it listened: ${log}`)))
  })
  return { child, port, ended, log: () => log }
}

/** Writes bytes and gives back what came until the server closed, or answered once. */
const raw = (port: number, bytes: string | Buffer, { cut = false } = {}): Promise<string> =>
  new Promise((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes, () => {
        if (cut) socket.resetAndDestroy()
      })
    })
    socket.on('data', (data) => {
      text += data.toString()
      socket.end()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
  })

const WAIT = { plan: { steps: [{ name: 'w', type: 'wait', wait: { for: '300ms' } }] } }
const post = (body: string | Buffer, headers = ''): Buffer =>
  Buffer.concat([
    Buffer.from(
      `POST /runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n`,
    ),
    Buffer.from(body),
  ])

const HOSTILE: readonly (readonly [string, Buffer | string, number])[] = [
  ['no JSON', post('{"plan": '), 400],
  ['nested 100,000 deep', post('['.repeat(100_000)), 400],
  ['not UTF-8', post(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])), 400],
  ['a list', post('[]'), 400],
  ['null', post('null'), 400],
  ['both a request and a plan', post('{"request":"x","plan":{"steps":[]}}'), 400],
  ['prototypes', post('{"__proto__":{"request":"x"},"constructor":1}'), 400],
  ['a request that is a number', post('{"request":5}'), 400],
  [
    'a length that says 50 MB',
    'POST /runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50000000\r\n\r\n{',
    413,
  ],
  [
    'a negative length',
    'POST /runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: -1\r\n\r\n',
    400,
  ],
  ['two lengths', 'POST /runs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}', 400],
  [
    'chunks that are none',
    'POST /runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    400,
  ],
  ['headers of 100 kB', `GET /runs HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, 431],
  ['a path that cannot be decoded', 'GET /runs/%ff%zz HTTP/1.1\r\nhost: localhost\r\n\r\n', 404],
  ['a path of prototypes', 'GET /runs/__proto__ HTTP/1.1\r\nhost: localhost\r\n\r\n', 404],
  ['no HTTP', '\x16\x03\x01\x02\x00\x01', 400],
]

describe('the server process', () => {
  let vendor: RawServer
  beforeAll(async () => {
    vendor = await startRawServer()
  })
  afterAll(() => vendor.close())

  it('answers every hostile request with its status, lives on, and ends with 0', async () => {
    const server = await serve()
    for (const [what, bytes, status] of HOSTILE) {
      expect(await raw(server.port, bytes), what).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    }
    await raw(server.port, post(JSON.stringify(WAIT)), { cut: true })
    await raw(server.port, post('{"plan": {"st').subarray(0, 120), { cut: true })
    const healthy = await send(server.port, 'POST', '/runs?wait=true', {
      plan: { steps: [{ name: 'a', type: 'transform', set: { x: 1 } }] },
    })
    expect(healthy.json).toMatchObject({ status: 'succeeded' })
    server.child.kill('SIGTERM')
    expect(await server.ended, server.log()).toBe(0)
  }, 30_000)
  it('told to end with runs at work lets them end, answers those who wait, and ends with 0', async () => {
    const server = await serve()
    const waiting = Array.from({ length: 20 }, () => send(server.port, 'POST', '/runs?wait=true', WAIT))
    await eventually(async () => {
      const { json } = await send(server.port, 'GET', '/runs')
      expect((json as { items: unknown[] }).items).toHaveLength(20)
    })
    server.child.kill('SIGTERM')
    const answers = await Promise.all(waiting)
    expect(answers.map((answer) => (answer.json as { status?: string }).status)).toEqual(Array(20).fill('succeeded'))
    expect(await server.ended, server.log()).toBe(0)
  }, 30_000)
  it('shows no secret, whatever the model and Redis do to it', async () => {
    const [key = '', password = '', door = ''] = SECRETS
    const server = await serve({
      TUTTI_MODEL: 'openai:m',
      OPENAI_API_KEY: key,
      OPENAI_BASE_URL: `${vendor.url}/v1`,
      REDIS_URL: `redis://x:${password}@127.0.0.1:1`,
      TUTTI_SERVER_API_KEYS: `me:admin:${door}`,
      TUTTI_MODEL_MAX_ATTEMPTS: '1',
    })
    vendor.reply(
      {
        status: 401,
        body: JSON.stringify({
          error: {
            message: `Incorrect API key provided: ${key}`,
            type: 'invalid_request_error',
            code: 'invalid_api_key',
          },
        }),
      },
      { frames: [chat.text('{"steps": ['), CUT] },
      { status: 500, body: `<html>${key}</html>` },
    )
    const headers = { headers: { authorization: `Bearer ${door}` } }
    const seen: string[] = []
    for (let i = 0; i < 3; i++) {
      const { json } = await send(server.port, 'POST', '/runs?wait=true', { request: 'do something' }, headers)
      seen.push(JSON.stringify(json))
      seen.push(
        JSON.stringify(
          (await send(server.port, 'GET', `/runs/${String((json as { run_id: string }).run_id)}`, undefined, headers))
            .json,
        ),
      )
    }
    for (const path of ['/health', '/catalog', '/metrics', '/runs'])
      seen.push((await send(server.port, 'GET', path, undefined, headers)).text)
    server.child.kill('SIGTERM')
    expect(await server.ended, server.log()).toBe(0)
    for (const secret of SECRETS) expect([...seen, server.log()].filter((text) => text.includes(secret))).toEqual([])
  }, 30_000)
})
