// The capabilities nearest to the words of the request. Finding none is an answer: the planner then says what is missing
// instead of being shown everything (trap B04).
import type { OfferedCapability } from '../../contracts/capability.ts'
import type { CapabilityProvider } from '../../contracts/parts.ts'
import { type ProviderParts, whyHidden } from './all.ts'

/** Offers the best `topK` with their scores, best first; what cannot be called now makes room for the next best. */
export function createSearchProvider({ catalog, topK }: ProviderParts): CapabilityProvider {
  return {
    async offer({ request }) {
      for (let limit = topK; ; limit *= 2) {
        const found = await catalog.search(request, limit)
        const offered: OfferedCapability[] = []
        const hidden: { readonly name: string; readonly why: string }[] = []
        for (const hit of found) {
          if (offered.length === topK) break
          const why = whyHidden(hit.component)
          if (why === undefined) offered.push(hit)
          else hidden.push({ name: `${hit.component.name}.${hit.capability.name}`, why })
        }
        if (offered.length === topK || found.length < limit) return { offered, hidden }
      }
    },
  }
}
