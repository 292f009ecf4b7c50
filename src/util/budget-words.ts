// How a used-up budget is spoken of, wherever it is met: the limit by the name that a user gives it.

import type { RunBudget } from '../contracts/budget.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { BudgetKind } from '../contracts/policy.ts'
import type { BudgetReport } from '../contracts/run.ts'
import { formatDuration } from './duration.ts'
import { toSnakeCase } from './snake-case.ts'

/** `wall_time` for `wallTimeMs`. */
export const budgetName = (kind: BudgetKind): string => toSnakeCase(kind.replace(/Ms$/, ''))

const amountOf = (kind: BudgetKind, amount: number): string =>
  kind === 'wallTimeMs' ? formatDuration(Math.round(amount)) : String(Number(amount.toPrecision(6)))

/** `model_calls: 5 of 5`, of the limit that was reached; empty when none was. */
export function usedUp({ exceeded, limits, used }: BudgetReport): string {
  const limit = exceeded === undefined ? undefined : limits[exceeded]
  if (exceeded === undefined || limit === undefined) return ''
  return `${budgetName(exceeded)}: ${amountOf(exceeded, used[exceeded] ?? 0)} of ${amountOf(exceeded, limit)}`
}

/** `what` is the beginning of a sentence: `The model was not asked for "fill"`. */
export function budgetExceeded(budget: RunBudget, what: string): TuttiError {
  const report = budget.report()
  const { exceeded } = report
  const raise = exceeded === undefined ? 'the budget' : `budget.${budgetName(exceeded)}`
  return new TuttiError(
    'budget_exceeded',
    `${what}: the budget of the run does not reach for it (${usedUp(report)}). Raise ${raise}, or ask for less.`,
    { details: exceeded === undefined ? {} : { kind: budgetName(exceeded) } },
  )
}
