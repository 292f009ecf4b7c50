// From a step that has something to call to one attempt: places, budget, an instance, its breaker, in this order.
// It repeats nothing and decides nothing.
import type { Instance } from '../contracts/capability.ts'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { Breakers } from '../resilience/breaker.ts'
import type { CircuitBreaker } from '../resilience/instance-breaker.ts'
import { Attempt, type CallSpec, type Ended, type FailedAttempt } from './attempt.ts'
import type { CallTarget } from './call-target.ts'
import type { Outcome } from './outcome.ts'
import { breakerKeyOf, type CallMemory, pickInstance } from './pick-instance.ts'
import { callAmounts, reserveCall } from './step-budget.ts'
import type { StepExecution } from './step-execution.ts'

/**
 * Calls one instance of the target, avoiding those that failed where there is another one.
 * @returns the outcome, or what went wrong; the caller then ends the attempt, when it knows what follows.
 */
export function callOnce(
  execution: StepExecution,
  spec: CallSpec,
  breakers: Breakers,
  memory: CallMemory,
): Promise<Outcome | FailedAttempt> {
  return new Promise((resolve) => startOnce(execution, spec, breakers, memory, resolve))
}

/** `callOnce` for whoever can be called back: an outcome later than this returns, what went wrong perhaps at once. */
export function startOnce(
  execution: StepExecution,
  spec: CallSpec,
  breakers: Breakers,
  memory: CallMemory,
  ended: Ended,
): void {
  try {
    const waiting = execution.holdFor(spec.target)
    if (waiting === undefined) startHeld(execution, spec, breakers, memory, ended)
    else
      waiting
        .then(() => startHeld(execution, spec, breakers, memory, ended))
        .catch((thrown: unknown) => ended(notBegun(thrown)))
  } catch (thrown) {
    ended(notBegun(thrown))
  }
}

const notBegun = (thrown: unknown): FailedAttempt => ({ error: toTuttiError(thrown) })

/** The step has its places. @throws what keeps any instance from being called */
function startHeld(
  execution: StepExecution,
  spec: CallSpec,
  breakers: Breakers,
  memory: CallMemory,
  ended: Ended,
): void {
  const { target } = spec
  const { budget } = execution.run
  if (budget !== undefined && !reserveCall(execution, budget, target)) throw outOfBudget(execution, target)
  const instance = pickInstance(execution, target, breakers, memory)
  const breaker = breakers.of(breakerKeyOf(target, instance), target.component.name)
  const ticket = breaker.enter()
  if (ticket === undefined) void callOnTrial(execution, spec, breaker, instance).then(ended)
  else beginAttempt(execution, spec, instance).start(spec, breaker, ticket, ended)
}

function beginAttempt(execution: StepExecution, spec: CallSpec, instance: Instance): Attempt {
  // A call counts from its beginning: one that is stopped is paid for too.
  if (execution.reservation !== undefined) {
    execution.reservation.settle(callAmounts(spec.target))
    execution.reservation = undefined
  }
  return new Attempt(execution, spec, instance)
}

/** The breaker of the instance is not closed: it may let one call through, and goes by how that ends. */
async function callOnTrial(
  execution: StepExecution,
  spec: CallSpec,
  breaker: CircuitBreaker,
  instance: Instance,
): Promise<Outcome | FailedAttempt> {
  let ended: Outcome | FailedAttempt | undefined
  try {
    await breaker.run(async () => {
      ended = await beginAttempt(execution, spec, instance).perform(spec)
      if ('error' in ended) throw ended.error
    })
  } catch (thrown) {
    ended ??= { error: toTuttiError(thrown), refusedBy: instance.id }
  }
  return ended as Outcome | FailedAttempt
}

const outOfBudget = ({ name }: StepExecution, { label }: CallTarget): TuttiError =>
  new TuttiError(
    'budget_exceeded',
    `Step "${name}" may not call "${label}" any more: the budget of the run does not allow another call. Raise it, or mark other steps as optional.`,
    { details: { sent: false } },
  )
