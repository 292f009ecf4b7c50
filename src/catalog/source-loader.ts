// One source over time: loaded with a deadline, checked, and kept at its last good state whatever it does next.
import type { SourceHealth } from '../contracts/api.ts'
import type { Config } from '../contracts/config.ts'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { Clock, Logger, Source } from '../contracts/parts.ts'
import { createPace } from './pace.ts'
import { mergeInstances, type PreparedComponent, prepareComponent } from './prepare-component.ts'

/** Loads that neither ended nor heeded their signal; with so many, no further one is begun. */
const MAX_ABANDONED = 3
/** Characters hashed before others have their turn: about 5 ms. */
const CHARS_PER_TURN = 500_000

export interface SourceLoader {
  readonly source: Source
  /** The last good list; the same array as long as nothing changed. */
  readonly prepared: readonly PreparedComponent[]
  /** Whether a load has ended, well or not. */
  readonly settled: boolean
  /** One load. Never throws: what went wrong is in {@link SourceLoader.health}. */
  load(signal: AbortSignal): Promise<void>
  health(): SourceHealth
}

export interface SourceLoaderParts {
  readonly source: Source
  readonly clock: Clock
  readonly log: Logger
  readonly settings: Config['catalog']
}

/** One bad record is skipped, also one that cannot even be read (a cycle, a getter that throws). */
function tryPrepare(item: unknown, source: string, before: ReadonlyMap<string, PreparedComponent>) {
  try {
    return prepareComponent(item, source, (key) => before.get(key))
  } catch {
    return undefined
  }
}

/** The list as prepared components, and in words what was left out. */
async function prepareList(found: readonly unknown[], source: string, last: readonly PreparedComponent[]) {
  const pace = createPace(CHARS_PER_TURN)
  const before = new Map(last.map((entry) => [entry.key, entry]))
  const entries = new Map<string, PreparedComponent>()
  const skipped: string[] = []
  for (const [place, item] of found.entries()) {
    const entry = tryPrepare(item, source, before)
    if (entry === undefined) {
      skipped.push(`entry ${place} is no component`)
      continue
    }
    const first = entries.get(entry.key)
    if (first === undefined) entries.set(entry.key, entry)
    else if (first.hash === entry.hash) entries.set(entry.key, mergeInstances(first, entry))
    else skipped.push(`"${entry.component.name}" is there twice, with different capabilities; the first one is used`)
    const turn = pace(entry.cost + 200)
    if (turn !== undefined) await turn
  }
  return { prepared: [...entries.values()], skipped }
}

const sameList = (a: readonly PreparedComponent[], b: readonly PreparedComponent[]): boolean =>
  a.length === b.length && a.every((entry, i) => entry === b[i])

export function createSourceLoader({ source, clock, log, settings }: SourceLoaderParts): SourceLoader {
  const { name } = source.discovery
  let prepared: readonly PreparedComponent[] = []
  let lastFound: readonly unknown[] | undefined
  let loadedAt: string | undefined
  let trouble: string | undefined
  let settled = false
  let heldSince: number | undefined
  let abandoned = 0
  const warned = new Set<string>()

  const warnOnce = (text: string): void => {
    if (warned.has(text) || warned.size >= 1_000) return
    warned.add(text)
    log.warn(`Source "${name}": ${text}.`, { source: name })
  }

  const fail = (thrown: unknown): void => {
    const { message } = toTuttiError(thrown, 'source_failed')
    if (trouble !== message) log.warn(`Source "${name}" failed: ${message}`, { source: name, kept: prepared.length })
    trouble = message
  }

  /** Calls the source; rejects when the time is up or the signal aborts, even if the source does not care. */
  const call = (signal: AbortSignal): Promise<readonly unknown[]> =>
    new Promise((resolve, reject) => {
      const controller = new AbortController()
      let over = false
      const end = (settle: () => void): void => {
        if (over) return
        over = true
        cancelTimer()
        signal.removeEventListener('abort', onAbort)
        settle()
      }
      const giveUp = (reason: TuttiError): void =>
        end(() => {
          abandoned++
          reject(reason)
          controller.abort(reason)
        })
      const onAbort = (): void => giveUp(new TuttiError('cancelled', `Loading source "${name}" was cancelled.`))
      const cancelTimer = clock.after(settings.loadTimeoutMs, () =>
        giveUp(
          new TuttiError(
            'source_failed',
            `It did not answer in ${settings.loadTimeoutMs} ms. Raise catalog.load_timeout, or ask why it is slow.`,
          ),
        ),
      )
      signal.addEventListener('abort', onAbort, { once: true })
      const ended = (settle: () => void): void => {
        if (over) abandoned--
        end(settle)
      }
      // A source that throws instead of rejecting is treated alike.
      new Promise<readonly unknown[]>((begin) => begin(source.discovery.load(controller.signal))).then(
        (found) => ended(() => resolve(found)),
        (thrown: unknown) => ended(() => reject(thrown)),
      )
    })

  /** A registry that forgets half of its entries at once is more likely ill than right: wait one interval. */
  const isHeldBack = (lost: number): boolean => {
    if (lost * 2 <= prepared.length) {
      heldSince = undefined
      return false
    }
    const now = clock.now()
    heldSince ??= now
    if (now - heldSince >= settings.refreshMs) {
      heldSince = undefined
      return false
    }
    return true
  }

  const accept = async (found: readonly unknown[]): Promise<void> => {
    if (!Array.isArray(found)) throw new TuttiError('source_failed', 'It did not return a list of components.')
    if (found !== lastFound || !Object.isFrozen(found)) {
      const next = await prepareList(found, name, prepared)
      for (const text of next.skipped) warnOnce(text)
      if (found.length > 0 && next.prepared.length === 0) {
        throw new TuttiError('source_failed', `None of its ${found.length} entries is a component.`)
      }
      const keys = new Set(next.prepared.map(({ key }) => key))
      const lost = prepared.filter(({ key }) => !keys.has(key)).length
      if (isHeldBack(lost)) {
        const text = `It lost ${lost} of ${prepared.length} components at once; they are kept for ${settings.refreshMs} ms.`
        fail(new TuttiError('source_failed', text))
        return
      }
      if (!sameList(prepared, next.prepared)) prepared = next.prepared
      lastFound = found
    }
    if (trouble !== undefined) log.info(`Source "${name}" is back.`, { source: name, components: prepared.length })
    trouble = undefined
    loadedAt = clock.timestamp()
  }

  return {
    source,
    get prepared() {
      return prepared
    },
    get settled() {
      return settled
    },
    async load(signal) {
      if (source.discovery.fixed === true && loadedAt !== undefined) return
      if (abandoned >= MAX_ABANDONED) {
        fail(new TuttiError('source_failed', `${abandoned} earlier loads still hang.`))
        return
      }
      try {
        await accept(await call(signal))
      } catch (thrown) {
        if (!signal.aborted) fail(thrown)
      } finally {
        settled = true
      }
    },
    health() {
      const state =
        loadedAt === undefined
          ? trouble === undefined ? 'loading' : 'failed'
          : trouble === undefined ? 'ready' : 'stale'
      return {
        name,
        state,
        components: prepared.length,
        ...(loadedAt !== undefined && { loadedAt }),
        ...(trouble !== undefined && { error: trouble }),
      }
    },
  }
}
