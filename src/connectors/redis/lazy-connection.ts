// A connection to Redis for hints: opened on first use, bounded to a second, failing at once while Redis is away.
import type { Redis } from 'ioredis'
import { TuttiError } from '../../contracts/errors.ts'
import type { Clock } from '../../contracts/parts.ts'
import { readRedisUrl } from './redis-client.ts'

/** Nobody waits longer for what is only a hint, ms. */
const LONGEST_WAIT_MS = 1_000

export interface LazyConnection {
  /**
   * Works with a connection that is ready.
   * @throws TuttiError `source_failed` within a second; what Redis said is not shown, since it may hold arguments
   */
  use<T>(work: (client: Redis) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface LazyConnectionParts {
  readonly url: string
  /** What `CLIENT LIST` shows. */
  readonly name: string
  readonly clock: Clock
  /** Also after it was lost. */
  readonly onReady: (client: Redis) => void
  /** Once for each time that it is lost, or cannot be made. */
  readonly onAway: () => void
}

/** @throws TuttiError `invalid_config` for what is no Redis URL */
export function createLazyConnection({ url, name, clock, onReady, onAway }: LazyConnectionParts): LazyConnection {
  const { host } = readRedisUrl(url)
  const firstAttempt = Promise.withResolvers<void>()
  let opening: Promise<Redis> | undefined
  let isAway = false
  let isClosed = false

  const open = async (): Promise<Redis> => {
    const { Redis } = await import('ioredis')
    const client = new Redis(url, {
      connectTimeout: LONGEST_WAIT_MS,
      commandTimeout: LONGEST_WAIT_MS,
      // A connection whose other end has vanished without a word is given up, and made anew.
      socketTimeout: 2 * LONGEST_WAIT_MS,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      connectionName: name,
      disableClientInfo: true,
      retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), LONGEST_WAIT_MS),
    })
    // Without a listener an error would end the process; that it is away shows in `close`.
    client.on('error', () => undefined)
    client.on('ready', () => {
      isAway = false
      firstAttempt.resolve()
      onReady(client)
    })
    client.on('close', () => {
      firstAttempt.resolve()
      if (!isAway && !isClosed) onAway()
      isAway = true
    })
    if (isClosed) client.disconnect()
    return client
  }
  const whenReady = async (): Promise<Redis> => {
    const client = await (opening ??= open())
    await firstAttempt.promise
    if (client.status !== 'ready') throw new Error('away')
    return client
  }

  return {
    use(work) {
      return new Promise((resolve, reject) => {
        const fail = (): void => {
          stop()
          reject(new TuttiError('source_failed', `Redis at "${host}" did not answer.`, { details: { host } }))
        }
        const stop = clock.after(LONGEST_WAIT_MS, fail)
        if (isClosed) return fail()
        whenReady()
          .then(work)
          .then((result) => {
            stop()
            resolve(result)
          }, fail)
      })
    },
    async close() {
      isClosed = true
      firstAttempt.resolve()
      await opening?.then(
        (client) => client.disconnect(),
        () => undefined,
      )
    },
  }
}
