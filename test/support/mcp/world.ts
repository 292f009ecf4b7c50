// Sources over servers that are started for a test, and calls of their tools.
import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { createMcpSource, type McpSourceOptions } from '../../../src/connectors/mcp/mcp-source.ts'
import type { Component } from '../../../src/contracts/capability.ts'
import type { JsonObject } from '../../../src/contracts/json.ts'
import type { InvokerResult, Logger, Source } from '../../../src/contracts/parts.ts'
import type { McpServerSpec } from '../../../src/contracts/sources.ts'

const { resolve } = createRequire(import.meta.url)

/** The program of an installed server. */
export const programOf = (name: 'everything' | 'filesystem' | 'memory'): string =>
  resolve(`@modelcontextprotocol/server-${name}/dist/index.js`)

/** A server of `test/support/mcp`. */
export const supportProgram = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** How a program of Node is started as a server. */
export const node = (program: string, ...args: string[]): McpServerSpec => ({
  command: process.execPath,
  args: [program, ...args],
})

export const rawServer = (...args: string[]): McpServerSpec => node(supportProgram('raw-server.ts'), ...args)

export interface World extends AsyncDisposable {
  readonly source: Source
  readonly warnings: string[]
  readonly debugs: string[]
  load(timeoutMs?: number): Promise<Component>
  /** Of a tool by its safe name. */
  call(name: string, inputs?: JsonObject, options?: CallOptions): Promise<InvokerResult>
}

interface CallOptions {
  readonly signal?: AbortSignal
  readonly headers?: Record<string, string>
  readonly progress?: () => void
  /** Called as it would be found, without looking for it. */
  readonly isUnseen?: boolean
}

const unseen: Component = {
  name: 'server',
  kind: 'tool',
  source: 'mcp:server',
  trust: 'configured',
  capabilities: [],
  instances: [{ id: 'server', health: 'unknown' }],
}

export function createWorld(server: McpServerSpec, options: Partial<McpSourceOptions> = {}): World {
  const warnings: string[] = []
  const debugs: string[] = []
  const log: Logger = {
    debug: (text) => void debugs.push(text),
    info: () => undefined,
    warn: (text) => void warnings.push(text),
    error: (text) => void warnings.push(text),
  }
  const source = createMcpSource({ name: 'server', server, log, ...options })
  let last: Component | undefined
  return {
    source,
    warnings,
    debugs,
    async load(timeoutMs = 20_000) {
      const [component] = await source.discovery.load(AbortSignal.timeout(timeoutMs))
      if (component === undefined) throw new Error('nothing was found')
      last = component
      return component
    },
    async call(
      name,
      inputs = {},
      { signal = AbortSignal.timeout(20_000), headers = {}, isUnseen = false, progress } = {},
    ) {
      const component = isUnseen ? unseen : (last ?? (await this.load()))
      const capability = component.capabilities.find((one) => one.name === name)
      const [instance] = component.instances
      if (instance === undefined) throw new Error('no instance')
      return await source.invoker.invoke({
        component,
        capability: capability ?? { name, description: '', inputSchema: {}, effect: 'unknown' },
        instance,
        inputs,
        idempotencyKey: 'run-1:step:1',
        runId: 'run-1',
        headers,
        signal,
        ...(progress !== undefined && { progress }),
      })
    },
    async [Symbol.asyncDispose]() {
      await source.discovery.close?.()
    },
  }
}

/** Whether a process still runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Starts a server that listens; resolves when its output matches. */
export async function startListening(
  args: readonly string[],
  ready: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<{ child: ChildProcess; match: RegExpExecArray } & AsyncDisposable> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  let output = ''
  const match = await new Promise<RegExpExecArray>((done, fail) => {
    const look = (chunk: Buffer) => {
      output += chunk.toString()
      const found = ready.exec(output)
      if (found !== null) done(found)
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    child.once('exit', (code) => fail(new Error(`ended with ${code}: ${output}`)))
  })
  return {
    child,
    match,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((done) => child.once('exit', done))
      child.kill('SIGKILL')
      await ended
    },
  }
}
