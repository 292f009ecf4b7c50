// The circuit breaker of one instance. opossum keeps the window and the states; what counts as a failure is decided here,
// before it hears of it, and so is how fast the traffic comes back.
import type { EventEmitter } from 'node:events'
import Opossum from 'opossum'
import type { Config } from '../contracts/config.ts'
import { TuttiError } from '../contracts/errors.ts'
import { formatDuration } from '../util/duration.ts'
import { isFault, isWithdrawn } from './faults.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

export interface CircuitBreaker {
  readonly state: BreakerState
  /** Of the usual traffic, what the instance takes: 0 open and half-open, a step of the ramp after it recovered, else 1. */
  readonly share: number
  /** The same as the next call meets it: half-open with its trial still to be made, it takes one. */
  readonly admits: number
  /** When a call last failed in a way that speaks of the instance, ms since the epoch; 0: not since it was last well. */
  readonly lastFaultAt: number
  /** Runs the work unless open. @throws TuttiError `breaker_open` */
  run<T>(work: () => Promise<T>): Promise<T>
  /**
   * {@link run} in two halves, for who has no promise to spare: a call begins while it is closed. The ticket is for {@link leave}.
   * undefined: it is not closed, and only `run` knows what is let through.
   */
  enter(): number | undefined
  /** The call has its answer, or this error. @returns what to wait for before anybody decides whether to call again */
  leave(ticket: number, error?: unknown): Promise<void> | undefined
}

/** Parts of a window. */
export const BUCKETS = 10
/** opossum compares with "more than"; ours opens when the share is reached. */
const REACHED = 1e-6
/** An instance that names a shorter pause is not tried before, ms. */
const SHORTEST_REST_MS = 1_000
/** opossum keeps one latency per call even when it is told not to use them; they are dropped every so often. */
const DROP_LATENCIES_EVERY = 1_024

export type BreakerSettings = Omit<Config['breaker'], 'shared'>
type Bucket = Record<'fires' | 'failures' | 'successes' | 'rejects', number> & { latencyTimes: number[] }

const ignore = (): void => undefined

export interface InstanceBreakerParts {
  readonly rotation: EventEmitter
  readonly now: () => number
  readonly onFault: (at: number) => void
  /** The state or the share is another. `untilMs`: it opened by what was seen here, and rests until then. */
  readonly onChange: (breaker: InstanceBreaker, untilMs?: number) => void
}

/** See {@link CircuitBreaker}; what its registry needs of it besides. */
export class InstanceBreaker implements CircuitBreaker {
  readonly key: string
  readonly component: string
  readonly #settings: BreakerSettings
  readonly #parts: InstanceBreakerParts
  readonly #circuit: Opossum<[Promise<unknown>], unknown>
  /** opossum's own, whose `resetTimeout` it reads each time it opens. */
  readonly #options: Opossum.Options
  share = 1
  lastFaultAt = 0
  openedAt = 0
  /** When it is tried again. */
  restsUntil = 0
  /** Place in the ramp. */
  #step = 0
  #succeeded = 0
  /** Counts openings and closings: what began before one says nothing about what is after it. */
  #era = 0
  #calls = 0
  #running = 0
  /** When a call last ended while it recovered. */
  #calledAt = 0
  /** Whether it is told of by others. */
  isHeard = false
  /** Asked for since the last sweep. */
  isFresh = true

