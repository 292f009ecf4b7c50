// One HTTP exchange at a time over keep-alive pools, one pool per origin. Everything that may be fetched from a component goes
// through here: addresses are checked when connecting, redirects are refused, bodies end at a limit, errors tell what was sent.
import { LRUCache } from 'lru-cache'
import type * as Undici from 'undici'
import type { Dispatcher, Pool } from 'undici'
import { TuttiError } from '../../contracts/errors.ts'
import type { PrivateAddresses, Resolve } from './addresses.ts'
import { createGuardedLookup, readOrigin } from './addresses.ts'

export interface HttpClientOptions {
  /** Largest body that is read, in bytes. Default 10,000,000. */
  readonly maxResponseBytes?: number
  /** Whether loopback and private ranges may be called. Link-local and metadata addresses never are. Default false. */
  readonly privateAddresses?: PrivateAddresses
  /** Connections to one origin at once, where a request says nothing else; more calls wait for one. Default 64. */
  readonly connections?: number
  /** Longest time to connect, ms. Default 5,000. */
  readonly connectTimeoutMs?: number
  /** Origins whose pools are kept. Default 1,024. */
  readonly maxOrigins?: number
  /** Resolves names; default: the system's resolver. */
  readonly resolve?: Resolve
}

export interface HttpRequest {
  /** `http://host:port` */
  readonly origin: string
  /** Begins with `/`. */
  readonly path: string
  readonly method: 'GET' | 'POST'
  /** Names and values in turn. */
  readonly headers: string[]
  readonly body?: string
  readonly signal: AbortSignal
  /** Connections to this origin at once. What the first request says, holds. */
  readonly connections?: number | undefined
  /**
   * Whether sending it twice does no harm. Then one that met a kept connection which the other side was just closing is sent once
   * more: such a connection says nothing about the component.
   */
  readonly mayRepeat?: boolean
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly text: string
}

export interface HttpClient {
  /** @throws TuttiError as `Invoker.invoke` does; `details.sent` is false when nothing can have reached the component */
  request(request: HttpRequest): Promise<HttpAnswer>
  /** Lets go of the connections to all other origins, each when its calls have ended. */
  keepOnly(origins: ReadonlySet<string>): void
  close(): Promise<void>
}

/** What stopped the caller: its own reason when that is one of ours. */
function stoppedError(signal: AbortSignal, origin: string, sent: boolean): TuttiError {
  const reason: unknown = signal.reason
  if (reason instanceof TuttiError) {
    return new TuttiError(reason.code, reason.message, { details: { ...reason.details, sent }, cause: reason })
  }
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError'
  return isTimeout
    ? new TuttiError('component_timeout', `"${origin}" did not answer in time.`, { details: { sent }, cause: reason })
    : new TuttiError('cancelled', `The call to "${origin}" was cancelled.`, { details: { sent }, cause: reason })
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** What went wrong on the way, in words; the system's own message may hold more of the address than is ours to show. */
function lostError(error: Error, origin: string, sent: boolean, status: number | undefined): TuttiError {
  if (error instanceof TuttiError) return error
  const inner: unknown = error instanceof AggregateError ? error.errors.find((one) => codeOf(one) !== '') : undefined
  const reason = codeOf(error) || codeOf(inner) || error.name
  if (reason === 'UND_ERR_INVALID_ARG') {
    return new TuttiError('internal', `The request to "${origin}" could not be written.`, {
      details: { sent: false },
      cause: error,
    })
  }
  const what =
    status !== undefined
      ? `"${origin}" broke off its answer`
      : sent
        ? `"${origin}" closed the connection without an answer`
        : `"${origin}" cannot be reached`
  return new TuttiError('component_unavailable', `${what} (${reason}).`, {
    details: { sent, reason, ...(status === undefined ? {} : { status }) },
    cause: error,
  })
}

function tooLarge(origin: string, limit: number): TuttiError {
  return new TuttiError(
    'response_too_large',
    `"${origin}" answered with more than ${limit} bytes. Raise executor.max_response_bytes, or ask the component for less.`,
    { details: { sent: true, limit_bytes: limit } },
  )
}

function refusedRedirect(origin: string, status: number, location: string | undefined): TuttiError {
  const target = location !== undefined && URL.canParse(location, origin) ? new URL(location, origin).origin : undefined
  return new TuttiError(
    'redirect_refused',
    `"${origin}" answered with a redirect (${status})${target === undefined ? '' : ` to "${target}"`}; redirects are not followed. Register the component's final address.`,
    { details: { sent: true, status } },
  )
}

function flatHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && name !== '__proto__') flat[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return flat
}

/** Whether the other side closed a connection over which it had answered before. */
function wasKept(error: Error): boolean {
  const socket: unknown = codeOf(error) === 'UND_ERR_SOCKET' && 'socket' in error ? error.socket : undefined
  const isSocket = typeof socket === 'object' && socket !== null && 'bytesRead' in socket
  return isSocket && typeof socket.bytesRead === 'number' && socket.bytesRead > 0
}

type Settle = { readonly resolve: (answer: HttpAnswer) => void; readonly reject: (error: TuttiError) => void }

