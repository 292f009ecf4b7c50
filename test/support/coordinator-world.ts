// The coordinator with parts that are told what to do, and the record of what it did.
import type { CompiledPlan, PreparedPlan, StepView } from '../../src/contracts/compiled.ts'
import type { TuttiError } from '../../src/contracts/errors.ts'
import type { RunEvent, RunFact } from '../../src/contracts/events.ts'
import type { Executor } from '../../src/contracts/executor.ts'
import type { CatalogView } from '../../src/contracts/parts.ts'
import type { PlanDocument, Step } from '../../src/contracts/plan.ts'
import type { PlanEvent, Planner } from '../../src/contracts/planner.ts'
import type { Response } from '../../src/contracts/run.ts'
import type { RunHandle } from '../../src/contracts/run-handle.ts'
import type { Synthesizer } from '../../src/contracts/synthesizer.ts'
import { createCoordinator, type OrchestratorParts } from '../../src/orchestrator.ts'
import { createRunFold } from '../../src/record/fold.ts'
import { createManualClock, type ManualClock } from './manual-clock.ts'

export const step = (name: string, more: Partial<Step> = {}): Step => ({
  name,
  type: 'call',
  component: name,
  dependsOn: [],
  ...more,
})
export const view: CatalogView = {
  fingerprint: 'f',
  components: () => [],
  component: () => undefined,
  find: () => undefined,
  offering: () => [],
  pick: () => undefined,
  busy: () => () => undefined,
  refresh: async () => undefined,
}
export const compiled = (document: PlanDocument): CompiledPlan => ({
  document,
  steps: [],
  indexOf: new Map(),
  inDegrees: new Int32Array(),
  offsets: new Int32Array(1),
  dependants: new Int32Array(),
  onError: 'continue',
})
export const prepared = (document: PlanDocument): PreparedPlan => ({
  document,
  issues: [],
  compiled: compiled(document),
  fingerprint: 'f',
})
export const planner = (
  event: Partial<Extract<PlanEvent, { type: 'document' }>> & { document: PlanDocument },
): Planner => ({
  async *plan() {
    yield { type: 'delta', text: '{"steps"' }
    yield { type: 'document', issues: [], way: 'model', ...event }
  },
})
/** Ends each step as told; what is not told succeeds. */
export const executor = (outcomes: Record<string, Partial<Extract<RunFact, { type: 'step-end' }>>> = {}): Executor => ({
  async execute(run, { plan }) {
    for (const { name } of plan.document.steps)
      run.emit({
        type: 'step-end',
        step: name,
        status: 'succeeded',
        output: { from: name },
        durationMs: 1,
        ...outcomes[name],
      })
    return 'ended'
  },
})
export const synthesizer: Synthesizer = {
  async *synthesize() {
    yield { type: 'delta', text: 'The ' }
    yield { type: 'delta', text: 'answer.' }
    yield { type: 'answer', answer: 'The answer.' }
  },
}

export interface World {
  readonly events: RunEvent[]
  readonly response: () => Response
  readonly clock: ManualClock
  readonly conduct: () => Promise<void>
  readonly abort: (reason: TuttiError) => void
}

export function createWorld(
  parts: Partial<OrchestratorParts>,
  run: Partial<RunHandle['run']> = { request: 'do it' },
  more: Partial<RunHandle> = {},
): World {
  const clock = createManualClock()
  const fold = createRunFold('r')
  const events: RunEvent[] = []
  const abort = new AbortController()
  const coordinator = createCoordinator({
    provider: { offer: async () => ({ offered: [], hidden: [] }) },
    planner: planner({ document: { steps: [step('a')] } }),
    executor: executor(),
    synthesizer,
    view,
    clock,
    prepare: async (document) => prepared(document),
    threads: { turns: () => [], add: () => undefined },
    headersOf: () => ({}),
    ...parts,
  })
  const handle: RunHandle = {
    run: { runId: 'r', principal: 'local', createdAt: clock.timestamp(), inputs: {}, ...run },
    liveInputs: {},
    secrets: new Map(),
    signal: abort.signal,
    abort: (reason) => abort.abort(reason),
    flush: undefined,
    settled: new Map<string, StepView>(),
    emit(fact) {
      const event: RunEvent = { ...fact, runId: 'r', seq: events.length + 1, at: clock.timestamp() }
      events.push(event)
      fold.apply(event)
    },
    startedAt: () => '2026-01-01T00:00:00.000Z',
    snapshot: () => fold.snapshot(),
    view: (name) => fold.view(name),
    revisions: () => fold.revisions(),
    ...more,
  }
  return {
    events,
    response: () => fold.snapshot(),
    clock,
    conduct: async () => void (await coordinator.conduct(handle)),
    abort: (reason) => abort.abort(reason),
  }
}
