// The HTTP server around an orchestrator: listens, drains, closes. The orchestrator belongs to the caller.
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { resolveOptions } from '../config/resolve-options.ts'
import type { Orchestrator } from '../contracts/api.ts'
import type { Config, ConfigInput } from '../contracts/config.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { Clock, Logger } from '../contracts/parts.ts'
import { createClock } from '../util/clock.ts'
import { httpOrigin } from '../util/http-origin.ts'
import { createAccess } from './access.ts'
import { createApp } from './create-app.ts'
import { createIdempotentSubmit } from './idempotency.ts'
import { describeRoutes } from './openapi.ts'
import { createRateLimit } from './rate-limit.ts'
import type { Route, ServerParts } from './route.ts'
import { capabilityRoutes } from './routes-capabilities.ts'
import { catalogRoutes, planRoutes } from './routes-plans.ts'
import { runRoutes } from './routes-runs.ts'
import { systemRoutes } from './routes-system.ts'

/** What is served, and how. */
export interface ServerOptions {
  readonly orchestrator: Orchestrator
  /** Its `server` section counts: host, port, keys, limits. What is left out comes from the environment, then from the defaults. */
  readonly config?: ConfigInput
  /** Default: silent. */
  readonly log?: Logger
  readonly clock?: Clock
}

const SILENT: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** A server that listens. */
export interface RunningServer {
  /** `http://HOST:PORT` */
  readonly url: string
  /** The port that was taken, also when 0 was asked for. */
  readonly port: number
  /** From now on `/ready` says 503 and no new work is taken; looking at runs goes on. */
  drain(): void
  /** Drains, gives open requests up to `drainMs` (default 0) to end, then closes every connection. Runs are not touched. */
  close(drainMs?: number): Promise<void>
}

/**
 * Listens on `config.server.host` and `config.server.port`. The orchestrator stays the caller's: close it after the server.
 * @example
 * const server = await createServer({ orchestrator, config: { server: { port: 0 } } })
 * @throws TuttiError `invalid_config` when the API keys cannot be read, or the address cannot be listened on
 */
export async function createServer(options: ServerOptions): Promise<RunningServer> {
  const { orchestrator, log = SILENT, clock = createClock() } = options
  const config = resolveOptions(options.config ?? {})
  let draining = false
  const parts: ServerParts = {
    orchestrator,
    config,
    log,
    clock,
    idempotency: createIdempotentSubmit(async (runId) => (await orchestrator.runs.get(runId)) !== undefined),
    isDraining: () => draining,
  }
  let description: unknown
  const routes: Route[] = [
    ...runRoutes(parts),
    ...planRoutes(parts),
    ...catalogRoutes(parts),
    ...capabilityRoutes(parts),
    ...systemRoutes(parts, async () => (description ??= describeRoutes(routes))),
  ]
  const app = createApp(routes, {
    ...parts,
    access: createAccess(config.server.apiKeys),
    rateLimit: createRateLimit(config.server.requestsPerSecond, clock),
  })
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false })
  if (!isHttpServer(server)) throw new TuttiError('internal', 'The server is not an HTTP/1.1 server.')
  const port = await listen(server, config.server)

  return {
    url: httpOrigin(config.server.host, port),
    port,
    drain() {
      draining = true
    },
    async close(drainMs = 0) {
      draining = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const stopTimer = clock.after(drainMs, () => server.closeAllConnections())
      await closed
      stopTimer()
    },
  }
}

const isHttpServer = (server: object): server is Server => 'closeAllConnections' in server

async function listen(server: Server, { host, port }: Config['server']): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const code = 'code' in error ? String(error.code) : 'an unknown error'
      const hint =
        code === 'EADDRINUSE' ? ' Another program listens there; choose another port with TUTTI_SERVER_PORT.' : ''
      reject(
        new TuttiError('invalid_config', `Cannot listen on "${host}", port ${port}: ${code}.${hint}`, { cause: error }),
      )
    })
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}
