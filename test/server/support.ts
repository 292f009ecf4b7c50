// A server over a fake orchestrator, on a free port, with time that stands still.
import { resolveConfig } from '../../src/config/resolve-config.ts'
import type { Orchestrator } from '../../src/contracts/api.ts'
import type { ConfigInput } from '../../src/contracts/config.ts'
import type { Logger } from '../../src/contracts/parts.ts'
import { createServer, type RunningServer } from '../../src/server/create-server.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'
import { createFakeOrchestrator, type FakeOrchestrator } from './fake-orchestrator.ts'
import { type Answer, type Ask, type OpenStream, openStream, send } from './http.ts'

export interface TestServer {
  readonly orchestrator: FakeOrchestrator
  readonly server: RunningServer
  readonly clock: ManualClock
  readonly logged: { readonly message: string; readonly facts: Readonly<Record<string, unknown>> }[]
  send(method: string, path: string, body?: unknown, ask?: Ask): Promise<Answer>
  open(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<OpenStream>
  [Symbol.asyncDispose](): Promise<void>
}

export async function startTestServer(
  settings: ConfigInput['server'] = {},
  overrides: Partial<Orchestrator> = {},
): Promise<TestServer> {
  const orchestrator = createFakeOrchestrator(overrides)
  const clock = createManualClock()
  const logged: { message: string; facts: Readonly<Record<string, unknown>> }[] = []
  const note = (message: string, facts: Readonly<Record<string, unknown>> = {}): void => {
    logged.push({ message, facts })
  }
  const log: Logger = { debug: note, info: note, warn: note, error: note }
  const config = resolveConfig({ server: { port: 0, requestsPerSecond: 10_000, ...settings } })
  const server = await createServer({ orchestrator, config, log, clock })
  return {
    orchestrator,
    server,
    clock,
    logged,
    send: (method, path, body, ask) => send(server.port, method, path, body, ask),
    open: (method, path, body, headers) => openStream(server.port, method, path, body, headers),
    async [Symbol.asyncDispose]() {
      const closed = server.close()
      await clock.advance(1)
      await closed
    },
  }
}
