// Where components come from: the program's own tools and sources, those that the configuration lists, and its Redis.
import { createLocalSource } from './connectors/local/local-source.ts'
import type { LocalTool } from './connectors/local/tool.ts'
import { createRedisSource } from './connectors/redis/redis-source.ts'
import type { Config } from './contracts/config.ts'
import type { Clock, Logger, Source } from './contracts/parts.ts'
import { createLazySource } from './lazy-source.ts'
import type { PolicyOf } from './util/component-policies.ts'

export interface SourceParts {
  readonly tools: readonly LocalTool[] | undefined
  readonly sources: readonly Source[] | undefined
  readonly config: Config
  readonly policyOf: PolicyOf
  readonly clock: Clock
  readonly log: Logger
}

/** The first that offers a name keeps it. */
export function listSources({ tools = [], sources: given = [], config, policyOf, clock, log }: SourceParts): Source[] {
  const sources = [
    ...(tools.length > 0 ? [createLocalSource(tools)] : []),
    ...given,
    ...listConfigured(config, { clock, log }),
  ]
  const { url, namespaces } = config.redis
  if (url !== undefined)
    sources.push(createRedisSource({ url, namespaces, maxResponseBytes: config.executor.maxResponseBytes, clock, log }))
  for (const { invoker } of sources) invoker.usePolicies?.(policyOf)
  return sources
}

/**
 * In the order of the blocks, then of their entries. An entry's name is the component's; the kind before it keeps the sources apart
 * when two blocks have the same entry. Connectors are loaded by the first load.
 */
function listConfigured({ sources, executor }: Config, parts: Pick<SourceParts, 'clock' | 'log'>): Source[] {
  const common = { ...parts, maxResponseBytes: executor.maxResponseBytes }
  const of = <T>(
    kind: string,
    entries: Readonly<Record<string, T>>,
    open: (name: string, spec: T) => Promise<Source>,
  ) =>
    Object.entries(entries).map(([name, spec]) =>
      createLazySource({ name: `${kind}:${name}`, open: () => open(name, spec) }),
    )
  const servers = Object.entries(sources.mcpServers).filter(([, { disabled }]) => disabled !== true)
  return [
    ...of('mcp', Object.fromEntries(servers), async (name, server) => {
      const { createMcpSource } = await import('./connectors/mcp/mcp-source.ts')
      return createMcpSource({ ...common, name, server })
    }),
    ...of('openapi', sources.openapi, async (name, spec) => {
      const { createOpenapiSource } = await import('./connectors/openapi/openapi-source.ts')
      const source = createOpenapiSource({ ...common, name, spec })
      const skipped = () => source.report().skipped.map(({ operation, reason }) => ({ name: operation, why: reason }))
      return { ...source, discovery: { ...source.discovery, skipped } }
    }),
    ...of('a2a', sources.a2a, async (name, agent) => {
      const { createA2aSource } = await import('./connectors/a2a/a2a-source.ts')
      return createA2aSource({ ...common, name, agent })
    }),
    ...of('http', sources.http, async (name, { url, kind, privateAddresses }) => {
      const { createHttpSource } = await import('./connectors/http/http-source.ts')
      return createHttpSource({
        ...common,
        name,
        url,
        ...(kind !== undefined && { kind }),
        ...(privateAddresses !== undefined && { privateAddresses }),
      })
    }),
    ...[...new Set(sources.files)].map((path) =>
      createLazySource({ name: `file:${path}`, open: () => openFile(path, common) }),
    ),
  ]
}

/** Who writes such a file says where its components are: an inner network is meant then, as with Redis. */
async function openFile(
  path: string,
  { maxResponseBytes, log }: { readonly maxResponseBytes: number; readonly log: Logger },
): Promise<Source> {
  const [{ createFileSource }, { createHttpInvoker }] = await Promise.all([
    import('./connectors/file/file-source.ts'),
    import('./connectors/http/http-invoker.ts'),
  ])
  return createFileSource({ path, invoker: createHttpInvoker({ maxResponseBytes, privateAddresses: true }), log })
}
