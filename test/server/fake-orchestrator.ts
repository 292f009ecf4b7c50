// An orchestrator made of object literals: runs are played by the test, event by event.
import type { Orchestrator, RequestOptions, RunAsk } from '../../src/contracts/api.ts'
import type { Component } from '../../src/contracts/capability.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { RunEvent, RunFact } from '../../src/contracts/events.ts'
import type { Explanation } from '../../src/contracts/explanation.ts'
import type { Issue } from '../../src/contracts/plan.ts'
import { ENDED_STATUSES, type Response, type RunStatus } from '../../src/contracts/run.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { createEventQueue } from '../../src/util/event-queue.ts'
import { responseOf } from '../telemetry/events.ts'

export const weather: Component = {
  name: 'weather-tool',
  kind: 'tool',
  source: 'local',
  trust: 'local',
  capabilities: [
    {
      name: 'get_weather',
      description: 'Current weather',
      inputSchema: { type: 'object', properties: { lat: { type: 'number' } } },
      effect: 'read',
    },
  ],
  instances: [{ id: 'w1', health: 'healthy' }],
}

const EXPLANATION: Explanation = {
  stages: [['a']],
  criticalPath: ['a'],
  edges: [],
  maxParallelism: 1,
  steps: [
    {
      name: 'a',
      type: 'call',
      what: 'weather-tool/get_weather',
      effect: 'read',
      dependsOn: [],
      stage: 1,
      modelCalls: { low: 0, high: 0 },
      isCritical: true,
      actual: { status: 'succeeded', durationMs: 12, attempts: 1, waitedMs: 0 },
    },
  ],
  unknownTimes: ['a'],
  modelCalls: { low: 0, high: 0 },
  sideEffects: [],
  approvals: [],
  limits: [],
  issues: [],
  text: 'a',
  mermaid: 'flowchart TD',
}

export const badStep: Issue = {
  code: 'unknown_component',
  severity: 'error',
  step: 'a',
  pointer: '/steps/0/component',
  message: 'There is no component "weathr".',
  alternatives: ['weather-tool'],
}

interface FakeRun {
  readonly ask: RunAsk
  readonly options: RequestOptions
  readonly events: RunEvent[]
  readonly readers: Set<(event: RunEvent) => void>
  response: Response
}

export interface FakeOrchestrator extends Orchestrator {
  readonly played: ReadonlyMap<string, FakeRun>
  readonly submitted: readonly FakeRun[]
  /** The options of every call of `plan`. */
  readonly plannedWith: readonly (RequestOptions | undefined)[]
  /** The options of every call of `validate`. */
  readonly validatedWith: readonly Parameters<Orchestrator['validate']>[1][]
  /** Adds facts to a run; `run-end` ends it. */
  play(runId: string, ...facts: RunFact[]): void
  /** Ends a run with this status. */
  end(runId: string, status?: RunStatus, more?: Partial<Response>): void
  /** Whether a reader of the run's events is connected. */
  readers(runId: string): number
  ready: boolean
  readonly cancelled: string[]
}

