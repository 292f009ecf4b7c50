// When sources are loaded: all at once, again after a pause, when one says that it changed, and when somebody asks.
import type { Config } from '../contracts/config.ts'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { Clock, Logger } from '../contracts/parts.ts'
import type { SourceLoader } from './source-loader.ts'

export interface RefresherParts {
  readonly loaders: readonly SourceLoader[]
  /** Puts into force what the loaders have. */
  readonly publish: () => Promise<void>
  readonly clock: Clock
  readonly log: Logger
  readonly settings: Config['catalog']
}

export interface Refresher {
  /** @throws TuttiError `closed` */
  start(): Promise<void>
  /** Joins a refresh under way. @throws TuttiError `cancelled` for this caller alone, `closed` */
  refresh(signal: AbortSignal): Promise<void>
  /** Resolves when no load is under way any more. */
  close(): Promise<void>
}

/** Changes come in bursts (a deployment registers ten components): one refresh serves them all. */
const DEBOUNCE_MS = 100
/** Loads under way at once; with more sources than this, some wait for another to end. */
const MAX_PARALLEL_LOADS = 64

async function eachInParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
}

/** Rejects as soon as the signal aborts; the shared work goes on for the others who wait for it. */
function withSignal(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(new TuttiError('cancelled', 'Waiting for the catalog was cancelled.', { cause: signal.reason }))
    }
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Watches every source that can be watched; the result stops it all. */
function watchSources(loaders: readonly SourceLoader[], log: Logger, onChange: () => void): () => void {
  const stops: (() => void)[] = []
  const attempt = (name: string, act: () => void): void => {
    try {
      act()
    } catch (thrown) {
      log.warn(`Watching source "${name}" failed: ${toTuttiError(thrown).message}`, { source: name })
    }
  }
  for (const { source } of loaders) {
    const { discovery } = source
    attempt(discovery.name, () => {
      const stop = discovery.watch?.(onChange)
      if (stop !== undefined) stops.push(() => attempt(discovery.name, stop))
    })
  }
  return () => {
    for (const stop of stops) stop()
  }
}

class SharedRefresher implements Refresher {
  readonly #parts: RefresherParts
  readonly #isPeriodic: boolean
  readonly #closing = new AbortController()
  #refreshing: Promise<void> | undefined
  #started: Promise<void> | undefined
  #stopWatching: (() => void) | undefined
  #cancelTimer: (() => void) | undefined
  #changedMeanwhile = false

  constructor(parts: RefresherParts) {
    this.#parts = parts
    this.#isPeriodic =
      parts.settings.refreshMs > 0 && parts.loaders.some(({ source }) => source.discovery.fixed !== true)
  }

  start(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(new TuttiError('closed', 'The catalog is closed.'))
    this.#started ??= Promise.resolve().then(() => {
      const { loaders, log } = this.#parts
      this.#stopWatching = watchSources(loaders, log, () => this.#onChange())
      return this.#waitForFirst(this.#begin())
    })
    return this.#started
  }

  refresh(signal: AbortSignal): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(new TuttiError('closed', 'The catalog is closed.'))
    return withSignal(this.#begin(), signal)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#cancelTimer?.()
    this.#stopWatching?.()
    await this.#refreshing
  }

  #begin(): Promise<void> {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    // Begun in the next turn, so that whatever a source tells while it is called finds this refresh under way.
    this.#refreshing ??= Promise.resolve()
      .then(() => this.#loadAll())
      .catch((thrown: unknown) => this.#parts.log.error(`The catalog failed: ${toTuttiError(thrown).message}`))
      .finally(() => {
        this.#refreshing = undefined
        this.#schedule()
      })
    return this.#refreshing
  }

  async #loadAll(): Promise<void> {
    const { loaders, publish } = this.#parts
    await eachInParallel(loaders, MAX_PARALLEL_LOADS, async (loader) => {
      await loader.load(this.#closing.signal)
      // A fast source is in force before a slow one has answered; whatever fails here fails below, where it is heard.
      publish().catch(() => undefined)
    })
    await publish()
  }

  #schedule(): void {
    const hasChanged = this.#changedMeanwhile
    this.#changedMeanwhile = false
    if (this.#closing.signal.aborted || this.#started === undefined) return
    if (hasChanged) this.#refreshIn(DEBOUNCE_MS)
    else if (this.#isPeriodic) this.#refreshIn(this.#parts.settings.refreshMs)
  }

  #refreshIn(delayMs: number): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#parts.clock.after(delayMs, () => void this.#begin())
  }

  #onChange(): void {
    if (this.#closing.signal.aborted) return
    // A load under way may have looked before the change.
    if (this.#refreshing !== undefined) this.#changedMeanwhile = true
    else this.#refreshIn(DEBOUNCE_MS)
  }

  #waitForFirst(first: Promise<void>): Promise<void> {
    const { loaders, publish, clock, log, settings } = this.#parts
    return new Promise((resolve, reject) => {
      const cancel = clock.after(settings.startTimeoutMs, () => {
        const slow = loaders.filter(({ settled }) => !settled).map(({ source }) => source.discovery.name)
        const text = slow.map((name) => `"${name}"`).join(', ')
        log.warn(`Started without waiting longer for: ${text}.`, { sources: slow })
        publish().then(resolve, reject)
      })
      first.finally(cancel).then(resolve, reject)
    })
  }
}

/** Loads nothing before it is started or asked. */
export const createRefresher = (parts: RefresherParts): Refresher => new SharedRefresher(parts)
