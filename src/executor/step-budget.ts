// The part of a run's budget that its steps spend: told in advance what the mandatory ones need, asked before each call.

import type { BudgetAmounts, RunBudget } from '../contracts/budget.ts'
import type { CompiledPlan } from '../contracts/compiled.ts'
import type { RunContext } from '../contracts/executor.ts'
import type { CallTarget, CallTargets } from './call-target.ts'
import type { StepExecution } from './step-execution.ts'

/** What one call to it takes. */
export function callAmounts(target: Pick<CallTarget, 'policy'> | undefined): BudgetAmounts {
  const cost = target?.policy?.cost ?? 0
  return cost === 0 ? { componentCalls: 1 } : { componentCalls: 1, cost }
}

/** Sets aside the next call, unless that was done. @returns whether it may be made */
export function reserveCall(execution: StepExecution, budget: RunBudget, target: CallTarget | undefined): boolean {
  if (execution.reservation !== undefined) return true
  const optional = execution.compiled.step.optional === true
  execution.reservation = budget.reserve(callAmounts(target), { optional, step: execution.name })
  return execution.reservation !== undefined
}

/** What a step that the model answers takes at the least; the question itself sets aside what it really needs. */
const GENERATE: BudgetAmounts = { modelCalls: 1, tokens: 1_000 }
const NO_GENERATE: BudgetAmounts = { modelCalls: -1, tokens: -1_000 }
const IS_CALL = 1
const IS_GENERATE = 2

export class StepBudget {
  readonly #budget: RunBudget
  /** By step: whether a call or a question was told of it; 0 when it is not mandatory, or not expected any more. */
  readonly #told: Uint8Array
  readonly #costs: Float64Array

  constructor(
    budget: RunBudget,
    { run, plan, targets }: { run: RunContext; plan: CompiledPlan; targets: CallTargets },
  ) {
    this.#budget = budget
    this.#told = new Uint8Array(plan.steps.length)
    this.#costs = new Float64Array(plan.steps.length)
    let componentCalls = 0
    let cost = 0
    for (const compiled of plan.steps) {
      const { index, name, step } = compiled
      if (step.optional === true || run.settled.has(name)) continue
      if (step.type === 'ai-generate') {
        this.#told[index] = IS_GENERATE
        budget.expect(GENERATE)
      }
      if (step.type !== 'call') continue
      const { cost: each = 0 } = callAmounts(targets.ofStep(plan, compiled, run.view))
      this.#told[index] = IS_CALL
      this.#costs[index] = each
      componentCalls++
      cost += each
    }
    budget.expect({ componentCalls, cost })
  }

  /** The step begins, or never will. */
  forget(index: number): void {
    const told = this.#told[index]
    if (told === IS_CALL) this.#budget.expect({ componentCalls: -1, cost: -(this.#costs[index] ?? 0) })
    else if (told === IS_GENERATE) this.#budget.expect(NO_GENERATE)
    this.#told[index] = 0
  }

  /** Whether the step may begin; a call is set aside with that. */
  admits(execution: StepExecution): boolean {
    const { index, step } = execution.compiled
    this.forget(index)
    if (this.#budget.exceeded === 'wallTimeMs') return false
    if (step.type === 'call') return reserveCall(execution, this.#budget, execution.target)
    return step.type === 'ai-generate' ? this.#reachesFor(execution) : true
  }

  /** The question reserves for itself, a moment later: this only asks whether there is room. */
  #reachesFor({ name, compiled }: StepExecution): boolean {
    const use = { optional: compiled.step.optional === true, step: name, purpose: 'generate' } as const
    const reservation = this.#budget.reserve(GENERATE, use)
    reservation?.settle({})
    return reservation !== undefined
  }
}
