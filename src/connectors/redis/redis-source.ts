// Finds the components that register themselves in Redis, in GoMind's format, and calls them over HTTP. It only reads: no
// writes, no KEYS, and every id is confirmed by its own record, since index sets hold the dead and lose the living.
import { LRUCache } from 'lru-cache'
import type { Component } from '../../contracts/capability.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { Clock, Discovery, Logger, Source } from '../../contracts/parts.ts'
import { createClock } from '../../util/clock.ts'
import { groupServices } from '../gomind/group-services.ts'
import type { ReadService } from '../gomind/read-service.ts'
import { MAX_RECORD_CHARS, readService } from '../gomind/read-service.ts'
import { createSchemaCache } from '../gomind/schema-cache.ts'
import type { PrivateAddresses } from '../http/addresses.ts'
import { createHttpClient } from '../http/http-client.ts'
import { createHttpInvoker } from '../http/http-invoker.ts'
import type { RedisCommands } from './redis-client.ts'
import { adoptRedis, openRedis } from './redis-client.ts'

interface RedisSourceSettings {
  /** Default `redis`. */
  readonly name?: string
  /** Key prefixes that are read; of two registrations of one instance the first counts. Default `['tutti', 'gomind']`. */
  readonly namespaces?: readonly string[]
  /** Largest answer of a component, bytes. Default 10,000,000. */
  readonly maxResponseBytes?: number
  /** Components in Redis are usually on an inner network. Default true; link-local addresses are never called. */
  readonly privateAddresses?: PrivateAddresses
  /** In a larger database the whole key space is walked once a minute only; between, the index sets are read. Default 100,000 keys. */
  readonly scanLimit?: number
  /** Longest that a load waits for input schemas it has not seen, ms. Default 1,500. */
  readonly schemaWaitMs?: number
  readonly clock?: Clock
  readonly log?: Logger
}

/** Exactly one of `url` (`redis://[:password@]host:port[/db]`) and `client` (ioredis 5 or 6, which stays yours to close). */
export type RedisSourceOptions = RedisSourceSettings &
  ({ readonly url: string; readonly client?: never } | { readonly client: RedisCommands; readonly url?: never })

const SCAN_SIZE = 1000
const READ_BATCH = 100
const FULL_SCAN_MS = 60_000
/** Unchanged records are gone through again after so long. */
const SAME_MS = 30_000

async function collect(
  into: Set<string>,
  page: (cursor: string) => Promise<[string, string[]]>,
  signal: AbortSignal,
): Promise<void> {
  let cursor = '0'
  do {
    if (signal.aborted) throw new TuttiError('source_failed', 'Reading Redis took longer than allowed.')
    const [following, found] = await page(cursor)
    for (const one of found) into.add(one)
    cursor = following
  } while (cursor !== '0')
}

/** A namespace stands in a pattern; its own special characters must not act there. */
const escapePattern = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&')

/** What was read last, by key: an unchanged record keeps its objects, and what others derived from them. */
interface Remembered {
  readonly signature: string
  readonly read: ReadService
}

// A heartbeat changes nothing else.
const signatureOf = (text: string): string => text.replace(/"last_seen"\s*:\s*"[^"]*"/, '')

class RecordReader {
  readonly #remembered = new LRUCache<string, Remembered>({
    maxSize: 100_000_000,
    sizeCalculation: ({ signature }) => signature.length + 1,
  })
  readonly #warned = new LRUCache<string, true>({ max: 1000 })
  readonly #log: Logger | undefined

  constructor(log: Logger | undefined) {
    this.#log = log
  }

  /** Once for each key and reason, so that a record which stays broken does not fill the log. */
  #warn(key: string, what: string): void {
    if (this.#warned.has(`${key} ${what}`)) return
    this.#warned.set(`${key} ${what}`, true)
    this.#log?.warn(`The registration ${JSON.stringify(key.slice(0, 300))}: ${what}.`, { key: key.slice(0, 300) })
  }

  #read(key: string, text: string): ReadService {
    const signature = signatureOf(text)
    const last = this.#remembered.get(key)
    if (last !== undefined && last.signature === signature) return last.read
    const read = readService(text)
    this.#remembered.set(key, { signature, read })
    return read
  }

  /** The records of a batch of keys; vanished and damaged ones are left out (B68). */
  async readBatch(redis: RedisCommands, keys: readonly string[]): Promise<ReadService[]> {
    // A range bounds what one record can cost; a type that is no string answers for itself alone.
    const answers = await Promise.allSettled(keys.map((key) => redis.getrange(key, 0, MAX_RECORD_CHARS)))
    const services: ReadService[] = []
    answers.forEach((answer, index) => {
      const key = keys[index] ?? ''
      if (answer.status === 'rejected') {
        if (!(answer.reason instanceof Error) || !answer.reason.message.startsWith('WRONGTYPE')) throw answer.reason
        this.#warn(key, 'it is skipped, since it is not a string')
        return
      }
      if (answer.value === '') return
      const read = this.#read(key, answer.value)
      if ('problem' in read) this.#warn(key, `it is skipped, since ${read.problem}`)
      else for (const warning of read.service.warnings) this.#warn(key, warning)
      services.push(read)
    })
    return services
  }
}

