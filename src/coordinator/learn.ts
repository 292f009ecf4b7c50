// Planner and provider are told how it went, so that the next request of the kind goes better.
import type { Response } from '../contracts/run.ts'
import { isOfPlan } from '../record/outcome.ts'
import { type Asked, type OrchestratorParts, planningView } from './parts.ts'

/** After a run that nobody stopped. What a listener throws is dropped: the run has ended. */
export function learnFrom(parts: OrchestratorParts, asked: Asked, response: Response): void {
  const { planner, provider } = parts
  const { plan, revisions = [], status } = response
  const steps = response.steps.filter(isOfPlan)
  // A plan of which nothing was begun says nothing about itself.
  if (plan === null || status === 'cancelled' || steps.every((step) => step.status === 'pending')) return
  const isGood = status === 'succeeded'
  const about = { ...asked, view: planningView(parts, asked.principal) }
  quietly(() => {
    for (const { document } of revisions.slice(0, -1)) planner.learn?.(about, { document, isGood: false })
    // What had to be written anew once would have to be again.
    if (revisions.length > 1) planner.evict?.(about)
  })
  // What something stood in for is no example, least of all for when that is back.
  if (response.degraded !== undefined) return
  quietly(() => planner.learn?.(about, { document: plan, isGood }))
  if (!isGood) return
  const used = steps.flatMap(({ component, action, status: end }) =>
    end === 'succeeded' && component !== undefined && action !== undefined ? [{ component, action }] : [],
  )
  const { request, principal } = asked
  if (used.length > 0) quietly(() => provider.learn?.({ request, principal, used }))
}

function quietly(act: () => void): void {
  try {
    act()
  } catch {
    // It learns nothing from this run.
  }
}
