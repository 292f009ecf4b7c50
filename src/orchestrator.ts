// The coordinator: get a plan, run it, synthesize, end. It decides order and does no work; every fact goes out as an event.
import type { CompiledPlan, PreparedPlan, Scope } from './contracts/compiled.ts'
import type { SegmentEnd } from './contracts/engine.ts'
import { TuttiError, toTuttiError } from './contracts/errors.ts'
import type { JsonObject } from './contracts/json.ts'
import type {
  CapabilityProvider,
  CatalogView,
  Clock,
  Executor,
  PlanEvent,
  Planner,
  RunHandle,
  Synthesizer,
  Turn,
} from './contracts/parts.ts'
import type { Issue, PlanDocument } from './contracts/plan.ts'
import type { Response } from './contracts/run.ts'
import { evaluateOutputs } from './plan/outputs.ts'
import { type Ending, endResponse, joinDegraded, joinMissing } from './record/ending.ts'
import { limitRun } from './record/run-limit.ts'
import { isHealthy } from './util/is-healthy.ts'

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
  readonly metadata?: JsonObject
}

export function createCoordinator(parts: OrchestratorParts): Coordinator {
  const { clock, view } = parts

  const plan = async ({
    emit,
    signal,
    runId,
    request,
    principal,
    turns,
    metadata,
  }: PlanHandle): Promise<PlannedEvent> => {
    const begun = clock.now()
    const about = metadata === undefined ? {} : { metadata }
    const { offered, hidden } = await parts.provider.offer({ request, principal, signal, ...about })
    emit({ type: 'plan-start', offered: offered.length, hidden: hidden.length })
    const widen = async (words: string): Promise<typeof offered> =>
      (await parts.provider.offer({ request: words, principal, signal, ...about })).offered
    for await (const event of parts.planner.plan({
      request,
      runId,
      principal,
      turns,
      ...about,
      offered,
      widen,
      view,
      signal,
      emit,
    })) {
      if (event.type === 'delta') emit({ type: 'plan-delta', delta: event.text })
      if (event.type !== 'document') continue
      const { document, issues, way, degraded } = event
      emit({
        type: 'plan-end',
        document,
        way,
        issues,
        durationMs: clock.now() - begun,
        ...(degraded !== undefined && { degraded }),
      })
      return event
    }
    throw new TuttiError('internal', 'The planner ended without a document.')
  }

  const executePlan = async (
    handle: RunHandle,
    prepared: PreparedPlan,
  ): Promise<Pick<Ending, 'outputs' | 'missing' | 'executionMs'>> => {
    const begun = clock.now()
    const { run } = handle
    await parts.executor.execute(
      {
        runId: run.runId,
        principal: run.principal,
        request: run.request ?? prepared.document.description ?? null,
        startedAt: handle.startedAt(),
        inputs: handle.liveInputs,
        secrets: handle.secrets,
        signal: handle.signal,
        emit: handle.emit,
        flush: handle.flush,
        view,
        settled: handle.settled,
        headers: parts.headersOf(handle),
        ...(run.maxConcurrency !== undefined && { maxConcurrency: run.maxConcurrency }),
      },
      { plan: prepared.compiled },
    )
    const executionMs = clock.now() - begun
    return { ...outputsOf(handle, prepared.compiled), executionMs }
  }

  /** Outputs are read from the record, where secrets are already replaced. */
  const outputsOf = (handle: RunHandle, compiled: CompiledPlan): Pick<Ending, 'outputs' | 'missing'> => {
    if (compiled.outputs === undefined) return {}
    const { run } = handle
    const scope: Scope = {
      inputs: run.inputs,
      run: { id: run.runId, request: run.request ?? null, started_at: handle.startedAt() },
      step: (name) => handle.view(name),
      component: (name) => {
        const component = view.component(name)
        return component === undefined ? undefined : { healthy: isHealthy(component) }
      },
      secret: () => undefined,
    }
    return evaluateOutputs(compiled, scope)
  }

  const synthesize = async (
    handle: RunHandle,
    request: string,
    turns: readonly Turn[],
    ending: Ending,
  ): Promise<Ending> => {
    const begun = clock.now()
    const record: Response = {
      ...handle.snapshot(),
      ...(ending.outputs !== undefined && { outputs: ending.outputs }),
      ...(ending.missing !== undefined && { missing: ending.missing }),
    }
    for await (const event of parts.synthesizer.synthesize({
      request,
      runId: handle.run.runId,
      turns,
      record,
      signal: handle.signal,
      emit: handle.emit,
    })) {
      if (event.type === 'delta') handle.emit({ type: 'answer-delta', delta: event.text })
      else
        return {
          ...ending,
          answer: event.answer,
          ...joinDegraded(ending.degraded, event.degraded),
          synthesisMs: clock.now() - begun,
        }
    }
    throw new TuttiError('internal', 'The synthesizer ended without an answer.')
  }

  const runRequest = async (handle: RunHandle, request: string): Promise<Ending> => {
    const { runId, principal, threadId } = handle.run
    const turns = threadId === undefined ? [] : parts.threads.turns(principal, threadId)
    const { metadata } = handle.run
    const planned = await plan({
      emit: handle.emit,
      signal: handle.signal,
      runId,
      request,
      principal,
      turns,
      ...(metadata !== undefined && { metadata }),
    })
    const { document, issues, degraded } = planned
    const missing = document.missing === undefined || document.missing.length === 0 ? undefined : document.missing
    const found: Ending = { ...(missing !== undefined && { missing }), ...(degraded !== undefined && { degraded }) }
    if (issues.some((issue) => issue.severity === 'error'))
      return { ...found, status: 'failed', error: invalidPlan(issues) }
    if (document.steps.length === 0) {
      const answer = document.reason ?? 'Nothing that is registered here can serve this request.'
      handle.emit({ type: 'answer-delta', delta: answer })
      if (threadId !== undefined) parts.threads.add(principal, threadId, { request, answer })
      return { ...found, status: 'partial', answer }
    }
    const prepared = await parts.prepare(document)
    const executed = await executePlan(handle, prepared)
    const ending: Ending = { ...found, ...executed, ...joinMissing(missing, executed.missing) }
    if (handle.signal.aborted) return ending
    // The same request is planned anew: the same plan would most likely fail the same way.
    if (handle.snapshot().steps.every(({ status }) => status !== 'succeeded'))
      parts.planner.evict?.({ request, principal, turns, view, ...(metadata !== undefined && { metadata }) })
    const done = await synthesize(handle, request, turns, ending)
    if (threadId !== undefined && done.answer !== undefined)
      parts.threads.add(principal, threadId, { request, answer: done.answer })
    return done
  }

  const runDocument = async (handle: RunHandle, prepared: PreparedPlan): Promise<Ending> => {
    const { document, issues } = prepared
    handle.emit({ type: 'plan-end', document, way: 'given', issues, durationMs: 0 })
    if (document.steps.length === 0) {
      return {
        status: 'partial',
        ...(document.reason !== undefined && { answer: document.reason }),
        ...(document.missing !== undefined && { missing: document.missing }),
      }
    }
    return await executePlan(handle, prepared)
  }

  const work = async (handle: RunHandle): Promise<Ending> => {
    try {
      handle.signal.throwIfAborted()
      if (handle.run.request !== undefined) return await runRequest(handle, handle.run.request)
      if (handle.prepared !== undefined) return await runDocument(handle, handle.prepared)
      if (handle.run.document !== undefined) return await runDocument(handle, await parts.prepare(handle.run.document))
      throw new TuttiError('internal', `Run "${handle.run.runId}" has neither a request nor a document.`)
    } catch (thrown) {
      return { error: toTuttiError(handle.signal.aborted ? handle.signal.reason : thrown) }
    }
  }

  return {
    plan,
    async conduct(handle) {
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
      const limited = limitRun(handle, clock)
      const ending = await orLeft(work(limited.handle), handle.signal)
      limited.stop()
      const facts = {
        isRequest: run.request !== undefined,
        signal: handle.signal,
        totalMs: clock.now() - begunAt,
        endedAt: clock.timestamp(),
      }
      handle.emit({ type: 'run-end', response: endResponse(handle.snapshot(), ending, facts) })
      return 'ended'
    },
  }
}

/** What does not heed the abort (a part of the caller's own) is left behind; what does has its turn first, and says more. */
async function orLeft(work: Promise<Ending>, signal: AbortSignal): Promise<Ending> {
  const left = Promise.withResolvers<Ending>()
  const onAbort = (): void => void setImmediate(() => left.resolve({ error: toTuttiError(signal.reason, 'cancelled') }))
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  const ending = await Promise.race([work, left.promise])
  signal.removeEventListener('abort', onAbort)
  return ending
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
