// One connection to Redis: loaded on first use, fails fast while Redis is away, comes back by itself, never shows a password.
import { TuttiError } from '../../contracts/errors.ts'

/** The commands that are used here: what ioredis 5 and 6 offer, seen without their classes. */
export interface RedisCommands {
  readonly status: string
  dbsize(): Promise<number>
  scan(cursor: string, match: 'MATCH', pattern: string, count: 'COUNT', size: number): Promise<[string, string[]]>
  sscan(key: string, cursor: string, count: 'COUNT', size: number): Promise<[string, string[]]>
  getrange(key: string, start: number, end: number): Promise<string>
  multi(commands: (string | number)[][]): { exec(): Promise<[error: Error | null, result: unknown][] | null> }
  on(event: 'ready' | 'close' | 'error', listener: (error?: Error) => void): unknown
  off(event: 'ready' | 'close' | 'error', listener: (error?: Error) => void): unknown
}

export interface RedisConnection {
  /** Host and port, for messages. */
  readonly host: string
  /** A connection that is ready. @throws TuttiError `source_failed` when Redis is away */
  ready(signal: AbortSignal): Promise<RedisCommands>
  /** Calls back whenever the connection has become ready, also again after it was lost. */
  onReady(listener: () => void): () => void
  /** What a failed command means, without its arguments. */
  describeError(error: unknown): TuttiError
  close(): void
}

/** How long a command may take, ms. */
const COMMAND_TIMEOUT_MS = 5000
const CONNECT_TIMEOUT_MS = 3000
const MAX_RECONNECT_MS = 2000

/** @throws TuttiError `invalid_config`, without the URL, which may hold a password */
export function readRedisUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '') {
    throw new TuttiError('invalid_config', 'The Redis URL must be like "redis://[:password@]host:6379[/db]".')
  }
  return url
}

/** Only the kind of an error is shown: ioredis keeps a command's arguments, so also passwords, on its errors. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer'
  if ('code' in error && typeof error.code === 'string') return error.code
  const word = /^[A-Z]{4,}(?=\s|$)/.exec(error.message)?.[0]
  if (word === 'NOAUTH' || word === 'WRONGPASS' || word === 'NOPERM') return `${word}, check the password in the URL`
  if (/timed out|ETIMEDOUT/i.test(error.message)) return 'no answer in time'
  return word ?? (error.name === 'Error' ? 'the connection was lost' : error.name)
}

function describeWith(host: string): RedisConnection['describeError'] {
  return (error) =>
    error instanceof TuttiError
      ? error
      : new TuttiError('source_failed', `Redis at "${host}" cannot be read (${reasonOf(error)}).`, {
          details: { host, reason: reasonOf(error) },
        })
}

/** Resolves when ready; rejects with the first sign that it will not be soon. */
function waitUntilReady(client: RedisCommands, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void): void => {
      client.off('ready', onReady)
      client.off('close', onClose)
      client.off('error', onError)
      signal.removeEventListener('abort', onAbort)
      done()
    }
    const onReady = (): void => settle(resolve)
    const onError = (error?: Error): void => settle(() => reject(error ?? new Error('closed')))
    const onClose = (): void => settle(() => reject(new Error('The connection was closed.')))
    const onAbort = (): void => settle(() => reject(new Error('The wait timed out.')))
    client.on('ready', onReady)
    client.on('error', onError)
    client.on('close', onClose)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** A connection that is opened on first use. @throws TuttiError `invalid_config` for what is no Redis URL */
export function openRedis(url: string): RedisConnection {
  const { host } = readRedisUrl(url)
  const describeError = describeWith(host)
  const listeners = new Set<() => void>()
  let lastError: Error | undefined
  let opening: Promise<RedisCommands & { disconnect(): void }> | undefined
  let isClosed = false

  const open = async (): Promise<RedisCommands & { disconnect(): void }> => {
    const { Redis } = await import('ioredis')
    const client = new Redis(url, {
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
      // A connection whose other end has vanished without a word is given up, and made anew.
      socketTimeout: COMMAND_TIMEOUT_MS,
      maxRetriesPerRequest: 1,
      enableOfflineQueue: false,
      connectionName: 'tutti',
      disableClientInfo: true,
      // Backs off while Redis is away, yet is soon there when it comes.
      retryStrategy: (times) => Math.min(50 * 2 ** times, MAX_RECONNECT_MS),
    })
    client.on('error', (error: Error) => {
      lastError = error
    })
    client.on('ready', () => {
      lastError = undefined
      for (const listener of listeners) listener()
    })
    if (isClosed) client.disconnect()
    return client
  }

  return {
    host,
    describeError,
    async ready(signal) {
      if (isClosed) throw new TuttiError('closed', `The connection to Redis at "${host}" is closed.`)
      try {
        const client = await (opening ??= open())
        if (client.status !== 'ready') {
          // It is between two attempts: the caller is told at once what the last one met.
          if (client.status === 'reconnecting') throw lastError ?? new Error('reconnecting')
          await waitUntilReady(client, signal)
        }
        return client
      } catch (error) {
        throw describeError(error)
      }
    },
    onReady(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      isClosed = true
      listeners.clear()
      void opening?.then(
        (client) => client.disconnect(),
        () => undefined,
      )
    },
  }
}

/** A client that the application owns: it is used and never closed. */
export function adoptRedis(client: RedisCommands): RedisConnection {
  const host = 'the given client'
  return {
    host,
    describeError: describeWith(host),
    ready: () => Promise.resolve(client),
    onReady(listener) {
      client.on('ready', listener)
      return () => client.off('ready', listener)
    },
    close: () => undefined,
  }
}
