// Circuit breakers, one per instance of a component, shared by all runs. opossum keeps the window and the states; what
// counts as a failure is decided here, before it hears of it.
import { EventEmitter } from 'node:events'
import Opossum from 'opossum'
import type { BreakerReport } from '../contracts/api.ts'
import type { Config } from '../contracts/config.ts'
import { type ErrorCode, TuttiError } from '../contracts/errors.ts'
import type { Clock } from '../contracts/parts.ts'
import { formatDuration } from '../util/duration.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

export interface CircuitBreaker {
  readonly state: BreakerState
  /** Runs the work unless open. @throws TuttiError `breaker_open` */
  run<T>(work: () => Promise<T>): Promise<T>
}

export interface Breakers {
  /** The breaker of `component/instance`, made when it is first asked for. Use it at once: idle ones are put away. */
  of(key: string): CircuitBreaker
  states(): { readonly key: string; readonly state: BreakerState }[]
  /** Those that are not closed, or not yet back at full traffic. */
  reports(): BreakerReport[]
  close(): void
}

/** What says that the instance itself is unwell. An answer that refuses the inputs shows that it is alive. */
const FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'component_unavailable',
  'component_timeout',
  'component_failed',
  'component_rate_limited',
  'outcome_unknown',
  'bad_response',
])
/** The caller gave up: says nothing about the instance. */
const WITHDRAWN: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['cancelled', 'deadline_exceeded', 'run_timeout'])

const MAX_BREAKERS = 2_000
const BUCKETS = 10
/** opossum compares with "more than"; ours opens when the share is reached. */
const REACHED = 1e-6
/** opossum keeps one latency per call even when it is told not to use them; they are dropped every so often. */
const DROP_LATENCIES_EVERY = 1_024

type Bucket = Record<'fires' | 'failures' | 'successes' | 'rejects', number> & { latencyTimes: number[] }

const isWithdrawn = (error: unknown): boolean => error instanceof TuttiError && WITHDRAWN.has(error.code)
const isFault = (error: unknown): boolean => error instanceof TuttiError && FAULTS.has(error.code)

/**
 * What opossum sees of a call: resolves when the instance answered, rejects when it is unwell, and never settles when the
 * caller withdrew, for then the call counts as nothing.
 */
function judge(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => {
    if (isFault(error)) throw error
    return isWithdrawn(error) ? new Promise<never>(() => undefined) : undefined
  })
}

const ignore = (): void => undefined

class InstanceBreaker implements CircuitBreaker {
  readonly #key: string
  readonly #circuit: Opossum<[Promise<unknown>], unknown>
  readonly #resetMs: number
  readonly #now: () => number
  #openedAt = 0
  #calls = 0
  #running = 0
  /** Asked for since the last sweep. */
  isFresh = true

