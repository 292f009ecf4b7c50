// What a call step calls, looked up once: component, capability, invoker, compiled schema, limit. Kept per plan and per
// state of the catalog, so that the step path does an array access and a comparison.
import type { Capability, Component } from '../contracts/capability.ts'
import type { CompiledPlan, CompiledStep } from '../contracts/compiled.ts'
import type { Config } from '../contracts/config.ts'
import type { CallHistory } from '../contracts/explanation.ts'
import type { JsonObject } from '../contracts/json.ts'
import type { CatalogView, Invoker } from '../contracts/parts.ts'
import type { ComponentPolicy } from '../contracts/policy.ts'
import { type CompiledSchema, compileSchema } from '../plan/schema.ts'
import type { Demand, Pool } from '../resilience/pool.ts'
import { type PolicyOf, policiesByName } from '../util/component-policies.ts'
import { isHealthy } from '../util/is-healthy.ts'
import { nameKey } from '../util/name-key.ts'
import { type Duration, Durations } from './durations.ts'
import { UNAPPROVED } from './needs-approval.ts'
import type { Pools } from './pools.ts'

export interface CallTarget {
  readonly component: Component
  readonly capability: Capability
  readonly invoker: Invoker
  readonly schema: CompiledSchema
  readonly required: readonly string[]
  /** The limits of its component. */
  readonly pool: Pool
  /** What a call takes when the step and the run take nothing else; undefined when its component's resources have to be looked at. */
  readonly demand: Demand | undefined
  /** How long its calls take. */
  readonly durations: Duration
  /** `component/action` */
  readonly label: string
  /** Without what a step declares. */
  readonly isIdempotent: boolean
  /** The breaker's key of each instance, by instance id. */
  readonly breakerKeys: Map<string, string>
  /** What the configuration declares of the component. */
  readonly policy: ComponentPolicy | undefined
}

export interface TargetAsk {
  readonly component?: string | undefined
  readonly action?: string | undefined
  /** Without a component: any that offers it. */
  readonly capability?: string | undefined
}

/** What is known of each step of a plan, for one state of the catalog. */
interface PlanMemory {
  readonly view: CatalogView
  readonly fingerprint: string
  readonly targets: (CallTarget | undefined)[]
  readonly literals: (JsonObject | undefined)[]
}

/** Kinds that take no time of their own. */
const COMPUTES: ReadonlySet<string> = new Set(['gate', 'transform'])
/** Capabilities that are remembered after their component has gone. */
const MAX_SEEN = 2_000

export class CallTargets {
  readonly #settings: Config
  readonly #invokerOf: (component: Component) => Invoker
  readonly #policyOf: PolicyOf
  readonly #pools: Pools
  readonly #durations = new Durations()
  readonly #seen = new Map<string, CallTarget>()
  readonly #plans = new WeakMap<CompiledPlan, PlanMemory>()
  readonly #byView = new WeakMap<
    CatalogView,
    { readonly fingerprint: string; readonly byKey: Map<string, CallTarget> }
  >()

  constructor(settings: Config, invokerOf: (component: Component) => Invoker, pools: Pools) {
    this.#settings = settings
    this.#invokerOf = invokerOf
    this.#policyOf = policiesByName(settings.components)
    this.#pools = pools
  }

  /** The target of a step; undefined when the catalog has none. */
  ofStep(plan: CompiledPlan, compiled: CompiledStep, view: CatalogView): CallTarget | undefined {
    const memory = this.#memoryOf(plan, view)
    const known = memory.targets[compiled.index]
    if (known !== undefined) return known
    const { component, action, capability } = compiled.step
    const target = this.find({ component, action, capability }, view)
    // Which component serves a bare capability depends on health, so it is asked each time.
    if (component !== undefined && target !== undefined) memory.targets[compiled.index] = target
    return target
  }

  /** What each step of a plan takes by itself, ms, by its number. */
  expectations(plan: CompiledPlan, view: CatalogView): (index: number) => number {
    const { targets } = this.#memoryOf(plan, view)
    return (index) => {
      const compiled = plan.steps[index]
      if (compiled === undefined) return 0
      const { type, wait } = compiled.step
      if (type === 'call') {
        const target = targets[index] ?? this.ofStep(plan, compiled, view)
        return target?.durations.expectMs ?? this.#durations.meanMs
      }
      if (type === 'wait') return wait !== undefined && 'forMs' in wait ? wait.forMs : 0
      return COMPUTES.has(type) ? 0 : this.durationsOf(type).expectMs
    }
  }

