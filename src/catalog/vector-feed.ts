// Search by meaning as one more view: every capability's text as a vector, made once and kept on disk. Nobody waits for it: while
// vectors are missing, or the model is away, the search by words answers alone.
import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { EmbeddingModel } from '../contracts/model.ts'
import type { Clock, Logger } from '../contracts/parts.ts'
import { formatDuration } from '../util/duration.ts'
import { createPace } from '../util/pace.ts'
import type { SearchDocument } from './search-document.ts'
import type { SearchView, ViewFeed, ViewHit } from './search-view.ts'
import { readVectors, writeVectors } from './vector-file.ts'
import { createVectorStore, normalise, type VectorStore } from './vector-store.ts'

export interface VectorFeedParts {
  readonly model: EmbeddingModel
  /** Where vectors are kept between starts; absent: only in memory. */
  readonly file?: string | undefined
  readonly clock: Clock
  readonly log: Logger
}

export interface VectorFeed extends ViewFeed {
  state(): { readonly isWell: boolean; readonly message: string }
  /** Gives up what is being embedded. Resolves when nothing is written any more. */
  close(): Promise<void>
}

/** A request waits so long for its own vector. */
const QUERY_MS = 2_000
const BATCH_MS = 60_000
/** After a failure the model is left alone for so long. */
const REST_MS = 30_000
const DEFAULT_BATCH = 96
const MAX_TEXT = 2_000
const MAX_QUERY = 4_000
const KEPT_QUERIES = 200
const CHARS_PER_TURN = 400_000
/** Vectors of texts that are gone, beyond as many as are in use: descriptions that change at every load must not fill the memory. */
const MAX_GONE = 5_000

/** What is embedded of a capability. Other words, other vectors. */
function textOf({ name, component, description, parameters, examples = [] }: SearchDocument): string {
  const words = name.replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2').replace(/[_.:/-]+/g, ' ')
  const inputs = parameters.length === 0 ? '' : `\nInputs: ${parameters.join(', ')}`
  const asked = examples.length === 0 ? '' : `\nFor example: ${examples.join('; ')}`
  return `${component === '' ? '' : `${component}: `}${words}\n${description}${inputs}${asked}`
    .slice(0, MAX_TEXT)
    .toWellFormed()
}

export function createVectorFeed({ model, file, clock, log }: VectorFeedParts): VectorFeed {
  let store = createVectorStore()
  const queries = new LRUCache<string, Float32Array>({ max: KEPT_QUERIES })
  const closing = new AbortController()
  const batch = Math.max(1, model.batch ?? DEFAULT_BATCH)
  let loaded: Promise<void> | undefined
  let work = Promise.resolve()
  let latest: readonly SearchDocument[] = []
  let missing = 0
  let isUnsaved = false
  let failure: TuttiError | undefined
  let restUntil = 0

  const fail = (thrown: unknown): void => {
    const error = toTuttiError(thrown, 'model_unavailable')
    if (failure?.code !== error.code)
      log.warn('no embeddings for now, capabilities are searched by words', { code: error.code })
    failure = error
    restUntil = clock.now() + REST_MS
  }
  const embed = (texts: readonly string[], withinMs: number, signal?: AbortSignal): Promise<readonly Float32Array[]> =>
    embedWithin({
      model,
      clock,
      texts,
      withinMs,
      signals: signal === undefined ? [closing.signal] : [closing.signal, signal],
    })

  const load = async (): Promise<void> => {
    if (file === undefined) return
    const { trouble } = await readVectors(file, model.id, store)
    if (trouble !== undefined) log.warn(`The file of vectors is made anew as far as needed: ${trouble}.`, { file })
  }
  const save = async (inUse: ReadonlySet<string>): Promise<void> => {
    if (file === undefined || !isUnsaved) return
    isUnsaved = false
    await writeVectors(file, model.id, { store, inUse }).catch((thrown: unknown) => {
      log.warn('vectors could not be kept', { file, error: thrown instanceof Error ? thrown.message : 'unknown' })
    })
  }
  const embedAll = async ({ documents, rows }: Version, wanted: ReadonlyMap<string, Wanted>): Promise<void> => {
    const texts = [...wanted]
    for (let from = 0; from < texts.length; from += batch) {
      // A newer version of the catalog goes on with what this one has.
      if (documents !== latest || closing.signal.aborted) return
      const part = texts.slice(from, from + batch)
      const vectors = await embed(
        part.map(([, { text }]) => text),
        BATCH_MS,
      )
      for (const [i, [key, { positions }]] of part.entries()) {
        const row = store.add(key, vectors[i] as Float32Array)
        if (row === undefined) throw badVectors(model.id)
        for (const position of positions) rows[position] = row
      }
      isUnsaved = true
      missing -= part.length
      failure = undefined
    }
  }
  /** Fills in the rows of one version of the catalog. Ends early when there is a newer one, or the model is away. */
  const fill = async (version: Version): Promise<void> => {
    await (loaded ??= load())
    const { documents, rows } = version
    if (store.size > 2 * documents.length + MAX_GONE) store = await keepUsed(documents, store)
    version.store = store
    const { wanted, inUse } = await findMissing(documents, rows, store)
    missing = wanted.size
    await embedAll(version, wanted).finally(() => save(inUse))
  }
  const start = (version: Version): void => {
    work = work
      .then(() => fill(version))
      .catch((thrown: unknown) => {
        if (closing.signal.aborted) return
        fail(thrown)
        const stop = clock.after(REST_MS, () => {
          if (version.documents === latest && !closing.signal.aborted) start(version)
        })
        closing.signal.addEventListener('abort', stop, { once: true })
      })
  }
  const vectorOf = async (query: string, signal?: AbortSignal): Promise<Float32Array | undefined> => {
    const known = queries.get(query)
    if (known !== undefined || clock.now() < restUntil) return known
    try {
      const [vector] = await embed([query], QUERY_MS, signal)
      const unit = vector && normalise(vector)
      if (unit === undefined) throw badVectors(model.id)
      queries.set(query, unit)
      failure = undefined
      return unit
    } catch (thrown) {
      if (signal?.aborted !== true && !closing.signal.aborted) fail(thrown)
      return undefined
    }
  }

  return {
    name: 'embeddings',
    viewOf(documents): SearchView {
      latest = documents
      const version: Version = { documents, rows: new Int32Array(documents.length).fill(-1), store }
      start(version)
      return {
        name: 'embeddings',
        async rank(query, limit, signal): Promise<readonly ViewHit[]> {
          // Without a single vector there is nothing to compare with.
          if (store.size === 0 || documents.length === 0 || query.trim() === '') return []
          const vector = await vectorOf(query.slice(0, MAX_QUERY).toWellFormed(), signal)
          return vector === undefined ? [] : await version.store.nearest(vector, version.rows, limit)
        },
      }
    },
    state() {
      if (failure !== undefined)
        return { isWell: false, message: `Capabilities are searched by words alone: ${failure.message}` }
      if (missing > 0) return { isWell: true, message: `${model.id}, ${missing} texts still to embed` }
      return { isWell: true, message: `${model.id}, ${store.size} vectors` }
    },
    async close() {
      closing.abort(new TuttiError('cancelled', 'The catalog is closed.'))
      await work
    },
  }
}

