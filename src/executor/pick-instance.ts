// Which running copy of a component the next call goes to.
import type { Instance } from '../contracts/capability.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { Breakers } from '../resilience/breaker.ts'
import type { CallTarget } from './call-target.ts'
import type { StepExecution } from './step-execution.ts'

/** What calls to one target have learned: instances that failed. */
export interface CallMemory {
  avoid: Set<string> | undefined
}

export function pickInstance(
  execution: StepExecution,
  target: CallTarget,
  breakers: Breakers,
  memory: CallMemory,
): Instance {
  const { view } = execution.run
  const { name } = target.component
  for (;;) {
    const { avoid } = memory
    const instance = view.pick(name, avoid === undefined ? undefined : { avoid })
    if (instance === undefined) throw noInstance(name)
    // Only when every other instance is worse is one with an open breaker taken: the breaker then says when it is tried again.
    const isAvoided = avoid?.has(instance.id) === true
    if (isAvoided || breakers.of(breakerKeyOf(target, instance)).state !== 'open') return instance
    memory.avoid = (avoid ?? new Set()).add(instance.id)
  }
}

function noInstance(component: string): TuttiError {
  return new TuttiError(
    'component_unavailable',
    `"${component}" has no healthy instance now. Start one, or look at its registration.`,
    { details: { sent: false } },
  )
}

export function breakerKeyOf(target: CallTarget, { id }: Instance): string {
  let key = target.breakerKeys.get(id)
  if (key === undefined) {
    key = `${target.component.name}/${id}`
    target.breakerKeys.set(id, key)
  }
  return key
}
