// The coordinator: get a plan, run it, synthesize, end. It decides order and does no work; every fact goes out as an event.

import type { RunBudget } from './contracts/budget.ts'
import type { PreparedPlan } from './contracts/compiled.ts'
import type { SegmentEnd } from './contracts/engine.ts'
import { TuttiError, toTuttiError } from './contracts/errors.ts'
import type { NewRun } from './contracts/journal.ts'
import type {
  CapabilityProvider,
  CatalogView,
  Clock,
  Executor,
  PlanEvent,
  Planner,
  RunContext,
  Synthesizer,
  Turn,
} from './contracts/parts.ts'
import type { Issue, PlanDocument } from './contracts/plan.ts'
import type { RunHandle } from './contracts/run-handle.ts'
import { type Ending, endResponse, joinDegraded, joinMissing } from './record/ending.ts'
import { type LimitedRun, limitRun } from './record/run-limit.ts'
import { readOutputs } from './record/run-outputs.ts'
import type { OpenBudget } from './resilience/budget.ts'
import { whenAborted } from './util/abort.ts'

export interface OrchestratorParts {
  readonly provider: CapabilityProvider
  readonly planner: Planner
  readonly executor: Executor
  readonly synthesizer: Synthesizer
  readonly view: CatalogView
  readonly clock: Clock
  /** Compiles a document that was validated already. */
  readonly prepare: (document: PlanDocument) => Promise<PreparedPlan>
  /** Earlier turns of a thread, and where a new one is kept. */
  readonly threads: {
    turns(principal: string, threadId: string): readonly Turn[]
    add(principal: string, threadId: string, turn: Turn): void
  }
  /** Headers of every component call of a run. */
  readonly headersOf: (handle: RunHandle) => Readonly<Record<string, string>>
  /** The budget of a run that has one. */
  readonly openBudget?: (handle: RunHandle) => OpenBudget | undefined
}

type PlannedEvent = Extract<PlanEvent, { type: 'document' }>

/** @see createCoordinator */
export interface Coordinator {
  /** Chooses capabilities and makes a plan; events of the making go to `handle.emit`. */
  plan(handle: PlanHandle): Promise<PlannedEvent>
  /** One segment of a run, from wherever it is to its end. Never throws. */
  conduct(handle: RunHandle): Promise<SegmentEnd>
}

export type PlanHandle = Pick<RunHandle, 'emit' | 'signal'> & {
  readonly runId: string
  readonly request: string
  readonly principal: string
  readonly turns: readonly Turn[]
  readonly metadata?: NonNullable<NewRun['metadata']>
  readonly budget?: RunBudget
}

/** A run with its limits. */
type BoundedRun = LimitedRun & { readonly budget: OpenBudget | undefined }

