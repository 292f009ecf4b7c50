// What a run's record amounts to: its status, its errors, and what to say when no answer was made.
import type { ErrorInfo } from '../contracts/errors.ts'
import type { Response, RunStatus } from '../contracts/run.ts'

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

/** The status of an ended run that was not cancelled. */
export function runStatus(
  record: Response,
  facts: { readonly failed: boolean; readonly missing: readonly string[] | undefined },
): RunStatus {
  const covered = coveredSteps(record)
  let succeeded = 0
  let failed = facts.failed ? 1 : 0
  for (const step of record.steps) {
    if (step.status === 'succeeded') succeeded++
    else if (step.status === 'failed' && !covered.has(step.name)) failed++
    else if (
      step.status === 'skipped' &&
      (step.skipReason === 'dependency-failed' || step.skipReason === 'run-stopped') &&
      !covered.has(step.name)
    )
      failed++
    else if (step.status === 'cancelled') failed++
  }
  if (failed > 0) return succeeded === 0 || failsWhole(record) ? 'failed' : 'partial'
  return (facts.missing?.length ?? 0) > 0 ? 'partial' : 'succeeded'
}

/** The run's own error first, then each failed step's, with its name. */
export function runErrors(
  record: Response,
  failure: ErrorInfo | undefined,
): (ErrorInfo & { readonly step?: string })[] {
  const errors: (ErrorInfo & { readonly step?: string })[] = failure === undefined ? [] : [failure]
  for (const step of record.steps)
    if (step.error !== undefined && step.status !== 'cancelled') errors.push({ step: step.name, ...step.error })
  return errors
}

/** An honest sentence for a request whose answer was never made. */
export function unfinishedAnswer(record: Response, status: RunStatus, failure: ErrorInfo | undefined): string {
  const done = record.steps.filter((step) => step.status === 'succeeded').length
  const reached =
    record.steps.length === 0 ? 'Nothing had been called.' : `${done} of ${record.steps.length} steps had succeeded.`
  if (status === 'cancelled') return `The run was cancelled before an answer was made. ${reached}`
  return failure === undefined ? `No answer was made. ${reached}` : `${failure.message} ${reached}`
}
