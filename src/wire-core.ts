// The second half of the composition root: all that is needed once there is something to plan or to run. It is imported by
// the first use, so that importing the package and naming its parts stays quick.
import { createAcceptor } from './accept-run.ts'
import { createAskModel } from './asking/ask-model.ts'
import { createModelPrices } from './asking/model-price.ts'
import { createBudgets } from './budgets.ts'
import { markDegraded } from './catalog/capability-providers/mark-degraded.ts'
import type { Catalog } from './catalog/catalog.ts'
import type { BreakerReport, LimitUsage, MetricsSnapshot, Orchestrator, PlanOutcome, RunsApi } from './contracts/api.ts'
import type { Config } from './contracts/config.ts'
import type { Coordination } from './contracts/coordination.ts'
import type { RunEngine } from './contracts/engine.ts'
import { TuttiError } from './contracts/errors.ts'
import type { Executor, StepHandler } from './contracts/executor.ts'
import type { RunJournal } from './contracts/journal.ts'
import type { EmbeddingModel, LanguageModel, Purpose } from './contracts/model.ts'
import type { Clock, Logger, Random } from './contracts/parts.ts'
import type { Planner } from './contracts/planner.ts'
import type { Synthesizer } from './contracts/synthesizer.ts'
import { createDocuments } from './documents.ts'
import { createExecutor } from './executor/executor.ts'
import { createExplanations } from './explanations.ts'
import { createCoordinator } from './orchestrator.ts'
import { asKind } from './plan/kind.ts'
import { lockPlan } from './plan/lock.ts'
import { checkBySchema } from './plan/schema.ts'
import { createPlanner } from './planner/planner.ts'
import { createInProcessEngine } from './runs/engine-in-process.ts'
import { headersOfRun } from './runs/headers.ts'
import type { RunListener } from './runs/run-log.ts'
import { createRunQuotas } from './runs/run-quotas.ts'
import { createRunService, type RunService } from './runs/run-service.ts'
import { createThreads } from './runs/threads.ts'
import { createSynthesizer } from './synthesizer/synthesizer.ts'
import { policiesByName } from './util/component-policies.ts'
import { createRunId } from './util/ids.ts'
import { type Choosing, type OwnChoosing, wireProvider } from './wire-provider.ts'

/** Implementations that a program brings instead of ours. */
export interface OwnParts extends OwnChoosing {
  readonly engine?: RunEngine
  /** Turns texts into vectors: capabilities are then searched by meaning too. Instead of `capabilities.embeddings`. */
  readonly embeddings?: EmbeddingModel
  readonly planner?: Planner
  readonly executor?: Executor
  readonly synthesizer?: Synthesizer
  /** Other ways to run steps of a type that documents know. With an own executor they are not asked. */
  readonly handlers?: readonly StepHandler[]
}

export interface WiringParts {
  readonly own: OwnParts
  readonly config: Config
  readonly catalog: Catalog
  readonly modelFor: (purpose: Purpose) => LanguageModel | undefined
  readonly journal: RunJournal
  readonly listeners: readonly RunListener[]
  readonly coordination: Coordination | undefined
  readonly onBreaker: (report: BreakerReport) => void
  /** What model calls took so far. */
  readonly modelUsage: () => MetricsSnapshot['modelCalls']
  readonly clock: Clock
  readonly log: Logger
  readonly random: Random
}

/** What the orchestrator's methods do, once the catalog is loaded. */
export interface Core extends Pick<Orchestrator, 'prepare' | 'validate' | 'explain' | 'lock' | 'plan'> {
  /** @see RunsApi.explain */
  explainRun: RunsApi['explain']
  readonly runs: RunService
  planCache(): { readonly hits: number; readonly misses: number; readonly size: number }
  limits(): readonly LimitUsage[]
  breakers(): readonly BreakerReport[]
  readonly choosing: Pick<Choosing, 'provider' | 'search' | 'checks' | 'close'>
  closeExecutor(): Promise<void>
}

