// Plans and the catalog over HTTP: nothing here calls a component.
import { checkLockShape } from '../plan/lock.ts'
import { issueToWire } from '../record/wire.ts'
import { checkShape, parseBody, toJsonObject } from './body.ts'
import { findComponent } from './find-component.ts'
import { jsonResponse, type Route, readQuery, type ServerParts } from './route.ts'
import { emptyQuery, planBody, searchQuery, validateBody } from './schemas.ts'
import { componentToWire, offeredToWire, outcomeToWire, sourceToWire } from './wire.ts'

export function planRoutes({ orchestrator }: ServerParts): Route[] {
  return [
    {
      method: 'POST',
      path: '/plans',
      role: 'run',
      summary: 'Makes a plan for a request and runs nothing.',
      beginsWork: true,
      query: emptyQuery,
      body: planBody,
      answers: { 200: 'PlanOutcome' },
      problems: [422, 503],
      async handle(asked) {
        const { request, options } = checkShape(planBody, parseBody(asked.bodyText), 'The body')
        const outcome = await orchestrator.plan(request, {
          principal: asked.caller.principal,
          signal: asked.gone,
          ...(options?.thread_id !== undefined && { threadId: options.thread_id }),
          ...(options?.metadata !== undefined && { metadata: toJsonObject(options.metadata) }),
        })
        return jsonResponse(outcomeToWire(outcome))
      },
    },
    {
      method: 'POST',
      path: '/plans/validate',
      role: 'read',
      summary: 'Checks a plan or a workflow against the catalog.',
      query: emptyQuery,
      body: validateBody,
      answers: { 200: 'Validation' },
      async handle(asked) {
        const { plan, workflow, lock } = checkShape(validateBody, parseBody(asked.bodyText), 'The body')
        const document = plan ?? workflow
        const { valid, issues } = await orchestrator.validate(
          typeof document === 'string' ? document : toJsonObject(document),
          lock === undefined ? {} : { lock: checkLockShape(lock, 'lock') },
        )
        return jsonResponse({ valid, issues: issues.map(issueToWire) })
      },
    },
  ]
}

export function catalogRoutes({ orchestrator }: ServerParts): Route[] {
  const { catalog } = orchestrator
  return [
    {
      method: 'GET',
      path: '/catalog',
      role: 'read',
      summary: 'All components with their capabilities and instances, and the sources they come from.',
      query: emptyQuery,
      answers: { 200: 'Catalog' },
      handle: async ({ caller }) =>
        jsonResponse({
          fingerprint: catalog.fingerprint,
          components: catalog.components(caller).map(componentToWire),
          sources: catalog.sources().map(sourceToWire),
        }),
    },
    {
      method: 'GET',
      path: '/catalog/search',
      role: 'read',
      summary: 'The capabilities that fit a text best, the best first.',
      query: searchQuery,
      answers: { 200: 'SearchResult' },
      async handle(asked) {
        const { q, k, explain } = readQuery(searchQuery, asked.query)
        const { principal } = asked.caller
        if (explain === 'true') {
          const { offered, hidden } = await catalog.choose(q, { principal, limit: k, signal: asked.gone })
          return jsonResponse({ items: offered.map(offeredToWire), hidden })
        }
        const found = await catalog.search(q, { limit: k, principal })
        return jsonResponse({ items: found.map(offeredToWire) })
      },
    },
    {
      method: 'GET',
      path: '/catalog/{component}',
      role: 'read',
      summary: 'One component.',
      query: emptyQuery,
      answers: { 200: 'Component' },
      problems: [404],
      async handle(asked) {
        const { component: name = '' } = asked.params
        return jsonResponse(componentToWire(findComponent(catalog, name, asked.caller)))
      },
    },
  ]
}
