// What a route is: one entry of the table that serves requests and is written out as openapi.json.
import type { z } from 'zod'
import type { Orchestrator } from '../contracts/api.ts'
import type { Config } from '../contracts/config.ts'
import type { Clock, Logger } from '../contracts/parts.ts'
import { stringifyJson } from '../util/json.ts'
import type { Caller, Role } from './access.ts'
import { checkShape } from './body.ts'
import type { IdempotentSubmit } from './idempotency.ts'
import type { AnswerName } from './schemas.ts'

/** What every handler may use. */
export interface ServerParts {
  readonly orchestrator: Orchestrator
  readonly config: Config
  readonly log: Logger
  readonly clock: Clock
  readonly idempotency: IdempotentSubmit
  isDraining(): boolean
}

export interface Asked {
  readonly request: Request
  readonly caller: Caller
  /** Decoded; every name of the path is there. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** '' when there is none. Already within its limits. */
  readonly bodyText: string
  /** Aborts when the client has gone. */
  readonly gone: AbortSignal
}

export interface Route {
  readonly method: 'GET' | 'POST'
  /** With `{name}` for a parameter. */
  readonly path: string
  /** `open`: answered without a key, for probes. */
  readonly role: Role | 'open'
  readonly summary: string
  /** Begins work: refused while the server drains. */
  readonly beginsWork?: boolean
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  readonly headers?: Readonly<Record<string, string>>
  /** Status to answer, beside problem documents. `events` and `text` are streams and plain text. */
  readonly answers: Readonly<Record<number, AnswerName | 'events' | 'text'>>
  /** Codes of problem documents that belong to this route in particular. */
  readonly problems?: readonly number[]
  handle(asked: Asked): Promise<Response>
}

/** @throws TuttiError `invalid_request`; a parameter that is given twice counts once, the last */
export const readQuery = <T extends z.ZodType>(schema: T, query: URLSearchParams): z.output<T> =>
  checkShape(schema, Object.fromEntries(query), 'The query')

export function jsonResponse(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(stringifyJson(value), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  })
}
