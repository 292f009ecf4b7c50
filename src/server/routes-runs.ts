// Runs over HTTP: begin, wait, follow, look at, cancel. A connection that closes never ends a run.
import type { z } from 'zod'
import type { RequestOptions, RunAsk } from '../contracts/api.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { JsonObject } from '../contracts/json.ts'
import { ENDED_STATUSES } from '../contracts/run.ts'
import { responseToWire, summaryToWire } from '../record/wire.ts'
import { parseDuration } from '../util/duration.ts'
import { isJsonObject } from '../util/json.ts'
import type { Caller } from './access.ts'
import { checkShape, parseBody } from './body.ts'
import { type Asked, jsonResponse, type Route, readQuery, type ServerParts } from './route.ts'
import { emptyQuery, listQuery, submitBody, submitQuery } from './schemas.ts'
import { SSE_CONTENT_TYPE, streamEvents } from './sse.ts'

type SubmitBody = z.output<typeof submitBody>

/** Trace context and the depth of orchestrators calling orchestrators go on to the components. */
const PASSED_HEADERS = ['traceparent', 'tracestate', 'baggage', 'x-tutti-depth']

/** An admin sees the runs of every principal. */
const scopeOf = (caller: Caller): { readonly principal?: string } =>
  caller.role === 'admin' ? {} : { principal: caller.principal }

const unknownRun = (runId: string): TuttiError =>
  new TuttiError('unknown_run', `There is no run "${runId.slice(0, 100)}". List the runs with GET /runs.`)

function readAsk(body: SubmitBody): { ask: RunAsk; kind?: 'plan' | 'workflow' } {
  if (body.request !== undefined) return { ask: { request: body.request } }
  const kind = body.plan === undefined ? 'workflow' : 'plan'
  const document = body.plan ?? body.workflow
  if (typeof document !== 'string') return { ask: { document: toObject(document) }, kind }
  if (/^[^\n:{}]*$/.test(document.trim())) {
    throw new TuttiError(
      'not_supported',
      `Workflows cannot be run by their name yet. Send the document itself in "${kind}".`,
    )
  }
  return { ask: { document }, kind }
}

