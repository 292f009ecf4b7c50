// The plan of a request is run; where the run allows it, and what happened asks for it, the rest is written anew and run in its place.
import type { PlanDocument } from '../contracts/plan.ts'
import { type Ending } from '../record/ending.ts'
import { joinDegraded, joinMissing } from '../record/join.ts'
import type { Asked, BoundedRun, OrchestratorParts } from './parts.ts'
import { endedSteps, replansLeft, revisePlan, whyReplan } from './replan.ts'
import { type PlanState, runPlan } from './run-plan.ts'

type Executed = Pick<Ending, 'outputs' | 'missing' | 'executionMs' | 'degraded'>

/** @param begun what is known of steps that began early */
export async function runPlans(
  parts: OrchestratorParts,
  bounded: BoundedRun,
  asked: Asked,
  { document, begun }: { readonly document: PlanDocument; readonly begun: PlanState | undefined },
): Promise<Executed> {
  const { handle, work, budget } = bounded
  let prepared = await parts.prepare(document)
  let state = begun
  let carried: PlanState['settled']
  let executionMs = 0
  const run = async (given: PlanState | undefined): Promise<Executed> => {
    const executed = await runPlan(parts, bounded, prepared, given)
    executionMs += executed.executionMs ?? 0
    return { ...executed, executionMs }
  }
  for (let revision = 2; ; revision++) {
    const wishes: string[] = []
    const mayReplan = revision - 1 <= replansLeft(parts, handle)
    const executed = await run(mayReplan ? { ...state, replan: (step) => wishes.push(step) } : state)
    if (!mayReplan || work.aborted) return executed
    const record = handle.snapshot()
    const reason = budget?.exceeded === undefined ? whyReplan(record, wishes, carried) : undefined
    const revised =
      reason === undefined
        ? {}
        : await revisePlan(parts, bounded, asked, { document: prepared.document, record, reason, revision })
    if (revised.prepared === undefined) {
      // What was put off for another plan is done after all.
      const isOver = wishes.length === 0 || work.aborted
      const done = isOver ? executed : await run({ ...state, settled: endedSteps(record, (name) => handle.view(name)) })
      return {
        ...done,
        ...joinDegraded(done.degraded, revised.degraded),
        ...joinMissing(done.missing, revised.missing),
      }
    }
    prepared = revised.prepared
    carried = endedSteps(handle.snapshot(), (name) => handle.view(name))
    const inputRevisions = handle.revisions()
    state = { settled: carried, ...(inputRevisions !== undefined && { inputRevisions }) }
  }
}
