// A redis-server of its own for a test file, on a free port, without persistence; it can be killed and started again.

import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { Redis } from 'ioredis'
import { describe } from 'vitest'

export interface RedisServer {
  readonly port: number
  readonly url: string
  /** A client of the test's own; closed with the server. */
  readonly client: Redis
  /** As a power cut would: no goodbye. */
  kill(): Promise<void>
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject()))
    })
  })
}

/** Resolves when the server says that it takes connections. */
function launch(port: number, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  return new Promise((resolve, reject) => {
    let output = ''
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${output}`)))
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString()
      if (output.includes('Ready to accept connections')) resolve(child)
    })
  })
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })

export async function startRedisServer(options: { readonly password?: string } = {}): Promise<RedisServer> {
  const port = await freePort()
  const { password } = options
  const args = password === undefined ? [] : ['--requirepass', password]
  let child = await launch(port, args)
  const url = `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`
  const client = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null })
  client.on('error', () => undefined)
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended(child)
  }
  return {
    port,
    url,
    client,
    kill,
    async restart() {
      await kill()
      child = await launch(port, args)
    },
    async stop() {
      client.disconnect()
      await kill()
    },
  }
}

function hasRedis(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Skipped, loudly, on a machine without redis-server; a failure where CI is set. */
export function describeWithRedis(name: string, fn: () => void): void {
  const isThere = hasRedis()
  if (!isThere && process.env['CI'] !== undefined) {
    throw new Error('redis-server is not installed, and these tests must not be skipped here.')
  }
  if (!isThere) console.warn(`SKIPPED "${name}": redis-server is not installed (apt-get install redis-server).`)
  describe.skipIf(!isThere)(name, fn)
}

/** Repeats a look at the outside until it holds; fails with its last error after 10 s. */
export async function eventually<T>(look: () => Promise<T> | T): Promise<T> {
  const end = Date.now() + 10_000
  for (;;) {
    try {
      return await look()
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
