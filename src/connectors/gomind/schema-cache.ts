// Input schemas from the components' own schema endpoints, fetched beside discovery: a list never waits long for them, and
// until they are there (or when they are not to be had) the summary of the registration serves.
import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Capability } from '../../contracts/capability.ts'
import type { JsonSchema } from '../../contracts/json.ts'
import type { Clock } from '../../contracts/parts.ts'
import { parseJson, stringifyJson } from '../../util/json.ts'
import { readEndpoint } from '../http/addresses.ts'
import type { HttpClient } from '../http/http-client.ts'
import type { ReadCapability } from './read-capability.ts'
import { readSchemaReply } from './read-capability.ts'

export interface SchemaCacheOptions {
  readonly client: HttpClient
  readonly clock: Clock
}

/** How long a schema is used before it is fetched again behind the scenes. */
const TTL_MS = 300_000
/** How long a failed fetch is not repeated. */
const RETRY_MS = 60_000
/** Longest single fetch. */
const FETCH_TIMEOUT_MS = 1_500
/** Fetches at once. */
const MAX_PARALLEL = 8
/** Above what one registry holds: with fewer, every load would fetch again what the one before had pushed out. */
const MAX_ENTRIES = 200_000

interface Entry {
  readonly schema: JsonSchema | undefined
  readonly dueAt: number
  /** The capability with the schema: the same object every time, so that what was compiled for it is found again. */
  capability?: Capability
}

interface Job {
  readonly key: string
  readonly origin: string
  readonly path: string
}

export interface SchemaCache {
  /** The capability with the best schema known now; starts fetching what is missing. */
  describe(read: ReadCapability, addresses: readonly string[]): Capability
  /** Resolves when first fetches have ended, at the latest after `waitMs`. True when something new came. */
  settle(waitMs: number): Promise<boolean>
  /** Whether nothing is on its way, and nothing came since the last `settle`. */
  isSettled(): boolean
  close(): void
}

export function createSchemaCache({ client, clock }: SchemaCacheOptions): SchemaCache {
  const entries = new LRUCache<string, Entry>({ max: MAX_ENTRIES })
  const waiting = new Map<string, Job>()
  const running = new Map<string, AbortController>()
  /** Keys never answered before: only for these a load waits. */
  const firsts = new Set<string>()
  const keys = new WeakMap<ReadCapability, string>()
  let listeners: (() => void)[] = []
  let arrived = false

  const fetchSchema = async ({ origin, path }: Job, signal: AbortSignal): Promise<JsonSchema | undefined> => {
    const headers = ['accept', 'application/json']
    const answer = await client.request({ origin, path: readEndpoint(path), method: 'GET', headers, signal })
    return answer.status === 200 ? readSchemaReply(parseJson(answer.text)) : undefined
  }

  const run = async (job: Job): Promise<void> => {
    const controller = new AbortController()
    running.set(job.key, controller)
    const stopTimer = clock.after(FETCH_TIMEOUT_MS, () => controller.abort())
    const old = entries.get(job.key)
    // A schema that cannot be had is no failure of discovery: the summary stands in (B66, B67).
    const schema = await fetchSchema(job, controller.signal).catch(() => undefined)
    stopTimer()
    running.delete(job.key)
    firsts.delete(job.key)
    const isSame = schema === undefined || (old !== undefined && stringifyJson(old.schema) === stringifyJson(schema))
    const dueAt = clock.now() + (schema === undefined ? RETRY_MS : TTL_MS)
    entries.set(job.key, isSame && old !== undefined ? { ...old, dueAt } : { schema, dueAt })
    if (!isSame) arrived = true
    next()
  }

  const next = (): void => {
    for (const [key, job] of waiting) {
      if (running.size >= MAX_PARALLEL) return
      waiting.delete(key)
      void run(job)
    }
    if (firsts.size === 0) {
      const ended = listeners
      listeners = []
      for (const listener of ended) listener()
    }
  }

  const want = (job: Job): void => {
    if (waiting.has(job.key) || running.has(job.key)) return
    waiting.set(job.key, job)
    if (!entries.has(job.key)) firsts.add(job.key)
    next()
  }

  /** Holds all that was registered: a changed summary means a changed component, whose schema is fetched again. */
  const keyOf = (read: ReadCapability): string => {
    let key = keys.get(read)
    if (key === undefined) {
      key = hash('sha1', `${read.schemaEndpoint} ${stringifyJson(read.capability)}`, 'base64')
      keys.set(read, key)
    }
    return key
  }

  return {
    describe(read, addresses) {
      const { capability, schemaEndpoint } = read
      if (schemaEndpoint === undefined) return capability
      for (const origin of addresses) {
        const key = `${origin} ${keyOf(read)}`
        const entry = entries.get(key)
        if (entry === undefined || entry.dueAt <= clock.now()) want({ key, origin, path: schemaEndpoint })
        if (entry === undefined) return capability
        if (entry.schema !== undefined) return (entry.capability ??= { ...capability, inputSchema: entry.schema })
      }
      return capability
    },
    async settle(waitMs) {
      if (firsts.size > 0) {
        await new Promise<void>((resolve) => {
          const stopTimer = clock.after(waitMs, () => {
            // Later loads do not wait for these again.
            firsts.clear()
            resolve()
          })
          listeners.push(() => {
            stopTimer()
            resolve()
          })
        })
      }
      const hasNews = arrived
      arrived = false
      return hasNews
    },
    isSettled: () => waiting.size === 0 && running.size === 0 && !arrived,
    close() {
      waiting.clear()
      firsts.clear()
      for (const controller of running.values()) controller.abort()
      next()
    },
  }
}
