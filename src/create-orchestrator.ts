// The composition root: options in, wired parts out. The only file that knows every part.
import { createAllProvider } from './catalog/capability-providers/all.ts'
import { createAutoProvider } from './catalog/capability-providers/auto.ts'
import { createSearchProvider } from './catalog/capability-providers/search.ts'
import { createCatalog } from './catalog/catalog.ts'
import { checkOptions } from './config/check-options.ts'
import { describeConfig } from './config/describe-config.ts'
import { resolveOptions } from './config/resolve-options.ts'
import { createAskModel } from './asking/ask-model.ts'
import { createHttpInvoker } from './connectors/http/http-invoker.ts'
import { createLocalSource } from './connectors/local/local-source.ts'
import type { LocalTool } from './connectors/local/tool.ts'
import { createRedisSource } from './connectors/redis/redis-source.ts'
import type { DocumentInput, Explanation, Orchestrator, PlanOutcome, PreparedPlan, RequestOptions, RunAsk, RunStream } from './contracts/api.ts'
import type { Config, ConfigInput } from './contracts/config.ts'
import { TuttiError } from './contracts/errors.ts'
import type { RunEvent } from './contracts/events.ts'
import type { LanguageModel, Purpose } from './contracts/model.ts'
import type { CapabilityProvider, Clock, Discovery, Executor, Logger, Planner, Random, RunEngine, RunJournal, Source, Synthesizer } from './contracts/parts.ts'
import type { Issue } from './contracts/plan.ts'
import type { Response } from './contracts/run.ts'
import { createExecutor } from './executor/executor.ts'
import { createCoordinator } from './orchestrator.ts'
import { checkDocument } from './plan/check.ts'
import { explainPlan } from './plan/explain.ts'
import { resolveInputs } from './plan/inputs.ts'
import { asKind, preparedAsKind } from './plan/kind.ts'
import { checkBySchema } from './plan/schema.ts'
import { createPlanner } from './planner/planner.ts'
import { createModels } from './providers/registry.ts'
import { createGuardedModel } from './providers/stream-guard.ts'
import { createInProcessEngine } from './runs/engine-in-process.ts'
import { createMemoryJournal } from './runs/journals/memory.ts'
import { headersOfRun, refuseDepth } from './runs/headers.ts'
import { createRunService, type AcceptedRun } from './runs/run-service.ts'
import { createThreads } from './runs/threads.ts'
import { createSynthesizer } from './synthesizer/synthesizer.ts'
import { reportHealth } from './telemetry/health.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { createClock } from './util/clock.ts'
import { createEventQueue } from './util/event-queue.ts'
import { createRunId } from './util/ids.ts'
import { hideSecrets } from './util/secrets.ts'
import { VERSION } from './util/version.ts'

/** A model by name (`openai:NAME`, `anthropic:NAME`, a comma list for failover) or your own implementation. */
export type ModelChoice = string | LanguageModel
type ModelSlot = 'default' | 'plan' | 'select' | 'fill' | 'reResolve' | 'generate' | 'synthesize'
/** A model per purpose; settings such as `idleTimeoutMs` stand beside them. */
export type ModelChoices = Omit<NonNullable<ConfigInput['model']>, ModelSlot> & { readonly [K in ModelSlot]?: ModelChoice | undefined }

/**
 * Everything is optional: every setting of the configuration, and the parts that a program brings. What is left out comes from the
 * environment, then from the defaults. Durations are in milliseconds.
 */
export interface OrchestratorOptions extends Omit<ConfigInput, 'model' | 'journal'> {
  /** One model for everything, or one per purpose. Default: from the environment, else none (degraded). */
  readonly model?: ModelChoice | ModelChoices
  /** Functions of this process, made with `tool()`. */
  readonly tools?: readonly LocalTool[]
  /** Where components come from, beside `tools` and the Redis of the configuration. The first source that offers a name keeps it. */
  readonly sources?: readonly Source[]
  /** `memory:` (default), or your own implementation. */
  readonly journal?: string | RunJournal
  /** Your own implementations of single parts; what is left out is built. */
  readonly parts?: {
    readonly engine?: RunEngine
    readonly provider?: CapabilityProvider
    readonly planner?: Planner
    readonly executor?: Executor
    readonly synthesizer?: Synthesizer
  }
  /** Sees every event of every run. What it throws is dropped. */
  readonly onEvent?: (event: RunEvent) => void
  /** Default: silent. */
  readonly log?: Logger
  readonly clock?: Clock
  readonly random?: Random
}

