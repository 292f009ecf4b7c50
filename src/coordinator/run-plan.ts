// A plan and the run it is for are handed to the executor; what comes out of it is read from the record.
import type { PreparedPlan } from '../contracts/compiled.ts'
import type { RunContext } from '../contracts/executor.ts'
import type { Ending } from '../record/ending.ts'
import { readOutputs } from '../record/run-outputs.ts'
import { type BoundedRun, type OrchestratorParts, planningView } from './parts.ts'

/** What is known of some steps already, and whether the plan may be written anew. */
export type PlanState = Partial<Pick<RunContext, 'settled' | 'underway' | 'inputRevisions' | 'replan'>>

export async function runPlan(
  parts: OrchestratorParts,
  bounded: BoundedRun,
  prepared: PreparedPlan,
  state?: PlanState,
): Promise<Pick<Ending, 'outputs' | 'missing' | 'executionMs'>> {
  const { clock, view } = parts
  const begun = clock.now()
  const context = contextOf(parts, bounded, prepared.document)
  await parts.executor.execute(state === undefined ? context : { ...context, ...state }, { plan: prepared.compiled })
  const executionMs = clock.now() - begun
  return { ...readOutputs(bounded.handle, prepared.compiled, view), executionMs }
}

/** Built key by key: it is made for every run, and most of the last ones are absent. */
export function contextOf(
  parts: OrchestratorParts,
  { handle, work, budget }: BoundedRun,
  document: PreparedPlan['document'],
): RunContext {
  const { run } = handle
  const context: { -readonly [K in keyof RunContext]: RunContext[K] } = {
    runId: run.runId,
    principal: run.principal,
    request: run.request ?? document.description ?? null,
    startedAt: handle.startedAt(),
    inputs: handle.liveInputs,
    secrets: handle.secrets,
    signal: work,
    emit: handle.emit,
    flush: handle.flush,
    // What the planner was not shown nobody calls for it: not as "any that offers it", nor in the place of what failed.
    view:
      run.document === undefined
        ? planningView(parts, run.principal)
        : (parts.permittedView?.(run.principal) ?? parts.view),
    settled: handle.settled,
    headers: parts.headersOf(handle),
  }
  const priority = run.priority ?? document.priority
  if (run.maxConcurrency !== undefined) context.maxConcurrency = run.maxConcurrency
  if (priority !== undefined) context.priority = priority
  if (run.key !== undefined) context.key = run.key
  if (run.deadline !== undefined) context.dueAtMs = Date.parse(run.deadline)
  if (budget !== undefined) context.budget = budget
  return context
}