  constructor(key: string, settings: Config['breaker'], parts: { rotation: EventEmitter; now: () => number }) {
    this.#key = key
    this.#resetMs = settings.resetMs
    this.#now = parts.now
    this.#circuit = new Opossum(judge, {
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
    })
    this.#circuit.on('open', () => {
      this.#openedAt = this.#now()
    })
    // What was counted before it opened says nothing about the instance that has recovered.
    this.#circuit.on('close', () => {
      for (const bucket of this.#buckets()) bucket.fires = bucket.failures = bucket.successes = bucket.rejects = 0
    })
  }

  get state(): BreakerState {
    if (this.#circuit.opened) return 'open'
    return this.#circuit.halfOpen ? 'half-open' : 'closed'
  }

  /** Whether nothing is lost when it is put away: it remembers no trouble and nobody is inside. */
  get isIdle(): boolean {
    return this.#running === 0 && this.state === 'closed'
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const circuit = this.#circuit
    if (!circuit.closed) return await this.#runTrial(work)
    this.#running++
    try {
      const result = await work()
      this.#countAnswer()
      return result
    } catch (error) {
      // Counted before anybody decides whether to call again.
      if (isFault(error)) await this.#countFault(error)
      else if (!isWithdrawn(error)) this.#countAnswer()
      throw error
    } finally {
      this.#running--
    }
  }

  /** Half-open: opossum lets one call through, and closes or opens by it. */
  async #runTrial<T>(work: () => Promise<T>): Promise<T> {
    const circuit = this.#circuit
    if (!circuit.pendingClose) throw this.#refusal()
    this.#running++
    const call = work()
    const judged = circuit.fire(call).catch(ignore)
    try {
      return await call
    } catch (error) {
      if (isWithdrawn(error)) circuit.open()
      else await judged
      throw error
    } finally {
      this.#running--
    }
  }

  /** While it is closed an answer is only counted: a promise of opossum's for each would double the cost of a call. */
  #countAnswer(): void {
    if (!this.#circuit.closed) return
    if ((++this.#calls & (DROP_LATENCIES_EVERY - 1)) === 0) this.#dropLatencies()
    this.#circuit.emit('fire')
    this.#circuit.emit('success')
  }

  /** A fault goes the whole way: opossum decides whether it opens. */
  async #countFault(error: unknown): Promise<void> {
    if (this.#circuit.closed) await this.#circuit.fire(Promise.reject(error)).catch(ignore)
  }

  shutdown(): void {
    this.#circuit.shutdown()
  }

  #dropLatencies(): void {
    for (const bucket of this.#buckets()) bucket.latencyTimes.length = 0
  }

  #buckets(): readonly Bucket[] {
    return this.#circuit.status.window
  }

  #refusal(): TuttiError {
    const isTrying = this.#circuit.halfOpen
    const retryInMs = isTrying ? 0 : Math.max(0, this.#openedAt + this.#resetMs - this.#now())
    const when = isTrying
      ? 'one call is trying it right now'
      : `it is tried again in ${retryInMs < 1000 ? `${retryInMs}ms` : formatDuration(Math.ceil(retryInMs / 1000) * 1000)}`
    return new TuttiError(
      'breaker_open',
      `The circuit breaker of "${this.#key}" is open after repeated failures; ${when}. Look at why the component fails, or change breaker.reset.`,
      { details: { breaker: this.#key, retry_in_ms: retryInMs } },
    )
  }
}

const alwaysClosed: CircuitBreaker = { state: 'closed', run: (work) => work() }

/**
 * Breakers by `component/instance`. At most 2,000 idle ones are kept; one that is open or in use is never put away.
 * `now` in ms, for messages only: the states run on the machine's timers.
 */
export function createBreakers(settings: Config['breaker'], clock: Pick<Clock, 'now'> = Date): Breakers {
  const breakers = new Map<string, InstanceBreaker>()
  // One timer moves the windows of all breakers.
  const rotation = new EventEmitter().setMaxListeners(0)
  let timer: NodeJS.Timeout | undefined
  const now = (): number => clock.now()

  /** Second chance: who was asked for since the last sweep stays once more. */
  const putAwayOne = (): void => {
    for (const [key, breaker] of breakers) {
      if (breaker.isIdle && !breaker.isFresh) {
        breakers.delete(key)
        breaker.shutdown()
        return
      }
      breaker.isFresh = false
    }
  }
  const make = (key: string): InstanceBreaker => {
    if (breakers.size >= MAX_BREAKERS) putAwayOne()
    timer ??= setInterval(() => rotation.emit('rotate'), Math.max(1, Math.floor(settings.windowMs / BUCKETS))).unref()
    const breaker = new InstanceBreaker(key, settings, { rotation, now })
    breakers.set(key, breaker)
    return breaker
  }

  return {
    of(key) {
      if (!settings.enabled) return alwaysClosed
      const breaker = breakers.get(key) ?? make(key)
      breaker.isFresh = true
      return breaker
    },
    reports: () =>
      Array.from(breakers, ([key, { state }]): BreakerReport => {
        const slash = key.indexOf('/')
        const share = state === 'closed' ? 1 : 0
        return { component: key.slice(0, slash), instance: key.slice(slash + 1), state, share }
      }).filter(({ share }) => share < 1),
    states: () => Array.from(breakers, ([key, breaker]) => ({ key, state: breaker.state })),
    close() {
      clearInterval(timer)
      timer = undefined
      for (const breaker of breakers.values()) breaker.shutdown()
      breakers.clear()
    },
  }
}
