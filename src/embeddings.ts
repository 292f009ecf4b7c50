// Search by meaning, when an embedding model is configured or brought along: one more view of the catalog's search.
import { createVectorFeed, type VectorFeed } from './catalog/vector-feed.ts'
import type { HealthReport } from './contracts/api.ts'
import type { Config } from './contracts/config.ts'
import type { EmbeddingModel } from './contracts/model.ts'
import type { Clock, Logger, Random } from './contracts/parts.ts'
import { createEmbeddings } from './providers/embeddings-openai.ts'

/** Connects to nothing and reads no file before the first search. @throws TuttiError `invalid_config` */
export function openEmbeddings(
  config: Config,
  own: EmbeddingModel | undefined,
  parts: { readonly clock: Clock; readonly random: Random; readonly log: Logger },
): VectorFeed | undefined {
  const model = own ?? createEmbeddings(config, parts)
  const { embeddingsFile: file } = config.capabilities
  return model === undefined ? undefined : createVectorFeed({ ...parts, model, file })
}

/** For the health report; nothing where there are no embeddings. */
export function checkEmbeddings(feed: VectorFeed | undefined): HealthReport['checks'] {
  if (feed === undefined) return {}
  const { isWell, message } = feed.state()
  return { embeddings: { status: isWell ? 'ok' : 'degraded', message } }
}