  constructor(key: string, component: string, settings: BreakerSettings, parts: InstanceBreakerParts) {
    this.key = key
    this.component = component
    this.#settings = settings
    this.#parts = parts
    this.#options = {
      name: key,
      timeout: false,
      errorThresholdPercentage: settings.errorPercentage - REACHED,
      volumeThreshold: settings.volume,
      rollingCountTimeout: settings.windowMs,
      rollingCountBuckets: BUCKETS,
      resetTimeout: settings.resetMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: parts.rotation,
    }
    this.#circuit = new Opossum((call: Promise<unknown>) => this.#judge(call), this.#options)
    this.#circuit.on('open', () => this.#onOpen())
    this.#circuit.on('halfOpen', () => parts.onChange(this))
    this.#circuit.on('close', () => this.#onClose())
  }

  get state(): BreakerState {
    if (this.#circuit.opened) return 'open'
    return this.#circuit.halfOpen ? 'half-open' : 'closed'
  }

  get admits(): number {
    return this.#circuit.pendingClose ? (this.#settings.ramp[0] ?? 1) : this.share
  }

  /** Whether nothing is lost when it is put away: it remembers no trouble and nobody is inside. */
  get isIdle(): boolean {
    return this.#running === 0 && this.share === 1
  }

  /** Whether nobody has come for so long after its rest: instances leave for good and come back under other names. */
  isForsaken(now: number, afterMs: number): boolean {
    return this.#running === 0 && now - Math.max(this.restsUntil, this.#calledAt) > afterMs
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const ticket = this.enter()
    if (ticket === undefined) return await this.#runTrial(work)
    try {
      const result = await work()
      void this.leave(ticket)
      return result
    } catch (error) {
      await this.leave(ticket, error)
      throw error
    }
  }

  enter(): number | undefined {
    if (!this.#circuit.closed) return undefined
    this.#running++
    return this.#era
  }

  leave(ticket: number, error?: unknown): Promise<void> | undefined {
    if (error === undefined || !isFault(error)) {
      if (error === undefined || !isWithdrawn(error)) this.#countAnswer(ticket)
      this.#running--
      return undefined
    }
    return this.#countFault(error, ticket).finally(() => {
      this.#running--
    })
  }

  /** Another process saw it fail: not called until then, nor ever longer than its own rest. */
  openUntil(untilMs: number): void {
    const restMs = Math.min(untilMs - this.#parts.now(), this.#settings.resetMs)
    const isOnTrial = this.#circuit.halfOpen && !this.#circuit.pendingClose
    if (!(restMs > 0) || this.#circuit.opened || isOnTrial) return
    this.#options.resetTimeout = restMs
    this.isHeard = true
    this.#circuit.open()
  }

  shutdown(): void {
    this.#circuit.shutdown()
  }

  /** Half-open: opossum lets one call through, and closes or opens by it. */
  async #runTrial<T>(work: () => Promise<T>): Promise<T> {
    const circuit = this.#circuit
    if (!circuit.pendingClose) throw this.#refusal()
    this.#running++
    const call = work()
    const judged = circuit.fire(call).catch(ignore)
    try {
      const result = await call
      await judged
      return result
    } catch (error) {
      if (isFault(error)) this.#noteFault()
      if (isWithdrawn(error)) this.#openAfter(error)
      else await judged
      throw error
    } finally {
      this.#running--
    }
  }

  /** While it is closed an answer is only counted: a promise of opossum's for each would double the cost of a call. */
  #countAnswer(era: number): void {
    if (era !== this.#era || !this.#circuit.closed) return
    if ((++this.#calls & (DROP_LATENCIES_EVERY - 1)) === 0) this.#dropLatencies()
    this.#circuit.emit('fire')
    this.#circuit.emit('success')
    if (this.share === 1) return
    this.#calledAt = this.#parts.now()
    if (++this.#succeeded >= this.#settings.rampCalls) this.#climbTo(this.#step + 1)
  }

  /** A fault goes the whole way: opossum decides whether it opens. While it recovers, one is enough. */
  async #countFault(error: unknown, era: number): Promise<void> {
    this.#noteFault()
    if (era !== this.#era || !this.#circuit.closed) return
    if (this.share < 1) this.#openAfter(error)
    else await this.#circuit.fire(Promise.reject(error)).catch(ignore)
  }

  /**
   * What opossum sees of a call: resolves when the instance answered, rejects when it is unwell, and never settles when the
   * caller withdrew, for then the call counts as nothing.
   */
  #judge(call: Promise<unknown>): Promise<unknown> {
    return call.catch((error: unknown) => {
      if (isFault(error)) {
        this.#setRest(error)
        throw error
      }
      return isWithdrawn(error) ? new Promise<never>(() => undefined) : undefined
    })
  }

  #openAfter(error: unknown): void {
    this.#setRest(error)
    this.#circuit.open()
  }

  /** How long it rests should it open now: one that says when it may be asked again is tried then. */
  #setRest(error: unknown): void {
    const { resetMs } = this.#settings
    const asked = error instanceof TuttiError ? error.details['retry_after_ms'] : undefined
    this.#options.resetTimeout =
      typeof asked === 'number' && asked > 0 ? Math.min(resetMs, Math.max(asked, SHORTEST_REST_MS)) : resetMs
    this.isHeard = false
  }

  #noteFault(): void {
    this.lastFaultAt = this.#parts.now()
    this.#parts.onFault(this.lastFaultAt)
  }

  #onOpen(): void {
    this.#era++
    this.openedAt = this.#parts.now()
    this.restsUntil = this.openedAt + (this.#options.resetTimeout ?? this.#settings.resetMs)
    this.share = 0
    this.#parts.onChange(this, this.isHeard ? undefined : this.restsUntil)
  }

  /** What was counted before it opened says nothing about the instance that has recovered. */
  #onClose(): void {
    for (const bucket of this.#buckets()) bucket.fires = bucket.failures = bucket.successes = bucket.rejects = 0
    this.#era++
    this.lastFaultAt = 0
    this.#climbTo(0)
  }

  #climbTo(step: number): void {
    this.#step = step
    this.#succeeded = 0
    this.share = this.#settings.ramp[step] ?? 1
    this.#parts.onChange(this)
  }

  #dropLatencies(): void {
    for (const bucket of this.#buckets()) bucket.latencyTimes.length = 0
  }

  #buckets(): readonly Bucket[] {
    return this.#circuit.status.window
  }

  #refusal(): TuttiError {
    const isTrying = this.#circuit.halfOpen
    const retryInMs = isTrying ? 0 : Math.max(0, this.restsUntil - this.#parts.now())
    const when = isTrying
      ? 'one call is trying it right now'
      : `it is tried again in ${retryInMs < 1000 ? `${Math.ceil(retryInMs)}ms` : formatDuration(Math.ceil(retryInMs / 1000) * 1000)}`
    return new TuttiError(
      'breaker_open',
      `The circuit breaker of "${this.key}" is open after repeated failures; ${when}. Look at why the component fails, or change breaker.reset.`,
      { details: { breaker: this.key, retry_in_ms: retryInMs } },
    )
  }
}
