// Where components come from: the program's own tools and sources, and the Redis of the configuration.
import { createLocalSource } from './connectors/local/local-source.ts'
import type { LocalTool } from './connectors/local/tool.ts'
import { createRedisSource } from './connectors/redis/redis-source.ts'
import type { Config } from './contracts/config.ts'
import type { Clock, Logger, Source } from './contracts/parts.ts'
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
  const sources = [...(tools.length > 0 ? [createLocalSource(tools)] : []), ...given]
  const { url, namespaces } = config.redis
  if (url !== undefined)
    sources.push(createRedisSource({ url, namespaces, maxResponseBytes: config.executor.maxResponseBytes, clock, log }))
  for (const { invoker } of sources) invoker.usePolicies?.(policyOf)
  return sources
}
