// What stands in for a model that is not there or does not answer: an old plan for the same request, a plan made from the words of
// the request alone, or an honest message. Each says which it is.
import type { Config } from '../contracts/config.ts'
import type { Logger } from '../contracts/parts.ts'
import type { PlanAsk, PlanEvent } from '../contracts/planner.ts'
import { hasErrors } from '../plan/issue.ts'
import { formatDuration } from '../util/duration.ts'
import { checkPlan } from './check-plan.ts'
import { planLocally } from './local-planner.ts'
import type { PlanCache } from './plan-cache.ts'

export interface StandInParts {
  readonly settings: Config
  readonly log: Logger
  readonly cache: PlanCache
  /** Why the model is not asked; a sentence. */
  readonly reason: string
}

export async function standIn(ask: PlanAsk, parts: StandInParts): Promise<PlanEvent> {
  return (await takeKept(ask, parts)) ?? (await planFromWords(ask, parts))
}

async function takeKept(ask: PlanAsk, { settings, cache, reason }: StandInParts): Promise<PlanEvent | undefined> {
  const kept = cache.find(ask)
  if (kept === undefined) return undefined
  const { document, issues } = await checkPlan(kept.document, ask, settings, ask.offered)
  if (hasErrors(issues)) return undefined
  const age = formatDuration(Math.max(0, Math.round(kept.ageMs / 1000) * 1000))
  const told = `${reason} A plan for the same request was used that is ${age} old.`
  return { type: 'document', document, issues, way: 'cache', degraded: { reason: told, way: 'cached-plan' } }
}

async function planFromWords(ask: PlanAsk, { settings, log, reason }: StandInParts): Promise<PlanEvent> {
  const local = planLocally(ask.request, ask.offered)
  if (local.steps.length > 0) {
    const { document, issues } = await checkPlan({ steps: local.steps }, ask, settings, ask.offered)
    if (!hasErrors(issues)) {
      const told = `${reason} The plan was made from the words of the request alone, and calls nothing that is known to change something.`
      return {
        type: 'document',
        document: { ...document, ...(local.missing !== undefined && { missing: local.missing }) },
        issues,
        way: 'local',
        degraded: { reason: told, way: 'local-planner' },
      }
    }
    log.warn('a plan made without a model is not valid', {
      issues: issues.map(({ code, pointer }) => `${code} ${pointer}`),
    })
  }
  const cannot = local.reason ?? 'Nothing could be called for this request.'
  return {
    type: 'document',
    document: { steps: [], reason: `${cannot} ${reason}`, missing: local.missing ?? [] },
    issues: [],
    way: 'local',
    degraded: { reason, way: 'message' },
  }
}
