// Where components come from, as the configuration says it: MCP servers, OpenAPI documents, A2A agents, addresses and files,
// each by a name that becomes the component's (or the source's) name.
import { z } from 'zod'

const text = () => z.string().min(1)
const span = () => z.number().int().min(1).max(2_147_483_647)
const headers = () =>
  z
    .record(z.string(), z.string())
    .optional()
    .describe('Sent to this origin with every request. Values may be `{env: NAME}`.')
const privateAddresses = () =>
  z
    .boolean()
    .optional()
    .describe('Whether private and loopback addresses may be reached. Default: only where the URL itself is one.')

/** What the author of the configuration knows better than the source, by the capability's own name there. */
const capabilityOverrideSchema = z.strictObject({
  effect: z.enum(['read', 'write', 'unknown']).optional(),
  idempotent: z.boolean().optional(),
  approval: z.enum(['always', 'never']).optional(),
  description: z.string().optional(),
  tags: z.array(text()).optional(),
  requires: z.array(text()).optional(),
  timeoutMs: span().optional(),
  hidden: z.boolean().optional().describe('Neither offered nor callable.'),
})
/** What is declared of one capability of a source. */
export type CapabilityOverride = z.output<typeof capabilityOverrideSchema>

const overrides = () =>
  z.record(z.string(), capabilityOverrideSchema).optional().describe('By the name that the source gives it.')

/** One entry of the usual `mcpServers` block. Either `command` (stdio) or `url` (Streamable HTTP). */
const mcpServerSchema = z.strictObject({
  type: z.enum(['stdio', 'http', 'streamable-http', 'sse']).optional().describe('Default: by `command` or `url`.'),
  command: text().optional(),
  args: z.array(z.string()).optional(),
  env: z
    .record(z.string(), z.string())
    .optional()
    .describe('Added to a small safe environment. Values may be `{env: NAME}`.'),
  cwd: text().optional(),
  url: text().optional(),
  headers: headers(),
  timeoutMs: span().optional().describe('One call; progress restarts the clock. Default executor.step_timeout.'),
  disabled: z.boolean().optional(),
  privateAddresses: privateAddresses(),
  tools: overrides(),
})
/** One MCP server. */
export type McpServerSpec = z.output<typeof mcpServerSchema>

/** How an operation of an OpenAPI document is authorised, by the name of the security scheme in the document. */
const openapiAuthSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('key'), value: text().describe('Of an `apiKey` scheme.') }),
  z.strictObject({ type: z.literal('bearer'), token: text() }),
  z.strictObject({ type: z.literal('basic'), username: text(), password: z.string() }),
  z.strictObject({
    type: z.literal('client-credentials'),
    clientId: text(),
    clientSecret: text(),
    tokenUrl: text().optional().describe("Default: the document's."),
    scope: z.string().optional(),
  }),
])
/** The credentials of one security scheme. */
export type OpenapiAuth = z.output<typeof openapiAuthSchema>

/** One OpenAPI 3.0 or 3.1 document: its operations become the capabilities of one component. */
const openapiSourceSchema = z.strictObject({
  url: text().optional().describe('Where the document is; fetched from its own origin only.'),
  file: text().optional().describe('Or a file, JSON or YAML.'),
  server: text().optional().describe("Base URL of the calls. Default: the document's first usable server."),
  serverVariables: z.record(z.string(), z.string()).optional(),
  auth: z.record(z.string(), openapiAuthSchema).optional().describe('By security scheme. Never shown to a model.'),
  headers: headers(),
  include: z.array(text()).min(1).optional().describe('Operation ids, tags or path prefixes. Default: all.'),
  exclude: z.array(text()).min(1).optional(),
  timeoutMs: span().optional(),
  privateAddresses: privateAddresses(),
  operations: overrides(),
})
/** One OpenAPI document. */
export type OpenapiSpec = z.output<typeof openapiSourceSchema>

/** One A2A agent: its skills become the capabilities of one component of kind `agent`. */
const a2aSourceSchema = z.strictObject({
  url: text().describe('Of the agent (its card is at `/.well-known/agent-card.json`) or of the card itself.'),
  headers: headers(),
  timeoutMs: span().optional(),
  privateAddresses: privateAddresses(),
  skills: overrides(),
})
/** One A2A agent. */
export type A2aSpec = z.output<typeof a2aSourceSchema>

/** A component at an address that speaks the component contract (`GET /api/capabilities`). */
const httpSourceSchema = z.strictObject({
  url: z.union([text(), z.array(text()).min(1)]),
  kind: z.enum(['tool', 'agent']).optional(),
  privateAddresses: privateAddresses(),
})

export const sourcesSchema = z.strictObject({
  mcpServers: z.record(z.string(), mcpServerSchema).default({}).describe('MCP servers, the usual block.'),
  openapi: z.record(z.string(), openapiSourceSchema).default({}).describe('OpenAPI documents by component name.'),
  a2a: z.record(z.string(), a2aSourceSchema).default({}).describe('A2A agents by component name.'),
  http: z.record(z.string(), httpSourceSchema).default({}).describe('Components at known addresses.'),
  files: z.array(text()).default([]).describe('Files that list components (YAML or JSON).'),
})
/** Where components come from. */
export type SourcesConfig = z.output<typeof sourcesSchema>
