import { spawn } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openStream, runIdOf, send } from '../server/http.ts'
import { MAIN } from './process.ts'

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** A server as a process of its own, on a free port that its log names. */
async function serve(env: Record<string, string> = {}) {
  const cwd = await mkdtemp(join(tmpdir(), 'tutti-serve-'))
  const child = spawn(process.execPath, [MAIN, 'serve', '--port', '0'], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  stops.push(() => child.kill('SIGKILL'))
  let log = ''
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const port = await new Promise<number>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
      const found = /"message":"listening","url":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(log)?.[1]
      if (found !== undefined) resolve(Number(found))
    })
    child.on('close', () => reject(new Error(`ended before it listened: ${log}`)))
  })
  return { child, port, ended, log: () => log, out: () => out }
}

const wait = { plan: { steps: [{ name: 'w', type: 'wait', wait: { for: '700ms' } }] } }

describe('tutti serve', () => {
  it('warns of unknown variables and starts all the same; logs are JSON lines on standard error with the id of the run', async () => {
    const server = await serve({ TUTTI_MODLE: 'x' })
    const run = await send(server.port, 'POST', '/runs?wait=true', {
      plan: { steps: [{ name: 'a', type: 'transform', set: { x: 1 } }] },
    })
    expect(run.json).toMatchObject({ status: 'succeeded' })
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    const lines = server
      .log()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines[0]).toMatchObject({
      level: 'warn',
      message: 'Unknown variable "TUTTI_MODLE". Did you mean "TUTTI_MODEL"?',
    })
    expect(lines.filter((line) => line.run_id === run.json.run_id).map((line) => line.message)).toEqual([
      'run started',
      'plan ready',
      'run ended',
    ])
    expect(server.out()).toBe('')
  })
  it('says that nothing can be called where no components are to be found', async () => {
    const warning = '"message":"no source of components is configured: nothing can be called. Set REDIS_URL'
    const bare = await serve()
    await expect.poll(bare.log).toContain(warning)
    const connected = await serve({ REDIS_URL: 'redis://127.0.0.1:1' })
    connected.child.kill('SIGTERM')
    expect(await connected.ended).toBe(0)
    expect(connected.log()).not.toContain(warning)
  })
  it('on SIGTERM is not ready, takes no new work, lets runs end, and exits 0', async () => {
    const server = await serve()
    const id = runIdOf(await send(server.port, 'POST', '/runs', wait))
    const stream = await openStream(server.port, 'GET', `/runs/${id}/events`)
    await stream.until((text) => text.includes('run-start'))
    server.child.kill('SIGTERM')
    await expect.poll(async () => (await send(server.port, 'GET', '/ready')).status).toBe(503)
    expect((await send(server.port, 'POST', '/runs', wait)).json).toMatchObject({ status: 503, code: 'closed' })
    expect(await stream.ended).toMatch(/event: run-end\ndata: .*"status":"succeeded"/)
    expect(await server.ended).toBe(0)
  })
  it('cancels what does not end in time', async () => {
    const server = await serve({ TUTTI_SERVER_SHUTDOWN_TIMEOUT: '50ms' })
    const long = { plan: { steps: [{ name: 'w', type: 'wait', wait: { for: '1h' } }] } }
    const id = runIdOf(await send(server.port, 'POST', '/runs', long))
    const stream = await openStream(server.port, 'GET', `/runs/${id}/events`)
    await stream.until((text) => text.includes('run-start'))
    server.child.kill('SIGTERM')
    expect(await stream.ended).toMatch(/event: run-end\ndata: .*"status":"cancelled"/)
    expect(await server.ended).toBe(0)
  })
})
