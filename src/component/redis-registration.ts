// Keeps a component registered in Redis, in GoMind's format. Every heartbeat writes the whole registration again, also the
// index sets, so that whatever Redis lost in the meantime is back after one beat.

import { openRedis, readRedisUrl } from '../connectors/redis/redis-client.ts'
import type { Clock, Logger, Random } from '../contracts/parts.ts'
import { stringifyJson } from '../util/json.ts'
import type { ComponentRegistry, Registration } from './registry.ts'

export interface RedisRegistryOptions {
  /** `redis://[:password@]host:port[/db]` */
  readonly url: string
  /** Key prefix. Default `tutti`. */
  readonly namespace?: string
  /** Pause between heartbeats, ms; up to a quarter of it is added, once for each process. Default 15,000. */
  readonly heartbeatMs?: number
  /** Life of the registration, ms. Default: twice the heartbeat. */
  readonly ttlMs?: number
  readonly clock: Clock
  readonly random: Random
  readonly log?: Logger
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

type RedisCommand = (string | number)[]

/** Everything a registration writes, for one transaction. */
function registerCommands(registration: Registration, keys: Keys, ttlMs: number, now: string): RedisCommand[] {
  const { id } = registration.record
  const text = stringifyJson({ ...registration.record, last_seen: now })
  return [
    ['set', keys.service, text, 'EX', seconds(ttlMs)],
    ...keys.indexes.flatMap((key): RedisCommand[] => [
      ['sadd', key, id],
      // An index set outlives its members, since it is shared.
      ['expire', key, seconds(2 * ttlMs)],
    ]),
  ]
}

interface Keys {
  readonly service: string
  readonly indexes: readonly string[]
}

function keysOf({ record }: Registration, namespace: string): Keys {
  return {
    service: `${namespace}:services:${record.id}`,
    indexes: [
      ...record.capabilities.map(({ name }) => `${namespace}:capabilities:${name}`),
      `${namespace}:names:${record.name}`,
      `${namespace}:types:${record.type}`,
    ],
  }
}

/** @throws TuttiError `invalid_config` for what is no Redis URL */
export function createRedisRegistry(options: RedisRegistryOptions): ComponentRegistry {
  const { url, namespace = 'tutti', heartbeatMs = 15_000, clock, random, log } = options
  const { ttlMs = heartbeatMs * 2 } = options
  readRedisUrl(url)
  const pauseMs = heartbeatMs + random() * (heartbeatMs / 4)

  return {
    async register(registration) {
      const connection = openRedis(url)
      const keys = keysOf(registration, namespace)
      const stopping = new AbortController()
      let isReported = false
      let stopTimer = (): void => undefined
      let writing: Promise<void> | undefined

      const send = async (commands: RedisCommand[]): Promise<void> => {
        const redis = await connection.ready(stopping.signal)
        const results = await redis.multi(commands).exec()
        const failed = results?.find(([error]) => error !== null)
        if (failed !== undefined) throw failed[0]
      }
      const write = async (): Promise<void> => {
        try {
          await send(registerCommands(registration, keys, ttlMs, clock.timestamp()))
          isReported = false
        } catch (error) {
          // It goes on serving, and registers when Redis comes.
          if (!isReported && !stopping.signal.aborted) log?.warn(connection.describeError(error).message)
          isReported = true
        }
      }
      const beat = (): Promise<void> => {
        stopTimer()
        stopTimer = clock.after(pauseMs, () => void beat())
        writing ??= write().finally(() => {
          writing = undefined
        })
        return writing
      }
      const stopListening = connection.onReady(() => void beat())
      await beat()

      return {
        async unregister() {
          stopTimer()
          stopListening()
          await writing
          // In Kubernetes all replicas share the id that is the name: the others still need it, so it is left to its TTL.
          const { id, name } = registration.record
          const commands: RedisCommand[] = [
            ...keys.indexes.map((key): RedisCommand => ['srem', key, id]),
            ['del', keys.service],
          ]
          if (id !== name) await send(commands).catch(() => undefined)
          stopping.abort()
          connection.close()
        },
      }
    },
  }
}
