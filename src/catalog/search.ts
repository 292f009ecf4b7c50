// Search over the catalog in force. The index is built when first asked for, and kept as long as the fingerprint stays:
// health and instances may change under it, so hits are looked up in the snapshot of the moment.
import type { Capability, OfferedCapability } from '../contracts/capability.ts'
import type { SearchDocument, SearchIndex } from './search-index.ts'
import type { Snapshot } from './snapshot.ts'

export type CatalogSearch = (query: string, limit: number) => Promise<readonly OfferedCapability[]>

function parameterNames({ inputSchema }: Capability): readonly string[] {
  const { properties } = inputSchema
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : []
}

interface Place {
  readonly component: string
  readonly action: string
}

/** Yields what the index reads; keeps in `places` where each document came from. */
function* documentsOf(snapshot: Snapshot, places: Place[]): Generator<SearchDocument> {
  for (const component of snapshot.components) {
    for (const capability of component.capabilities) {
      if (capability.internal === true) continue
      places.push({ component: component.name, action: capability.name })
      yield {
        id: `${component.name}/${capability.name}`,
        name: capability.name,
        component: component.name === capability.name ? '' : component.name,
        description: capability.description,
        parameters: parameterNames(capability),
        tags: capability.tags ?? [],
      }
    }
  }
}

interface Built {
  readonly index: SearchIndex
  readonly places: readonly Place[]
}

async function build(snapshot: Snapshot): Promise<Built> {
  const { buildSearchIndex } = await import('./search-index.ts')
  const places: Place[] = []
  return { index: await buildSearchIndex(documentsOf(snapshot, places)), places }
}

export function createCatalogSearch(current: () => Snapshot): CatalogSearch {
  let kept: { readonly fingerprint: string; readonly built: Promise<Built> } | undefined
  return async (query, limit) => {
    const { fingerprint } = current()
    if (kept?.fingerprint !== fingerprint) kept = { fingerprint, built: build(current()) }
    const { index, places } = await kept.built
    const snapshot = current()
    const offered: OfferedCapability[] = []
    for (const { position, score } of index.search(query, limit)) {
      const place = places[position]
      if (place === undefined) continue
      const component = snapshot.component(place.component)
      const capability = snapshot.find(place.component, place.action)
      if (component !== undefined && capability !== undefined) offered.push({ component, capability, score })
    }
    return offered
  }
}