/** How often and where to look for keys. */
class KeyFinder {
  readonly #namespaces: readonly string[]
  readonly #scanLimit: number
  readonly #clock: Clock
  #scannedAt = -Infinity
  #known: readonly string[] = []

  constructor(namespaces: readonly string[], scanLimit: number, clock: Clock) {
    this.#namespaces = namespaces
    this.#scanLimit = scanLimit
    this.#clock = clock
  }

  /** In the order of the namespaces, then of the ids: of two registrations of one instance the first counts. */
  async find(redis: RedisCommands, signal: AbortSignal): Promise<readonly string[]> {
    const isSmall = (await redis.dbsize()) <= this.#scanLimit
    const isFull = isSmall || this.#clock.now() - this.#scannedAt >= FULL_SCAN_MS
    const keys: string[] = []
    for (const namespace of this.#namespaces) {
      const found = isFull ? await this.#scan(redis, namespace, signal) : await this.#listed(redis, namespace, signal)
      for (const key of [...found].sort()) keys.push(key)
    }
    if (isFull) {
      this.#scannedAt = this.#clock.now()
      this.#known = keys
    }
    return keys
  }

  async #scan(redis: RedisCommands, namespace: string, signal: AbortSignal): Promise<Set<string>> {
    const keys = new Set<string>()
    const pattern = `${escapePattern(namespace)}:services:*`
    await collect(keys, (cursor) => redis.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_SIZE), signal)
    return keys
  }

  /** What the last walk found, and what the index sets name. */
  async #listed(redis: RedisCommands, namespace: string, signal: AbortSignal): Promise<Set<string>> {
    const ids = new Set<string>()
    for (const type of ['tool', 'agent']) {
      const index = `${namespace}:types:${type}`
      await collect(ids, (cursor) => redis.sscan(index, cursor, 'COUNT', SCAN_SIZE), signal)
    }
    const prefix = `${namespace}:services:`
    const keys = new Set(this.#known.filter((key) => key.startsWith(prefix)))
    for (const id of ids) keys.add(prefix + id)
    return keys
  }
}

/**
 * Components that register in Redis, as GoMind's and those of `tutti/component` do.
 *
 * @throws TuttiError `invalid_config` for an unusable URL; `load` throws `source_failed` while Redis is away
 * @example createOrchestrator({ sources: [createRedisSource({ url: 'redis://localhost:6379' })] })
 */
export function createRedisSource(options: RedisSourceOptions): Source {
  const { name = 'redis', namespaces = ['tutti', 'gomind'], scanLimit = 100_000, schemaWaitMs = 1500 } = options
  const { maxResponseBytes = 10_000_000, privateAddresses = true } = options
  const clock = options.clock ?? createClock()
  const connection = options.url === undefined ? adoptRedis(options.client) : openRedis(options.url)
  const client = createHttpClient({ maxResponseBytes, privateAddresses })
  const schemaClient = createHttpClient({ maxResponseBytes: MAX_RECORD_CHARS, privateAddresses, connections: 2 })
  const schemas = createSchemaCache({ client: schemaClient, clock })
  const reader = new RecordReader(options.log)
  const finder = new KeyFinder([...new Set(namespaces)], scanLimit, clock)

  let wasAway = false
  /** What was made of which records, and when. */
  let last:
    | { readonly services: readonly ReadService[]; readonly components: readonly Component[]; readonly at: number }
    | undefined

  const readAll = async (signal: AbortSignal): Promise<ReadService[]> => {
    try {
      const redis = await connection.ready(signal)
      const keys = await finder.find(redis, signal)
      const services: ReadService[] = []
      for (let i = 0; i < keys.length; i += READ_BATCH) {
        services.push(...(await reader.readBatch(redis, keys.slice(i, i + READ_BATCH))))
      }
      return services
    } catch (error) {
      wasAway = true
      throw connection.describeError(error)
    }
  }

  const discovery: Discovery = {
    name,
    async load(signal): Promise<readonly Component[]> {
      const services = await readAll(signal)
      // Reads of unchanged records are the same objects. Nothing new then, unless a schema is due to be looked at again.
      const isSame =
        last !== undefined &&
        services.length === last.services.length &&
        services.every((read, i) => read === last?.services[i])
      if (isSame && last !== undefined && clock.now() - last.at < SAME_MS) return last.components
      const readable = services.flatMap((read) => ('service' in read ? [read.service] : []))
      const origins = new Set(readable.map(({ instance }) => instance.address))
      client.keepOnly(origins)
      schemaClient.keepOnly(origins)
      const group = (): Promise<Component[]> =>
        groupServices(readable, {
          source: name,
          trust: 'discovered',
          describe: (read, addresses) => schemas.describe(read, addresses),
        })
      const found = await group()
      const hasNews = await schemas.settle(schemaWaitMs)
      const components = Object.freeze(hasNews ? await group() : found)
      // Schemas that are still on their way come into the next load.
      last = schemas.isSettled() ? { services, components, at: clock.now() } : undefined
      return components
    },
    // New registrations are found by polling; only that Redis is back is told.
    watch: (changed) =>
      connection.onReady(() => {
        if (wasAway) changed()
        wasAway = false
      }),
    async close() {
      schemas.close()
      connection.close()
      await schemaClient.close()
    },
  }
  return { discovery, invoker: createHttpInvoker({ client }) }
}
