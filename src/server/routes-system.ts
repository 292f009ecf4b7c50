// What operators and their machines ask: is it alive, may it get work, what has it done, what can it do.
import { TuttiError } from '../contracts/errors.ts'
import { PROMETHEUS_CONTENT_TYPE, renderPrometheus } from '../telemetry/prometheus.ts'
import { jsonResponse, type Route, type ServerParts } from './route.ts'
import { anyQuery } from './schemas.ts'

export function systemRoutes(parts: ServerParts, describe: () => Promise<unknown>): Route[] {
  const { orchestrator, config } = parts
  return [
    {
      method: 'GET',
      path: '/health',
      role: 'open',
      summary: 'Whether the process lives, and which parts are away. Always 200.',
      query: anyQuery,
      answers: { 200: 'Health' },
      async handle() {
        const { status, ready, checks } = await orchestrator.health()
        // Answered without a key, so it names states only: messages may speak of addresses.
        const states = Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, check.status]))
        return jsonResponse({ status, ready: ready && !parts.isDraining(), checks: states })
      },
    },
    {
      method: 'GET',
      path: '/ready',
      role: 'open',
      summary: 'Whether new runs are taken.',
      query: anyQuery,
      answers: { 200: 'Ready' },
      problems: [503],
      async handle() {
        if (parts.isDraining()) throw new TuttiError('not_ready', 'The server is shutting down.')
        const { ready } = await orchestrator.health()
        if (!ready)
          throw new TuttiError(
            'not_ready',
            'No source of components is loaded, or the journal cannot be written. GET /health names the part.',
          )
        return jsonResponse({ ready: true })
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      role: config.server.publicMetrics ? 'open' : 'read',
      summary: 'Metrics as Prometheus text.',
      query: anyQuery,
      answers: { 200: 'text' },
      handle: async () =>
        new Response(renderPrometheus(orchestrator.metrics()), {
          headers: { 'content-type': PROMETHEUS_CONTENT_TYPE },
        }),
    },
    {
      method: 'GET',
      path: '/openapi.json',
      role: 'read',
      summary: 'This description.',
      query: anyQuery,
      answers: { 200: 'Any' },
      handle: async () => jsonResponse(await describe()),
    },
  ]
}
