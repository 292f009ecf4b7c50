// Fallbacks: what the step declares, then what the policy of its component does, in that order. Each is another component, a
// region, other inputs, or a value that stands in for a result.
import { ABSENT, type CompiledStep } from '../../contracts/compiled.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject } from '../../contracts/json.ts'
import type { PolicyFallback } from '../../contracts/policy.ts'
import type { RecoveryOption } from '../../contracts/run.ts'
import { compileErrorCondition, type ErrorFacts } from '../../plan/expression.ts'
import { isJsonObject } from '../../util/json.ts'
import { type BoundInputs, bindInputs, missingOf } from '../bind.ts'
import { type Failure, notCalled } from '../call-bound.ts'
import type { CallTarget } from '../call-target.ts'
import type { Outcome } from '../outcome.ts'
import type { StepExecution } from '../step-execution.ts'
import { asSentence, type Climb, type Rung, type Way } from './climb.ts'
import { overlaid, turnTo, unfitness } from './stand-in.ts'

type StepFallback = NonNullable<CompiledStep['fallback']>[number]
type Option = Omit<RecoveryOption, 'way' | 'feasible' | 'why'>

const AS_CALL = { cost: 'call', impact: 'substitute' } as const satisfies Option
const AS_VALUE = { what: 'a value', cost: 'none', impact: 'degraded' } as const satisfies Option

export const fallback: Rung = {
  consider(climb) {
    const declared = climb.execution.compiled.fallback ?? []
    const byPolicy = climb.plannedPolicy.fallbacks ?? []
    if (declared.length === 0 && byPolicy.length === 0)
      return [way({ cost: 'call', impact: 'substitute' }, 'Neither the step nor a policy declares one.')]
    return [
      ...declared.map((each) => ofStep(climb, each)),
      ...byPolicy.map((each) => (climb.usedFallbacks.has(each) ? used(each) : ofPolicy(climb, each))),
    ]
  },
}

/** @param obstacle why not; undefined: it is possible */
function way(option: Option, obstacle: string | undefined, take?: () => Promise<Outcome | Failure>, why = ''): Way {
  const feasible = obstacle === undefined && take !== undefined
  return {
    option: { way: 'fallback', ...option, feasible, why: obstacle ?? why },
    take: take ?? (() => Promise.resolve(undefined)),
  }
}

const used = (each: PolicyFallback): Way =>
  way(Object.hasOwn(each, 'value') ? AS_VALUE : AS_CALL, 'It was tried already.')

// ---- what the step declares ----------------------------------------------------------------------------------------

function ofStep(climb: Climb, each: StepFallback): Way {
  const { execution, parts } = climb
  const isUsed = climb.usedFallbacks.has(each)
  const why = 'The step declares it.'
  if ('value' in each) {
    const take = (): Promise<Outcome | Failure> =>
      Promise.resolve(giveValue(climb, each, () => valueOf(execution, each)))
    return way(AS_VALUE, isUsed ? 'It was tried already.' : undefined, take, why)
  }
  const wanted = each.action === undefined ? each.component : `${each.component}/${each.action}`
  const target = parts.targets.find(each, execution.run.view)
  const option = { what: target?.label ?? wanted, ...AS_CALL }
  if (isUsed) return way(option, 'It was tried already.')
  if (target === undefined) return way(option, `The fallback "${wanted}" is not in the catalog.`)
  const take = async (): Promise<Outcome | Failure> => {
    climb.usedFallbacks.add(each)
    return await turnTo(climb, target, {
      way: 'fallback',
      says: `"${target.label}" stands in.`,
      bind: () =>
        each.inputs === undefined
          ? bindInputs(execution.compiled, execution.scope, target)
          : bindOwn(execution, each.inputs, target),
    })
  }
  return way(option, noMoreCalls(climb) ?? unfitness(climb, target) ?? risk(climb, target), take, why)
}

function valueOf({ name, scope }: StepExecution, each: Extract<StepFallback, { value: unknown }>): Outcome {
  const value = each.value.evaluate(scope)
  if (value !== ABSENT) return { output: value, response: value }
  throw new TuttiError('binding_failed', `The fallback value of step "${name}" refers to something that is not there.`)
}

function bindOwn(
  { name, scope }: StepExecution,
  inputs: Extract<StepFallback, { component: string }>['inputs'] & object,
  target: CallTarget,
): BoundInputs {
  const value = inputs.evaluate(scope)
  if (value === ABSENT || !isJsonObject(value)) {
    throw new TuttiError('invalid_input', `The inputs of the fallback of step "${name}" must be an object.`)
  }
  return { inputs: value, missing: missingOf(value, target) }
}

