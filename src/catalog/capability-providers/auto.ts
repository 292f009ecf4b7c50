// All capabilities while there are few, the nearest ones when there are many.
import type { CapabilityProvider } from '../../contracts/parts.ts'
import { createAllProvider, listFor, MAX_ALL } from './all.ts'
import type { ProviderParts } from './provider-parts.ts'
import { createSearchProvider } from './search.ts'

/** Decides at every request: a catalog grows and shrinks while the program runs. */
export function createAutoProvider(parts: ProviderParts): CapabilityProvider {
  const all = createAllProvider(parts)
  const search = createSearchProvider(parts)
  return {
    offer(query) {
      const { offered, hidden } = listFor(parts, query.principal)
      // Ill ones count: a component that falls ill must not change the way, and with it the prompt.
      return offered.length + hidden.length <= MAX_ALL ? all.offer(query) : search.offer(query)
    },
  }
}
