// The ladder of recovery: after each failure every rung says what it could do, the first that can does it, and the decision
// is a fact of the run. Nothing of this exists for a step whose first call succeeds.
import { errorClassOf, errorInfo, toTuttiError } from '../../contracts/errors.ts'
import type { RecoveryOption } from '../../contracts/run.ts'
import { loadExpressions } from '../../plan/expression.ts'
import type { Failure } from '../call-bound.ts'
import type { CallParts } from '../executor-parts.ts'
import type { Outcome } from '../outcome.ts'
import type { StepExecution } from '../step-execution.ts'
import { Climb, type Rung, type Way } from './climb.ts'
import { correct } from './correct.ts'
import { credentials } from './credentials.ts'
import { equivalent } from './equivalent.ts'
import { fallback } from './fallback.ts'
import { refresh } from './refresh.ts'
import { retry } from './retry.ts'

/** From what changes least to what changes most. Whoever has moved is looked for before anybody waits for them. */
const RUNGS: readonly Rung[] = [refresh, retry, credentials, correct, fallback, equivalent]

const GIVE_UP = { way: 'give-up', feasible: true, cost: 'none', impact: 'none' } as const

/** @throws TuttiError of what was planned, when every way was tried or ruled out */
export async function recover(execution: StepExecution, first: Failure, parts: CallParts): Promise<Outcome> {
  execution.throwIfStopped()
  const climb = new Climb(execution, first, parts)
  if (climb.plannedPolicy.fallbacks?.some(({ when }) => when !== undefined) === true) await loadExpressions()
  for (;;) {
    execution.throwIfStopped()
    const ways = RUNGS.flatMap((rung) => rung.consider(climb))
    const at = ways.findIndex(({ option }) => option.feasible)
    const chosen = ways[at]
    tell(climb, ways, at)
    if (chosen === undefined) return giveUp(climb)
    climb.ways.add(chosen.option.way)
    const result = await take(climb, chosen)
    if (result === undefined) continue
    if (!('error' in result)) return succeed(climb, chosen, result)
    climb.note(result)
  }
}

/** A way that throws has failed as well: what it threw is looked at like any other failure. */
async function take(climb: Climb, chosen: Way): Promise<Outcome | Failure | undefined> {
  const { execution } = climb
  try {
    return await chosen.take()
  } catch (thrown) {
    const { target, inputs, memory } = climb.failure
    return { error: toTuttiError(thrown), target, inputs, memory }
  } finally {
    execution.throwIfStopped()
  }
}

/** Ends the attempt, now that it is known what follows, and tells the decision. */
function tell(climb: Climb, ways: readonly Way[], at: number): void {
  const { execution, failure } = climb
  const { error, attempt } = failure
  const component = climb.nameOf(failure)
  const chosen = ways[at]
  attempt?.end('failed', error, chosen?.option.way === 'retry' ? chosen.option.waitMs : undefined)
  const options = ways.map(({ option }) => option)
  const giveUpOption: RecoveryOption = {
    ...GIVE_UP,
    why: chosen === undefined ? 'No other way is possible.' : 'What is left when every other way has failed.',
  }
  const next = chosen?.again === true ? chosen : ways.slice(at + 1).find(({ option }) => option.feasible)
  execution.emit({
    type: 'recovery',
    step: execution.name,
    ...(component !== undefined && { component }),
    class: errorClassOf(error.code),
    error: errorInfo(error),
    options: [...options, giveUpOption],
    chosen: chosen?.option.way ?? 'give-up',
    why: (chosen?.option ?? giveUpOption).why,
    ...(chosen !== undefined && { next: next?.option.way ?? 'give-up' }),
  })
}

function succeed(climb: Climb, { option }: Way, outcome: Outcome): Outcome {
  const { execution, serving, planned, parts, isDegraded } = climb
  if (serving !== undefined) parts.escalations.succeeded(serving)
  const component = climb.nameOf(planned)
  execution.emit({
    type: 'recovered',
    step: execution.name,
    ...(component !== undefined && { component }),
    way: option.way,
    ...(isDegraded && { degraded: true }),
  })
  return outcome
}

function giveUp(climb: Climb): never {
  const { execution, planned, ways } = climb
  climb.leave()
  const error = climb.finalError()
  const component = climb.nameOf(planned)
  execution.emit({
    type: 'recovery-failed',
    step: execution.name,
    ...(component !== undefined && { component }),
    error: errorInfo(error),
    tried: [...ways],
  })
  throw error
}
