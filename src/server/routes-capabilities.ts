// GoMind's capability search, served: Go orchestrators point GOMIND_CAPABILITY_SERVICE_URL at us. The text is what they put into
// their prompts, so descriptions of others are kept to one line each, in which nothing can pose as an entry of the list.
import { toOneLine } from '../asking/render-capability.ts'
import type { Capability, Component, OfferedCapability } from '../contracts/capability.ts'
import { formatDuration } from '../util/duration.ts'
import { isJsonObject } from '../util/json.ts'
import { checkShape, parseBody, toJsonObject } from './body.ts'
import { jsonResponse, type Route, type ServerParts } from './route.ts'
import { capabilitiesBody, emptyQuery } from './schemas.ts'

const MAX_NAME = 200
const MAX_DESCRIPTION = 500

export function capabilityRoutes({ orchestrator, clock }: ServerParts): Route[] {
  return [
    {
      method: 'POST',
      path: '/capabilities',
      role: 'read',
      summary:
        "Searches capabilities in GoMind's format: the best, with what they need, as text for a prompt. `threshold` is taken and bounds nothing: the ranks of this search are no similarities.",
      query: emptyQuery,
      body: capabilitiesBody,
      answers: { 200: 'Capabilities' },
      async handle(asked) {
        const { query, metadata, top_k: limit } = checkShape(capabilitiesBody, parseBody(asked.bodyText), 'The body')
        const begun = clock.now()
        const { offered } = await orchestrator.catalog.choose(query, {
          principal: asked.caller.principal,
          limit,
          signal: asked.gone,
          ...(metadata != null && { metadata: toJsonObject(metadata) }),
        })
        const components = [...new Map(offered.map(({ component }) => [component.name, component])).values()]
        const tookMs = Math.max(1, Math.round(clock.now() - begun))
        return jsonResponse({
          capabilities: renderGomindCatalog(offered),
          agent_names: components.map(({ name }) => name),
          agents_found: components.length,
          tools_found: offered.length,
          search_method: 'rank_fusion',
          processing_time: formatDuration(tookMs),
        })
      },
    },
  ]
}

/** The catalogue as GoMind writes it: components in the order of their best capability. */
export function renderGomindCatalog(offered: readonly OfferedCapability[]): string {
  const groups = new Map<string, { readonly component: Component; readonly capabilities: Capability[] }>()
  for (const { component, capability } of offered) {
    const group = groups.get(component.name)
    if (group === undefined) groups.set(component.name, { component, capabilities: [capability] })
    else group.capabilities.push(capability)
  }
  const texts = Array.from(groups.values(), ({ component, capabilities }) => {
    const [instance] = component.instances
    const name = toOneLine(component.name, MAX_NAME)
    const lines = [`Agent: ${name} (ID: ${toOneLine(instance?.id ?? component.name, MAX_NAME)})`]
    // Functions of this process have none.
    if (instance?.address !== undefined) lines.push(`  Address: ${toOneLine(instance.address, MAX_NAME)}`)
    return [...lines, ...capabilities.flatMap(renderGomindCapability), ''].join('\n')
  })
  return `Available Agents and Capabilities:\n\n${texts.map((text) => `${text}\n`).join('')}`
}

function renderGomindCapability({ name, description, inputSchema, outputSchema }: Capability): string[] {
  const properties = isJsonObject(inputSchema['properties']) ? Object.entries(inputSchema['properties']) : []
  const required = new Set<unknown>(Array.isArray(inputSchema['required']) ? inputSchema['required'] : [])
  return [
    `  - Capability: ${toOneLine(name, MAX_NAME)}`,
    `    Description: ${toOneLine(description, MAX_DESCRIPTION)}`,
    ...(properties.length === 0 ? [] : ['    Parameters:']),
    ...properties.map(([input, schema]) => {
      const need = required.has(input) ? ' (required)' : ''
      return `      - ${toOneLine(input, MAX_NAME)}: ${typeOf(schema)}${need} - ${descriptionOf(schema)}`
    }),
    ...(outputSchema === undefined ? [] : [`    Returns: ${typeOf(outputSchema)} - ${descriptionOf(outputSchema)}`]),
  ]
}

function typeOf(schema: unknown): string {
  const type = isJsonObject(schema) ? schema['type'] : undefined
  const types: unknown[] = Array.isArray(type) ? type : [type]
  const first = types.find((one) => one !== 'null')
  return typeof first === 'string' ? toOneLine(first, 40) : 'any'
}

const descriptionOf = (schema: unknown): string =>
  isJsonObject(schema) && typeof schema['description'] === 'string'
    ? toOneLine(schema['description'], MAX_DESCRIPTION)
    : ''
