// The last fact of a run: what its events told, completed by what only its end can know.
import { type ErrorInfo, errorInfo, type TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { JsonObject } from '../contracts/json.ts'
import type { BudgetReport, Degraded, Response, RunStatus } from '../contracts/run.ts'
import { joinDegraded } from './join.ts'
import { budgetFailure, isOfPlan, runErrors, runStatus, unfinishedAnswer } from './outcome.ts'

/** What a run ends with, beside what its events tell. */
export interface Ending {
  readonly answer?: string
  readonly outputs?: JsonObject
  readonly missing?: readonly string[]
  readonly degraded?: Degraded
  readonly error?: TuttiError
  readonly status?: RunStatus
  readonly executionMs?: number
  readonly synthesisMs?: number
}

/** When a run ended, and whether it was stopped. */
export interface EndingFacts {
  /** Whether it came as a request: then it has an answer in any case. */
  readonly isRequest: boolean
  /** Aborted when the run was stopped; the reason says why. */
  readonly signal: AbortSignal
  readonly totalMs: number
  /** Of a run that had one. */
  readonly budget?: BudgetReport
  /** ISO 8601 UTC with milliseconds. */
  readonly endedAt: string
}

/** The record so far as the final response. */
export function endResponse(record: Response, ending: Ending, facts: EndingFacts): Response {
  const { signal, isRequest, totalMs, endedAt, budget } = facts
  const stop = signal.aborted ? toTuttiError(signal.reason, 'cancelled') : undefined
  const isCancelled = stop?.code === 'cancelled'
  // Being cancelled is no failure; whatever else stopped the run says more than what that broke.
  const isOverBudget = budget?.exceeded !== undefined && stop === undefined
  const shortage = isOverBudget ? budgetFailure(record, budget) : undefined
  const error = isCancelled ? undefined : (stop ?? ending.error ?? shortage)
  const failure: ErrorInfo | undefined = error === undefined ? undefined : errorInfo(error)
  const status = isCancelled
    ? 'cancelled'
    : (ending.status ??
      runStatus(record, {
        failed: error !== undefined && !(isOverBudget && error.code === 'budget_exceeded'),
        missing: ending.missing,
        isOverBudget,
      }))
  const errors = runErrors(record, failure)
  return {
    ...record,
    status,
    answer: ending.answer ?? (isRequest ? unfinishedAnswer(record, status, failure) : null),
    ...(ending.outputs !== undefined && { outputs: ending.outputs }),
    timings: {
      planningMs: record.timings.planningMs,
      executionMs: ending.executionMs ?? 0,
      synthesisMs: ending.synthesisMs ?? 0,
      ...(record.timings.firstStepMs !== undefined && { firstStepMs: record.timings.firstStepMs }),
      totalMs,
    },
    ...joinDegraded(ending.degraded ?? record.degraded, valuesThatStandIn(record)),
    ...(ending.missing !== undefined && { missing: ending.missing }),
    ...(isOverBudget && { stopReason: 'budget' as const }),
    ...(budget !== undefined && { budget }),
    ...(errors.length > 0 && { errors }),
    endedAt,
  }
}

/** Steps whose output is a declared value: readers of the answer should know. */
function valuesThatStandIn({ steps }: Response): Degraded | undefined {
  const names = steps.flatMap((step) => (step.degraded === true && isOfPlan(step) ? [`"${step.name}"`] : []))
  if (names.length === 0) return undefined
  const shown = names.length > 5 ? [...names.slice(0, 5), `${names.length - 5} more`] : names
  return { reason: `A declared value stands in for the result of ${shown.join(', ')}.`, way: 'fallback-value' }
}
