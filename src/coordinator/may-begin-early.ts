// Which steps may begin before the plan is whole: those that change nothing and that nobody has to approve, whatever becomes of
// them. What only computes is among them, so that calls which build on it need not wait.
import type { CatalogView } from '../contracts/parts.ts'
import type { Step } from '../contracts/plan.ts'
import type { PolicyOf } from '../util/component-policies.ts'

/** A call as a step or a fallback names it, and as it turns out to be. */
type Ask = Pick<Step, 'component' | 'action' | 'capability'>
interface Call {
  readonly component: string
  readonly action: string
}

/** @param policyOf what the configuration declares of components: who stands in for one that fails */
export function mayBeginEarly(step: Step, view: CatalogView, policyOf?: PolicyOf): boolean {
  const { type, replanIf, fallback = [] } = step
  // Whether the plan is to be thought over is asked when there is one.
  if ((type !== 'call' && type !== 'transform') || replanIf !== undefined) return false
  const planned = type === 'call' ? callsOf(step, view) : []
  if (type === 'call' && planned.length === 0) return false
  const declared = fallback.flatMap((item) => ('component' in item ? [callsOf(item, view)] : []))
  if (declared.some((calls) => calls.length === 0)) return false
  const byPolicy = planned.flatMap((call) => standInsFor(call, policyOf))
  return [...planned, ...declared.flat(), ...byPolicy].every((call) => isHarmless(call, view))
}

function isHarmless({ component, action }: Call, view: CatalogView): boolean {
  const capability = view.find(component, action)
  return capability?.effect === 'read' && capability.approval !== 'always'
}

/** Everything that the call may turn out to be. */
function callsOf({ component, action, capability = '' }: Ask, view: CatalogView): readonly Call[] {
  if (component === undefined)
    return view.offering(capability).map(({ name }) => ({ component: name, action: capability }))
  if (action !== undefined) return [{ component, action }]
  return view.component(component)?.capabilities.map(({ name }) => ({ component, action: name })) ?? []
}

function standInsFor({ component, action }: Call, policyOf: PolicyOf | undefined): readonly Call[] {
  const fallbacks = policyOf?.(component)?.recovery?.fallbacks ?? []
  return fallbacks
    .filter((each) => !Object.hasOwn(each, 'value'))
    .map((each) => ({ component: each.component ?? component, action: each.action ?? action }))
}
