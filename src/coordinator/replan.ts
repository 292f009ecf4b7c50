// Whether the rest of a plan is to be written anew once its steps have ended, and whether what was written in its place is any better.

import type { PreparedPlan, StepView } from '../contracts/compiled.ts'
import { toTuttiError } from '../contracts/errors.ts'
import type { PlanDocument } from '../contracts/plan.ts'
import type { Degraded, Response, StepRecord } from '../contracts/run.ts'
import { diffPlans } from '../plan/diff.ts'
import { hasErrors } from '../plan/issue.ts'
import { isOfPlan } from '../record/outcome.ts'
import { makePlan, planEnd } from './make-plan.ts'
import type { Asked, BoundedRun, OrchestratorParts } from './parts.ts'

/** Failures that no other plan would help: whoever runs this has to. */
const NOT_OF_THE_PLAN: ReadonlySet<string> = new Set([
  'component_unauthorized',
  'budget_exceeded',
  'cancelled',
  'internal',
])
const MAX_NAMED = 5

/**
 * @param wishes steps whose `replan_if` became true
 * @param carried what the plan began with: a failure that was there before was left as it is by whoever wrote the plan
 * @returns in a sentence, of our own words only: what components said stands in the steps
 */
export function whyReplan(
  record: Response,
  wishes: readonly string[],
  carried: ReadonlyMap<string, StepView> | undefined,
): string | undefined {
  const covered = new Set(record.plan?.steps.filter(({ onError }) => onError === 'continue').map(({ name }) => name))
  const failed = record.steps.filter(
    (step) =>
      step.status === 'failed' &&
      isOfPlan(step) &&
      !covered.has(step.name) &&
      !NOT_OF_THE_PLAN.has(step.error?.code ?? '') &&
      carried?.get(step.name)?.status !== 'failed',
  )
  if (failed.length === 0 && wishes.length === 0) return undefined
  const sentences = failed.slice(0, MAX_NAMED).map(({ name, error }) => `Step "${name}" failed (${error?.code ?? ''}).`)
  if (failed.length > MAX_NAMED) sentences.push(`${failed.length - MAX_NAMED} more steps failed.`)
  for (const name of wishes) sentences.push(`Step "${name}" has succeeded, and its replan_if is true.`)
  return sentences.join(' ')
}

/** How many plans may follow the first, if there is somebody who could write one. */
export function replansLeft({ maxReplans, canReplan }: OrchestratorParts, { run }: BoundedRun['handle']): number {
  return (canReplan?.() ?? true) ? (run.maxReplans ?? maxReplans ?? 0) : 0
}

/** What has ended of the plan as it stands. What was skipped for the sake of another plan is still to do. */
export function endedSteps(record: Response, view: (name: string) => StepView | undefined): Map<string, StepView> {
  const ended = new Map<string, StepView>()
  const isEnded = ({ status, skipReason }: StepRecord): boolean =>
    status === 'succeeded' || status === 'failed' || (status === 'skipped' && skipReason !== 'replanned')
  for (const step of record.steps) {
    const own = isOfPlan(step) && isEnded(step) ? view(step.name) : undefined
    if (own !== undefined) ended.set(step.name, own)
  }
  return ended
}

/** The next plan, told as such; or none, and why. */
export type Revised =
  | { readonly prepared: PreparedPlan }
  | { readonly prepared?: never; readonly degraded?: Degraded; readonly missing?: readonly string[] }

const notAnew = (why: string): Revised => ({
  degraded: { reason: `The plan could not be written anew: ${why}`, way: 'earlier-plan' },
})

/** @throws what the planner throws when the run was stopped */
export async function revisePlan(
  parts: OrchestratorParts,
  { handle, work, whole, budget }: BoundedRun,
  asked: Asked,
  revise: {
    readonly document: PlanDocument
    readonly record: Response
    readonly reason: string
    readonly revision: number
  },
): Promise<Revised> {
  const { document, record, reason, revision } = revise
  try {
    const planned = await makePlan(parts, {
      ...asked,
      emit: handle.emit,
      runId: handle.run.runId,
      signal: work,
      revise: { document, steps: record.steps.filter(isOfPlan), reason, revision },
      mayRevise: revision <= replansLeft(parts, handle),
      ...(budget !== undefined && { budget }),
    })
    const [error] = planned.issues.filter(({ severity }) => severity === 'error')
    if (hasErrors(planned.issues)) return notAnew(error?.message ?? 'it is not valid.')
    // What stands in for a model knows nothing of what has happened.
    if (planned.isStandIn) return notAnew(planned.degraded?.reason ?? 'there is no model.')
    if (planned.document.steps.length === 0 || isEqual(document, planned.document))
      return planned.document.missing === undefined ? {} : { missing: planned.document.missing }
    const prepared = await parts.prepare(planned.document)
    handle.emit({ ...planEnd(planned), revision, reason })
    return { prepared }
  } catch (thrown) {
    // When only the time for the work is up, there is some left for the answer.
    if (whole.aborted) throw thrown
    return notAnew(toTuttiError(thrown).message)
  }
}

function isEqual(before: PlanDocument, after: PlanDocument): boolean {
  const { added, changed, removed } = diffPlans(before, after)
  return added.length === 0 && changed.length === 0 && removed.length === 0
}
