// POST /runs: what is to be run, how long the caller will wait, and that the same key is the same run.
import type { z } from 'zod'
import type { RequestOptions, RunAsk } from '../contracts/api.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { BudgetSpec } from '../contracts/policy.ts'
import { responseToWire } from '../record/wire.ts'
import { parseDuration } from '../util/duration.ts'
import type { RunAnswers } from './answer-run.ts'
import { checkShape, parseBody, toJsonObject } from './body.ts'
import { type Asked, jsonResponse, readQuery, type ServerParts } from './route.ts'
import { submitBody, submitQuery } from './schemas.ts'

type SubmitBody = z.output<typeof submitBody>

/** Trace context and the depth of orchestrators calling orchestrators go on to the components. */
const PASSED_HEADERS = ['traceparent', 'tracestate', 'baggage', 'x-tutti-depth']

function readAsk(body: SubmitBody): { ask: RunAsk; kind?: 'plan' | 'workflow' } {
  if (body.request !== undefined) return { ask: { request: body.request } }
  const kind = body.plan === undefined ? 'workflow' : 'plan'
  const document = body.plan ?? body.workflow
  if (typeof document !== 'string') return { ask: { document: toJsonObject(document) }, kind }
  if (/^[^\n:{}]*$/.test(document.trim())) {
    throw new TuttiError(
      'not_supported',
      `Workflows cannot be run by their name yet. Send the document itself in "${kind}".`,
    )
  }
  return { ask: { document }, kind }
}

function readOptions({
  body,
  kind,
  asked,
}: {
  body: SubmitBody
  kind: 'plan' | 'workflow' | undefined
  asked: Asked
}): RequestOptions {
  const { options = {} } = body
  const { principal } = asked.caller
  const timeoutMs = options.timeout === undefined ? undefined : parseDuration(options.timeout)
  const dueInMs = options.due_in === undefined ? undefined : parseDuration(options.due_in)
  const headers: Record<string, string> = {}
  for (const name of PASSED_HEADERS) {
    const value = asked.request.headers.get(name)
    if (value !== null) headers[name] = value
  }
  return {
    principal,
    headers,
    ...(kind !== undefined && { documentKind: kind }),
    ...(body.inputs !== undefined && { inputs: toJsonObject(body.inputs) }),
    ...(options.thread_id !== undefined && { threadId: options.thread_id }),
    ...(options.metadata !== undefined && { metadata: toJsonObject(options.metadata) }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(options.max_concurrency !== undefined && { maxConcurrency: options.max_concurrency }),
    ...(options.priority !== undefined && { priority: options.priority }),
    // Below the caller's own: nobody takes the share of another, or leaves their own.
    ...(options.key !== undefined && { key: `${principal}/${options.key}` }),
    ...(dueInMs !== undefined && { dueInMs }),
    ...(options.max_replans !== undefined && { maxReplans: options.max_replans }),
    ...(options.budget !== undefined && { budget: budgetFromWire(options.budget) }),
  }
}

function budgetFromWire(budget: NonNullable<NonNullable<SubmitBody['options']>['budget']>): BudgetSpec {
  const { model_calls: modelCalls, tokens, cost, component_calls: componentCalls } = budget
  const wallTimeMs = budget.wall_time === undefined ? undefined : parseDuration(budget.wall_time)
  return {
    ...(modelCalls !== undefined && { modelCalls }),
    ...(tokens !== undefined && { tokens }),
    ...(cost !== undefined && { cost }),
    ...(wallTimeMs !== undefined && { wallTimeMs }),
    ...(componentCalls !== undefined && { componentCalls }),
  }
}

/** `Prefer: wait` has no bound of ours; `wait=N` waits N seconds at most. undefined: do not wait. */
function readPatience(prefer: string | null, waitQuery: string): number | undefined {
  const preference = /(?:^|[,;])\s*wait(?:\s*=\s*"?(\d{1,9})"?)?\s*(?:$|[,;])/i.exec(prefer ?? '')
  if (preference?.[1] !== undefined) return Math.min(Number(preference[1]) * 1000, 2_147_483_647)
  return preference !== null || waitQuery === 'true' ? Infinity : undefined
}

const wantsEvents = (request: Request): boolean => (request.headers.get('accept') ?? '').includes('text/event-stream')

/** The handler of POST /runs. */
export function createSubmit(parts: ServerParts, answers: RunAnswers): (asked: Asked) => Promise<Response> {
  const {
    orchestrator: { runs },
    clock,
  } = parts
  const waitFor = async (runId: string, patienceMs: number, asked: Asked): Promise<Response> => {
    const scope = { principal: asked.caller.principal }
    const patience = new AbortController()
    const stop = (): void => patience.abort()
    const cancelTimer = patienceMs === Infinity ? stop : clock.after(patienceMs, stop)
    asked.gone.addEventListener('abort', stop, { once: true })
    try {
      const response = await runs.wait(runId, { ...scope, signal: patience.signal })
      return jsonResponse(responseToWire(response), 200, { 'preference-applied': 'wait', location: `/runs/${runId}` })
    } catch (error) {
      if (patience.signal.aborted) return await answers.accepted(runId, scope)
      throw error
    } finally {
      asked.gone.removeEventListener('abort', stop)
      if (patienceMs !== Infinity) cancelTimer()
    }
  }
  return async (asked: Asked): Promise<Response> => {
    const { wait } = readQuery(submitQuery, asked.query)
    const body = checkShape(submitBody, parseBody(asked.bodyText), 'The body')
    const { ask, kind } = readAsk(body)
    const work = () => runs.submit(ask, readOptions({ body, kind, asked }))
    const key = asked.request.headers.get('idempotency-key')
    const { principal } = asked.caller
    const { runId } =
      key === null ? await work() : await parts.idempotency.submit({ principal, key, body: asked.bodyText }, work)
    if (wantsEvents(asked.request)) return answers.follow(runId, 1, { principal })
    const patience = readPatience(asked.request.headers.get('prefer'), wait)
    return patience === undefined ? answers.accepted(runId, { principal }) : waitFor(runId, patience, asked)
  }
}
