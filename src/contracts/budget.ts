// What a run may use up, as those see it who use it: everybody reserves before they begin.
import type { Purpose } from './model.ts'
import type { BudgetKind } from './policy.ts'
import type { BudgetReport } from './run.ts'

/** What something will use, or has used. */
export type BudgetAmounts = Readonly<Partial<Record<Exclude<BudgetKind, 'wallTimeMs'>, number>>>

/** What was set aside for one step or one model call. */
export interface BudgetReservation {
  /** Puts what was really used in its place; more than was reserved counts too. Later calls do nothing. */
  settle(used: BudgetAmounts): void
}

/** The budget of one run. Everybody reserves before they begin. */
export interface RunBudget {
  /**
   * Sets amounts aside. `optional` work gets only what the rest of the plan does not need; `synthesis` may use the share that is
   * kept for the answer. @returns undefined when that would pass a limit: told once, as `budget-exceeded`
   */
  reserve(
    need: BudgetAmounts,
    use?: {
      readonly optional?: boolean
      readonly synthesis?: boolean
      readonly step?: string
      readonly purpose?: Purpose
    },
  ): BudgetReservation | undefined
  /**
   * Adds to what the mandatory steps that have not begun will need at the least; kept from optional ones. Whoever told it takes it
   * back, with negative amounts, when such a step begins (just before it reserves) or is skipped.
   */
  expect(need: BudgetAmounts): void
  /** The limit that was reached, if any. */
  readonly exceeded: BudgetKind | undefined
  report(): BudgetReport
}
