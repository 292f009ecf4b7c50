// What fallbacks and equivalents have in common: whether somebody is fit to stand in now, and how the step turns to them.
import { toTuttiError } from '../../contracts/errors.ts'
import type { JsonObject } from '../../contracts/json.ts'
import { isHealthy } from '../../util/is-healthy.ts'
import type { BoundInputs } from '../bind.ts'
import { callBound, type Failure, notCalled } from '../call-bound.ts'
import type { CallTarget } from '../call-target.ts'
import type { Outcome } from '../outcome.ts'
import { breakerKeyOf, type CallMemory, stayIn } from '../pick-instance.ts'
import { asSentence, type Climb } from './climb.ts'

/** Why the target cannot be asked now; undefined when it can. A region narrows its instances. */
export function unfitness({ parts }: Climb, target: CallTarget, region?: string): string | undefined {
  const instances = target.component.instances.filter((instance) => region === undefined || instance.region === region)
  const where = region === undefined ? '' : ` in region "${region}"`
  if (!isHealthy({ instances })) return `"${target.component.name}" has no healthy instance${where} now.`
  const isOpen = instances.every((instance) => parts.breakers.find(breakerKeyOf(target, instance))?.admits === 0)
  return isOpen ? `The circuit breakers of "${target.component.name}"${where} are open.` : undefined
}

/** Turns the step to the target: its inputs bound, the change told, and the call made. */
export async function turnTo(
  climb: Climb,
  target: CallTarget,
  turn: {
    readonly way: 'fallback' | 'equivalent'
    readonly says: string
    readonly bind: () => BoundInputs
    readonly region?: string | undefined
    /** Only the place changes: the call keeps its key. */
    readonly isSameCall?: boolean
  },
): Promise<Outcome | Failure> {
  const { execution, parts, planned } = climb
  const { way, says, region } = turn
  climb.standIn(target)
  let bound: BoundInputs
  let memory: CallMemory
  try {
    bound = turn.bind()
    memory = region === undefined ? { avoid: undefined } : stayIn(region, target)
  } catch (thrown) {
    return notCalled(toTuttiError(thrown), target)
  }
  if (turn.isSameCall !== true) execution.revision++
  const reason = `${asSentence(planned.error.message)} ${says}`
  execution.emit({ type: 'step-repair', step: execution.name, way, reason, inputs: bound.inputs })
  return await callBound(execution, target, bound, parts, memory)
}

export const overlaid = (inputs: JsonObject, over: JsonObject | undefined): JsonObject =>
  over === undefined ? inputs : { ...inputs, ...over }
