// Which running copy of a component the next call goes to, by what this step and all others have met.
import type { Instance } from '../contracts/capability.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { InstanceCondition } from '../contracts/parts.ts'
import { AVOID_MS, type Breakers } from '../resilience/breaker.ts'
import type { CallTarget } from './call-target.ts'
import type { StepExecution } from './step-execution.ts'

/** What calls to one target have learned: instances that failed. */
export interface CallMemory {
  avoid: Set<string> | undefined
  /** Instances outside the region that was asked for: never called, whatever the others do. */
  readonly outside?: ReadonlySet<string>
}

/** The memory of calls that stay within a region. @throws TuttiError `component_unavailable` when nothing of it runs there */
export function stayIn(region: string, { component }: Pick<CallTarget, 'component'>): CallMemory {
  const { name, instances } = component
  const outside = new Set(instances.filter((instance) => instance.region !== region).map(({ id }) => id))
  if (outside.size === instances.length) throw nothingIn(`the region "${region}"`, name)
  return { avoid: new Set(outside), outside }
}

/** @throws TuttiError `component_unavailable` when there is none */
export function pickInstance(
  execution: StepExecution,
  target: CallTarget,
  breakers: Breakers,
  memory: CallMemory,
): Instance {
  const { avoid } = memory
  const { name } = target.component
  const instance = breakers.isCalm
    ? execution.run.view.pick(name, avoid === undefined ? undefined : { avoid })
    : pickInTrouble(execution, target, breakers, memory)
  if (instance === undefined) throw noInstance(name)
  if (memory.outside?.has(instance.id) === true) throw nothingIn('the region that was asked for', name)
  return instance
}

/** Something is open, recovering, or has just failed: who it is, is passed over while another is there. */
function pickInTrouble(
  { run: { view }, frame }: StepExecution,
  target: CallTarget,
  breakers: Breakers,
  memory: CallMemory,
): Instance | undefined {
  const now = frame.clock.now()
  const conditionOf = (instance: Instance): InstanceCondition => {
    const breaker = breakers.find(breakerKeyOf(target, instance))
    if (breaker === undefined) return WELL
    // One whose rest is over is to be tried, however short the rest was.
    const hasJustFailed = breaker.state === 'closed' && now - breaker.lastFaultAt < AVOID_MS
    return { share: breaker.admits, hasJustFailed }
  }
  for (;;) {
    const { avoid } = memory
    const instance = view.pick(target.component.name, avoid === undefined ? { conditionOf } : { avoid, conditionOf })
    if (instance === undefined || avoid?.has(instance.id) === true || conditionOf(instance).share > 0) return instance
    // Where every other is worse, one that lets nothing through is taken: its breaker says when it is tried again.
    memory.avoid = (avoid ?? new Set()).add(instance.id)
  }
}

const WELL: InstanceCondition = { share: 1, hasJustFailed: false }

function noInstance(component: string): TuttiError {
  return new TuttiError(
    'component_unavailable',
    `"${component}" has no healthy instance now. Start one, or look at its registration.`,
    { details: { sent: false } },
  )
}

function nothingIn(region: string, component: string): TuttiError {
  return new TuttiError(
    'component_unavailable',
    `"${component}" has no instance in ${region} now. Start one there, or name another region.`,
    { details: { sent: false } },
  )
}

export function breakerKeyOf(target: Pick<CallTarget, 'component' | 'breakerKeys'>, { id }: Instance): string {
  let key = target.breakerKeys.get(id)
  if (key === undefined) {
    key = `${target.component.name}/${id}`
    target.breakerKeys.set(id, key)
  }
  return key
}
