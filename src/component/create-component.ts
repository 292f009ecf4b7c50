// A tool or an agent from its capabilities: an HTTP server, a registration that is kept alive, and a clean end to both.
import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { hostname } from 'node:os'
import { TuttiError } from '../contracts/errors.ts'
import type { JsonObject } from '../contracts/json.ts'
import type { Clock, Logger, Random } from '../contracts/parts.ts'
import { createClock } from '../util/clock.ts'
import { httpOrigin } from '../util/http-origin.ts'
import type { ServedCapability } from './capability.ts'
import { checkName } from './capability.ts'
import { createComponentServer } from './component-server.ts'
import { createRedisRegistry } from './redis-registration.ts'
import type { ComponentRegistry, Registered } from './registry.ts'
import type { ServiceRecord } from './service-record.ts'
import { recordCapability } from './service-record.ts'

/** What a component is and offers. */
export interface ComponentDefinition {
  /** As plans name it, such as `weather-tool`. */
  readonly name: string
  /** An agent gets its inputs as `{data: inputs}`; both forms are accepted. Default `tool`. */
  readonly kind?: 'tool' | 'agent'
  readonly description?: string
  readonly capabilities: readonly ServedCapability[]
}

/** Where a component listens and registers. All are optional; durations in milliseconds. */
export interface StartOptions {
  /** Default 0: a free one. */
  readonly port?: number
  /** Where it listens. Default `127.0.0.1`; `0.0.0.0` for all interfaces. */
  readonly host?: string
  /** A Redis URL, an embedded registry, or nothing: then it only serves. */
  readonly registry?: string | ComponentRegistry
  /** Host by which others reach it. Default: `host`, or the machine's name when it listens on all interfaces. */
  readonly address?: string
  /** Port by which others reach it, where that is another one. */
  readonly advertisedPort?: number
  /** Default `NAME-` and 8 hexadecimal digits. Equal to the name for replicas behind one address, as in Kubernetes. */
  readonly id?: string
  /** Prefix of the keys in Redis. Default `tutti`; `gomind` to be found by GoMind's orchestrators. */
  readonly namespace?: string
  /** Pause between heartbeats, ms. Default 15,000. */
  readonly heartbeatMs?: number
  /** Life of the registration without heartbeat, ms. Default: twice the heartbeat. */
  readonly ttlMs?: number
  /** More to be found in the record's `metadata`. */
  readonly metadata?: JsonObject
  /** Largest request body, bytes. Default 1,000,000. */
  readonly maxBodyBytes?: number
  readonly clock?: Clock
  readonly random?: Random
  readonly log?: Logger
}

/** A component that listens. */
export interface RunningComponent {
  readonly id: string
  readonly name: string
  readonly port: number
  /** `http://host:port` as others reach it. */
  readonly url: string
  /** Leaves the registry, lets calls in flight end for `drainMs` (default 5,000), then stops. */
  stop(options?: { readonly drainMs?: number }): Promise<void>
}

/** A component that can be started, also several times. */
export interface ServableComponent {
  readonly name: string
  /** Listens, registers, and keeps the registration alive. A registry that is away is waited for while it serves. */
  start(options?: StartOptions): Promise<RunningComponent>
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

/** Calls in flight may end for a while; connections that only wait are closed at once. */
async function stopServer(server: Server, stopping: AbortController, drainMs: number, clock: Clock): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const stopTimer = clock.after(drainMs, () => {
    stopping.abort()
    server.closeAllConnections()
  })
  await ended
  stopTimer()
}

function checkDefinition({ name, capabilities }: ComponentDefinition): void {
  checkName('component', name)
  const given: unknown = capabilities
  if (!Array.isArray(given)) {
    throw new TuttiError(
      'invalid_config',
      `The component "${name}" has no list of capabilities. Make them with capability().`,
    )
  }
  const names = new Set(capabilities.map(({ description }) => description.name))
  const endpoints = new Set(capabilities.map(({ endpoint }) => endpoint))
  if (names.size < capabilities.length || endpoints.size < capabilities.length) {
    throw new TuttiError('invalid_config', `Two capabilities of "${name}" have the same name or endpoint.`)
  }
}

const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::'

/** @throws TuttiError `invalid_config` for what is no Redis URL */
function chooseRegistry(options: StartOptions, clock: Clock, random: Random): ComponentRegistry | undefined {
  const { registry, heartbeatMs, ttlMs, namespace, log } = options
  if (typeof registry !== 'string') return registry
  return createRedisRegistry({
    url: registry,
    clock,
    random,
    ...(namespace === undefined ? {} : { namespace }),
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(log === undefined ? {} : { log }),
  })
}

async function startComponent(definition: ComponentDefinition, options: StartOptions): Promise<RunningComponent> {
  const { name, kind = 'tool', description = '', capabilities } = definition
  const { host = '127.0.0.1', maxBodyBytes = 1_000_000, namespace = 'tutti', log } = options
  const { clock = createClock(), random = Math.random } = options
  const { id = `${name}-${randomBytes(4).toString('hex')}` } = options
  const registry = chooseRegistry(options, clock, random)
  const stopping = new AbortController()
  const served = { id, name, kind, description, capabilities, maxBodyBytes, log, stopping: stopping.signal }
  const server = createComponentServer(served)
  const port = await listen(server, options.port ?? 0, host)
  const address = options.address ?? (isWildcard(host) ? hostname() : host)
  const record: ServiceRecord = {
    id,
    name,
    type: kind,
    description,
    address,
    port: options.advertisedPort ?? port,
    capabilities: capabilities.map((one) => recordCapability(one.description, one.endpoint)),
    metadata: { namespace, ...options.metadata },
    health: 'healthy',
    last_seen: clock.timestamp(),
  }
  const registered: Registered | undefined = await registry?.register({
    record,
    capabilities: capabilities.map((one) => one.description),
  })
  let stopped: Promise<void> | undefined
  return {
    id,
    name,
    port,
    url: httpOrigin(address, record.port),
    stop({ drainMs = 5000 } = {}) {
      stopped ??= (async () => {
        await registered?.unregister()
        await stopServer(server, stopping, drainMs, clock)
      })()
      return stopped
    },
  }
}

/**
 * A tool or an agent.
 *
 * @throws TuttiError `invalid_config` for names that cannot be used or appear twice
 * @example const running = await createComponent({ name: 'clock-tool', capabilities: [now] }).start({ registry: 'redis://localhost:6379' })
 */
export function createComponent(definition: ComponentDefinition): ServableComponent {
  checkDefinition(definition)
  return { name: definition.name, start: (options = {}) => startComponent(definition, options) }
}
