// What a run's record amounts to: its status, its errors, and what to say when no answer was made.
import { type ErrorInfo, TuttiError } from '../contracts/errors.ts'
import type { BudgetReport, Response, RunStatus, StepRecord } from '../contracts/run.ts'
import { budgetName, usedUp } from '../util/budget-words.ts'

/** Steps whose failure the document itself covers (`on_error: continue`). */
function coveredSteps(record: Response): ReadonlySet<string> {
  const covered = new Set<string>()
  for (const step of record.plan?.steps ?? []) if (step.onError === 'continue') covered.add(step.name)
  return covered
}

/** Whether the document's own rule is that one failure fails the run: the default of workflows. */
function failsWhole(record: Response): boolean {
  const strategy = record.plan?.onError?.strategy ?? (record.plan?.name === undefined ? 'continue' : 'fail')
  return strategy === 'fail'
}

/** Whether it is a step of the plan that the run ended with. The others are shown, and count for nothing. */
export const isOfPlan = ({ superseded, skipReason }: StepRecord): boolean =>
  superseded !== true && skipReason !== 'not-in-plan'

export interface StatusFacts {
  readonly failed: boolean
  readonly missing: readonly string[] | undefined
  /** A budget came to its end: what was not done for that has not failed. */
  readonly isOverBudget: boolean
}

/** The status of an ended run that was not cancelled. */
export function runStatus(record: Response, { failed: hasFailed, missing, isOverBudget }: StatusFacts): RunStatus {
  const covered = coveredSteps(record)
  let succeeded = 0
  let failed = hasFailed ? 1 : 0
  for (const step of record.steps) {
    if (!isOfPlan(step)) continue
    if (step.status === 'succeeded') succeeded++
    else if (isFailure(step, isOverBudget) && !(covered.has(step.name) && step.status !== 'cancelled')) failed++
  }
  if (failed > 0) return succeeded === 0 || failsWhole(record) ? 'failed' : 'partial'
  if (isOverBudget) return succeeded === 0 ? 'failed' : 'partial'
  return (missing?.length ?? 0) > 0 ? 'partial' : 'succeeded'
}

function isFailure({ status, skipReason, error }: StepRecord, isOverBudget: boolean): boolean {
  if (isOverBudget && (status === 'skipped' || error?.code === 'budget_exceeded')) return false
  if (status === 'skipped')
    return skipReason === 'dependency-failed' || skipReason === 'run-stopped' || skipReason === 'replanned'
  return status === 'failed' || status === 'cancelled'
}

const MAX_NAMED = 5

/** What a used-up budget left undone, in words. */
export function budgetFailure(record: Response, budget: BudgetReport): TuttiError {
  const undone = record.steps.filter(
    (step) =>
      isOfPlan(step) && step.status !== 'succeeded' && !(step.status === 'skipped' && step.skipReason === 'condition'),
  )
  const named = undone.slice(0, MAX_NAMED).map(({ name }) => `"${name}"`)
  if (undone.length > MAX_NAMED) named.push(`${undone.length - MAX_NAMED} more`)
  const what = undone.length === 0 ? '' : ` Not done: ${named.join(', ')}.`
  const limit = budget.exceeded === undefined ? 'the budget' : `budget.${budgetName(budget.exceeded)}`
  return new TuttiError(
    'budget_exceeded',
    `The budget of the run did not reach for everything (${usedUp(budget)}).${what} Raise ${limit}, or ask for less.`,
  )
}

/** The run's own error first, then each failed step's, with its name. */
export function runErrors(
  record: Response,
  failure: ErrorInfo | undefined,
): (ErrorInfo & { readonly step?: string })[] {
  const errors: (ErrorInfo & { readonly step?: string })[] = failure === undefined ? [] : [failure]
  for (const step of record.steps)
    if (step.error !== undefined && step.status !== 'cancelled' && isOfPlan(step))
      errors.push({ step: step.name, ...step.error })
  return errors
}

/** An honest sentence for a request whose answer was never made. */
export function unfinishedAnswer(record: Response, status: RunStatus, failure: ErrorInfo | undefined): string {
  const steps = record.steps.filter(isOfPlan)
  const done = steps.filter((step) => step.status === 'succeeded').length
  const reached = steps.length === 0 ? 'Nothing had been called.' : `${done} of ${steps.length} steps had succeeded.`
  if (status === 'cancelled') return `The run was cancelled before an answer was made. ${reached}`
  if (failure === undefined) return `No answer was made. ${reached}`
  return `${failure.message}${/[.!?]$/.test(failure.message) ? '' : '.'} ${reached}`
}
