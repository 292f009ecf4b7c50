// One HTTP exchange at a time over keep-alive pools, one pool per origin. Everything that may be fetched from a component goes
// through here: addresses are checked when connecting, redirects are refused, bodies end at a limit, errors tell what was sent.
import { LRUCache } from 'lru-cache'
import type * as Undici from 'undici'
import type { Dispatcher, Pool } from 'undici'
import { TuttiError } from '../../contracts/errors.ts'
import type { Clock } from '../../contracts/parts.ts'
import { createClock } from '../../util/clock.ts'
import type { PrivateAddresses, Resolve } from './addresses.ts'
import { createGuardedLookup, readOrigin } from './addresses.ts'
import {
  hungUpError,
  isHungUp,
  lostError,
  redirectError,
  stoppedError,
  tooLargeError,
  wasKept,
} from './exchange-errors.ts'

export interface HttpClientOptions {
  /** Largest body that is read, in bytes. Default 10,000,000. */
  readonly maxResponseBytes?: number
  /** Whether loopback and private ranges may be called. Link-local and metadata addresses never are. Default false. */
  readonly privateAddresses?: PrivateAddresses
  /** Connections to one origin at once, where a request says nothing else; more calls wait for one. Default 64. */
  readonly connections?: number
  /** Longest time to connect, ms; the clock that counts it may be a second late. Default 3,000. */
  readonly connectTimeoutMs?: number
  /** Origins whose pools are kept. Default 1,024. */
  readonly maxOrigins?: number
  /** Resolves names; default: the system's resolver. */
  readonly resolve?: Resolve
  readonly clock?: Pick<Clock, 'now'>
}

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface HttpRequest {
  /** `http://host:port` */
  readonly origin: string
  /** Begins with `/`. */
  readonly path: string
  readonly method: HttpMethod
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
  /** Whether an answer of this content type is no text: then it comes as `bytes`. Default: all is text. */
  readonly isBinary?: (contentType: string) => boolean
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  /** Empty where there are `bytes`. */
  readonly text: string
  readonly bytes?: Buffer
}

export interface HttpClient {
  /** @throws TuttiError as `Invoker.invoke` does; `details.sent` is false when nothing can have reached the component */
  request(request: HttpRequest): Promise<HttpAnswer>
  /** Lets go of the connections to all other origins, each when its calls have ended. */
  keepOnly(origins: ReadonlySet<string>): void
  close(): Promise<void>
}

function flatHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && name !== '__proto__') flat[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return flat
}

type Settle = { readonly resolve: (answer: HttpAnswer) => void; readonly reject: (error: TuttiError) => void }

interface Line {
  readonly pool: Pool
  readonly limit: number
  readonly clock: Pick<Clock, 'now'>
}

/** Reads one answer. Below undici's `request`, since only here is it known whether the request was written. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest
  readonly #limit: number
  readonly #settle: Settle
  readonly #pool: Pool
  readonly #clock: Pick<Clock, 'now'>
  #controller: Dispatcher.DispatchController | undefined
  #sent = false
  #sentAt = 0
  #done = false
  #wasRepeated = false
  #status: number | undefined
  #headers: Record<string, string> = {}
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(request: HttpRequest, { pool, limit, clock }: Line, settle: Settle) {
    this.#request = request
    this.#pool = pool
    this.#limit = limit
    this.#clock = clock
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
    else {
      this.#sent = true
      this.#sentAt = this.#clock.now()
    }
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
    // 304 leads nowhere else: it says that what was asked for is still the same.
    if (status >= 300 && status < 400 && status !== 304)
      this.fail(redirectError(this.#request.origin, status, this.#headers['location']))
    // The length in an answer to HEAD is that of a body which does not come.
    else if (Number(this.#headers['content-length']) > this.#limit && this.#request.method !== 'HEAD')
      this.fail(tooLargeError(this.#request.origin, this.#limit))
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#done) return
    this.#bytes += chunk.length
    if (this.#bytes > this.#limit) this.fail(tooLargeError(this.#request.origin, this.#limit))
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (this.#done) return
    const first = this.#chunks[0]
    const bytes = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#bytes)
    this.#end()
    const isBinary = this.#request.isBinary?.(this.#headers['content-type'] ?? '') === true
    const text = isBinary ? '' : bytes.toString('utf8')
    const answer = { status: this.#status ?? 0, headers: this.#headers, text, ...(isBinary && { bytes }) }
    // undici takes its connection back in an immediate that it asks for when this has returned. Whoever calls again before
    // would be given a new connection, so the answer comes right after.
    queueMicrotask(() => setImmediate(() => this.#settle.resolve(answer)))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const mayRepeat = this.#request.mayRepeat === true && !this.#wasRepeated && !this.#done
    if (mayRepeat && this.#status === undefined && wasKept(error)) {
      this.#wasRepeated = true
      this.send()
      return
    }
    const waitedMs = this.#sent && this.#status === undefined ? this.#clock.now() - this.#sentAt : 0
    const { origin } = this.#request
    this.fail(
      isHungUp(error, waitedMs)
        ? hungUpError(origin, waitedMs, error)
        : lostError(error, origin, this.#sent, this.#status),
    )
  }
}

/** @example const client = createHttpClient({ maxResponseBytes: 10_000_000 }) */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const allowed = options.privateAddresses ?? false
  const limit = options.maxResponseBytes ?? 10_000_000
  const lookup = createGuardedLookup(allowed, options.resolve)
  const clock = options.clock ?? createClock()
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
      connect: { timeout: options.connectTimeoutMs ?? 3000, lookup, allowH2: false },
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
      const line: Line = { pool, limit, clock }
      return new Promise<HttpAnswer>((resolve, reject) => {
        new Exchange(request, line, { resolve, reject }).send()
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
