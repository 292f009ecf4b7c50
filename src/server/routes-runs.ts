// Runs over HTTP: begin, wait, follow, look at, cancel. A connection that closes never ends a run.
import { TuttiError } from '../contracts/errors.ts'
import { ENDED_STATUSES, type Response as RunResponse } from '../contracts/run.ts'
import { responseToWire, summaryToWire } from '../record/wire.ts'
import { createRunAnswers, type RunAnswers, scopeOf } from './answer-run.ts'
import { explanationToWire } from './explanation-wire.ts'
import { type Asked, jsonResponse, type Route, readQuery, type ServerParts } from './route.ts'
import { emptyQuery, listQuery, submitBody, submitQuery } from './schemas.ts'
import { createSubmit } from './submit-run.ts'

const unknownRun = (runId: string): TuttiError =>
  new TuttiError('unknown_run', `There is no run "${runId.slice(0, 100)}". List the runs with GET /runs.`)

export function runRoutes(parts: ServerParts): Route[] {
  const answers = createRunAnswers(parts)
  return [...collectionRoutes(parts, answers), ...singleRunRoutes(parts, answers)]
}

/** Begins and lists runs. */
function collectionRoutes(parts: ServerParts, answers: RunAnswers): Route[] {
  const { runs } = parts.orchestrator
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
      handle: createSubmit(parts, answers),
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
  ]
}

/** Everything about one run, which its own principal or an admin may see. */
function singleRunRoutes({ orchestrator: { runs } }: ServerParts, answers: RunAnswers): Route[] {
  const find = async (asked: Asked): Promise<RunResponse> => {
    const { run_id: runId = '' } = asked.params
    const response = await runs.get(runId, scopeOf(asked.caller))
    if (response === undefined) throw unknownRun(runId)
    return response
  }
  return [
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
      path: '/runs/{run_id}/explanation',
      role: 'read',
      summary: 'The plan of the run: what was to be expected of it, and what happened so far.',
      query: emptyQuery,
      answers: { 200: 'Explanation' },
      problems: [404],
      async handle(asked) {
        const { runId } = await find(asked)
        return jsonResponse(explanationToWire(await runs.explain(runId, scopeOf(asked.caller))))
      },
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
        return answers.follow(runId, last === '' ? 1 : Number(last) + 1, scopeOf(asked.caller))
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
        return answers.accepted(runId, scopeOf(asked.caller))
      },
    },
  ]
}
