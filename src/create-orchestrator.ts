// The composition root: options in, wired parts out. What only a run needs is wired by wire-core.ts, on first use.
import { createCatalog } from './catalog/catalog.ts'
import { checkOptions } from './config/check-options.ts'
import { checkPolicyConditions } from './config/check-settings.ts'
import { describeConfig } from './config/describe-config.ts'
import { createHttpInvoker } from './connectors/http/http-invoker.ts'
import type { Orchestrator, RequestOptions, RunAsk, RunStream } from './contracts/api.ts'
import { TuttiError } from './contracts/errors.ts'
import type { RunEvent } from './contracts/events.ts'
import type { LanguageModel, Purpose } from './contracts/model.ts'
import type { Discovery, Logger, Source } from './contracts/parts.ts'
import type { Response } from './contracts/run.ts'
import { checkEmbeddings, openEmbeddings } from './embeddings.ts'
import { listSources } from './list-sources.ts'
import { createCatalogApi, createRunsApi } from './orchestrator-api.ts'
import {
  guardModels,
  isSourceList,
  type ModelChoice,
  type OrchestratorOptions,
  readOptions,
} from './orchestrator-options.ts'
import { createOutside } from './outside.ts'
import { createModelLimits } from './providers/model-limits.ts'
import { createModels } from './providers/registry.ts'
import { createMemoryJournal } from './runs/journals/memory.ts'
import { keepLargeValues } from './runs/keep-large-values.ts'
import { describeWithheld, listDown, reportHealth } from './telemetry/health.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { createClock } from './util/clock.ts'
import { policiesByName } from './util/component-policies.ts'
import { listWithheld } from './util/credential-origins.ts'
import { createEventQueue } from './util/event-queue.ts'
import { createRunId } from './util/ids.ts'
import { VERSION } from './util/version.ts'
import type { Core } from './wire-core.ts'

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
  const policyOf = policiesByName(config.components)
  const embeddings = openEmbeddings(config, parts.embeddings, { clock, random, log })
  const catalog = createCatalog({
    ...(embeddings !== undefined && { feeds: [embeddings] }),
    sources: listSources({
      tools: options.tools,
      sources: isSourceList(options.sources) ? options.sources : undefined,
      config,
      policyOf,
      clock,
      log,
    }),
    clock,
    log,
    settings: config.catalog,
  })
  const outside = createOutside({ config, clock, log, random, onNotice: options.onNotice })
  const { coordination, onBreaker } = outside
  const modelLimits = createModelLimits({ models: config.models, clock, coordination })
  const limit = (model: LanguageModel): LanguageModel => modelLimits.limit(model)
  const guarded = guardModels(clock, config.model, limit)
  const vendorModel = createModels(config, { clock, random, log, limit })
  const modelFor = (purpose: Purpose): LanguageModel | undefined => guarded(models(purpose)) ?? vendorModel(purpose)
  const journal = keepLargeValues(
    typeof options.journal === 'object' ? options.journal : createMemoryJournal(config.runs),
    config.executor.largeOutputBytes,
  )

  const observe = (event: RunEvent): void => metrics.observe(event)
  const listeners = [observe, outside.observe, options.onEvent].filter((listener) => listener !== undefined)
  let core: Core | undefined
  let wiring: Promise<Core> | undefined
  const wire = (): Promise<Core> =>
    (wiring ??= Promise.all([import('./wire-core.ts'), checkPolicyConditions(config)]).then(
      ([{ wireCore }]) =>
        (core = wireCore({
          own: parts,
          config,
          catalog,
          modelFor,
          journal,
          listeners,
          coordination,
          onBreaker,
          modelUsage: () => metrics.snapshot().modelCalls,
          clock,
          log,
          random,
        })),
    ))
  let starting: Promise<void> | undefined
  /** Set from the end of the start to the close: what follows waits for nothing. */
  let ready: Core | undefined
  let closing: Promise<void> | undefined
  const start = (): Promise<void> => {
    if (closing !== undefined)
      return Promise.reject(new TuttiError('closed', 'The orchestrator is closed. Create a new one.'))
    return (starting ??= Promise.all([wire(), catalog.start()]).then(([wired]) => {
      const withheld = listWithheld(catalog.components(), policyOf)
      if (withheld.length > 0) log.warn(describeWithheld(withheld), {})
      wired.runs.start()
      if (closing === undefined) ready = wired
    }))
  }
  const onceStarted = async <T>(work: (wired: Core) => Promise<T>): Promise<T> => {
    await start()
    return await work(await wire())
  }
  const started = <T>(work: (wired: Core) => Promise<T>): Promise<T> =>
    ready === undefined ? onceStarted(work) : work(ready)
  // In reverse order of the wiring.
  const close = (drainMs: number): Promise<void> => {
    ready = undefined
    return closeEach(log, [
      ['runs', () => core?.runs.stop(drainMs)],
      ['executor', () => core?.closeExecutor()],
      ['capability service', () => core?.choosing.close()],
      ['catalog', () => catalog.close()],
      ['embeddings', () => embeddings?.close()],
      ['models', () => modelLimits.close()],
      ['notices', () => outside.closeNotices()],
      ['coordination', () => outside.closeCoordination()],
      ['journal', () => journal.close?.()],
    ])
  }
  const waitFor = (asked: RunAsk, request: RequestOptions): Promise<Response> =>
    started(({ runs }) => runs.answer(asked, request))

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
    validate: (document, lock) => started((wired) => wired.validate(document, lock)),
    lock: (document) => started((wired) => wired.lock(document)),
    explain: (document) => started((wired) => wired.explain(document)),
    prepare: (document) => started((wired) => wired.prepare(document)),
    runs: createRunsApi(started, wire),
    catalog: createCatalogApi(catalog, started, { topK: config.capabilities.topK, mayUse: parts.mayUse, log }),
    health: async () =>
      reportHealth({
        sources: catalog.sources(),
        modelId: modelFor('plan')?.id,
        journalDurable: journal.durable,
        journalTrouble: core?.runs.journalTrouble(),
        downComponents: listDown(core?.breakers() ?? [], (name) => catalog.component(name)),
        withheld: listWithheld(catalog.components(), policyOf),
        chosenBy: { ...checkEmbeddings(embeddings), ...(await core?.choosing.checks()) },
        closed: closing !== undefined,
      }),
    status: () => ({
      initialised: starting !== undefined,
      closed: closing !== undefined,
      version: VERSION,
      activeRuns: core?.runs.active ?? 0,
      components: catalog.components().length,
      configuration: describeConfig(config),
      limits: [...(core?.limits() ?? []), ...modelLimits.usage()],
      breakers: core?.breakers() ?? [],
    }),
    metrics: () => ({
      ...metrics.snapshot(),
      limits: [...(core?.limits() ?? []), ...modelLimits.usage()],
      breakers: core?.breakers() ?? [],
      notices: outside.notices(),
      activeRuns: core?.runs.active ?? 0,
      planCache: core?.planCache() ?? { hits: 0, misses: 0, size: 0 },
    }),
    start,
    close: ({ drainMs = 0 } = {}) => (closing ??= close(drainMs)),
    [Symbol.asyncDispose]: () => orchestrator.close(),
  }
  return orchestrator
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
