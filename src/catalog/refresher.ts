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

export function createRefresher({ loaders, publish, clock, log, settings }: RefresherParts): Refresher {
  const closing = new AbortController()
  const stops: (() => void)[] = []
  let refreshing: Promise<void> | undefined
  let started: Promise<void> | undefined
  let cancelTimer: (() => void) | undefined
  let changedMeanwhile = false
  const isPeriodic = settings.refreshMs > 0 && loaders.some(({ source }) => source.discovery.fixed !== true)

  const loadAll = async (): Promise<void> => {
    await eachInParallel(loaders, MAX_PARALLEL_LOADS, async (loader) => {
      await loader.load(closing.signal)
      // A fast source is in force before a slow one has answered.
      void publish()
    })
    await publish()
  }

  const refreshIn = (delayMs: number): void => {
    cancelTimer?.()
    cancelTimer = clock.after(delayMs, () => void begin())
  }

  const begin = (): Promise<void> => {
    cancelTimer?.()
    cancelTimer = undefined
    refreshing ??= loadAll().finally(() => {
      refreshing = undefined
      if (closing.signal.aborted || started === undefined) return
      if (changedMeanwhile) refreshIn(DEBOUNCE_MS)
      else if (isPeriodic) refreshIn(settings.refreshMs)
      changedMeanwhile = false
    })
    return refreshing
  }

  const onChange = (): void => {
    if (closing.signal.aborted) return
    // A load under way may have looked before the change.
    if (refreshing !== undefined) changedMeanwhile = true
    else refreshIn(DEBOUNCE_MS)
  }

  const watchSources = (): void => {
    for (const { source } of loaders) {
      const { discovery } = source
      try {
        const stop = discovery.watch?.(onChange)
        if (stop !== undefined) stops.push(stop)
      } catch (thrown) {
        const { message } = toTuttiError(thrown)
        log.warn(`Source "${discovery.name}" cannot be watched: ${message}`, { source: discovery.name })
      }
    }
  }

  const waitForFirst = (first: Promise<void>): Promise<void> =>
    new Promise((resolve, reject) => {
      const cancel = clock.after(settings.startTimeoutMs, () => {
        const slow = loaders.filter(({ settled }) => !settled).map(({ source }) => source.discovery.name)
        log.warn(`Started without waiting longer for: ${slow.map((name) => `"${name}"`).join(', ')}.`, { sources: slow })
        publish().then(resolve, reject)
      })
      first.finally(cancel).then(resolve, reject)
    })

  return {
    start() {
      if (closing.signal.aborted) return Promise.reject(new TuttiError('closed', 'The catalog is closed.'))
      started ??= Promise.resolve().then(() => {
        watchSources()
        return waitForFirst(begin())
      })
      return started
    },
    refresh(signal) {
      if (closing.signal.aborted) return Promise.reject(new TuttiError('closed', 'The catalog is closed.'))
      return withSignal(begin(), signal)
    },
    async close() {
      closing.abort()
      cancelTimer?.()
      for (const stop of stops.splice(0)) {
        try {
          stop()
        } catch (thrown) {
          log.warn(`A source could not be unwatched: ${toTuttiError(thrown).message}`)
        }
      }
      await refreshing
    },
  }
}
