// What `orchestrator.runs` and `orchestrator.catalog` offer, over the parts that do it.
import { searchOffers } from './catalog/capability-providers/search.ts'
import type { Catalog } from './catalog/catalog.ts'
import { createFilter, type MayUse, viewFor } from './catalog/filters.ts'
import type { CatalogApi, RunsApi } from './contracts/api.ts'
import type { CatalogView, Logger } from './contracts/parts.ts'
import type { Core } from './wire-core.ts'

type Started = <T>(work: (core: Core) => Promise<T>) => Promise<T>

/** Looking at runs needs no catalog, so nothing is started for it. */
export function createRunsApi(started: Started, wire: () => Promise<Core>): RunsApi {
  const runsOf = async (): Promise<Core['runs']> => (await wire()).runs
  return {
    submit: (asked, options) => started(({ runs }) => runs.submit(asked, options)),
    get: async (runId, options) => (await runsOf()).get(runId, options),
    list: async (filter) => (await runsOf()).list(filter),
    async *events(runId, options) {
      yield* (await runsOf()).events(runId, options)
    },
    wait: async (runId, options) => (await runsOf()).wait(runId, options),
    // What is to be expected is told by the catalog.
    explain: (runId, options) => started((core) => core.explainRun(runId, options)),
    cancel: async (runId, options) => (await runsOf()).cancel(runId, options),
  }
}

export function createCatalogApi(
  catalog: Catalog,
  started: Started,
  { topK, mayUse, log }: { readonly topK: number; readonly mayUse: MayUse | undefined; readonly log: Logger },
): CatalogApi {
  // Who looks may see what is withheld from planners for other reasons, but not what is not for its eyes.
  const filter = createFilter({ settings: {}, mayUse, log })
  const viewOf = (principal: string | undefined): CatalogView =>
    principal === undefined ? catalog : viewFor(catalog, filter, principal)
  return {
    get fingerprint() {
      return catalog.fingerprint
    },
    components: ({ principal } = {}) => viewOf(principal).components(),
    component: (name, { principal } = {}) => viewOf(principal).component(name),
    search: (request, { limit = topK, principal } = {}) =>
      started(async () => {
        if (principal === undefined || filter.isOpen) return await catalog.search(request, limit)
        const { signal } = new AbortController()
        return (await searchOffers({ catalog, topK: limit, filter }, { request, principal, signal })).offered
      }),
    choose: (request, { principal = 'local', metadata, limit, signal = new AbortController().signal } = {}) =>
      started(async ({ choosing }) => {
        const query = { request, principal, signal, ...(metadata !== undefined && { metadata }) }
        return limit === undefined ? await choosing.provider.offer(query) : await choosing.search(query, limit)
      }),
    refresh: (signal = new AbortController().signal) => catalog.refresh(signal),
    sources: () => catalog.sources(),
  }
}
