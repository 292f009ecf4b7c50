// The coordinator over the real executor, with a planner that says what it is told, when it is told.
import type { CompiledPlan } from '../../src/contracts/compiled.ts'
import type { JsonValue } from '../../src/contracts/json.ts'
import type { CapabilityProvider } from '../../src/contracts/parts.ts'
import type { PlanDocument, Step } from '../../src/contracts/plan.ts'
import type { PlanAsk, PlanEvent, Planner, ReviseAsk } from '../../src/contracts/planner.ts'
import type { RunHandle } from '../../src/contracts/run-handle.ts'
import type { OrchestratorParts } from '../../src/orchestrator.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { createEventQueue } from '../../src/util/event-queue.ts'
import { createWorld as createTools, type Handler, type WorldOptions } from '../executor/support.ts'
import { createWorld, type World } from './coordinator-world.ts'

export async function compiledOf(document: PlanDocument): Promise<CompiledPlan> {
  const { plan, issues } = await compilePlan(document)
  if (plan === undefined) throw new Error(issues.map(({ message }) => message).join(' '))
  return plan
}

/** The step as a planner tells it: with those that it builds on. */
export async function written(step: Step, before: readonly Step[] = []): Promise<Extract<PlanEvent, { type: 'step' }>> {
  return { type: 'step', step, plan: await compiledOf({ steps: [...before, step] }) }
}

/** A tool that answers when it is let. */
export function createHeld(): {
  readonly on: Handler
  /** How often it was called. */
  readonly called: () => Promise<void>
  readonly answer: (output: JsonValue) => void
  readonly aborted: () => number
} {
  const called = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<JsonValue>()
  let aborted = 0
  return {
    on(_inputs, { signal }) {
      called.resolve()
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted++
          reject(signal.reason as Error)
        })
        void answered.promise.then((body) => resolve({ status: 200, body }))
      })
    },
    called: () => called.promise,
    answer: (output) => answered.resolve(output),
    aborted: () => aborted,
  }
}

export interface PlanningOptions {
  readonly tools: WorldOptions['tools']
  readonly settings?: WorldOptions['settings']
  /** What is written when the plan is to be written anew. */
  readonly revise?: (ask: ReviseAsk, whole: PlanAsk) => PlanDocument | Promise<PlanDocument>
  readonly parts?: Partial<OrchestratorParts>
  /** Whether steps may begin before the plan is whole; default yes. */
  readonly isEarly?: boolean
  readonly run?: Partial<RunHandle['run']>
  readonly learn?: Planner['learn']
  readonly evict?: Planner['evict']
  readonly provider?: Partial<CapabilityProvider>
}

export type PlanningWorld = World &
  Pick<ReturnType<typeof createTools>, 'calls' | 'callsOf' | 'register'> & {
    /** The next thing that the planner says; undefined: it goes away. */
    readonly say: (event: PlanEvent) => void
    readonly fail: (error: Error) => void
    readonly asks: PlanAsk[]
    /** Types of the events, with the step. */
    readonly told: () => string[]
  }

export function createPlanningWorld(options: PlanningOptions): PlanningWorld {
  const tools = createTools({
    ...(options.tools !== undefined && { tools: options.tools }),
    ...(options.settings !== undefined && { settings: options.settings }),
  })
  const script = createEventQueue<PlanEvent | { readonly type: 'fail'; readonly error: Error }>()
  const asks: PlanAsk[] = []
  const planner: Planner = {
    async *plan(ask) {
      asks.push(ask)
      if (ask.revise !== undefined && options.revise !== undefined) {
        const document = await options.revise(ask.revise, ask)
        yield { type: 'document', document, issues: [], way: 'model' }
        return
      }
      for await (const event of script) {
        if (event.type === 'fail') throw event.error
        yield event
        if (event.type === 'document') return
      }
    },
    ...(options.learn !== undefined && { learn: options.learn }),
    ...(options.evict !== undefined && { evict: options.evict }),
  }
  const world = createWorld(
    {
      planner,
      executor: tools.executor,
      view: tools.view,
      provider: { offer: async () => ({ offered: [], hidden: [] }), ...options.provider },
      prepare: async (document) => ({ document, issues: [], compiled: await compiledOf(document), fingerprint: 'f' }),
      ...(options.isEarly !== false && { earlyConcurrency: 10 }),
      ...options.parts,
    },
    { request: 'do it', ...options.run },
  )
  return {
    ...world,
    calls: tools.calls,
    callsOf: tools.callsOf,
    register: tools.register,
    say: (event) => script.push(event),
    fail: (error) => script.push({ type: 'fail', error }),
    asks,
    told: () =>
      world.events.map((event) =>
        'step' in event && event.step !== undefined ? `${event.type} ${event.step}` : event.type,
      ),
  }
}

export const planOf = (
  steps: readonly Step[],
  more: Partial<PlanDocument> = {},
): Extract<PlanEvent, { type: 'document' }> => ({
  type: 'document',
  document: { steps, ...more },
  issues: [],
  way: 'model',
})
