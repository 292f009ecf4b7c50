// Embeddings of OpenAI and of servers that speak its language, over the official SDK. Vectors come as base64 where the server
// can: half the bytes, and no text of numbers to parse.
import type { Config } from '../contracts/config.ts'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { EmbeddingModel } from '../contracts/model.ts'
import type { Clock, Logger, Random } from '../contracts/parts.ts'
import { type BackoffPolicy, backoffMs } from '../resilience/retry.ts'
import { isJsonObject } from '../util/json.ts'
import { classifyError } from './classify.ts'
import { LONGEST_MODEL_PAUSE_MS } from './model-limits.ts'
import { type Loaded, loadClient } from './openai.ts'
import { vendorSettings } from './registry.ts'
import type { VendorSettings } from './wire-model.ts'

export interface EmbeddingsParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

const BACKOFF: BackoffPolicy = { initialWaitMs: 500, factor: 2, maxWaitMs: 8_000 }
const SETTING = 'capabilities.embeddings'

/**
 * The embedding model that the configuration names (`openai:NAME`); undefined when it names none. Loads no SDK before the
 * first call.
 * @throws TuttiError `invalid_config` for another vendor, a missing name or key
 */
export function createEmbeddings(config: Config, parts: EmbeddingsParts): EmbeddingModel | undefined {
  const spec = config.capabilities.embeddings?.trim()
  if (spec === undefined || spec === '') return undefined
  const [, vendor = '', name = ''] = /^([^:]*):?(.*)$/s.exec(spec) ?? []
  if (vendor.trim().toLowerCase() !== 'openai' || name.trim() === '')
    throw new TuttiError(
      'invalid_config',
      `"${SETTING}" says "${spec}". Write "openai:NAME", such as "openai:text-embedding-3-small"; openai.base_url may be a compatible server.`,
      { details: { setting: SETTING, value: spec } },
    )
  const settings = vendorSettings(config, 'openai', SETTING)
  return createOpenAiEmbeddings({ name: name.trim(), settings, maxAttempts: config.model.maxAttempts }, parts)
}

/** @throws nothing; wrong keys and addresses show at the first call */
function createOpenAiEmbeddings(
  {
    name,
    settings,
    maxAttempts,
  }: { readonly name: string; readonly settings: VendorSettings; readonly maxAttempts: number },
  { clock, random, log }: EmbeddingsParts,
): EmbeddingModel {
  const id = `openai:${name}`
  const { apiKey, baseUrl } = settings
  let loading: Promise<Loaded> | undefined
  const embedOnce = async (texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> => {
    const { sdk, client } = await (loading ??= loadClient(apiKey, baseUrl))
    try {
      const { data } = await client.embeddings.create(
        { model: name, input: [...texts], encoding_format: 'base64' },
        { signal, headers: { 'x-tutti-purpose': 'embed' } },
      )
      return readVectors(id, data, texts.length)
    } catch (thrown) {
      const keyVariable = 'OPENAI_API_KEY'
      throw classifyError(thrown, { sdk, model: id, nowMs: clock.now(), apiKey: apiKey ?? '', keyVariable })
    }
  }
  return {
    // Another server may call another model by the same name.
    id: baseUrl === undefined ? id : `${id}@${new URL(baseUrl).host}`,
    batch: 96,
    async embed(texts, signal) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await embedOnce(texts, signal)
        } catch (thrown) {
          const error = toTuttiError(thrown, 'model_unavailable')
          const asked = typeof error.details.retryAfterMs === 'number' ? error.details.retryAfterMs : undefined
          const mayRepeat = error.retryable && attempt < maxAttempts && !signal.aborted
          if (!mayRepeat || (asked !== undefined && asked > LONGEST_MODEL_PAUSE_MS)) throw error
          const waitMs = backoffMs(BACKOFF, attempt, random, asked)
          log.warn('an embedding call is repeated', { model: id, attempt, code: error.code, waitMs })
          await clock.sleep(waitMs, signal)
        }
      }
    },
  }
}

/** In the order of the texts, whatever the order of the answer. */
function readVectors(id: string, data: unknown, count: number): Float32Array[] {
  const vectors = new Map<unknown, Float32Array>()
  const items: unknown[] = Array.isArray(data) ? data : []
  for (const [i, item] of items.entries()) {
    if (!isJsonObject(item)) continue
    const vector = readVector(item['embedding'])
    if (vector !== undefined) vectors.set(item['index'] ?? i, vector)
  }
  const ordered = Array.from({ length: count }, (_, i) => vectors.get(i))
  const whole = ordered.filter((vector) => vector !== undefined)
  if (whole.length === count) return whole
  throw new TuttiError(
    'model_output_invalid',
    `"${id}" answered with ${vectors.size} usable vectors for ${count} texts. Check that it is an embedding model.`,
    { retryable: false },
  )
}

function readVector(embedding: unknown): Float32Array | undefined {
  if (typeof embedding === 'string') {
    const bytes = Buffer.from(embedding, 'base64')
    if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined
    return new Float32Array(new Uint8Array(bytes).buffer)
  }
  // Servers that know no base64 send the numbers.
  const isNumbers =
    Array.isArray(embedding) && embedding.length > 0 && embedding.every((one) => typeof one === 'number')
  return isNumbers ? Float32Array.from(embedding) : undefined
}
