// A small world for the executor: components as functions, a model as a list of answers, time by hand.
import type { Capability, Component, Effect } from '../../src/contracts/capability.ts'
import type { StepView } from '../../src/contracts/compiled.ts'
import { type ConfigInput, configSchema } from '../../src/contracts/config.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import type { RunContext, StepHandler } from '../../src/contracts/executor.ts'
import type { JsonObject, JsonSchema, JsonValue } from '../../src/contracts/json.ts'
import type { Purpose } from '../../src/contracts/model.ts'
import type { AskModel, CatalogView, Clock, InvokerCall, InvokerResult, ModelAsk } from '../../src/contracts/parts.ts'
import type { PlanDocument, Step } from '../../src/contracts/plan.ts'
import { createExecutor } from '../../src/executor/executor.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { loadExpressions } from '../../src/plan/expression.ts'
import { loadSchemas } from '../../src/plan/schema.ts'
import { createClock } from '../../src/util/clock.ts'

// Loading takes real time, which time by hand does not wait for.
await Promise.all([loadSchemas(), loadExpressions()])

export type Handler = (inputs: JsonObject, call: InvokerCall) => InvokerResult | Promise<InvokerResult>

export interface ToolSpec {
  readonly on: Handler
  readonly inputs?: JsonSchema
  readonly effect?: Effect
  readonly idempotent?: boolean
  /** Ids, or with a region `id@region`. */
  readonly instances?: readonly string[]
  readonly trust?: Component['trust']
  readonly outputs?: JsonSchema
  readonly timeoutMs?: number
}

export interface WorldOptions {
  /** By `component/action`. */
  readonly tools?: Readonly<Record<string, ToolSpec | Handler>>
  readonly settings?: ConfigInput
  readonly clock?: Clock
  /** Answers by purpose; `json` answers are given as they are. Without an entry the purpose has no model. */
  readonly model?: Partial<Record<Purpose, (ask: ModelAsk) => JsonValue | Promise<JsonValue>>>
  readonly handlers?: readonly StepHandler[]
  readonly onRefresh?: (world: World) => void
  /** Absent: credentials cannot be renewed. */
  readonly refreshCredentials?: (component: string) => Promise<boolean>
}

export interface RunOptions {
  readonly request?: string
  readonly inputs?: JsonObject
  readonly secrets?: ReadonlyMap<string, string>
  readonly settled?: ReadonlyMap<string, StepView>
  readonly flush?: () => Promise<void>
  readonly maxConcurrency?: number
  readonly signal?: AbortSignal
  readonly onEvent?: (fact: RunFact) => void
  /** Whatever else the run has: a priority, a key, a budget. */
  readonly context?: Partial<RunContext>
}

export interface Ran {
  readonly events: RunFact[]
  /** The step's last event. */
  end(step: string): Extract<RunFact, { type: 'step-end' }>
  of<T extends RunFact['type']>(type: T, step?: string): Extract<RunFact, { type: T }>[]
}

export type World = ReturnType<typeof createWorld>

export const answer = (body: JsonValue, status = 200, headers: Record<string, string> = {}): InvokerResult => ({
  status,
  headers,
  body,
})
export const failure = (status: number, code: string, message: string, more: JsonObject = {}): InvokerResult =>
  answer({ success: false, error: { code, message, ...more } }, status)
export const unreachable = (): TuttiError =>
  new TuttiError('component_unavailable', 'Connection refused.', { details: { sent: false } })
export const cut = (): TuttiError =>
  new TuttiError('component_unavailable', 'The connection was cut.', { details: { sent: true } })

export const object = (properties: Record<string, JsonSchema>, required: readonly string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  required,
})

/** A step that calls `component/action`. */
export const call = (name: string, target: string, inputs: JsonObject = {}, more: Partial<Step> = {}): Step => {
  const [component = '', action = ''] = target.split('/')
  return { name, type: 'call', component, action, inputs, dependsOn: [], ...more }
}

