// The composition root: options in, wired parts out. What only a run needs is wired by wire-core.ts, on first use.
import { type Catalog, createCatalog } from './catalog/catalog.ts'
import { checkOptions } from './config/check-options.ts'
import { describeConfig } from './config/describe-config.ts'
import { resolveOptions } from './config/resolve-options.ts'
import { createHttpInvoker } from './connectors/http/http-invoker.ts'
import { createLocalSource } from './connectors/local/local-source.ts'
import type { LocalTool } from './connectors/local/tool.ts'
import { createRedisSource } from './connectors/redis/redis-source.ts'
import type { CatalogApi, Orchestrator, RequestOptions, RunAsk, RunStream, RunsApi } from './contracts/api.ts'
import type { Config, ConfigInput } from './contracts/config.ts'
import { TuttiError } from './contracts/errors.ts'
import type { RunEvent } from './contracts/events.ts'
import type { RunJournal } from './contracts/journal.ts'
import type { LanguageModel, Purpose } from './contracts/model.ts'
import type { Clock, Discovery, Logger, Random, Source } from './contracts/parts.ts'
import type { Response } from './contracts/run.ts'
import { createModels, MODEL_SLOTS, type ModelSlot } from './providers/registry.ts'
import { createGuardedModel } from './providers/stream-guard.ts'
import { createMemoryJournal } from './runs/journals/memory.ts'
import { reportHealth } from './telemetry/health.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { createClock } from './util/clock.ts'
import { createEventQueue } from './util/event-queue.ts'
import { createRunId } from './util/ids.ts'
import { VERSION } from './util/version.ts'
import type { Core, OwnParts } from './wire-core.ts'

/** A model by name (`openai:NAME`, `anthropic:NAME`, a comma list for failover) or your own implementation. */
export type ModelChoice = string | LanguageModel
/** A model per purpose; settings such as `idleTimeoutMs` stand beside them. */
export type ModelChoices = Omit<NonNullable<ConfigInput['model']>, ModelSlot | 'default'> & {
  readonly [K in ModelSlot | 'default']?: ModelChoice | undefined
}

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
  readonly parts?: OwnParts
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
  const catalog = createCatalog({
    sources: listSources(options, config, { clock, log }),
    clock,
    log,
    settings: config.catalog,
  })
  const guarded = guardModels(clock, config.model)
  const vendorModel = createModels(config, { clock, random, log })
  const modelFor = (purpose: Purpose): LanguageModel | undefined => guarded(models(purpose)) ?? vendorModel(purpose)
  const journal = typeof options.journal === 'object' ? options.journal : createMemoryJournal(config.runs)

  const observe = (event: RunEvent): void => metrics.observe(event)
  const listeners = options.onEvent === undefined ? [observe] : [observe, options.onEvent]
  let core: Core | undefined
  let wiring: Promise<Core> | undefined
  const wire = (): Promise<Core> =>
    (wiring ??= import('./wire-core.ts').then(
      ({ wireCore }) =>
        (core = wireCore({ own: parts, config, catalog, modelFor, journal, listeners, clock, log, random })),
    ))
  let starting: Promise<void> | undefined
  let closing: Promise<void> | undefined
  const start = (): Promise<void> => {
    if (closing !== undefined)
      return Promise.reject(new TuttiError('closed', 'The orchestrator is closed. Create a new one.'))
    return (starting ??= Promise.all([wire(), catalog.start()]).then(([{ runs }]) => runs.start()))
  }
  const started = async <T>(work: (wired: Core) => Promise<T>): Promise<T> => {
    await start()
    return await work(await wire())
  }
  // In reverse order of the wiring.
  const close = (drainMs: number): Promise<void> =>
    closeEach(log, [
      ['runs', () => core?.runs.stop(drainMs)],
      ['executor', () => core?.closeExecutor()],
      ['catalog', () => catalog.close()],
      ['journal', () => journal.close?.()],
    ])
  const waitFor = async (asked: RunAsk, request: RequestOptions): Promise<Response> =>
    (await started(({ runs }) => runs.begin(asked, request))).done

  const orchestrator: Orchestrator = {
    processRequest: (request, requestOptions = {}) => waitFor({ request }, requestOptions),
    execute: (document, inputs = {}, requestOptions = {}) => waitFor({ document }, { ...requestOptions, inputs }),
    stream(request, requestOptions = {}): RunStream {
      const runId = createRunId()
      const queue = createEventQueue<RunEvent>()
      const result = started(({ runs }) =>
        runs.open(runId, { request }, requestOptions, (event) => {
          queue.push(event)
          if (event.type === 'run-end') queue.end()
        }),
      ).then(({ done }) => done)
      result.catch((thrown: unknown) => queue.fail(thrown))
      return { runId, result, [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator]() }
    },
    plan: (request, requestOptions) => started((wired) => wired.plan(request, requestOptions)),
    validate: (document) => started((wired) => wired.validate(document)),
    explain: (document) => started((wired) => wired.explain(document)),
    prepare: (document) => started((wired) => wired.prepare(document)),
    runs: createRunsApi(started, wire),
    catalog: createCatalogApi(catalog, config.capabilities.topK),
    health: async () =>
      reportHealth({
        sources: catalog.sources(),
        modelId: modelFor('plan')?.id,
        journalDurable: journal.durable,
        journalTrouble: core?.runs.journalTrouble(),
        closed: closing !== undefined,
      }),
    status: () => ({
      initialised: starting !== undefined,
      closed: closing !== undefined,
      version: VERSION,
      activeRuns: core?.runs.active ?? 0,
      components: catalog.components().length,
      configuration: describeConfig(config),
      limits: core?.limits() ?? [],
      breakers: core?.breakers() ?? [],
    }),
    metrics: () => ({
      ...metrics.snapshot(),
      limits: core?.limits() ?? [],
      breakers: core?.breakers() ?? [],
      notices: { sent: 0, failed: 0, dropped: 0 },
      activeRuns: core?.runs.active ?? 0,
      planCache: core?.planCache() ?? { hits: 0, misses: 0, size: 0 },
    }),
    start,
    close: ({ drainMs = 0 } = {}) => (closing ??= close(drainMs)),
    [Symbol.asyncDispose]: () => orchestrator.close(),
  }
  return orchestrator
}

