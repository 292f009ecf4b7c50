// The coordinator: get a plan, run it, synthesize, end. It decides order and does no work; every fact goes out as an event.
import type { PreparedPlan } from './contracts/compiled.ts'
import type { SegmentEnd } from './contracts/engine.ts'
import { TuttiError, toTuttiError } from './contracts/errors.ts'
import type { RunHandle } from './contracts/run-handle.ts'
import { learnFrom } from './coordinator/learn.ts'
import { makePlan, planEnd } from './coordinator/make-plan.ts'
import type { Asked, BoundedRun, OrchestratorParts, PlanHandle, PlannedEvent } from './coordinator/parts.ts'
import { runPlan } from './coordinator/run-plan.ts'
import { runRequest } from './coordinator/run-request.ts'
import { type Ending, endResponse } from './record/ending.ts'
import { limitRun } from './record/run-limit.ts'
import { whenAborted } from './util/abort.ts'

export type { OrchestratorParts, PlanHandle } from './coordinator/parts.ts'

/** @see createCoordinator */
export interface Coordinator {
  /** Chooses capabilities and makes a plan; events of the making go to `handle.emit`. */
  plan(handle: PlanHandle): Promise<PlannedEvent>
  /** One segment of a run, from wherever it is to its end. Never throws. */
  conduct(handle: RunHandle): Promise<SegmentEnd>
}

export function createCoordinator(parts: OrchestratorParts): Coordinator {
  return {
    async plan(handle) {
      const planned = await makePlan(parts, handle)
      handle.emit(planEnd(planned))
      return planned
    },
    conduct: (handle) => conductRun(parts, handle),
  }
}

async function conductRun(parts: OrchestratorParts, handle: RunHandle): Promise<SegmentEnd> {
  const { clock } = parts
  const { run } = handle
  const begunAt = clock.now()
  const name = run.document?.name
  handle.emit({
    type: 'run-start',
    ...(run.request !== undefined && { request: run.request }),
    inputs: run.inputs,
    principal: run.principal,
    ...(run.threadId !== undefined && { threadId: run.threadId }),
    ...(name !== undefined && { name }),
  })
  const budget = run.budget === undefined ? undefined : parts.openBudget?.(handle)
  const limited = limitRun(handle, clock, run.budget?.wallTimeMs === undefined ? undefined : budget)
  const asked = askedOf(parts, run)
  const ending = await orLeft(work(parts, { ...limited, budget }, asked), limited.whole)
  const facts = {
    isRequest: run.request !== undefined,
    signal: handle.signal,
    totalMs: clock.now() - begunAt,
    endedAt: clock.timestamp(),
  }
  const told = budget === undefined ? facts : { ...facts, budget: budget.report() }
  limited.stop()
  budget?.close()
  const response = endResponse(handle.snapshot(), ending, told)
  handle.emit({ type: 'run-end', response })
  if (asked !== undefined) learnFrom(parts, asked, response)
  return 'ended'
}

function askedOf(parts: OrchestratorParts, run: RunHandle['run']): Asked | undefined {
  const { request, principal, threadId, metadata } = run
  if (request === undefined) return undefined
  const turns = threadId === undefined ? [] : parts.threads.turns(principal, threadId)
  return { request, principal, turns, ...(metadata !== undefined && { metadata }) }
}

async function work(parts: OrchestratorParts, bounded: BoundedRun, asked: Asked | undefined): Promise<Ending> {
  const { run, prepared } = bounded.handle
  try {
    bounded.work.throwIfAborted()
    if (asked !== undefined) return await runRequest(parts, bounded, asked)
    if (prepared !== undefined) return await runDocument(parts, bounded, prepared)
    if (run.document !== undefined) return await runDocument(parts, bounded, await parts.prepare(run.document))
    throw new TuttiError('internal', `Run "${run.runId}" has neither a request nor a document.`)
  } catch (thrown) {
    return { error: toTuttiError(bounded.work.aborted ? bounded.work.reason : thrown) }
  }
}

function runDocument(parts: OrchestratorParts, bounded: BoundedRun, prepared: PreparedPlan): Ending | Promise<Ending> {
  const { document, issues } = prepared
  bounded.handle.emit({ type: 'plan-end', document, way: 'given', issues, durationMs: 0 })
  if (document.steps.length > 0) return runPlan(parts, bounded, prepared)
  return {
    status: 'partial',
    ...(document.reason !== undefined && { answer: document.reason }),
    ...(document.missing !== undefined && { missing: document.missing }),
  }
}

/** What does not heed the abort (a part of the caller's own) is left behind; what does has its turn first, and says more. */
function orLeft(work: Promise<Ending>, signal: AbortSignal): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const ignore = whenAborted(signal, () =>
      setImmediate(() => resolve({ error: toTuttiError(signal.reason, 'cancelled') })),
    )
    work.then((ending) => {
      ignore()
      resolve(ending)
    }, reject)
  })
}