export function createWorld(options: WorldOptions = {}) {
  const components = new Map<string, Component>()
  const handlers = new Map<string, Handler>()
  const calls: {
    readonly target: string
    readonly inputs: JsonObject
    readonly instance: string
    readonly key: string
  }[] = []
  const down = new Set<string>()
  let generation = 1
  let refreshes = 0
  const clock = options.clock ?? createClock()

  const register = (target: string, given: ToolSpec | Handler): void => {
    const spec: ToolSpec = typeof given === 'function' ? { on: given } : given
    const [component = '', action = ''] = target.split('/')
    const capability: Capability = {
      name: action,
      description: `Does ${action}`,
      inputSchema: spec.inputs ?? { type: 'object' },
      effect: spec.effect ?? 'read',
      ...(spec.idempotent !== undefined && { idempotent: spec.idempotent }),
      ...(spec.timeoutMs !== undefined && { timeoutMs: spec.timeoutMs }),
      ...(spec.outputs !== undefined && { outputSchema: spec.outputs }),
    }
    const known = components.get(component)
    components.set(component, {
      name: component,
      kind: 'tool',
      source: 'test',
      trust: spec.trust ?? 'local',
      capabilities: [...(known?.capabilities ?? []), capability],
      instances: (spec.instances ?? ['one']).map((text) => {
        const [id = '', region] = text.split('@')
        return { id, health: 'healthy' as const, ...(region !== undefined && { region }) }
      }),
    })
    handlers.set(target, spec.on)
    generation++
  }
  for (const [target, spec] of Object.entries(options.tools ?? {})) register(target, spec)

  const find = (name: string): Component | undefined => components.get(name)
  const view: CatalogView = {
    get fingerprint() {
      return `f${generation}`
    },
    components: () => [...components.values()],
    component: find,
    find: (name, action) => find(name)?.capabilities.find((capability) => capability.name === action),
    offering: (name) =>
      [...components.values()].filter((c) => c.capabilities.some((capability) => capability.name === name)),
    pick(name, picking) {
      const usable = (find(name)?.instances ?? []).filter(({ id }) => !down.has(id))
      return usable.find(({ id }) => picking?.avoid?.has(id) !== true) ?? usable[0]
    },
    busy: () => () => undefined,
    refresh: async () => {
      refreshes++
      options.onRefresh?.(world)
    },
  }

  const asked: ModelAsk[] = []
  const reply = async (ask: ModelAsk): Promise<JsonValue> => {
    asked.push(ask)
    const respond = options.model?.[ask.purpose]
    if (respond === undefined) throw new TuttiError('no_model', 'No model.')
    return await respond(ask)
  }
  const ask: AskModel = {
    available: (purpose) => options.model?.[purpose] !== undefined,
    modelId: () => 'test',
    stream: () => {
      throw new TuttiError('internal', 'Not used here.')
    },
    text: async (question) => {
      const text = await reply(question)
      if (typeof text !== 'string') throw new Error('a scripted text is wanted')
      return text
    },
    json: reply,
  }

  const executor = createExecutor({
    settings: configSchema.parse(options.settings ?? {}),
    invokerOf: () => ({
      invoke: async (invocation) => {
        const target = `${invocation.component.name}/${invocation.capability.name}`
        calls.push({
          target,
          inputs: invocation.inputs,
          instance: invocation.instance.id,
          key: invocation.idempotencyKey,
        })
        const handler = handlers.get(target)
        if (handler === undefined) throw new Error(`no handler for ${target}`)
        return await handler(invocation.inputs, invocation)
      },
      ...(options.refreshCredentials !== undefined && {
        refreshCredentials: ({ name }: Component) => options.refreshCredentials?.(name) ?? Promise.resolve(false),
      }),
    }),
    ask,
    clock,
    random: () => 0.5,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    ...(options.handlers !== undefined && { handlers: options.handlers }),
  })

  const run = async (
    document: Partial<PlanDocument> & { steps: readonly Step[] },
    asking: RunOptions = {},
  ): Promise<Ran> => {
    const { plan, issues } = await compilePlan(document)
    if (plan === undefined) throw new Error(issues.map(({ message }) => message).join('; '))
    return await runPlan(plan, asking)
  }
  const runPlan = async (
    plan: Parameters<typeof executor.execute>[1]['plan'],
    asking: RunOptions = {},
  ): Promise<Ran> => {
    const events: RunFact[] = []
    const context: RunContext = {
      runId: 'run_1',
      principal: 'local',
      request: asking.request ?? null,
      startedAt: '2026-01-01T00:00:00.000Z',
      inputs: asking.inputs ?? {},
      secrets: asking.secrets ?? new Map(),
      signal: asking.signal ?? new AbortController().signal,
      emit: (fact) => {
        events.push(fact)
        asking.onEvent?.(fact)
      },
      flush: asking.flush,
      view,
      settled: asking.settled ?? new Map(),
      headers: {},
      ...(asking.maxConcurrency !== undefined && { maxConcurrency: asking.maxConcurrency }),
      ...asking.context,
    }
    await executor.execute(context, { plan })
    return readEvents(events)
  }

  const world = {
    view,
    calls,
    asked,
    executor,
    clock,
    run,
    runPlan,
    register,
    /** Instances that `pick` no longer gives. */
    down,
    remove: (name: string) => {
      components.delete(name)
      generation++
    },
    get refreshes() {
      return refreshes
    },
    callsOf: (target: string) => calls.filter((made) => made.target === target),
  }
  return world
}

export function readEvents(events: RunFact[]): Ran {
  const of: Ran['of'] = (type, step) =>
    events.filter(
      (fact): fact is Extract<RunFact, { type: typeof type }> =>
        fact.type === type && (step === undefined || ('step' in fact && fact.step === step)),
    )
  return {
    events,
    of,
    end(step) {
      const ends = of('step-end', step)
      const [only] = ends
      if (only === undefined || ends.length !== 1) throw new Error(`step "${step}" ended ${ends.length} times`)
      return only
    },
  }
}
