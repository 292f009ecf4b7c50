// What `orchestrator.runs` and `orchestrator.catalog` offer, over the parts that do it.
import type { Catalog } from './catalog/catalog.ts'
import type { CatalogApi, RunsApi } from './contracts/api.ts'
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

export function createCatalogApi(catalog: Catalog, started: Started, topK: number): CatalogApi {
  return {
    get fingerprint() {
      return catalog.fingerprint
    },
    components: () => catalog.components(),
    component: (name) => catalog.component(name),
    search: async (query, { limit = topK } = {}) => await catalog.search(query, limit),
    choose: (request, { principal = 'local', metadata, limit, signal = new AbortController().signal } = {}) =>
      started(async ({ choosing }) => {
        const query = { request, principal, signal, ...(metadata !== undefined && { metadata }) }
        return limit === undefined ? await choosing.provider.offer(query) : await choosing.search(query, limit)
      }),
    refresh: (signal = new AbortController().signal) => catalog.refresh(signal),
    sources: () => catalog.sources(),
  }
}
