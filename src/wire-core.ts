// The second half of the composition root: all that is needed once there is something to plan or to run. It is imported by
// the first use, so that importing the package and naming its parts stays quick.
import { createAskModel } from './asking/ask-model.ts'
import { createAllProvider } from './catalog/capability-providers/all.ts'
import { createAutoProvider } from './catalog/capability-providers/auto.ts'
import { createSearchProvider } from './catalog/capability-providers/search.ts'
import type { Catalog } from './catalog/catalog.ts'
import type {
  DocumentInput,
  Explanation,
  Orchestrator,
  PlanOutcome,
  PreparedPlan,
  RequestOptions,
  RunAsk,
} from './contracts/api.ts'
import type { Config } from './contracts/config.ts'
import { TuttiError } from './contracts/errors.ts'
import type { LanguageModel, Purpose } from './contracts/model.ts'
import type {
  CapabilityProvider,
  Clock,
  Executor,
  Logger,
  Planner,
  Random,
  RunEngine,
  RunJournal,
  Synthesizer,
} from './contracts/parts.ts'
import type { Issue } from './contracts/plan.ts'
import { createExecutor } from './executor/executor.ts'
import { createCoordinator } from './orchestrator.ts'
import { type CheckedDocument, checkDocument } from './plan/check.ts'
import { explainPlan } from './plan/explain.ts'
import { resolveInputs } from './plan/inputs.ts'
import { asKind, preparedAsKind } from './plan/kind.ts'
import { checkBySchema } from './plan/schema.ts'
import { createPlanner } from './planner/planner.ts'
import { createInProcessEngine } from './runs/engine-in-process.ts'
import { headersOfRun, refuseDepth } from './runs/headers.ts'
import type { RunListener } from './runs/run-log.ts'
import { type AcceptedRun, createRunService, type RunService } from './runs/run-service.ts'
import { createThreads } from './runs/threads.ts'
import { createSynthesizer } from './synthesizer/synthesizer.ts'
import { createRunId } from './util/ids.ts'
import { hideSecrets } from './util/secrets.ts'

/** Implementations that a program brings instead of ours. */
export interface OwnParts {
  readonly engine?: RunEngine
  readonly provider?: CapabilityProvider
  readonly planner?: Planner
  readonly executor?: Executor
  readonly synthesizer?: Synthesizer
}

export interface WiringParts {
  readonly own: OwnParts
  readonly config: Config
  readonly catalog: Catalog
  readonly modelFor: (purpose: Purpose) => LanguageModel | undefined
  readonly journal: RunJournal
  readonly listeners: readonly RunListener[]
  readonly clock: Clock
  readonly log: Logger
  readonly random: Random
}

/** What the orchestrator's methods do, once the catalog is loaded. */
export interface Core extends Pick<Orchestrator, 'prepare' | 'validate' | 'explain' | 'plan'> {
  readonly runs: RunService
  planCache(): { readonly hits: number; readonly misses: number; readonly size: number }
  closeExecutor(): Promise<void>
}

const EMPTY_EXPLANATION: Explanation = { stages: [], criticalPath: [], edges: [], maxParallelism: 0, text: 'No steps.' }
const LOOK_AGAIN_MS = 1_000
const PROVIDERS = { auto: createAutoProvider, all: createAllProvider, search: createSearchProvider } as const

