// A request from its plan to its answer. Steps that only read may begin while the plan is still being written.
import { TuttiError } from '../contracts/errors.ts'
import type { Issue, Step } from '../contracts/plan.ts'
import type { Response } from '../contracts/run.ts'
import type { Ending } from '../record/ending.ts'
import { joinDegraded, joinMissing } from '../record/join.ts'
import { isOfPlan } from '../record/outcome.ts'
import { EarlySteps } from './early-steps.ts'
import { makePlan, planEnd } from './make-plan.ts'
import { mayBeginEarly } from './may-begin-early.ts'
import { type Asked, type BoundedRun, type OrchestratorParts, planningView } from './parts.ts'
import { replansLeft } from './replan.ts'
import { contextOf } from './run-plan.ts'
import { runPlans } from './run-plans.ts'

export async function runRequest(parts: OrchestratorParts, bounded: BoundedRun, asked: Asked): Promise<Ending> {
  const early = earlySteps(parts, bounded)
  try {
    return await planAndRun(parts, bounded, asked, early)
  } finally {
    early?.stop()
  }
}

/** Whoever set a budget wants nothing done that the plan may not need. */
function earlySteps(parts: OrchestratorParts, bounded: BoundedRun): EarlySteps | undefined {
  const { executor, clock, earlyConcurrency, policyOf } = parts
  const { handle, budget } = bounded
  if (earlyConcurrency === undefined || budget !== undefined) return undefined
  const view = planningView(parts, handle.run.principal)
  const limit = Math.max(1, Math.min(earlyConcurrency, handle.run.maxConcurrency ?? Infinity))
  const mayBegin = (step: Step): boolean => mayBeginEarly(step, view, policyOf)
  return new EarlySteps({ executor, mayBegin, clock, handle, limit, context: contextOf(parts, bounded, { steps: [] }) })
}

async function planAndRun(
  parts: OrchestratorParts,
  bounded: BoundedRun,
  asked: Asked,
  early: EarlySteps | undefined,
): Promise<Ending> {
  const { handle, budget } = bounded
  const { runId, threadId } = handle.run
  const { emit } = handle
  const { request, principal, turns } = asked
  const mayRevise = replansLeft(parts, handle) > 0
  const ask = { ...asked, emit, runId, signal: bounded.work, mayRevise, ...(budget !== undefined && { budget }) }
  const planned = await makePlan(parts, ask, early === undefined ? undefined : (written) => early.offer(written))
  const { document, issues, degraded } = planned
  const isInvalid = issues.some((issue) => issue.severity === 'error')
  const begun = early?.settle(isInvalid ? { steps: [] } : document)
  emit(planEnd(planned))
  const missing = document.missing === undefined || document.missing.length === 0 ? undefined : document.missing
  const found: Ending = { ...(missing !== undefined && { missing }), ...(degraded !== undefined && { degraded }) }
  if (isInvalid) return { ...found, status: 'failed', error: invalidPlan(issues) }
  if (document.steps.length === 0) {
    const answer = document.reason ?? 'Nothing that is registered here can serve this request.'
    emit({ type: 'answer-delta', delta: answer })
    if (threadId !== undefined) parts.threads.add(principal, threadId, { request, answer })
    return { ...found, status: 'partial', answer }
  }
  const executed = await runPlans(parts, bounded, asked, { document, begun })
  const ending: Ending = {
    ...found,
    ...executed,
    ...joinDegraded(degraded, executed.degraded),
    ...joinMissing(missing, executed.missing),
  }
  if (handle.signal.aborted) return ending
  const record = handle.snapshot()
  // The same request is planned anew: the same plan would most likely fail the same way.
  if (!record.steps.some((step) => step.status === 'succeeded' && isOfPlan(step)))
    parts.planner.evict?.({ ...asked, view: planningView(parts, principal) })
  const done = await synthesize(parts, bounded, { request, turns, ending, record })
  if (threadId !== undefined && done.answer !== undefined)
    parts.threads.add(principal, threadId, { request, answer: done.answer })
  return done
}

async function synthesize(
  parts: OrchestratorParts,
  { handle, whole, budget }: BoundedRun,
  {
    request,
    turns,
    ending,
    record,
  }: Pick<Asked, 'request' | 'turns'> & { readonly ending: Ending; readonly record: Response },
): Promise<Ending> {
  const { clock } = parts
  const begun = clock.now()
  const { outputs, missing } = ending
  for await (const event of parts.synthesizer.synthesize({
    request,
    runId: handle.run.runId,
    turns,
    record: {
      ...record,
      steps: record.steps.filter(isOfPlan),
      ...(outputs !== undefined && { outputs }),
      ...(missing !== undefined && { missing }),
    },
    signal: whole,
    emit: handle.emit,
    ...(budget !== undefined && { budget }),
  })) {
    if (event.type === 'delta') {
      handle.emit({ type: 'answer-delta', delta: event.text })
      continue
    }
    const { answer, degraded } = event
    return { ...ending, answer, ...joinDegraded(ending.degraded, degraded), synthesisMs: clock.now() - begun }
  }
  throw new TuttiError('internal', 'The synthesizer ended without an answer.')
}

function invalidPlan(issues: readonly Issue[]): TuttiError {
  const errors = issues.filter((issue) => issue.severity === 'error')
  const shown = errors
    .slice(0, 5)
    .map((issue) => issue.message)
    .join(' ')
  return new TuttiError('invalid_plan', `No valid plan was found for the request. ${shown}`, {
    details: { issues: errors },
  })
}
