// What runs look like in answers: as a stream of events, or as accepted.
import type { Caller } from './access.ts'
import { jsonResponse, type ServerParts } from './route.ts'
import { SSE_CONTENT_TYPE, streamEvents } from './sse.ts'

/** Whose runs may be seen; without a principal, all. */
export interface RunScope {
  readonly principal?: string
}

/** An admin sees the runs of every principal. */
export const scopeOf = (caller: Caller): RunScope => (caller.role === 'admin' ? {} : { principal: caller.principal })

export interface RunAnswers {
  /** Server-sent events from this seq to run-end. */
  follow(runId: string, fromSeq: number, scope: RunScope): Response
  /** 202 with the status of now. */
  accepted(runId: string, scope: RunScope): Promise<Response>
}

export function createRunAnswers({ orchestrator: { runs }, clock, log }: ServerParts): RunAnswers {
  return {
    follow(runId, fromSeq, scope) {
      const reading = new AbortController()
      const events = runs.events(runId, { ...scope, fromSeq, signal: reading.signal })
      const stream = streamEvents(events, { clock, log, onClose: () => reading.abort() })
      const headers = {
        'content-type': SSE_CONTENT_TYPE,
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
      }
      return new Response(stream, { headers })
    },
    async accepted(runId, scope) {
      const status = (await runs.get(runId, scope))?.status ?? 'queued'
      return jsonResponse({ run_id: runId, status }, 202, { location: `/runs/${runId}` })
    },
  }
}
