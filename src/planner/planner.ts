// How a request becomes a valid plan: from the cache, by the short way when one capability surely serves it, else from the model
// with corrections, else without any model. What it yields as a document without errors has passed the one validation;
// everything else carries its issues and is never run.
import type { Config } from '../contracts/config.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { AskModel, Clock, Logger } from '../contracts/parts.ts'
import type { PlanAsk, PlanEvent, Planner } from '../contracts/planner.ts'
import { hasErrors } from '../plan/issue.ts'
import { checkPlan } from './check-plan.ts'
import { planLocally } from './local-planner.ts'
import { createPlanCache, type PlanCache } from './plan-cache.ts'
import { createPlanExamples } from './plan-examples.ts'
import { planWithModel } from './plan-with-model.ts'
import { standIn } from './stand-in.ts'

export interface PlannerParts {
  readonly ask: AskModel
  readonly settings: Config
  readonly clock: Clock
  readonly log: Logger
}

type RecallAsk = Omit<PlanAsk, 'offered' | 'widen'>
type Planned = Extract<PlanEvent, { type: 'document' }>

const NO_MODEL =
  'No model is configured; set OPENAI_API_KEY or ANTHROPIC_API_KEY, or TUTTI_MODEL, to have requests planned by one.'

/** Reading more by their words takes longer than it may save. */
const MAX_SHORT_OFFER = 200

export function createPlanner(parts: PlannerParts): Planner {
  const { ask: model, settings, clock, log } = parts
  const cache = createPlanCache({ settings, clock, modelId: () => model.modelId('plan') })
  const examples = createPlanExamples({ max: settings.planner.examples })
  const recall = (ask: RecallAsk): Promise<Planned | undefined> => planFromCache(ask, settings, cache)
  return {
    recall,
    async *plan(ask) {
      const isFirst = ask.revise === undefined
      const kept = isFirst && ask.isRecalled !== true ? await recall(ask) : undefined
      const known = isFirst ? (kept ?? (await planShortly(ask, parts))) : undefined
      if (known !== undefined) {
        yield known
        return
      }
      if (!model.available('plan')) {
        if (!isFirst) throw new TuttiError('no_model', NO_MODEL)
        yield await standIn(ask, { settings, log, cache, reason: NO_MODEL })
        return
      }
      const earlier = isFirst ? examples.find(ask) : []
      const end = yield* planWithModel(ask, { ...parts, earlier })
      if (end.away === undefined) {
        const { document, issues } = end
        if (isFirst && !hasErrors(issues)) cache.store(ask, document)
        yield { type: 'document', document, issues, way: 'model' }
      } else if (isFirst) yield await standIn(ask, { settings, log, cache, reason: end.away.message })
      // Nothing can stand in for what knows how far the plan came.
      else throw end.away
    },
    learn(ask, { document, isGood }) {
      if (!isGood) {
        examples.forget(ask)
        return
      }
      cache.learn(ask, document)
      examples.learn(ask, document)
    },
    evict(ask) {
      examples.forget(ask)
      cache.evict(ask)
    },
    stats: () => cache.stats(),
  }
}

/** Checked against all that the principal may use: what was offered at the time is no limit. */
async function planFromCache(ask: RecallAsk, settings: Config, cache: PlanCache): Promise<Planned | undefined> {
  const kept = cache.find(ask)
  if (kept?.isFresh === true) {
    const { document, issues } = await checkPlan(kept.document, ask, settings, [])
    if (!hasErrors(issues)) {
      cache.count(ask, 'hit')
      return { type: 'document', document, issues, way: 'cache' }
    }
    // Values that a form does not bear say nothing against it; the model's plan takes the place of a kept one.
  }
  cache.count(ask, 'miss')
  return undefined
}

/** A request that one capability surely serves needs no model to say so. */
async function planShortly(ask: PlanAsk, { ask: model, settings }: PlannerParts): Promise<Planned | undefined> {
  // Without a model the local planner does what it can anyway, and says that it stands in.
  if (!settings.planner.shortWay || !model.available('plan')) return undefined
  if (ask.turns.length > 0 || ask.offered.length > MAX_SHORT_OFFER) return undefined
  const local = planLocally(ask.request, ask.offered)
  if (!local.certain) return undefined
  const { document, issues } = await checkPlan({ steps: local.steps }, ask, settings, ask.offered)
  return issues.length === 0 ? { type: 'document', document, issues, way: 'local' } : undefined
}