/** One version of the catalog: where the vector of each document is. */
interface Version {
  readonly documents: readonly SearchDocument[]
  /** -1 where there is none yet. */
  readonly rows: Int32Array
  store: VectorStore
}

interface Wanted {
  readonly text: string
  readonly positions: number[]
}

/** Texts without a vector, each once; sets the rows of the others. */
async function findMissing(
  documents: readonly SearchDocument[],
  rows: Int32Array,
  store: VectorStore,
): Promise<{ readonly wanted: Map<string, Wanted>; readonly inUse: Set<string> }> {
  const pace = createPace(CHARS_PER_TURN)
  const wanted = new Map<string, Wanted>()
  const inUse = new Set<string>()
  for (const [position, document] of documents.entries()) {
    const text = textOf(document)
    const key = hash('sha1', text, 'base64')
    inUse.add(key)
    const row = store.rowOf(key)
    const twin = wanted.get(key)
    if (row !== undefined) rows[position] = row
    else if (twin !== undefined) twin.positions.push(position)
    else wanted.set(key, { text, positions: [position] })
    const turn = pace(text.length + 200)
    if (turn !== undefined) await turn
  }
  return { wanted, inUse }
}

/** A store without the texts that are gone. */
async function keepUsed(documents: readonly SearchDocument[], store: VectorStore): Promise<VectorStore> {
  const { inUse } = await findMissing(documents, new Int32Array(documents.length), store)
  const smaller = createVectorStore()
  const pace = createPace(2_000)
  for (const [key, row] of store.entries()) {
    if (inUse.has(key)) smaller.add(key, store.vectorAt(row))
    const turn = pace(1)
    if (turn !== undefined) await turn
  }
  return smaller
}

const badVectors = (id: string): TuttiError =>
  new TuttiError('model_output_invalid', `The embedding model "${id}" answered with vectors that cannot be used.`, {
    retryable: false,
  })

async function embedWithin({
  model,
  clock,
  texts,
  withinMs,
  signals,
}: Pick<VectorFeedParts, 'model' | 'clock'> & {
  readonly texts: readonly string[]
  readonly withinMs: number
  readonly signals: readonly AbortSignal[]
}): Promise<readonly Float32Array[]> {
  const late = new AbortController()
  const stop = clock.after(withinMs, () =>
    late.abort(
      new TuttiError(
        'model_timeout',
        `The embedding model "${model.id}" gave no answer in ${formatDuration(withinMs)}.`,
      ),
    ),
  )
  const signal = AbortSignal.any([late.signal, ...signals])
  try {
    // Also for a model that does not heed its signal.
    const vectors = await new Promise<readonly Float32Array[]>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(toTuttiError(signal.reason, 'cancelled')), { once: true })
      if (signal.aborted) reject(toTuttiError(signal.reason, 'cancelled'))
      else model.embed(texts, signal).then(resolve, reject)
    })
    const isWhole = vectors.length === texts.length && vectors.every((vector) => vector instanceof Float32Array)
    if (!isWhole) throw badVectors(model.id)
    return vectors
  } finally {
    stop()
  }
}