  /** How long the steps of one kind take that call nothing. */
  durationsOf(type: string): Duration {
    return this.#durations.of(`:${type}`)
  }

  /** What earlier calls say of the next; `without` those that took so long, ms. */
  historyOf(component: string, action: string, without?: readonly number[]): CallHistory | undefined {
    return this.#durations.history(nameKey(`${component}/${action}`), without)
  }

  /** The same of the steps of one kind that call nothing. */
  historyOfType(type: string, without?: readonly number[]): CallHistory | undefined {
    return this.#durations.history(`:${type}`, without)
  }

  /** Inputs that are all literal, checked once; a copy, for a function may change what it is given. */
  literalsOf(plan: CompiledPlan, compiled: CompiledStep, view: CatalogView): JsonObject | undefined {
    const inputs = this.#memoryOf(plan, view).literals[compiled.index]
    return inputs === undefined ? undefined : { ...inputs }
  }

  keepLiterals(plan: CompiledPlan, compiled: CompiledStep, view: CatalogView, inputs: JsonObject): void {
    if (compiled.step.component !== undefined) this.#memoryOf(plan, view).literals[compiled.index] = { ...inputs }
  }

  find(asked: TargetAsk, view: CatalogView): CallTarget | undefined {
    if (asked.component === undefined) {
      const { capability } = asked
      if (capability === undefined) return undefined
      const offering = view.offering(capability)
      const component = offering.find(isHealthy) ?? offering[0]
      return component === undefined ? undefined : this.#named(component.name, capability, view)
    }
    return this.#named(asked.component, asked.action ?? asked.capability, view)
  }

  #named(name: string, action: string | undefined, view: CatalogView): CallTarget | undefined {
    const { byKey } = this.#memoryOfView(view)
    const key = `${name}\n${action ?? ''}`
    const known = byKey.get(key)
    if (known !== undefined) return known
    const component = view.component(name)
    if (component === undefined) return undefined
    const only = component.capabilities.length === 1 ? component.capabilities[0] : undefined
    const capability = action === undefined ? only : view.find(name, action)
    if (capability === undefined) return undefined
    const target = this.#make(component, capability)
    byKey.set(key, target)
    this.#remember(key, target)
    return target
  }

  /** What the configuration declares of a component, whether or not it is in the catalog. */
  policyOf(component: string): ComponentPolicy | undefined {
    return this.#policyOf(component)
  }

  /** What a component took and gave that has left the catalog since; undefined when it was never called here. */
  lastKnown({ component, action, capability }: TargetAsk): CallTarget | undefined {
    return component === undefined ? undefined : this.#seen.get(`${component}\n${action ?? capability ?? ''}`)
  }

  #remember(key: string, target: CallTarget): void {
    const [oldest] = this.#seen.keys()
    if (this.#seen.size >= MAX_SEEN && oldest !== undefined) this.#seen.delete(oldest)
    this.#seen.set(key, target)
  }

  #make(component: Component, capability: Capability): CallTarget {
    const { inputSchema, effect } = capability
    const { required } = inputSchema
    const label = `${component.name}/${capability.name}`
    const policy = this.#policyOf(component.name)
    const pool = this.#pools.component(component.name)
    pool.setInstances(component.instances)
    return {
      component,
      capability,
      invoker: capability.approval === 'always' ? UNAPPROVED : this.#invokerOf(component),
      schema: compileSchema(inputSchema),
      required: Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [],
      pool,
      demand:
        policy?.resources === undefined ? this.#pools.demandOf({ ofRun: [], component: pool, step: '' }) : undefined,
      durations: this.#durations.of(nameKey(label)),
      label,
      isIdempotent:
        capability.idempotent ??
        (effect === 'read' || (effect === 'unknown' && this.#settings.recovery.unknown === 'repeat')),
      breakerKeys: new Map(),
      policy,
    }
  }

  #memoryOf(plan: CompiledPlan, view: CatalogView): PlanMemory {
    const known = this.#plans.get(plan)
    if (known !== undefined && known.view === view && known.fingerprint === view.fingerprint) return known
    const fresh: PlanMemory = { view, fingerprint: view.fingerprint, targets: [], literals: [] }
    this.#plans.set(plan, fresh)
    return fresh
  }

  #memoryOfView(view: CatalogView): { readonly byKey: Map<string, CallTarget> } {
    const known = this.#byView.get(view)
    if (known !== undefined && known.fingerprint === view.fingerprint) return known
    const fresh = { fingerprint: view.fingerprint, byKey: new Map<string, CallTarget>() }
    this.#byView.set(view, fresh)
    return fresh
  }
}