export function wireCore({
  own,
  config,
  catalog,
  modelFor,
  journal,
  listeners,
  coordination,
  onBreaker,
  modelUsage,
  clock,
  log,
  random,
}: WiringParts): Core {
  const prices = createModelPrices(config.models)
  const budgets = createBudgets({ config, modelFor, prices, clock })
  const ask = createAskModel({ modelFor, clock, settings: config.model, prices, check: checkBySchema })
  const choosing = wireProvider({ own, config, catalog, ask, clock, random, log })
  const provider = markDegraded(choosing.provider, () => ownExecutor?.breakers() ?? [])
  const planner = own.planner ?? createPlanner({ ask, settings: config, clock, log })
  const ownExecutor =
    own.executor === undefined
      ? createExecutor({
          settings: config,
          invokerOf: (component) => catalog.invokerOf(component),
          ask,
          clock,
          random,
          log,
          onBreaker,
          ...(coordination !== undefined && { coordination }),
          ...(own.handlers !== undefined && { handlers: own.handlers }),
        })
      : undefined
  const synthesizer = own.synthesizer ?? createSynthesizer({ ask, settings: config })

  const documents = createDocuments({ catalog, clock, declared: config })
  const explanations = createExplanations({
    documents,
    view: catalog,
    config,
    history: ownExecutor?.history(),
    breakers: () => ownExecutor?.breakers() ?? [],
    modelFor,
    prices,
    modelUsage,
  })
  const coordinator = createCoordinator({
    provider,
    planner,
    executor: own.executor ?? (ownExecutor as Executor),
    synthesizer,
    view: catalog,
    viewFor: (principal) => choosing.viewFor(principal),
    permittedView: (principal) => choosing.permittedView(principal),
    clock,
    prepare: (document) => documents.prepare(asKind(document, 'plan'), 'model'),
    threads: createThreads(),
    headersOf: headersOfRun,
    ...(config.planner.earlyStart && { earlyConcurrency: config.executor.maxConcurrency }),
    policyOf: policiesByName(config.components),
    maxReplans: config.planner.maxReplans,
    // What plans without a model cannot take into account what has happened.
    canReplan: () => own.planner !== undefined || ask.available('plan'),
    openBudget: ({ run: { budget, request }, emit }) =>
      budget === undefined ? undefined : budgets.open(budget, { emit, isAnswered: request !== undefined }),
  })
  const accept = createAcceptor({ documents, budgets, maxDepth: config.runs.maxDepth })
  const quotas = createRunQuotas(config.quotas, config.runs.concurrency)
  const weightOf = (key: string): number | undefined =>
    (Object.hasOwn(config.quotas, key) ? config.quotas[key] : config.quotas['default'])?.weight
  const runs = createRunService({
    journal,
    engine: own.engine ?? createInProcessEngine({ clock, log, quotas, weightOf }),
    quotas,
    clock,
    log,
    settings: config.runs,
    listeners,
    accept,
    conduct: (handle) => coordinator.conduct(handle),
    onCancelAll: () => ownExecutor?.stopAdmitting(),
  })

  return {
    runs,
    prepare: (document) => documents.prepare(document),
    explain: (document) => explanations.ofDocument(document),
    async explainRun(runId, options) {
      const response = await runs.get(runId, options)
      if (response === undefined)
        throw new TuttiError('unknown_run', `There is no run "${runId}", or it is kept no longer.`)
      return await explanations.ofRun(response)
    },
    validate: (document, options) => documents.validate(document, options),
    lock: async (document) => lockPlan((await documents.prepare(document)).compiled, catalog),
    async plan(request, options = {}): Promise<PlanOutcome> {
      const { budget: limits } = await accept({ request }, options)
      const emit = (): void => undefined
      const budget = limits === undefined ? undefined : budgets.open(limits, { emit, isAnswered: false })
      const signals = [options.signal, budget?.work].filter((signal) => signal !== undefined)
      const { document, issues, way, degraded } = await coordinator
        .plan({
          runId: createRunId(),
          request,
          principal: options.principal ?? 'local',
          turns: [],
          ...(options.metadata !== undefined && { metadata: options.metadata }),
          signal: AbortSignal.any(signals),
          emit,
          ...(budget !== undefined && { budget }),
        })
        .finally(() => budget?.close())
      return {
        ...(await explanations.ofPlan(document)),
        issues,
        way,
        ...(degraded !== undefined && { degraded }),
      }
    },
    planCache: () => planner.stats?.() ?? { hits: 0, misses: 0, size: 0 },
    limits: () => [...runs.limits(), ...(ownExecutor?.limits() ?? [])],
    breakers: () => ownExecutor?.breakers() ?? [],
    choosing: { ...choosing, provider },
    closeExecutor: async () => await ownExecutor?.close(),
  }
}