const SILENT: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/**
 * Wires an orchestrator. Nothing connects or loads before {@link Orchestrator.start}, which the first request calls.
 * @throws TuttiError `invalid_config`
 * @example
 * const tutti = createOrchestrator({ model: 'openai:gpt-5-mini', tools: [weather] })
 * const { answer } = await tutti.processRequest('Is it warm in Seoul?')
 */
export function createOrchestrator(options: OrchestratorOptions = {}): Orchestrator {
  checkOptions(options)
  const { config, models } = readOptions(options)
  const { clock = createClock(), log = SILENT, random = Math.random, parts = {} } = options
  const metrics = createMetrics()
  const catalog = createCatalog({ sources: listSources(options, config, { clock, log }), clock, log, settings: config.catalog })
  const guarded = guardModels(clock, config.model)
  const vendorModel = createModels(config, { clock, random, log })
  const modelFor = (purpose: Purpose): LanguageModel | undefined => guarded(models(purpose)) ?? vendorModel(purpose)
  const ask = createAskModel({ modelFor, clock, settings: config.model, check: checkBySchema })
  const provider = parts.provider ?? PROVIDERS[config.capabilities.provider]({ catalog, topK: config.capabilities.topK })
  const planner = parts.planner ?? createPlanner({ ask, settings: config, clock, log })
  const ownExecutor = parts.executor === undefined ? createExecutor({ settings: config, invokerOf: (component) => catalog.invokerOf(component), ask, clock, random, log }) : undefined
  const synthesizer = parts.synthesizer ?? createSynthesizer({ ask, settings: config })
  const journal = typeof options.journal === 'object' ? options.journal : createMemoryJournal(config.runs)

  // A model may leave a required input to be filled at run time; an author is told of it before anything runs.
  const prepare = async (input: DocumentInput, origin: 'author' | 'model' = 'author'): Promise<PreparedPlan> => {
    if (isPrepared(input)) return input.fingerprint === catalog.fingerprint ? input : await prepare(input.document, origin)
    const { document, plan, issues } = await checkDocument(input, catalog, { origin, maxSteps: config.executor.maxSteps })
    if (document === undefined || plan === undefined || issues.some((issue) => issue.severity === 'error')) throw invalidDocument(issues)
    return { document, issues, compiled: plan, fingerprint: catalog.fingerprint }
  }
  const coordinator = createCoordinator({
    provider, planner, executor: parts.executor ?? (ownExecutor as Executor), synthesizer, view: catalog, clock,
    prepare: (document) => prepare(asKind(document, 'plan'), 'model'), threads: createThreads(), headersOf: headersOfRun,
  })
  const accept = async (asked: RunAsk, request: RequestOptions): Promise<AcceptedRun> => {
    if (!saysWhat(asked)) throw new TuttiError('invalid_request', 'Nothing is to be run: give {request} or {document}.')
    refuseDepth(request.headers, config.runs.maxDepth)
    if ('request' in asked && asked.document === undefined) {
      if (typeof asked.request !== 'string' || asked.request.trim() === '') throw new TuttiError('invalid_request', 'The request is empty. Say in a sentence what you want.')
      const inputs = request.inputs ?? {}
      return { inputs, liveInputs: inputs, secrets: new Map() }
    }
    const first = await prepare(asked.document)
    const prepared = request.documentKind === undefined ? first : preparedAsKind(first, request.documentKind)
    const given = resolveInputs(prepared.document, request.inputs ?? {})
    if (given.issues.some((issue) => issue.severity === 'error')) throw invalidInputs(given.issues)
    return { prepared, inputs: hideSecrets(given.inputs, given.secrets), liveInputs: given.inputs, secrets: given.secrets }
  }
  const observe = (event: RunEvent): void => metrics.observe(event)
  const listeners = options.onEvent === undefined ? [observe] : [observe, options.onEvent]
  const runs = createRunService({
    journal, engine: parts.engine ?? createInProcessEngine({ clock, log }), clock, log, settings: config.runs, listeners, accept,
    conduct: (handle) => coordinator.conduct(handle),
  })

  let starting: Promise<void> | undefined
  let closing: Promise<void> | undefined
  const start = (): Promise<void> => {
    if (closing !== undefined) return Promise.reject(new TuttiError('closed', 'The orchestrator is closed. Create a new one.'))
    return (starting ??= (async () => {
      await catalog.start()
      runs.start()
    })())
  }
  const started = async <T>(work: () => Promise<T>): Promise<T> => {
    await start()
    return await work()
  }
  // In reverse order of the wiring; one that fails does not keep the others from ending.
  const close = async (drainMs: number): Promise<void> => {
    const steps: readonly (readonly [string, () => Promise<void> | void])[] = [
      ['runs', () => runs.stop(drainMs)],
      ['executor', () => ownExecutor?.close()],
      ['catalog', () => catalog.close()],
      ['journal', () => journal.close?.()],
    ]
    for (const [name, step] of steps) {
      try {
        await step()
      } catch (thrown) {
        log.error('a part did not close', { part: name, error: thrown instanceof Error ? thrown.message : 'unknown' })
      }
    }
  }
  const waitFor = async (asked: RunAsk, request: RequestOptions): Promise<Response> => (await started(() => runs.begin(asked, request))).done

  const orchestrator: Orchestrator = {
    processRequest: (request, requestOptions = {}) => waitFor({ request }, requestOptions),
    execute: (document, inputs = {}, requestOptions = {}) => waitFor({ document }, { ...requestOptions, inputs }),
    stream(request, requestOptions = {}): RunStream {
      const runId = createRunId()
      const queue = createEventQueue<RunEvent>()
      const result = started(() => runs.open(runId, { request }, requestOptions, (event) => {
        queue.push(event)
        if (event.type === 'run-end') queue.end()
      })).then(({ done }) => done)
      result.catch((thrown: unknown) => queue.fail(thrown))
      return { runId, result, [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator]() }
    },
    async plan(request, requestOptions = {}): Promise<PlanOutcome> {
      await start()
      await accept({ request }, requestOptions)
      const { document, issues, way, degraded } = await coordinator.plan({
        runId: createRunId(), request, principal: requestOptions.principal ?? 'local', turns: [],
        signal: requestOptions.signal ?? new AbortController().signal, emit: () => undefined,
      })
      const checked = await checkDocument(document, catalog, { origin: 'model', maxSteps: config.executor.maxSteps })
      return { document: checked.plan?.document ?? document, issues, way, explanation: checked.plan === undefined ? EMPTY_EXPLANATION : explainPlan(checked.plan), ...(degraded !== undefined && { degraded }) }
    },
    async validate(document) {
      await start()
      if (isPrepared(document)) return { valid: true, issues: document.issues }
      const { issues } = await checkDocument(document, catalog, { origin: 'author', maxSteps: config.executor.maxSteps })
      return { valid: !issues.some((issue) => issue.severity === 'error'), issues }
    },
    explain: async (document) => explainPlan((await started(() => prepare(document))).compiled),
    prepare: (document) => started(() => prepare(document)),
    runs: { ...runs, submit: (asked, requestOptions) => started(() => runs.submit(asked, requestOptions)) },
    catalog: {
      get fingerprint() {
        return catalog.fingerprint
      },
      components: () => catalog.components(),
      component: (name) => catalog.component(name),
      search: async (query, { limit = config.capabilities.topK } = {}) => await catalog.search(query, limit),
      refresh: (signal = new AbortController().signal) => catalog.refresh(signal),
      sources: () => catalog.sources(),
    },
    health: async () => reportHealth({ sources: catalog.sources(), modelId: modelFor('plan')?.id, journalDurable: journal.durable, journalTrouble: runs.journalTrouble(), closed: closing !== undefined }),
    status: () => ({
      initialised: starting !== undefined, closed: closing !== undefined, version: VERSION, activeRuns: runs.active,
      components: catalog.components().length, configuration: describeConfig(config),
    }),
    metrics: () => ({ ...metrics.snapshot(), activeRuns: runs.active, planCache: planner.stats?.() ?? { hits: 0, misses: 0, size: 0 } }),
    start,
    close: ({ drainMs = 0 } = {}) => (closing ??= close(drainMs)),
    [Symbol.asyncDispose]: () => orchestrator.close(),
  }
  return orchestrator
}

