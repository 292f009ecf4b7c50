// `fetch` for protocol libraries that bring their own client: only to one origin, addresses checked when connecting, redirects
// refused, bodies bounded. What goes wrong is in our codes, with `details.sent`, as it is for every other call.
import type { Agent } from 'undici'
import { TuttiError } from '../../contracts/errors.ts'
import { createGuardedLookup, type PrivateAddresses, type Resolve, readOrigin } from './addresses.ts'
import { lostError, redirectError, stoppedError, tooLargeError } from './exchange-errors.ts'

export interface GuardedFetchOptions {
  /** `http://host:port`; requests to anywhere else are refused. */
  readonly origin: string
  /** Default false. Link-local and metadata addresses are never called. */
  readonly privateAddresses?: PrivateAddresses
  /** Of a body; of one event, where the body is a stream of events. Default 10,000,000. */
  readonly maxResponseBytes?: number
  /** Longest time to connect, ms. Default 3,000. */
  readonly connectTimeoutMs?: number
  readonly resolve?: Resolve
  /** Told what broke a stream of events, before its reader is. */
  readonly onBroken?: (error: TuttiError) => void
}

export interface GuardedFetch {
  fetch(url: string | URL, init?: RequestInit): Promise<Response>
  close(): Promise<void>
}

/** Nothing was written when these ended it. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** A failed `fetch` says what happened in its causes. */
function causeOf(thrown: unknown): Error {
  let found = thrown instanceof Error ? thrown : new Error(String(thrown))
  for (let depth = 0; depth < 4 && !(found instanceof TuttiError); depth++) {
    const inner: unknown = found instanceof AggregateError ? found.errors[0] : found.cause
    if (!(inner instanceof Error)) break
    found = inner
  }
  return found
}

function fetchError(thrown: unknown, origin: string, signal: AbortSignal | null | undefined): TuttiError {
  if (signal?.aborted === true) return stoppedError(signal, origin, true)
  const cause = causeOf(thrown)
  return lostError(cause, origin, !NOT_SENT.has(codeOf(cause)), undefined)
}

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/** Counts a body against its limit: all of it, or what lies between two blank lines. */
function createByteLimit(origin: string, limit: number, isEvents: boolean): (chunk: Uint8Array) => void {
  let bytes = 0
  let isLineEmpty = true
  const add = (count: number): void => {
    bytes += count
    if (bytes > limit) throw tooLargeError(origin, limit)
  }
  if (!isEvents) return (chunk) => add(chunk.length)
  return (chunk) => {
    let from = 0
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]
      if (byte !== LINE_FEED) {
        if (byte !== CARRIAGE_RETURN) isLineEmpty = false
        continue
      }
      if (isLineEmpty) {
        bytes = 0
        from = i + 1
      }
      isLineEmpty = true
    }
    add(chunk.length - from)
  }
}

interface BodyOf {
  readonly origin: string
  readonly limit: number
  readonly isEvents: boolean
  readonly signal: AbortSignal | null | undefined
  readonly onBroken: ((error: TuttiError) => void) | undefined
}

/** The body as it comes, ended by an error of ours. */
function boundedBody(body: ReadableStream<Uint8Array>, of: BodyOf): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const count = createByteLimit(of.origin, of.limit, of.isEvents)
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await reader.read()
        if (done) {
          controller.close()
          return
        }
        count(value)
        controller.enqueue(value)
      } catch (thrown) {
        const hasStopped = of.signal?.aborted === true
        const error = hasStopped
          ? stoppedError(of.signal, of.origin, true)
          : lostError(causeOf(thrown), of.origin, true, 200)
        if (of.isEvents && !hasStopped) of.onBroken?.(error)
        controller.error(error)
        reader.cancel(error).catch(() => undefined)
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
}

/** Statuses whose answers have no body. */
const BODILESS = new Set([204, 205, 304])

/**
 * @throws TuttiError `blocked_address` for an origin that is none; `fetch` rejects with `component_unavailable`,
 * `blocked_address`, `redirect_refused`, `response_too_large`, `cancelled`
 */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { privateAddresses = false, maxResponseBytes: limit = 10_000_000 } = options
  const { origin } = new URL(readOrigin(options.origin, privateAddresses))
  const lookup = createGuardedLookup(privateAddresses, options.resolve)
  let agent: Agent | undefined
  let isClosed = false

  const open = async () => {
    const undici = await import('undici')
    if (isClosed) throw new TuttiError('closed', 'The HTTP client is closed.', { details: { sent: false } })
    // The caller's signal bounds a call; undici's own clocks would cut streams that wait for news.
    agent ??= new undici.Agent({
      headersTimeout: 0,
      bodyTimeout: 0,
      pipelining: 1,
      allowH2: false,
      connect: { timeout: options.connectTimeoutMs ?? 3000, lookup, allowH2: false },
    })
    return { undici, agent }
  }

  return {
    async fetch(url, init = {}) {
      const target = new URL(url)
      if (target.origin !== origin) {
        throw new TuttiError('blocked_address', `"${origin}" points to "${target.origin}", which is another origin.`, {
          details: { sent: false, host: target.hostname },
        })
      }
      const { undici, agent: dispatcher } = await open()
      const headers = new Headers(init.headers)
      headers.set('accept-encoding', 'identity')
      const { signal } = init
      const answer = await undici
        .fetch(target, {
          method: init.method ?? 'GET',
          headers: [...headers],
          ...(typeof init.body === 'string' && { body: init.body }),
          signal: signal ?? null,
          redirect: 'manual',
          dispatcher,
        })
        .catch((thrown: unknown) => {
          throw fetchError(thrown, origin, signal)
        })
      const { status, body } = answer
      if (status >= 300 && status < 400 && status !== 304) {
        body?.cancel().catch(() => undefined)
        throw redirectError(origin, status, answer.headers.get('location') ?? undefined)
      }
      const isEvents = /^text\/event-stream\b/i.test(answer.headers.get('content-type') ?? '')
      const kept = { status, statusText: answer.statusText, headers: [...answer.headers] as [string, string][] }
      if (body === null || BODILESS.has(status)) return new Response(null, kept)
      return new Response(boundedBody(body, { origin, limit, isEvents, signal, onBroken: options.onBroken }), kept)
    },
    async close() {
      isClosed = true
      await agent?.destroy()
    },
  }
}
