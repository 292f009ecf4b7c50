// How a request becomes a valid plan: from the cache, else from the model with corrections, else without any model. What it
// yields as a document without errors has passed the one validation; everything else carries its issues and is never run.
import type { OfferedCapability } from '../contracts/capability.ts'
import type { Config } from '../contracts/config.ts'
import { type TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { Message } from '../contracts/model.ts'
import type { AskModel, Clock, Logger, PlanAsk, PlanEvent, Planner } from '../contracts/parts.ts'
import type { Issue, PlanDocument } from '../contracts/plan.ts'
import { checkDocument } from '../plan/check.ts'
import { hasErrors } from '../plan/issue.ts'
import { asKind } from '../plan/kind.ts'
import { formatDuration } from '../util/duration.ts'
import { planLocally } from './local-planner.ts'
import { parsePlan, syntaxIssue } from './parse-plan.ts'
import { createPlanCache, type PlanCache } from './plan-cache.ts'
import { type PromptTemplate, renderMessages, renderPlanSystem, renderRepair } from './prompt.ts'
import { findUnseen, mergeOffered, wordsOfInvented } from './widen.ts'

export interface PlannerParts {
  readonly ask: AskModel
  readonly settings: Config
  readonly clock: Clock
  readonly log: Logger
  /** Replaces or frames the standard rules of the prompt. */
  readonly template?: PromptTemplate
}

const NO_MODEL =
  'No model is configured; set OPENAI_API_KEY or ANTHROPIC_API_KEY, or TUTTI_MODEL, to have requests planned by one.'
/** At most this many capabilities are added for the corrections of one plan. */
const MAX_ADDED = 20

export function createPlanner(parts: PlannerParts): Planner {
  const { ask: model, settings, clock } = parts
  const cache = createPlanCache({ settings, clock, modelId: () => model.modelId('plan') })
  return {
    async *plan(ask) {
      const cached = yield* planFromCache(ask, parts, cache)
      if (cached) return
      const away = model.available('plan') ? yield* planWithModel(ask, parts, cache) : { reason: NO_MODEL }
      if (away !== undefined) yield await standIn(ask, parts, cache, away.reason)
    },
    evict: (ask) => cache.evict(ask),
    stats: () => cache.stats(),
  }
}

interface Checked {
  readonly document: PlanDocument
  readonly issues: readonly Issue[]
}

/** The one validation, for every plan whatever its way. */
async function check(
  value: unknown,
  ask: PlanAsk,
  settings: Config,
  offered: readonly OfferedCapability[],
): Promise<Checked> {
  const { document, issues } = await checkDocument(value, ask.view, {
    origin: 'model',
    maxSteps: settings.executor.maxSteps,
    offered,
    repair: true,
  })
  // A model that names its plan has not written a workflow: one failure leaves the other steps alone.
  return { document: document === undefined ? { steps: [] } : asKind(document, 'plan'), issues }
}

// ---- the cache ----------------------------------------------------------------------------------------------------

async function* planFromCache(
  ask: PlanAsk,
  { settings }: PlannerParts,
  cache: PlanCache,
): AsyncGenerator<PlanEvent, boolean> {
  const kept = cache.find(ask)
  if (kept?.isFresh === true) {
    const { document, issues } = await check(kept.document, ask, settings, ask.offered)
    if (!hasErrors(issues)) {
      cache.count(ask, 'hit')
      yield { type: 'document', document, issues, way: 'cache' }
      return true
    }
    cache.evict(ask)
  }
  cache.count(ask, 'miss')
  return false
}

// ---- the model ----------------------------------------------------------------------------------------------------

/** @returns why the model could not be used, or undefined when it has spoken its last word */
async function* planWithModel(
  ask: PlanAsk,
  parts: PlannerParts,
  cache: PlanCache,
): AsyncGenerator<PlanEvent, { readonly reason: string } | undefined> {
  const { settings, clock, log } = parts
  const { persona, domain, maxRepairs } = settings.planner
  const system = renderPlanSystem({ persona, domain }, parts.template)
  let offered = ask.offered
  let messages = renderMessages({ ...ask, today: clock.timestamp().slice(0, 10) })
  for (let attempt = 1; ; attempt++) {
    const said = yield* askForPlan(ask, parts, { system, messages, isRepair: attempt > 1 })
    if (said.away !== undefined) {
      log.warn('the model is away, planning without it', { code: said.away.code })
      return { reason: said.away.message }
    }
    const parsed = said.broken === undefined ? parsePlan(said.answer) : { issue: said.broken }
    const { document, issues }: Checked =
      parsed.issue === undefined
        ? await check(parsed.value, ask, settings, offered)
        : { document: { steps: [] }, issues: [parsed.issue] }
    if (!hasErrors(issues)) {
      cache.store(ask, document)
      yield { type: 'document', document, issues, way: 'model' }
      return undefined
    }
    ask.emit({ type: 'plan-invalid', issues, attempt })
    if (attempt > maxRepairs) {
      yield { type: 'document', document, issues, way: 'model' }
      return undefined
    }
    const added = await findMore(ask, document, issues, offered)
    offered = mergeOffered(offered, added)
    const errors = issues.filter((issue) => issue.severity === 'error')
    messages = [...messages, ...renderRepair({ previous: said.answer, issues: errors, added })]
  }
}

interface Said {
  readonly answer: string
  /** The answer as a whole is of no use, and the model may be told so. */
  readonly broken?: Issue
  readonly away?: TuttiError
}

async function* askForPlan(
  ask: PlanAsk,
  { ask: model }: PlannerParts,
  {
    system,
    messages,
    isRepair,
  }: { readonly system: string; readonly messages: readonly Message[]; readonly isRepair: boolean },
): AsyncGenerator<PlanEvent, Said> {
  for (let isSecond = false; ; isSecond = true) {
    let answer = ''
    try {
      const stream = model.stream({
        purpose: isRepair ? 'plan-repair' : 'plan',
        system,
        messages,
        json: true,
        runId: ask.runId,
        signal: ask.signal,
        emit: ask.emit,
        ...(ask.budget !== undefined && { budget: ask.budget }),
      })
      for await (const text of stream) {
        answer += text
        yield { type: 'delta', text }
      }
      return { answer }
    } catch (thrown) {
      const error = toTuttiError(thrown)
      if (error.code === 'model_output_invalid') return { answer, broken: syntaxIssue(error.message) }
      // Half a plan was of no use to anybody yet, unlike half an answer: it is asked for once more.
      if (error.code === 'model_stream_cut' && !isSecond && !ask.signal.aborted) continue
      if (isAway(error)) return { answer, away: error }
      throw error
    }
  }
}

/** Whether another way to a plan may be tried. A model that refuses this very request is not away: nothing stands in for it. */
function isAway({ code }: TuttiError): boolean {
  switch (code) {
    case 'no_model':
    case 'model_unavailable':
    case 'model_rate_limited':
    case 'model_timeout':
    case 'model_stream_cut':
    case 'model_unauthorized':
    case 'breaker_open':
      return true
    default:
      return false
  }
}

/**
 * What to show the model beside the issues: capabilities it called without having seen them, and what the words of an invented
 * step find. The same capabilities and the same prompt would only loop.
 */
async function findMore(
  ask: PlanAsk,
  document: PlanDocument,
  issues: readonly Issue[],
  offered: readonly OfferedCapability[],
): Promise<readonly OfferedCapability[]> {
  const words = wordsOfInvented(document, issues)
  const found = words === '' ? [] : await ask.widen(words)
  const known = mergeOffered([], offered).length
  return mergeOffered(offered, [...findUnseen(document, ask.view), ...found]).slice(known, known + MAX_ADDED)
}

// ---- without a model ----------------------------------------------------------------------------------------------

async function standIn(
  ask: PlanAsk,
  { settings, log }: PlannerParts,
  cache: PlanCache,
  reason: string,
): Promise<PlanEvent> {
  const kept = cache.find(ask)
  if (kept !== undefined) {
    const { document, issues } = await check(kept.document, ask, settings, ask.offered)
    const told = `${reason} A plan for the same request was used that is ${formatDuration(Math.max(0, Math.round(kept.ageMs / 1000) * 1000))} old.`
    if (!hasErrors(issues))
      return { type: 'document', document, issues, way: 'cache', degraded: { reason: told, way: 'cached-plan' } }
  }
  const local = planLocally(ask.request, ask.offered)
  if (local.steps.length > 0) {
    const { document, issues } = await check({ steps: local.steps }, ask, settings, ask.offered)
    if (!hasErrors(issues)) {
      const told = `${reason} The plan was made from the words of the request alone, and calls only what reads.`
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