function toObject(value: unknown): JsonObject {
  if (isJsonObject(value)) return value
  throw new TuttiError('invalid_request', 'The document must be an object, or YAML text.')
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
  const timeoutMs = body.options?.timeout === undefined ? undefined : parseDuration(body.options.timeout)
  const headers: Record<string, string> = {}
  for (const name of PASSED_HEADERS) {
    const value = asked.request.headers.get(name)
    if (value !== null) headers[name] = value
  }
  return {
    principal: asked.caller.principal,
    headers,
    ...(kind !== undefined && { documentKind: kind }),
    ...(body.inputs !== undefined && { inputs: toObject(body.inputs) }),
    ...(body.options?.thread_id !== undefined && { threadId: body.options.thread_id }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(body.options?.max_concurrency !== undefined && { maxConcurrency: body.options.max_concurrency }),
  }
}

/** `Prefer: wait` has no bound of ours; `wait=N` waits N seconds at most. undefined: do not wait. */
function readPatience(prefer: string | null, waitQuery: string): number | undefined {
  const preference = /(?:^|[,;])\s*wait(?:\s*=\s*"?(\d{1,9})"?)?\s*(?:$|[,;])/i.exec(prefer ?? '')
  if (preference?.[1] !== undefined) return Math.min(Number(preference[1]) * 1000, 2_147_483_647)
  return preference !== null || waitQuery === 'true' ? Infinity : undefined
}

const wantsEvents = (request: Request): boolean => (request.headers.get('accept') ?? '').includes('text/event-stream')

export function runRoutes(parts: ServerParts): Route[] {
  const { orchestrator, clock, log } = parts
  const { runs } = orchestrator

  const follow = (runId: string, fromSeq: number, scope: { readonly principal?: string }): Response => {
    const reading = new AbortController()
    const events = runs.events(runId, { ...scope, fromSeq, signal: reading.signal })
    const stream = streamEvents(events, { clock, log, onClose: () => reading.abort() })
    const headers = {
      'content-type': SSE_CONTENT_TYPE,
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    }
    return new Response(stream, { headers })
  }
  const accepted = async (runId: string, scope: { readonly principal?: string }): Promise<Response> => {
    const status = (await runs.get(runId, scope))?.status ?? 'queued'
    return jsonResponse({ run_id: runId, status }, 202, { location: `/runs/${runId}` })
  }
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
      if (patience.signal.aborted) return await accepted(runId, scope)
      throw error
    } finally {
      asked.gone.removeEventListener('abort', stop)
      if (patienceMs !== Infinity) cancelTimer()
    }
  }
  const submit = async (asked: Asked): Promise<Response> => {
    const { wait } = readQuery(submitQuery, asked.query)
    const body = checkShape(submitBody, parseBody(asked.bodyText), 'The body')
    const { ask, kind } = readAsk(body)
    const work = () => runs.submit(ask, readOptions({ body, kind, asked }))
    const key = asked.request.headers.get('idempotency-key')
    const { principal } = asked.caller
    const { runId } =
      key === null ? await work() : await parts.idempotency.submit({ principal, key, body: asked.bodyText }, work)
    if (wantsEvents(asked.request)) return follow(runId, 1, { principal })
    const patience = readPatience(asked.request.headers.get('prefer'), wait)
    return patience === undefined ? accepted(runId, { principal }) : waitFor(runId, patience, asked)
  }
  const find = async (asked: Asked) => {
    const { run_id: runId = '' } = asked.params
    const response = await runs.get(runId, scopeOf(asked.caller))
    if (response === undefined) throw unknownRun(runId)
    return response
  }

  return [
    {
      method: 'POST',
      path: '/runs',
      role: 'run',
      summary:
        'Runs a request, a plan or a workflow. With `Prefer: wait` or `?wait=true` the final response, with `Accept: text/event-stream` the events.',
      beginsWork: true,
      query: submitQuery,
      body: submitBody,
      headers: {
        'Idempotency-Key': 'The same key with the same body is the same run.',
        Prefer: '`wait`, or `wait=SECONDS`.',
      },
      answers: { 200: 'Run', 202: 'Accepted' },
      problems: [409, 422],
      handle: submit,
    },
    {
      method: 'GET',
      path: '/runs',
      role: 'read',
      summary: 'Lists runs, the newest first.',
      query: listQuery,
      answers: { 200: 'RunList' },
      async handle(asked) {
        const { limit, status, cursor } = readQuery(listQuery, asked.query)
        const page = await runs.list({
          ...scopeOf(asked.caller),
          limit,
          ...(status !== undefined && { status }),
          ...(cursor !== undefined && { cursor }),
        })
        return jsonResponse({ items: page.items.map(summaryToWire), next_cursor: page.nextCursor })
      },
    },
    {
      method: 'GET',
      path: '/runs/{run_id}',
      role: 'read',
      summary: 'The response as far as the run has come.',
      query: emptyQuery,
      answers: { 200: 'Run' },
      problems: [404],
      handle: async (asked) => jsonResponse(responseToWire(await find(asked))),
    },
    {
      method: 'GET',
      path: '/runs/{run_id}/events',
      role: 'read',
      summary: 'The events as server-sent events, the past ones first; ends after run-end.',
      headers: { 'Last-Event-ID': 'Begins after this seq.' },
      query: emptyQuery,
      answers: { 200: 'events' },
      problems: [404],
      async handle(asked) {
        const last = asked.request.headers.get('last-event-id')?.trim() ?? ''
        if (!/^\d{0,15}$/.test(last))
          throw new TuttiError('invalid_request', 'The Last-Event-ID must be the seq of an event: a whole number.')
        const { runId } = await find(asked)
        return follow(runId, last === '' ? 1 : Number(last) + 1, scopeOf(asked.caller))
      },
    },
    {
      method: 'GET',
      path: '/runs/{run_id}/steps/{step}/output',
      role: 'read',
      summary: 'The output of one step, as the component gave it.',
      query: emptyQuery,
      answers: { 200: 'Any' },
      problems: [404, 409],
      async handle(asked) {
        const response = await find(asked)
        const step = response.steps.find((record) => record.name === asked.params.step)
        if (step === undefined)
          throw new TuttiError('not_found', `The run has no step "${(asked.params.step ?? '').slice(0, 100)}".`)
        if (step.status !== 'succeeded')
          throw new TuttiError('conflict', `The step "${step.name}" has no output: it is ${step.status}.`)
        return jsonResponse(step.output ?? null)
      },
    },
    {
      method: 'POST',
      path: '/runs/{run_id}/cancel',
      role: 'run',
      summary: 'Cancels a run: running calls are aborted, no new step starts.',
      query: emptyQuery,
      answers: { 202: 'Accepted' },
      problems: [404, 409],
      async handle(asked) {
        const { runId, status } = await find(asked)
        if (ENDED_STATUSES.has(status))
          throw new TuttiError('conflict', `Run "${runId}" has ended already: it is ${status}.`)
        await runs.cancel(runId, { ...scopeOf(asked.caller), reason: `Cancelled by "${asked.caller.principal}".` })
        return accepted(runId, scopeOf(asked.caller))
      },
    },
  ]
}
