// From a route table to an application: who asks, how often, what for; every refusal is a problem document.
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import { createId } from '../util/ids.ts'
import { type Access, type Caller, mayDo } from './access.ts'
import { readText } from './body.ts'
import { problemResponse } from './problem.ts'
import type { RateLimit } from './rate-limit.ts'
import { type Route, readQuery, type ServerParts } from './route.ts'

type AppContext = Context<{ Bindings: HttpBindings }>
export type App = Hono<{ Bindings: HttpBindings }>

export interface AppParts extends ServerParts {
  readonly access: Access
  readonly rateLimit: RateLimit
}

const NOBODY: Caller = { principal: 'nobody', role: 'read' }
const SAFE_HEADERS = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' }

/** A caller's own id is kept when it can stand in a log line. */
function requestIdOf(headers: Headers): string {
  const given = headers.get('x-request-id')
  return given !== null && /^[\w.:-]{1,128}$/.test(given) ? given : createId('req')
}

/** One request to one path, whose routes are given by method. @throws TuttiError for every refusal */
type Dispatch = (c: AppContext, methods: ReadonlyMap<string, Route>) => Promise<Response>

function createDispatch(parts: AppParts): Dispatch {
  const { access, rateLimit, config } = parts
  const identify = (c: AppContext): Caller => {
    const peer = c.env.incoming.socket.remoteAddress
    try {
      return access.identify({ headers: c.req.raw.headers, peer })
    } catch (error) {
      // Guessing keys is slowed down like everything else.
      rateLimit.take(`peer ${peer ?? ''}`)
      throw error
    }
  }
  return async (c, methods) => {
    // HEAD is a GET whose body stays here: probes and load balancers send it.
    const route = methods.get(c.req.method === 'HEAD' ? 'GET' : c.req.method)
    const open = methods.size > 0 && [...methods.values()].every((r) => r.role === 'open')
    const caller = open ? NOBODY : identify(c)
    if (!open) rateLimit.take(`key ${caller.principal}`)
    if (methods.size === 0)
      throw new TuttiError(
        'not_found',
        `There is nothing at "${c.req.path.slice(0, 100)}". GET /openapi.json lists what there is.`,
      )
    if (route === undefined)
      throw new TuttiError(
        'method_not_allowed',
        `${c.req.method.slice(0, 20)} is not possible here; ${[...methods.keys()].join(' and ')} is.`,
      )
    if (route.role !== 'open' && !mayDo(caller.role, route.role)) {
      throw new TuttiError(
        'forbidden',
        `The key "${caller.principal}" has the role ${caller.role}; this needs the role ${route.role}.`,
      )
    }
    if (route.beginsWork === true && parts.isDraining())
      throw new TuttiError('closed', 'The server is shutting down and takes no new work.')
    const query = new URL(c.req.url).searchParams
    if (route.query !== undefined) readQuery(route.query, query)
    const bodyText = route.method === 'GET' ? '' : await readText(c.req.raw, config.server.maxBodyBytes)
    return route.handle({ request: c.req.raw, caller, params: c.req.param(), query, bodyText, gone: c.req.raw.signal })
  }
}

export function createApp(routes: readonly Route[], parts: AppParts): App {
  const app: App = new Hono<{ Bindings: HttpBindings }>()
  const dispatch = createDispatch(parts)

  const answer: Dispatch = async (c, methods) => {
    const requestId = requestIdOf(c.req.raw.headers)
    let response: Response
    try {
      response = await dispatch(c, methods)
    } catch (thrown) {
      const error = toTuttiError(thrown)
      if (error.code === 'internal')
        parts.log.error('a request failed', {
          requestId,
          method: c.req.method,
          path: c.req.path,
          error: error.cause ?? error,
        })
      response = problemResponse(error, requestId, {
        ...(error.code === 'method_not_allowed' && { allow: [...methods.keys()].join(', ') }),
        ...(error.code === 'unauthorized' && { 'www-authenticate': 'Bearer' }),
        // The rest of the body is not read, so the connection cannot be used again.
        ...(error.code === 'payload_too_large' && { connection: 'close' }),
      })
    }
    for (const [name, value] of Object.entries(SAFE_HEADERS))
      if (!response.headers.has(name)) response.headers.set(name, value)
    response.headers.set('x-request-id', requestId)
    if (c.req.method !== 'HEAD') return response
    await response.body?.cancel()
    return new Response(null, response)
  }

  const byPath = new Map<string, Map<string, Route>>()
  for (const route of routes) {
    const methods = byPath.get(route.path) ?? new Map<string, Route>()
    byPath.set(route.path, methods.set(route.method, route))
  }
  for (const [path, methods] of byPath) app.all(path.replace(/\{(\w+)\}/g, ':$1'), (c) => answer(c, methods))
  app.notFound((c) => answer(c, new Map()))
  return app
}