// ---- what the policy declares --------------------------------------------------------------------------------------

function ofPolicy(climb: Climb, each: PolicyFallback): Way {
  const why = each.when === undefined ? 'The policy declares it.' : 'The policy declares it for this error.'
  const excluded = isExcluded(climb, each)
  if (Object.hasOwn(each, 'value')) {
    const { value = null } = each
    const take = (): Promise<Outcome | Failure> =>
      Promise.resolve(giveValue(climb, each, () => ({ output: value, response: value })))
    return way(AS_VALUE, excluded, take, why)
  }
  const target = targetOf(climb, each)
  const option = { what: describe(each, target), ...AS_CALL }
  const obstacle =
    excluded ??
    noMoreCalls(climb) ??
    (target === undefined
      ? `"${each.component ?? 'The component'}" is not in the catalog.`
      : (unfitness(climb, target, each.region) ?? risk(climb, target)))
  return way(option, obstacle, target === undefined ? undefined : () => callOther(climb, each, target), why)
}

function targetOf({ execution, parts, planned }: Climb, each: PolicyFallback): CallTarget | undefined {
  const { target } = planned
  const { step } = execution.compiled
  const { component = target?.component.name ?? step.component } = each
  const action = each.action ?? target?.capability.name ?? step.action ?? step.capability
  return component === undefined ? undefined : parts.targets.find({ component, action }, execution.run.view)
}

function describe({ region, inputs }: PolicyFallback, target: CallTarget | undefined): string {
  const changed = inputs === undefined ? '' : ` with other ${Object.keys(inputs).join(', ')}`
  return `${target?.label ?? 'nobody'}${region === undefined ? '' : ` in region ${region}`}${changed}`
}

async function callOther(climb: Climb, each: PolicyFallback, target: CallTarget): Promise<Outcome | Failure> {
  const { execution, planned } = climb
  const { component, region, inputs } = each
  climb.usedFallbacks.add(each)
  const isElsewhere = component !== undefined && target.component.name !== planned.target?.component.name
  const known = isElsewhere || each.action !== undefined ? undefined : climb.plannedInputs
  return await turnTo(climb, target, {
    way: 'fallback',
    says: `${JSON.stringify(describe(each, target))} stands in by the policy of "${planned.target?.component.name ?? ''}".`,
    bind: () => {
      const own = known ?? bindInputs(execution.compiled, execution.scope, target).inputs
      const laid: JsonObject = overlaid(own, inputs)
      return { inputs: laid, missing: missingOf(laid, target) }
    },
    region,
    isSameCall: !isElsewhere && inputs === undefined,
  })
}

function isExcluded(climb: Climb, { when }: PolicyFallback): string | undefined {
  if (climb.plannedRepeat.strategy === 'fail') return 'The policy says "fail" for errors of this class.'
  if (when === undefined) return undefined
  try {
    return conditionOf(when)(climb.facts) ? undefined : 'Its condition does not hold for this error.'
  } catch {
    return 'Its condition cannot be evaluated.'
  }
}

const conditions = new Map<string, (error: ErrorFacts) => boolean>()

/** Policies are few and live as long as the process. */
function conditionOf(when: string): (error: ErrorFacts) => boolean {
  let condition = conditions.get(when)
  if (condition === undefined) {
    if (conditions.size >= 1_000) conditions.clear()
    conditions.set(when, (condition = compileErrorCondition(when)))
  }
  return condition
}

// ---- both ----------------------------------------------------------------------------------------------------------

/** What may have taken effect is not done again elsewhere, unless the step itself says that this does no harm. */
function risk({ execution, isRepeatRisky }: Climb, { capability }: CallTarget): string | undefined {
  return isRepeatRisky && capability.effect !== 'read' && execution.compiled.step.idempotent !== true
    ? 'The first call may have taken effect; done again elsewhere it could take effect twice. "idempotent: true" on the step allows it.'
    : undefined
}

const noMoreCalls = ({ failure }: Climb): string | undefined =>
  failure.error.code === 'budget_exceeded' ? 'The budget is used up.' : undefined

function giveValue(climb: Climb, each: StepFallback | PolicyFallback, make: () => Outcome): Outcome | Failure {
  const { execution, planned } = climb
  climb.usedFallbacks.add(each)
  climb.standIn(undefined)
  try {
    const outcome = make()
    climb.isDegraded = true
    const reason = `${asSentence(planned.error.message)} The declared value stands in.`
    execution.emit({ type: 'step-repair', step: execution.name, way: 'fallback', reason })
    return outcome
  } catch (thrown) {
    return notCalled(thrown, undefined)
  }
}