/**
 * Two arguments are enough: where components are found, and a model.
 * A discovery without an invoker is called over HTTP, with addresses on private networks allowed.
 * @throws TuttiError `invalid_config`
 */
export function createSimpleOrchestrator(discovery: Discovery | Source, model: ModelChoice): Orchestrator {
  if (typeof discovery !== 'object' || discovery === null) throw new TuttiError('invalid_config', 'The discovery must be a Discovery (an object with name and load) or a Source.')
  const source: Source = 'discovery' in discovery ? discovery : { discovery, invoker: createHttpInvoker({ privateAddresses: true, maxResponseBytes: 10_000_000 }) }
  return createOrchestrator({ model, sources: [source] })
}

const EMPTY_EXPLANATION: Explanation = { stages: [], criticalPath: [], edges: [], maxParallelism: 0, text: 'No steps.' }
const PROVIDERS = { auto: createAutoProvider, all: createAllProvider, search: createSearchProvider } as const
const PURPOSE_KEYS = { plan: 'plan', 'plan-repair': 'plan', select: 'select', fill: 'fill', 're-resolve': 'reResolve', generate: 'generate', synthesize: 'synthesize' } as const satisfies Record<Purpose, string>

const isLanguageModel = (choice: unknown): choice is LanguageModel => typeof choice === 'object' && choice !== null && 'stream' in choice && typeof choice.stream === 'function'

