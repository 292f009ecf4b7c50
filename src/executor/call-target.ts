// What a call step calls, looked up once: component, capability, invoker, compiled schema, limit. Kept per plan and per
// state of the catalog, so that the step path does an array access and a comparison.
import type { Capability, Component } from '../contracts/capability.ts'
import type { CompiledPlan, CompiledStep } from '../contracts/compiled.ts'
import type { Config } from '../contracts/config.ts'
import type { JsonObject } from '../contracts/json.ts'
import type { CatalogView, Invoker } from '../contracts/parts.ts'
import { type CompiledSchema, compileSchema } from '../plan/schema.ts'
import { createLimiter, type Limiter } from '../resilience/limits.ts'
import { isHealthy } from '../util/is-healthy.ts'

export interface CallTarget {
  readonly component: Component
  readonly capability: Capability
  readonly invoker: Invoker
  readonly schema: CompiledSchema
  readonly required: readonly string[]
  readonly limiter: Limiter
  /** `component/action` */
  readonly label: string
  /** Without what a step declares. */
  readonly isIdempotent: boolean
  /** The breaker's key of each instance, by instance id. */
  readonly breakerKeys: Map<string, string>
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

export class CallTargets {
  readonly #settings: Config
  readonly #invokerOf: (component: Component) => Invoker
  readonly #limiters = new Map<string, Limiter>()
  readonly #plans = new WeakMap<CompiledPlan, PlanMemory>()
  readonly #byView = new WeakMap<
    CatalogView,
    { readonly fingerprint: string; readonly byKey: Map<string, CallTarget> }
  >()

  constructor(settings: Config, invokerOf: (component: Component) => Invoker) {
    this.#settings = settings
    this.#invokerOf = invokerOf
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
    return target
  }

  #make(component: Component, capability: Capability): CallTarget {
    const { inputSchema, effect } = capability
    const { required } = inputSchema
    return {
      component,
      capability,
      invoker: this.#invokerOf(component),
      schema: compileSchema(inputSchema),
      required: Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [],
      limiter: this.#limiterOf(component.name),
      label: `${component.name}/${capability.name}`,
      isIdempotent:
        capability.idempotent ??
        (effect === 'read' || (effect === 'unknown' && this.#settings.recovery.unknown === 'repeat')),
      breakerKeys: new Map(),
    }
  }

  #limiterOf(name: string): Limiter {
    const key = name.toLowerCase()
    let limiter = this.#limiters.get(key)
    if (limiter === undefined) {
      limiter = createLimiter(this.#settings.executor.componentConcurrency)
      this.#limiters.set(key, limiter)
    }
    return limiter
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
