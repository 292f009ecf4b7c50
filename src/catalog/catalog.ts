// What can be called right now: many sources, loaded side by side, as one snapshot that is swapped whole. A source that is
// slow, down or lying costs its own freshness and nothing else.
import type { SourceHealth } from '../contracts/api.ts'
import type { Component } from '../contracts/capability.ts'
import type { Config } from '../contracts/config.ts'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { CatalogView, Clock, Invoker, Logger, Source } from '../contracts/parts.ts'
import { createInstancePicker } from './pick-instance.ts'
import { createPublisher } from './publisher.ts'
import { createRefresher } from './refresher.ts'
import { type CatalogSearch, createCatalogSearch } from './search.ts'
import type { ViewFeed } from './search-view.ts'
import { type BuiltSnapshot, emptySnapshot } from './snapshot.ts'
import { createSourceLoader, type SourceLoader } from './source-loader.ts'
import { createWarmSearch, type WarmSearch } from './warm-search.ts'

export interface CatalogParts {
  /** In order of precedence: of two sources that offer a name, the first listed has it. */
  readonly sources: readonly Source[]
  readonly clock: Clock
  readonly log: Logger
  /** `refreshMs` 0 turns refreshing off. */
  readonly settings: Config['catalog']
  /** Other ways of seeing that a search fuses with its own. */
  readonly feeds?: readonly ViewFeed[]
}

export interface Catalog extends CatalogView {
  /** Loads every source, waits at most `startTimeoutMs` for the slow ones, and begins refreshing. Safe to call again. */
  start(): Promise<void>
  /** Stops refreshing, gives up running loads, closes sources and invokers. What was known stays readable. */
  close(): Promise<void>
  sources(): SourceHealth[]
  /** The capabilities nearest to the words, best first; internal ones are never among them. */
  search: CatalogSearch['search']
  /** Told which capabilities served a request; `search` then finds them a little sooner by its words. */
  learn: CatalogSearch['learn']
  /** Keeps the index of the search up to date in the background from now on, while searches are to be expected. */
  keepSearchWarm: WarmSearch['keep']
  /** @throws TuttiError `internal` for a component of no known source */
  invokerOf(component: Component): Invoker
}

function loadersOf({ sources, clock, log, settings }: CatalogParts): Map<string, SourceLoader> {
  const loaders = new Map<string, SourceLoader>()
  for (const source of sources) {
    const { name } = source.discovery
    if (loaders.has(name)) {
      throw new TuttiError('invalid_config', `Two sources are called "${name}". Give one of them another name.`)
    }
    loaders.set(name, createSourceLoader({ source, clock, log, settings }))
  }
  return loaders
}

/** Closes each thing once, however many sources share it; one that fails or hangs holds up none of the others. */
async function closeSources({ sources, clock, log, settings }: CatalogParts): Promise<void> {
  const closables = new Set(sources.flatMap(({ discovery, invoker }) => [discovery, invoker]))
  await Promise.all(
    [...closables].map(async (closable) => {
      let cancel = (): void => undefined
      const tooLong = new Promise<void>((resolve) => {
        cancel = clock.after(settings.loadTimeoutMs, resolve)
      })
      try {
        await Promise.race([closable.close?.(), tooLong])
      } catch (thrown) {
        log.warn(`A source could not be closed: ${toTuttiError(thrown).message}`)
      } finally {
        cancel()
      }
    }),
  )
}

/** @throws TuttiError `invalid_config` when two sources have one name */
export function createCatalog(parts: CatalogParts): Catalog {
  const { clock, log, settings } = parts
  const loadersByName = loadersOf(parts)
  const loaders = [...loadersByName.values()]
  const picker = createInstancePicker()
  const warned = new Set<string>()
  let snapshot = emptySnapshot()
  let closed: Promise<void> | undefined

  const onSwap = ({ snapshot: next, shadowed, instanceIds }: BuiltSnapshot): void => {
    snapshot = next
    warmSearch.onChange()
    picker.keepOnly(instanceIds)
    for (const { name, source, by } of shadowed) {
      const text = `Component "${name}" of source "${source}" is hidden by that of "${by}", which is listed first.`
      if (warned.has(text) || warned.size >= 1_000) continue
      warned.add(text)
      log.warn(text, { component: name, source, by })
    }
  }
  const publish = createPublisher({ lists: () => loaders.map(({ prepared }) => prepared), onSwap })
  const refresher = createRefresher({ loaders, publish, clock, log, settings })
  const { search, warm, learn } = createCatalogSearch({ current: () => snapshot, feeds: parts.feeds ?? [] })
  const warmSearch = createWarmSearch({ clock, warm })

  return {
    get fingerprint() {
      return snapshot.fingerprint
    },
    components: () => snapshot.components,
    component: (name) => snapshot.component(name),
    find: (component, action) => snapshot.find(component, action),
    offering: (capability) => snapshot.offering(capability),
    pick(component, options) {
      const found = snapshot.component(component)
      return found === undefined ? undefined : picker.pick(found.instances, options)
    },
    busy: (instance) => picker.busy(instance),
    refresh: (signal) => refresher.refresh(signal),
    start: () => refresher.start(),
    close() {
      warmSearch.close()
      closed ??= refresher.close().then(() => closeSources(parts))
      return closed
    },
    sources: () => loaders.map((loader) => loader.health()),
    search,
    learn,
    keepSearchWarm: (isExpected) => warmSearch.keep(isExpected),
    invokerOf(component) {
      const loader = loadersByName.get(component.source)
      if (loader !== undefined) return loader.source.invoker
      throw new TuttiError('internal', `Component "${component.name}" is of no known source ("${component.source}").`)
    },
  }
}