export function wireCore({
  own,
  config,
  catalog,
  modelFor,
  journal,
  listeners,
  clock,
  log,
  random,
}: WiringParts): Core {
  const ask = createAskModel({ modelFor, clock, settings: config.model, check: checkBySchema })
  const provider = own.provider ?? PROVIDERS[config.capabilities.provider]({ catalog, topK: config.capabilities.topK })
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
        })
      : undefined
  const synthesizer = own.synthesizer ?? createSynthesizer({ ask, settings: config })

  let lookedAgainAt = -Infinity
  /** Who names what the catalog does not know may know better: it is refreshed once, at most once a second for all of them. */
  const check = async (input: DocumentInput, origin: 'author' | 'model'): Promise<CheckedDocument> => {
    const options = { origin, maxSteps: config.executor.maxSteps }
    const checked = await checkDocument(input, catalog, options)
    const names = checked.issues.some(({ code }) => code === 'unknown_component' || code === 'unknown_action')
    if (!names || clock.now() - lookedAgainAt < LOOK_AGAIN_MS) return checked
    lookedAgainAt = clock.now()
    const { fingerprint } = catalog
    const patience = new AbortController()
    const stopWaiting = clock.after(LOOK_AGAIN_MS, () => patience.abort())
    await catalog.refresh(patience.signal).catch(() => undefined)
    stopWaiting()
    return fingerprint === catalog.fingerprint ? checked : await checkDocument(input, catalog, options)
  }
  // A model may leave a required input to be filled at run time; an author is told of it before anything runs.
  const prepare = async (input: DocumentInput, origin: 'author' | 'model' = 'author'): Promise<PreparedPlan> => {
    if (isPrepared(input))
      return input.fingerprint === catalog.fingerprint ? input : await prepare(input.document, origin)
    const { document, plan, issues } = await check(input, origin)
    if (document === undefined || plan === undefined || issues.some((issue) => issue.severity === 'error'))
      throw invalidDocument(issues)
    return { document, issues, compiled: plan, fingerprint: catalog.fingerprint }
  }
  const coordinator = createCoordinator({
    provider,
    planner,
    executor: own.executor ?? (ownExecutor as Executor),
    synthesizer,
    view: catalog,
    clock,
    prepare: (document) => prepare(asKind(document, 'plan'), 'model'),
    threads: createThreads(),
    headersOf: headersOfRun,
  })
  const accept = async (asked: RunAsk, request: RequestOptions): Promise<AcceptedRun> => {
    if (!saysWhat(asked)) throw new TuttiError('invalid_request', 'Nothing is to be run: give {request} or {document}.')
    refuseDepth(request.headers, config.runs.maxDepth)
    if ('request' in asked && asked.document === undefined) {
      if (typeof asked.request !== 'string' || asked.request.trim() === '')
        throw new TuttiError('invalid_request', 'The request is empty. Say in a sentence what you want.')
      const inputs = request.inputs ?? {}
      return { inputs, liveInputs: inputs, secrets: new Map() }
    }
    const first = await prepare(asked.document)
    const prepared = request.documentKind === undefined ? first : preparedAsKind(first, request.documentKind)
    const given = resolveInputs(prepared.document, request.inputs ?? {})
    if (given.issues.some((issue) => issue.severity === 'error')) throw invalidInputs(given.issues)
    return {
      prepared,
      inputs: hideSecrets(given.inputs, given.secrets),
      liveInputs: given.inputs,
      secrets: given.secrets,
    }
  }
  const runs = createRunService({
    journal,
    engine: own.engine ?? createInProcessEngine({ clock, log }),
    clock,
    log,
    settings: config.runs,
    listeners,
    accept,
    conduct: (handle) => coordinator.conduct(handle),
  })

  return {
    runs,
    prepare: (document) => prepare(document),
    explain: async (document) => explainPlan((await prepare(document)).compiled),
    async validate(document) {
      if (isPrepared(document)) return { valid: true, issues: document.issues }
      const { issues } = await check(document, 'author')
      return { valid: !issues.some((issue) => issue.severity === 'error'), issues }
    },
    async plan(request, options = {}): Promise<PlanOutcome> {
      await accept({ request }, options)
      const { document, issues, way, degraded } = await coordinator.plan({
        runId: createRunId(),
        request,
        principal: options.principal ?? 'local',
        turns: [],
        ...(options.metadata !== undefined && { metadata: options.metadata }),
        signal: options.signal ?? new AbortController().signal,
        emit: () => undefined,
      })
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
    closeExecutor: async () => await ownExecutor?.close(),
  }
}

const saysWhat = (asked: unknown): boolean =>
  typeof asked === 'object' && asked !== null && ('request' in asked || 'document' in asked)

function isPrepared(input: DocumentInput): input is PreparedPlan {
  return (
    typeof input === 'object' && input !== null && 'compiled' in input && 'fingerprint' in input && 'document' in input
  )
}

function invalidDocument(issues: readonly Issue[]): TuttiError {
  const errors = issues.filter((issue) => issue.severity === 'error')
  const [first] = errors
  const place = first?.line === undefined ? (first?.pointer ?? '') : `line ${first.line}, column ${first.column ?? 1}`
  const where = place === '' ? '' : `${place}: `
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return new TuttiError(
    'invalid_document',
    first === undefined ? 'The document could not be read.' : `${where}${first.message}${more}`,
    { details: { issues } },
  )
}

function invalidInputs(issues: readonly Issue[]): TuttiError {
  return new TuttiError(
    'invalid_inputs',
    issues
      .filter((i) => i.severity === 'error')
      .map((i) => i.message)
      .join(' '),
    { details: { issues } },
  )
}