export function createCoordinator(parts: OrchestratorParts): Coordinator {
  return {
    plan: (handle) => makePlan(parts, handle),
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
  const ending = await orLeft(work(parts, { ...limited, budget }), limited.whole)
  const facts = {
    isRequest: run.request !== undefined,
    signal: handle.signal,
    totalMs: clock.now() - begunAt,
    endedAt: clock.timestamp(),
  }
  const told = budget === undefined ? facts : { ...facts, budget: budget.report() }
  limited.stop()
  budget?.close()
  handle.emit({ type: 'run-end', response: endResponse(handle.snapshot(), ending, told) })
  return 'ended'
}

async function work(parts: OrchestratorParts, bounded: BoundedRun): Promise<Ending> {
  const { run, prepared } = bounded.handle
  try {
    bounded.work.throwIfAborted()
    if (run.request !== undefined) return await runRequest(parts, bounded, run.request)
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
  if (document.steps.length > 0) return executePlan(parts, bounded, prepared)
  return {
    status: 'partial',
    ...(document.reason !== undefined && { answer: document.reason }),
    ...(document.missing !== undefined && { missing: document.missing }),
  }
}

async function runRequest(parts: OrchestratorParts, bounded: BoundedRun, request: string): Promise<Ending> {
  const { handle, budget } = bounded
  const { runId, principal, threadId, metadata } = handle.run
  const turns = threadId === undefined ? [] : parts.threads.turns(principal, threadId)
  const asked = { request, principal, turns, ...(metadata !== undefined && { metadata }) }
  const { emit } = handle
  const { document, issues, degraded } = await makePlan(parts, {
    ...asked,
    emit,
    runId,
    signal: bounded.work,
    ...(budget !== undefined && { budget }),
  })
  const missing = document.missing === undefined || document.missing.length === 0 ? undefined : document.missing
  const found: Ending = { ...(missing !== undefined && { missing }), ...(degraded !== undefined && { degraded }) }
  if (issues.some((issue) => issue.severity === 'error'))
    return { ...found, status: 'failed', error: invalidPlan(issues) }
  if (document.steps.length === 0) {
    const answer = document.reason ?? 'Nothing that is registered here can serve this request.'
    emit({ type: 'answer-delta', delta: answer })
    if (threadId !== undefined) parts.threads.add(principal, threadId, { request, answer })
    return { ...found, status: 'partial', answer }
  }
  const executed = await executePlan(parts, bounded, await parts.prepare(document))
  const ending: Ending = { ...found, ...executed, ...joinMissing(missing, executed.missing) }
  if (handle.signal.aborted) return ending
  // The same request is planned anew: the same plan would most likely fail the same way.
  if (handle.snapshot().steps.every(({ status }) => status !== 'succeeded'))
    parts.planner.evict?.({ ...asked, view: parts.view })
  const done = await synthesize(parts, bounded, { request, turns, ending })
  if (threadId !== undefined && done.answer !== undefined)
    parts.threads.add(principal, threadId, { request, answer: done.answer })
  return done
}

async function makePlan(parts: OrchestratorParts, handle: PlanHandle): Promise<PlannedEvent> {
  const { clock, view } = parts
  const begun = clock.now()
  const { request, principal, signal, metadata, emit } = handle
  const about = metadata === undefined ? {} : { metadata }
  const { offered, hidden } = await parts.provider.offer({ request, principal, signal, ...about })
  emit({ type: 'plan-start', offered: offered.length, hidden: hidden.length })
  const widen = async (words: string): Promise<typeof offered> =>
    (await parts.provider.offer({ request: words, principal, signal, ...about })).offered
  for await (const event of parts.planner.plan({ ...handle, offered, widen, view })) {
    if (event.type === 'delta') emit({ type: 'plan-delta', delta: event.text })
    if (event.type !== 'document') continue
    const { document, issues, way, degraded } = event
    const durationMs = clock.now() - begun
    emit({ type: 'plan-end', document, way, issues, durationMs, ...(degraded !== undefined && { degraded }) })
    return event
  }
  throw new TuttiError('internal', 'The planner ended without a document.')
}

async function executePlan(
  parts: OrchestratorParts,
  bounded: BoundedRun,
  prepared: PreparedPlan,
): Promise<Pick<Ending, 'outputs' | 'missing' | 'executionMs'>> {
  const { clock, view } = parts
  const begun = clock.now()
  await parts.executor.execute(contextOf(parts, bounded, prepared), { plan: prepared.compiled })
  const executionMs = clock.now() - begun
  return { ...readOutputs(bounded.handle, prepared.compiled, view), executionMs }
}

/** Built key by key: it is made for every run, and most of the last ones are absent. */
function contextOf(parts: OrchestratorParts, { handle, work, budget }: BoundedRun, prepared: PreparedPlan): RunContext {
  const { run } = handle
  const context: { -readonly [K in keyof RunContext]: RunContext[K] } = {
    runId: run.runId,
    principal: run.principal,
    request: run.request ?? prepared.document.description ?? null,
    startedAt: handle.startedAt(),
    inputs: handle.liveInputs,
    secrets: handle.secrets,
    signal: work,
    emit: handle.emit,
    flush: handle.flush,
    view: parts.view,
    settled: handle.settled,
    headers: parts.headersOf(handle),
  }
  const priority = run.priority ?? prepared.document.priority
  if (run.maxConcurrency !== undefined) context.maxConcurrency = run.maxConcurrency
  if (priority !== undefined) context.priority = priority
  if (run.key !== undefined) context.key = run.key
  if (run.deadline !== undefined) context.dueAtMs = Date.parse(run.deadline)
  if (budget !== undefined) context.budget = budget
  return context
}

async function synthesize(
  parts: OrchestratorParts,
  { handle, whole, budget }: BoundedRun,
  { request, turns, ending }: { readonly request: string; readonly turns: readonly Turn[]; readonly ending: Ending },
): Promise<Ending> {
  const { clock } = parts
  const begun = clock.now()
  const { outputs, missing } = ending
  for await (const event of parts.synthesizer.synthesize({
    request,
    runId: handle.run.runId,
    turns,
    record: {
      ...handle.snapshot(),
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
