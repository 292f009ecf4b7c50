// One source over time: loaded, checked, and kept at its last good state whatever it does next.
import type { SourceHealth } from '../contracts/api.ts'
import type { Config } from '../contracts/config.ts'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { Clock, Logger, Source } from '../contracts/parts.ts'
import { counted } from '../util/text.ts'
import { createSourceCall } from './call-source.ts'
import type { PreparedComponent } from './prepare-component.ts'
import { prepareList } from './prepare-list.ts'

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

/** Different warnings kept, so that each is given once. */
const MAX_WARNINGS = 1_000

/** A registry that forgets half of its entries at once is more likely ill than right: believed after one interval. */
function createLossGuard(clock: Clock, intervalMs: number) {
  let heldSince: number | undefined
  return (lost: number, of: number): boolean => {
    if (lost * 2 <= of) {
      heldSince = undefined
      return false
    }
    const now = clock.now()
    heldSince ??= now
    if (now - heldSince < intervalMs) return true
    heldSince = undefined
    return false
  }
}

class LoadedSource implements SourceLoader {
  readonly source: Source
  prepared: readonly PreparedComponent[] = []
  settled = false
  readonly #parts: SourceLoaderParts
  readonly #call: (signal: AbortSignal) => Promise<unknown>
  readonly #isHeldBack: (lost: number, of: number) => boolean
  readonly #warned = new Set<string>()
  #lastFound: unknown
  #loadedAt: string | undefined
  #trouble: string | undefined

  constructor(parts: SourceLoaderParts) {
    const { source, clock, settings } = parts
    this.source = source
    this.#parts = parts
    this.#call = createSourceCall(source.discovery, clock, settings.loadTimeoutMs)
    this.#isHeldBack = createLossGuard(clock, settings.refreshMs)
  }

  async load(signal: AbortSignal): Promise<void> {
    if (this.source.discovery.fixed === true && this.#loadedAt !== undefined) return
    try {
      await this.#accept(await this.#call(signal))
      this.#succeed()
    } catch (thrown) {
      if (!signal.aborted) this.#fail(thrown)
    } finally {
      this.settled = true
    }
  }

  health(): SourceHealth {
    const hasTrouble = this.#trouble !== undefined
    const state =
      this.#loadedAt === undefined ? (hasTrouble ? 'failed' : 'loading') : hasTrouble ? 'stale' : ('ready' as const)
    const skipped = this.source.discovery.skipped?.() ?? []
    return {
      name: this.source.discovery.name,
      state,
      components: this.prepared.length,
      capabilities: this.prepared.reduce((sum, { component }) => sum + component.capabilities.length, 0),
      ...(skipped.length > 0 && { skipped }),
      ...(this.#loadedAt !== undefined && { loadedAt: this.#loadedAt }),
      ...(this.#trouble !== undefined && { error: this.#trouble }),
    }
  }

  async #accept(found: unknown): Promise<void> {
    if (!Array.isArray(found)) throw new TuttiError('source_failed', 'It did not return a list of components.')
    // A frozen list that is the same holds the same: sources that know of no change say so by it.
    if (found === this.#lastFound && Object.isFrozen(found)) return
    const entries: readonly unknown[] = found
    const { prepared, skipped, lost } = await prepareList(entries, this.source.discovery.name, this.prepared)
    for (const text of skipped) this.#warnOnce(text)
    if (entries.length > 0 && prepared.length === 0) {
      throw new TuttiError('source_failed', `None of its ${entries.length} entries is a component.`)
    }
    if (this.#isHeldBack(lost, this.prepared.length)) {
      const { refreshMs } = this.#parts.settings
      const text = `It lost ${lost} of ${this.prepared.length} components at once; they are kept for ${refreshMs} ms.`
      throw new TuttiError('source_failed', text)
    }
    this.prepared = prepared
    this.#lastFound = entries
  }

  #succeed(): void {
    const { name } = this.source.discovery
    if (this.#trouble !== undefined) {
      this.#parts.log.info(`Source "${name}" is back.`, { source: name, components: this.prepared.length })
    }
    this.#trouble = undefined
    this.#loadedAt = this.#parts.clock.timestamp()
  }

  /** Tells a trouble when it begins, not at every load. */
  #fail(thrown: unknown): void {
    const { name } = this.source.discovery
    const { message } = toTuttiError(thrown, 'source_failed')
    if (this.#trouble !== message) {
      const { length } = this.prepared
      const kept = length === 0 ? '' : ` What it had before stays: ${counted(length, 'component')}.`
      const facts = { source: name, trouble: message, ...(length > 0 && { kept: length }) }
      this.#parts.log.warn(`Source "${name}" failed: ${message}${kept}`, facts)
    }
    this.#trouble = message
  }

  #warnOnce(text: string): void {
    if (this.#warned.has(text) || this.#warned.size >= MAX_WARNINGS) return
    this.#warned.add(text)
    const { name } = this.source.discovery
    this.#parts.log.warn(`Source "${name}": ${text}.`, { source: name })
  }
}

/** A loader that has loaded nothing yet. */
export const createSourceLoader = (parts: SourceLoaderParts): SourceLoader => new LoadedSource(parts)
