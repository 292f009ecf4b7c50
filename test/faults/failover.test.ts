// Instances that die under load: real processes, killed and stopped by the system.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createHttpInvoker } from '../../src/connectors/http/http-invoker.ts'
import type { Component, Instance } from '../../src/contracts/capability.ts'
import type { RunEvent } from '../../src/contracts/events.ts'
import type { Source } from '../../src/contracts/parts.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import type { OrchestratorOptions } from '../../src/orchestrator-options.ts'
import { watchProcess } from './support.ts'

watchProcess()

const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const SERVER = `
  const server = require('node:http').createServer((request, response) => {
    request.resume().on('end', () => setTimeout(() => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ from: process.pid }))
    }, 5))
  })
  server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)))
`

async function startInstance(id: string): Promise<Instance & { readonly child: ChildProcess }> {
  const child = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  open.push(() => void child.kill('SIGKILL'))
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  return { id, address: `http://127.0.0.1:${String(port)}`, health: 'healthy', child }
}

/** A component that reads, at the addresses that the list holds at the moment. */
function sourceOf(instances: () => readonly Instance[]): Source & { loads(): number } {
  let loads = 0
  const load = async (): Promise<readonly Component[]> => {
    loads++
    return [
      {
        name: 'rates',
        kind: 'tool',
        source: 'here',
        trust: 'configured',
        capabilities: [{ name: 'get', description: 'Reads.', inputSchema: { type: 'object' }, effect: 'read' }],
        instances: instances().map(({ id, address = '', health }) => ({ id, address, health })),
      },
    ]
  }
  const invoker = createHttpInvoker({ privateAddresses: true })
  return { discovery: { name: 'here', load }, invoker, loads: () => loads }
}

const documentOf = (count: number) => ({
  steps: Array.from({ length: count }, (_, i) => ({ name: `s${i}`, component: 'rates', action: 'get' })),
})

/** Runs so many steps over the source; `onAnswer` hears how many have been answered. */
async function runOver(source: Source, count: number, options: OrchestratorOptions, onAnswer: (n: number) => void) {
  const tutti = createOrchestrator({ sources: [source], ...options })
  open.push(() => tutti.close())
  const failedAt: number[] = []
  let answered = 0
  const onEvent = (event: RunEvent): void => {
    if (event.type !== 'attempt-end') return
    if (event.status === 'succeeded') onAnswer(++answered)
    else failedAt.push(performance.now())
  }
  const response = await tutti.execute(documentOf(count), {}, { onEvent, maxConcurrency: 20 })
  return { response, failedAt, tutti }
}

const FAST = { recovery: { initialWaitMs: 10, semanticEnabled: false } } satisfies OrchestratorOptions

describe('an instance that dies under load (B56)', () => {
  it('is found dead at once: every step succeeds on the other one, and the last failure is less than five seconds later', async () => {
    const [first, second] = await Promise.all([startInstance('first'), startInstance('second')])
    let killedAt = 0
    const { response, failedAt } = await runOver(
      sourceOf(() => [first, second]),
      1_500,
      FAST,
      (n) => {
        if (n !== 300) return
        killedAt = performance.now()
        first.child.kill('SIGKILL')
      },
    )
    expect(response.status).toBe('succeeded')
    expect(response.steps.every(({ status }) => status === 'succeeded')).toBe(true)
    // As many as were on their way to it, not one for each step that came after.
    expect(failedAt.length).toBeGreaterThan(0)
    expect(failedAt.length).toBeLessThanOrEqual(20)
    expect(Math.max(...failedAt) - killedAt).toBeLessThan(5_000)
    const before = response.steps.slice(0, 100).map(({ output }) => output)
    expect(new Set(before.map((output) => JSON.stringify(output))).size).toBe(2)
  })

  it('that hangs instead holds up only the calls that it has, for as long as one may take', async () => {
    const [first, second] = await Promise.all([startInstance('first'), startInstance('second')])
    let stoppedAt = 0
    const options = { ...FAST, executor: { stepTimeoutMs: 400 } }
    const { response, failedAt } = await runOver(
      sourceOf(() => [first, second]),
      600,
      options,
      (n) => {
        if (n !== 100) return
        stoppedAt = performance.now()
        first.child.kill('SIGSTOP')
      },
    )
    expect(response.status).toBe('succeeded')
    expect(failedAt.length).toBeLessThanOrEqual(20)
    expect(Math.max(...failedAt) - stoppedAt).toBeLessThan(5_000)
  })
})

describe('an instance whose machine is gone, so that nothing comes back', () => {
  /** A full backlog: the system drops who else wants to connect, as a dead machine would. */
  async function startSilent(): Promise<Instance> {
    const silent = `
      const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
        require('node:fs').writeSync(1, String(server.address().port))
        for (;;);
      })
    `
    const child = spawn(process.execPath, ['-e', silent], { stdio: ['ignore', 'pipe', 'inherit'] })
    open.push(() => void child.kill('SIGKILL'))
    const [port] = (await once(child.stdout, 'data')) as [Buffer]
    child.kill('SIGSTOP')
    const sockets = Array.from({ length: 4 }, () => connect(Number(port), '127.0.0.1').on('error', () => undefined))
    open.push(() => void sockets.forEach((socket) => void socket.destroy()))
    await Promise.race(sockets.map((socket) => once(socket, 'connect')))
    return { id: 'a-silent', address: `http://127.0.0.1:${String(port)}`, health: 'healthy' }
  }

  it('is left for the other one within five seconds', async () => {
    const [silent, well] = await Promise.all([startSilent(), startInstance('well')])
    const startedAt = performance.now()
    const { response, failedAt } = await runOver(
      sourceOf(() => [silent, well]),
      20,
      FAST,
      () => undefined,
    )
    expect(response.status).toBe('succeeded')
    expect(failedAt.length).toBeGreaterThan(0)
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })
})

describe('a component that has moved (B57)', () => {
  it('is looked for once, however many steps miss it at the same time', async () => {
    const [gone, there] = await Promise.all([startInstance('gone'), startInstance('there')])
    gone.child.kill('SIGKILL')
    await once(gone.child, 'exit')
    let now: readonly Instance[] = [gone]
    const source = sourceOf(() => now)
    const tutti = createOrchestrator({ sources: [source], ...FAST, catalog: { refreshMs: 0 } })
    open.push(() => tutti.close())
    await tutti.start()
    now = [there]
    const response = await tutti.execute(documentOf(60), {}, { maxConcurrency: 60 })
    expect(response.status).toBe('succeeded')
    expect(source.loads()).toBe(2)
  })
})