export function createFakeOrchestrator(overrides: Partial<Orchestrator> = {}): FakeOrchestrator {
  const played = new Map<string, FakeRun>()
  const submitted: FakeRun[] = []
  const plannedWith: (RequestOptions | undefined)[] = []
  const validatedWith: Parameters<Orchestrator['validate']>[1][] = []
  const cancelled: string[] = []
  const metrics = createMetrics()
  const find = (runId: string, principal: string | undefined): FakeRun | undefined => {
    const run = played.get(runId)
    return principal === undefined || run?.options.principal === principal ? run : undefined
  }
  const must = (runId: string, principal?: string): FakeRun => {
    const run = find(runId, principal)
    if (run === undefined) throw new TuttiError('unknown_run', `There is no run "${runId}".`)
    return run
  }
  const unused = (): never => {
    throw new Error('the server does not use this')
  }
  const fake: FakeOrchestrator = {
    played,
    submitted,
    plannedWith,
    validatedWith,
    cancelled,
    ready: true,
    play(runId, ...facts) {
      const run = must(runId)
      for (const fact of facts) {
        const event = { ...fact, runId, seq: run.events.length + 1, at: '2026-01-01T00:00:00.000Z' }
        if (event.type === 'run-end') run.response = event.response
        run.events.push(event)
        metrics.observe(event)
        for (const reader of run.readers) reader(event)
      }
    },
    end: (runId, status = 'succeeded', more = {}) =>
      fake.play(runId, { type: 'run-end', response: responseOf(status, { ...more, runId }) }),
    readers: (runId) => must(runId).readers.size,
    processRequest: unused,
    stream: unused,
    explain: unused,
    lock: unused,
    prepare: unused,
    execute: unused,
    plan: async (request, options) => {
      plannedWith.push(options)
      if (request === 'no model') throw new TuttiError('no_model', 'No model is configured.')
      return {
        document: {
          steps: [{ name: 'a', type: 'call', component: 'weather-tool', action: 'get_weather', dependsOn: [] }],
        },
        issues: [],
        way: 'model',
        explanation: EXPLANATION,
      }
    },
    validate: async (document, options) => {
      validatedWith.push(options)
      const bad = JSON.stringify(document).includes('weathr')
      return { valid: !bad, issues: bad ? [badStep] : [] }
    },
    runs: {
      async submit(ask, options = {}) {
        if (JSON.stringify(ask).includes('weathr'))
          throw new TuttiError('invalid_document', 'The document has 1 error.', { details: { issues: [badStep] } })
        if (options.inputs?.bad === true) throw new TuttiError('invalid_inputs', 'The input "bad" is not known.')
        if (ask.request === 'boom') throw new Error('secret inner state')
        if (ask.request === 'full')
          throw new TuttiError('too_many_requests', 'The queue is full.', { details: { retry_after_ms: 4000 } })
        const runId = `run_${submitted.length + 1}`
        const run: FakeRun = {
          ask,
          options,
          events: [],
          readers: new Set(),
          response: responseOf('running', { runId }),
        }
        played.set(runId, run)
        submitted.push(run)
        fake.play(runId, { type: 'run-start', inputs: options.inputs ?? {}, principal: options.principal ?? 'local' })
        return { runId, status: 'queued' }
      },
      get: async (runId, options) => find(runId, options?.principal)?.response,
      list: async (filter = {}) => ({
        items: [...played.entries()]
          .filter(([runId]) => find(runId, filter.principal) !== undefined)
          .map(([runId, run]) => ({
            runId,
            status: run.response.status,
            principal: run.options.principal ?? 'local',
            createdAt: '2026-01-01T00:00:00.000Z',
          }))
          .filter((summary) => filter.status === undefined || summary.status === filter.status)
          .slice(0, filter.limit),
        nextCursor: 'more',
      }),
      async *events(runId, options = {}) {
        const run = must(runId, options.principal)
        const { fromSeq = 1, signal } = options
        const queue = createEventQueue<RunEvent>(() => run.readers.delete(push))
        const push = (event: RunEvent): void => {
          if (event.seq >= fromSeq) queue.push(event)
          if (event.type === 'run-end') queue.end()
        }
        run.readers.add(push)
        signal?.addEventListener('abort', () => queue.end())
        for (const event of run.events) push(event)
        yield* queue
      },
      async wait(runId, options = {}) {
        const run = must(runId, options.principal)
        if (ENDED_STATUSES.has(run.response.status)) return run.response
        return await new Promise<Response>((resolve, reject) => {
          run.readers.add((event) => event.type === 'run-end' && resolve(event.response))
          options.signal?.addEventListener('abort', () =>
            reject(new TuttiError('cancelled', 'The wait was cancelled.')),
          )
        })
      },
      async explain(runId, options) {
        must(runId, options?.principal)
        return EXPLANATION
      },
      async cancel(runId, options = {}) {
        must(runId, options.principal)
        cancelled.push(runId)
      },
    },
    catalog: {
      fingerprint: 'f1',
      components: () => [weather],
      component: (name) => (name === weather.name ? weather : undefined),
      search: async (_query, { limit = 10 } = {}) =>
        weather.capabilities.slice(0, limit).map((capability) => ({ component: weather, capability, score: 2.5 })),
      choose: unused,
      refresh: async () => undefined,
      sources: () => [{ name: 'local', state: 'ready', components: 1, capabilities: 1 }],
    },
    health: async () => ({
      status: fake.ready ? 'healthy' : 'unhealthy',
      ready: fake.ready,
      checks: { 'source:redis': { status: fake.ready ? 'ok' : 'failed', message: 'redis://user:pw@host' } },
    }),
    status: unused,
    metrics: () => ({
      limits: [],
      breakers: [],
      notices: { sent: 0, failed: 0, dropped: 0 },
      ...metrics.snapshot(),
      activeRuns: 0,
      planCache: { hits: 0, misses: 0, size: 0 },
    }),
    start: async () => undefined,
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
    ...overrides,
  }
  return fake
}