/** Reads one answer. Below undici's `request`, since only here is it known whether the request was written. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest
  readonly #limit: number
  readonly #settle: Settle
  readonly #pool: Pool
  #controller: Dispatcher.DispatchController | undefined
  #sent = false
  #done = false
  #wasRepeated = false
  #status: number | undefined
  #headers: Record<string, string> = {}
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(request: HttpRequest, pool: Pool, limit: number, settle: Settle) {
    this.#request = request
    this.#pool = pool
    this.#limit = limit
    this.#settle = settle
    request.signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  send(): void {
    const { path, method, headers, body, origin } = this.#request
    try {
      this.#pool.dispatch({ path, method, headers, body: body ?? null }, this)
    } catch (error) {
      this.fail(lostError(error instanceof Error ? error : new Error(String(error)), origin, this.#sent, undefined))
    }
  }

  readonly #onAbort = (): void => this.fail(stoppedError(this.#request.signal, this.#request.origin, this.#sent))

  /** Ends the exchange; a request that still waits for a connection is dropped before it is written. */
  fail(error: TuttiError): void {
    if (this.#done) return
    this.#end()
    this.#settle.reject(error)
    this.#controller?.abort(error)
  }

  #end(): void {
    this.#done = true
    this.#chunks = []
    this.#request.signal.removeEventListener('abort', this.#onAbort)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#done) controller.abort(new Error('The caller has gone.'))
    else this.#sent = true
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // 1xx answers are hints before the real one.
    if (status < 200) return
    this.#status = status
    this.#headers = flatHeaders(headers)
    if (status >= 300 && status < 400)
      this.fail(refusedRedirect(this.#request.origin, status, this.#headers['location']))
    else if (Number(this.#headers['content-length']) > this.#limit)
      this.fail(tooLarge(this.#request.origin, this.#limit))
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#done) return
    this.#bytes += chunk.length
    if (this.#bytes > this.#limit) this.fail(tooLarge(this.#request.origin, this.#limit))
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (this.#done) return
    const first = this.#chunks[0]
    const bytes = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#bytes)
    this.#end()
    const answer = { status: this.#status ?? 0, headers: this.#headers, text: bytes.toString('utf8') }
    // undici takes its connection back in an immediate that it asks for when this has returned. Whoever calls again before
    // would be given a new connection, so the answer comes right after.
    queueMicrotask(() => setImmediate(() => this.#settle.resolve(answer)))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const mayRepeat = this.#request.mayRepeat === true && !this.#wasRepeated && !this.#done
    if (mayRepeat && this.#status === undefined && wasKept(error)) {
      this.#wasRepeated = true
      this.send()
    } else this.fail(lostError(error, this.#request.origin, this.#sent, this.#status))
  }
}

/** @example const client = createHttpClient({ maxResponseBytes: 10_000_000 }) */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const allowed = options.privateAddresses ?? false
  const limit = options.maxResponseBytes ?? 10_000_000
  const lookup = createGuardedLookup(allowed, options.resolve)
  let isClosed = false
  let library: typeof Undici | undefined
  let loading: Promise<void> | undefined

  const load = async (): Promise<void> => {
    library = await import('undici')
  }
  const pools = new LRUCache<string, Pool>({
    max: options.maxOrigins ?? 1024,
    // Calls in flight end first; on close() all are destroyed anyway.
    dispose: (pool) => retire(pool),
  })
  const retiring = new Set<Pool>()
  const retire = (pool: Pool): void => {
    if (isClosed) return
    retiring.add(pool)
    const forget = (): void => void retiring.delete(pool)
    pool.close().then(forget, forget)
  }

  const createPool = (undici: typeof Undici, { origin, connections = options.connections ?? 64 }: HttpRequest): Pool =>
    new undici.Pool(readOrigin(origin, allowed), {
      connections,
      // One request at a time over a connection: an answer that is late holds up no other.
      pipelining: 1,
      // The caller's signal bounds a call; undici's own clocks would cut calls that are allowed to take longer.
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
      connect: { timeout: options.connectTimeoutMs ?? 5000, lookup, allowH2: false },
    })

  return {
    async request(request) {
      const { origin, signal } = request
      if (isClosed) throw new TuttiError('closed', 'The HTTP client is closed.', { details: { sent: false } })
      if (library === undefined) await (loading ??= load())
      if (signal.aborted) throw stoppedError(signal, origin, false)
      if (library === undefined) throw new TuttiError('internal', 'The HTTP library did not load.')
      let pool = pools.get(origin)
      if (pool === undefined) {
        pool = createPool(library, request)
        pools.set(origin, pool)
      }
      const chosen = pool
      return new Promise<HttpAnswer>((resolve, reject) => {
        new Exchange(request, chosen, limit, { resolve, reject }).send()
      })
    },
    keepOnly(origins) {
      for (const origin of [...pools.keys()]) if (!origins.has(origin)) pools.delete(origin)
    },
    async close() {
      isClosed = true
      const open = [...pools.values(), ...retiring]
      pools.clear()
      await Promise.all(open.map((pool) => pool.destroy()))
    },
  }
}
