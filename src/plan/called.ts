// Which capability a step calls, so far as the catalog knows: the one rule for all who look at a plan before it runs.
import type { Capability, Component } from '../contracts/capability.ts'
import type { CatalogView } from '../contracts/parts.ts'
import type { Step } from '../contracts/plan.ts'
import { isHealthy } from '../util/is-healthy.ts'

export interface Called {
  readonly component: Component
  readonly capability: Capability
}

type View = Pick<CatalogView, 'component' | 'find' | 'offering'>

/** Every capability that the step may call as it is written; the most likely one in front. None: the catalog has none. */
export function calledBy(step: Pick<Step, 'component' | 'action' | 'capability'>, view: View): readonly Called[] {
  const { component: name, action = step.capability } = step
  if (name === undefined) {
    const offering = action === undefined ? [] : view.offering(action)
    const found = offering.flatMap((component) => pairOf(component, action, view) ?? [])
    const first = found.find(({ component }) => isHealthy(component))
    return first === undefined ? found : [first, ...found.filter((other) => other !== first)]
  }
  const component = view.component(name)
  const pair = component === undefined ? undefined : pairOf(component, action, view)
  return pair === undefined ? [] : [pair]
}

/** Without an action it is the only capability of the component. */
function pairOf(component: Component, action: string | undefined, view: View): Called | undefined {
  const only = component.capabilities.length === 1 ? component.capabilities[0] : undefined
  const capability = action === undefined ? only : view.find(component.name, action)
  return capability === undefined ? undefined : { component, capability }
}
