// All capabilities while there are few, the nearest ones when there are many.
import type { CapabilityProvider } from '../../contracts/parts.ts'
import { createAllProvider, hasMoreThan, MAX_ALL } from './all.ts'
import type { ProviderParts } from './provider-parts.ts'
import { createSearchProvider } from './search.ts'

/** Decides at every request: a catalog grows and shrinks while the program runs. */
export function createAutoProvider(parts: ProviderParts): CapabilityProvider {
  const all = createAllProvider(parts)
  const search = createSearchProvider(parts)
  return {
    offer(query) {
      return hasMoreThan(MAX_ALL, parts, query.principal) ? search.offer(query) : all.offer(query)
    },
  }
}
