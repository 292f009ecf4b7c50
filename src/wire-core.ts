// The second half of the composition root: all that is needed once there is something to plan or to run. It is imported by
// the first use, so that importing the package and naming its parts stays quick.
import { createAcceptor } from './accept-run.ts'
import { createAskModel } from './asking/ask-model.ts'
import { createModelPrices } from './asking/model-price.ts'
import { createBudgets } from './budgets.ts'
import { createAllProvider } from './catalog/capability-providers/all.ts'
import { createAutoProvider } from './catalog/capability-providers/auto.ts'
import { markDegraded } from './catalog/capability-providers/mark-degraded.ts'
import { createSearchProvider } from './catalog/capability-providers/search.ts'
import type { Catalog } from './catalog/catalog.ts'
import type { BreakerReport, Explanation, LimitUsage, Orchestrator, PlanOutcome } from './contracts/api.ts'
import type { Config } from './contracts/config.ts'
import type { Coordination } from './contracts/coordination.ts'
import type { RunEngine } from './contracts/engine.ts'
import type { RunJournal } from './contracts/journal.ts'
import type { LanguageModel, Purpose } from './contracts/model.ts'
import type {
  CapabilityProvider,
  Clock,
  Executor,
  Logger,
  Planner,
  Random,
  StepHandler,
  Synthesizer,
} from './contracts/parts.ts'
import { createDocuments } from './documents.ts'
import { createExecutor } from './executor/executor.ts'
import { createCoordinator } from './orchestrator.ts'
import { checkDocument } from './plan/check.ts'
import { explainPlan } from './plan/explain.ts'
import { asKind } from './plan/kind.ts'
import { checkBySchema } from './plan/schema.ts'
import { createPlanner } from './planner/planner.ts'
import { createInProcessEngine } from './runs/engine-in-process.ts'
import { headersOfRun } from './runs/headers.ts'
import type { RunListener } from './runs/run-log.ts'
import { createRunQuotas } from './runs/run-quotas.ts'
import { createRunService, type RunService } from './runs/run-service.ts'
import { createThreads } from './runs/threads.ts'
import { createSynthesizer } from './synthesizer/synthesizer.ts'
import { createRunId } from './util/ids.ts'

/** Implementations that a program brings instead of ours. */
export interface OwnParts {
  readonly engine?: RunEngine
  readonly provider?: CapabilityProvider
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
  readonly clock: Clock
  readonly log: Logger
  readonly random: Random
}

/** What the orchestrator's methods do, once the catalog is loaded. */
export interface Core extends Pick<Orchestrator, 'prepare' | 'validate' | 'explain' | 'plan'> {
  readonly runs: RunService
  planCache(): { readonly hits: number; readonly misses: number; readonly size: number }
  limits(): readonly LimitUsage[]
  breakers(): readonly BreakerReport[]
  closeExecutor(): Promise<void>
}

const EMPTY_EXPLANATION: Explanation = { stages: [], criticalPath: [], edges: [], maxParallelism: 0, text: 'No steps.' }
const PROVIDERS = {
  auto: createAutoProvider,
  all: createAllProvider,
  search: createSearchProvider,
  service: createAutoProvider,
  tiered: createAutoProvider,
} as const

export function wireCore({
  own,
  config,
  catalog,
  modelFor,
  journal,
  listeners,
  coordination,
  onBreaker,
  clock,
  log,
  random,
}: WiringParts): Core {
  const prices = createModelPrices(config.models)
  const budgets = createBudgets({ config, modelFor, prices, clock })
  const ask = createAskModel({ modelFor, clock, settings: config.model, prices, check: checkBySchema })
  const provider = markDegraded(
    own.provider ?? PROVIDERS[config.capabilities.provider]({ catalog, topK: config.capabilities.topK }),
    () => ownExecutor?.breakers() ?? [],
  )
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
  const coordinator = createCoordinator({
    provider,
    planner,
    executor: own.executor ?? (ownExecutor as Executor),
    synthesizer,
    view: catalog,
    clock,
    prepare: (document) => documents.prepare(asKind(document, 'plan'), 'model'),
    threads: createThreads(),
    headersOf: headersOfRun,
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
    explain: async (document) => explainPlan((await documents.prepare(document)).compiled),
    validate: (document) => documents.validate(document),
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
      const { plan } = await checkDocument(document, catalog, { origin: 'model', maxSteps: config.executor.maxSteps })
      const explanation = plan === undefined ? EMPTY_EXPLANATION : explainPlan(plan)
      return {
        document: plan?.document ?? document,
        issues,
        way,
        explanation,
        ...(degraded !== undefined && { degraded }),
      }
    },
    planCache: () => planner.stats?.() ?? { hits: 0, misses: 0, size: 0 },
    limits: () => [...runs.limits(), ...(ownExecutor?.limits() ?? [])],
    breakers: () => ownExecutor?.breakers() ?? [],
    closeExecutor: async () => await ownExecutor?.close(),
  }
}
