// Refresh: a component that is not where it was, or not in the catalog at all, is looked for once more before anything else.
import { toTuttiError } from '../../contracts/errors.ts'
import { bindInputs } from '../bind.ts'
import { callBound, callChecked, type Failure, notCalled } from '../call-bound.ts'
import type { CallTarget } from '../call-target.ts'
import type { Outcome } from '../outcome.ts'
import { refreshView } from '../refresh-view.ts'
import type { Climb, Rung } from './climb.ts'
import { hasAnother, isGone } from './lost.ts'

export const refresh: Rung = {
  consider(climb) {
    if (!climb.isCall) return []
    const why = whyNot(climb)
    return [
      {
        option: {
          way: 'refresh',
          what: 'the catalog',
          feasible: why === undefined,
          why: why ?? 'Nobody is there to be called; the component may have moved.',
          cost: 'call',
          impact: 'none',
        },
        take: () => lookAgain(climb),
      },
    ]
  },
}

function whyNot(climb: Climb): string | undefined {
  const { execution, failure, target } = climb
  if (climb.wasRefreshed) return 'The catalog was asked again already.'
  if (failure.memory.outside !== undefined) return 'Only one region is meant, and it was asked as it is now.'
  if (!isGone(failure.error)) return 'The component is where the catalog says.'
  if (climb.repeat.strategy !== 'retry') return `The policy says "${climb.repeat.strategy}" for errors of this class.`
  return target !== undefined && hasAnother(execution, target, failure) ? 'Another instance is known.' : undefined
}

async function lookAgain(climb: Climb): Promise<Outcome | Failure | undefined> {
  const { execution, parts, failure, target } = climb
  const { view } = execution.run
  climb.wasRefreshed = true
  try {
    await refreshView(execution)
  } catch {
    // The error of the call says more than that of the refresh.
    execution.throwIfStopped()
    if (target !== undefined) return undefined
  }
  execution.throwIfStopped()
  if (target === undefined) {
    const found = parts.targets.ofStep(execution.plan, execution.compiled, view)
    return found === undefined ? undefined : await bindAndCall(climb, found)
  }
  const moved = parts.targets.find({ component: target.component.name, action: target.capability.name }, view)
  if (moved === undefined || !hasAnother(execution, moved, { memory: { avoid: failure.memory.avoid ?? new Set() } }))
    return undefined
  execution.emit({
    type: 'step-repair',
    step: execution.name,
    way: 'refresh',
    reason: `"${target.component.name}" could not be reached where it was; the refreshed catalog knows another instance.`,
  })
  return await callChecked(execution, moved, failure.inputs, parts, failure.memory)
}

async function bindAndCall({ execution, parts }: Climb, target: CallTarget): Promise<Outcome | Failure> {
  try {
    return await callBound(execution, target, bindInputs(execution.compiled, execution.scope, target), parts)
  } catch (thrown) {
    return notCalled(toTuttiError(thrown), target)
  }
}