/** Models given as objects are taken out; all else is configuration, completed from the environment. */
function readOptions(options: OrchestratorOptions): { config: Config; models: (purpose: Purpose) => LanguageModel | undefined } {
  const { model, tools: _t, sources: _s, journal, parts: _p, onEvent: _o, log: _l, clock: _c, random: _r, ...settings } = options
  const choices: ModelChoices = typeof model === 'string' || isLanguageModel(model) ? { default: model } : (model ?? {})
  const named: Record<string, unknown> = {}
  const given = new Map<string, LanguageModel>()
  for (const [key, choice] of Object.entries(choices)) {
    if (isLanguageModel(choice)) given.set(key, choice)
    else if (choice !== undefined) named[key] = choice
  }
  const config = resolveOptions({ ...settings, model: named, ...(typeof journal === 'string' && { journal }) })
  return { config, models: (purpose) => given.get(PURPOSE_KEYS[purpose]) ?? given.get('default') }
}

/** A model of the caller's own gets the same deadlines as a vendor's; each is wrapped once. */
function guardModels(clock: Clock, settings: Config['model']): (model: LanguageModel | undefined) => LanguageModel | undefined {
  const wrapped = new Map<LanguageModel, LanguageModel>()
  return (model) => {
    if (model === undefined) return undefined
    const known = wrapped.get(model) ?? createGuardedModel(model, clock, settings)
    wrapped.set(model, known)
    return known
  }
}

function listSources(options: OrchestratorOptions, config: Config, tools: { readonly clock: Clock; readonly log: Logger }): Source[] {
  const sources: Source[] = []
  if (options.tools !== undefined && options.tools.length > 0) sources.push(createLocalSource(options.tools))
  sources.push(...(options.sources ?? []))
  const { url, namespaces } = config.redis
  if (url !== undefined) sources.push(createRedisSource({ url, namespaces, maxResponseBytes: config.executor.maxResponseBytes, ...tools }))
  return sources
}

const saysWhat = (asked: unknown): boolean => typeof asked === 'object' && asked !== null && ('request' in asked || 'document' in asked)

function isPrepared(input: DocumentInput): input is PreparedPlan {
  return typeof input === 'object' && input !== null && 'compiled' in input && 'fingerprint' in input && 'document' in input
}

function invalidDocument(issues: readonly Issue[]): TuttiError {
  const errors = issues.filter((issue) => issue.severity === 'error')
  const [first] = errors
  const place = first?.line === undefined ? (first?.pointer ?? '') : `line ${first.line}, column ${first.column ?? 1}`
  const where = place === '' ? '' : `${place}: `
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return new TuttiError('invalid_document', first === undefined ? 'The document could not be read.' : `${where}${first.message}${more}`, { details: { issues } })
}

function invalidInputs(issues: readonly Issue[]): TuttiError {
  return new TuttiError('invalid_inputs', issues.filter((i) => i.severity === 'error').map((i) => i.message).join(' '), { details: { issues } })
}