type Started = <T>(work: (core: Core) => Promise<T>) => Promise<T>

/** Looking at runs needs no catalog, so nothing is started for it. */
function createRunsApi(started: Started, wire: () => Promise<Core>): RunsApi {
  const runsOf = async (): Promise<Core['runs']> => (await wire()).runs
  return {
    submit: (asked, options) => started(({ runs }) => runs.submit(asked, options)),
    get: async (runId, options) => (await runsOf()).get(runId, options),
    list: async (filter) => (await runsOf()).list(filter),
    async *events(runId, options) {
      yield* (await runsOf()).events(runId, options)
    },
    wait: async (runId, options) => (await runsOf()).wait(runId, options),
    cancel: async (runId, options) => (await runsOf()).cancel(runId, options),
  }
}

function createCatalogApi(catalog: Catalog, topK: number): CatalogApi {
  return {
    get fingerprint() {
      return catalog.fingerprint
    },
    components: () => catalog.components(),
    component: (name) => catalog.component(name),
    search: async (query, { limit = topK } = {}) => await catalog.search(query, limit),
    refresh: (signal = new AbortController().signal) => catalog.refresh(signal),
    sources: () => catalog.sources(),
  }
}

/** One after the other; one that fails does not keep the others from ending. */
async function closeEach(
  log: Logger,
  parts: readonly (readonly [string, () => Promise<void> | void])[],
): Promise<void> {
  for (const [part, close] of parts) {
    try {
      await close()
    } catch (thrown) {
      log.error('a part did not close', { part, error: thrown instanceof Error ? thrown.message : 'unknown' })
    }
  }
}

/**
 * Two arguments are enough: where components are found, and a model.
 * A discovery without an invoker is called over HTTP, with addresses on private networks allowed.
 * @throws TuttiError `invalid_config`
 */
export function createSimpleOrchestrator(discovery: Discovery | Source, model: ModelChoice): Orchestrator {
  if (typeof discovery !== 'object' || discovery === null)
    throw new TuttiError(
      'invalid_config',
      'The discovery must be a Discovery (an object with name and load) or a Source.',
    )
  const source: Source =
    'discovery' in discovery ? discovery : { discovery, invoker: createHttpInvoker({ privateAddresses: true }) }
  return createOrchestrator({ model, sources: [source] })
}

const isLanguageModel = (choice: unknown): choice is LanguageModel =>
  typeof choice === 'object' && choice !== null && 'stream' in choice && typeof choice.stream === 'function'

/** Models given as objects are taken out; all else is configuration, completed from the environment. */
function readOptions(options: OrchestratorOptions): {
  config: Config
  models: (purpose: Purpose) => LanguageModel | undefined
} {
  const {
    model,
    tools: _t,
    sources: _s,
    journal,
    parts: _p,
    onEvent: _o,
    log: _l,
    clock: _c,
    random: _r,
    ...settings
  } = options
  const choices: ModelChoices = typeof model === 'string' || isLanguageModel(model) ? { default: model } : (model ?? {})
  const named: Record<string, unknown> = {}
  const given = new Map<string, LanguageModel>()
  for (const [key, choice] of Object.entries(choices)) {
    if (isLanguageModel(choice)) given.set(key, choice)
    else if (choice !== undefined) named[key] = choice
  }
  const config = resolveOptions({ ...settings, model: named, ...(typeof journal === 'string' && { journal }) })
  return { config, models: (purpose) => given.get(MODEL_SLOTS[purpose]) ?? given.get('default') }
}

/** A model of the caller's own gets the same deadlines as a vendor's; each is wrapped once. */
function guardModels(
  clock: Clock,
  settings: Config['model'],
): (model: LanguageModel | undefined) => LanguageModel | undefined {
  const wrapped = new Map<LanguageModel, LanguageModel>()
  return (model) => {
    if (model === undefined) return undefined
    const known = wrapped.get(model) ?? createGuardedModel(model, clock, settings)
    wrapped.set(model, known)
    return known
  }
}

function listSources(
  options: OrchestratorOptions,
  config: Config,
  tools: { readonly clock: Clock; readonly log: Logger },
): Source[] {
  const sources: Source[] = []
  if (options.tools !== undefined && options.tools.length > 0) sources.push(createLocalSource(options.tools))
  sources.push(...(options.sources ?? []))
  const { url, namespaces } = config.redis
  if (url !== undefined)
    sources.push(createRedisSource({ url, namespaces, maxResponseBytes: config.executor.maxResponseBytes, ...tools }))
  return sources
}
