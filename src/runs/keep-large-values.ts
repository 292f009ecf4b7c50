// Large values in a durable journal: each is put once, as a blob under the digest of its content, and events are written with
// references to it. Who reads the journal gets whole events. A journal that keeps values in memory needs none of this.
import { createHash } from 'node:crypto'
import type { RunEvent } from '../contracts/events.ts'
import type { RunJournal } from '../contracts/journal.ts'
import type { JsonValue } from '../contracts/json.ts'
import { type Exchange, exchangeValues } from '../record/large-values.ts'
import { stringifyJson } from '../util/json.ts'
import { isLarge, LARGE_BYTES, referTo, refOf } from '../util/large-value.ts'

const BLOB = 'blob:'

/** The name of the blob that a value stands for; undefined when it is a value itself. */
function blobOf(value: JsonValue): string | undefined {
  const ref = refOf(value)
  return ref?.startsWith(BLOB) === true ? ref.slice(BLOB.length) : undefined
}

/** The journal itself where it keeps everything in this process, or can keep no blobs. */
export function keepLargeValues(journal: RunJournal, largeBytes = LARGE_BYTES): RunJournal {
  const putBlob = journal.putBlob?.bind(journal)
  const getBlob = journal.getBlob?.bind(journal)
  if (!journal.durable || putBlob === undefined || getBlob === undefined) return journal
  // A value is handed from step to step: it is named once, and put once in each run.
  const names = new WeakMap<object, string>()
  const lastPut = new WeakMap<object, string>()

  const nameOf = (value: JsonValue): string => {
    const isObject = typeof value === 'object' && value !== null
    const known = isObject ? names.get(value) : undefined
    if (known !== undefined) return known
    const name = createHash('sha256').update(stringifyJson(value)).digest('hex').slice(0, 32)
    if (isObject) names.set(value, name)
    return name
  }
  const shorten = (events: readonly RunEvent[], blobs: Map<string, JsonValue>): readonly RunEvent[] => {
    const exchange: Exchange = {
      // What only looks like a reference of ours becomes a blob too: read back, it is what it was.
      wants: (value) => isLarge(value, largeBytes) || blobOf(value) !== undefined,
      give(value) {
        const name = nameOf(value)
        blobs.set(name, value)
        return referTo(BLOB + name, value, largeBytes)
      },
    }
    return events.map((event) => exchangeValues(event, exchange))
  }
  const put = async (runId: string, epoch: number, blobs: ReadonlyMap<string, JsonValue>): Promise<void> => {
    for (const [name, value] of blobs) {
      const isObject = typeof value === 'object' && value !== null
      if (isObject && lastPut.get(value) === runId) continue
      await putBlob(runId, epoch, name, value)
      if (isObject) lastPut.set(value, runId)
    }
  }

  return {
    durable: true,
    create: (run) => journal.create(run),
    load: (runId) => journal.load(runId),
    begin: (runId) => journal.begin(runId),
    async append(runId, epoch, events) {
      const blobs = new Map<string, JsonValue>()
      const written = shorten(events, blobs)
      if (blobs.size > 0) await put(runId, epoch, blobs)
      await journal.append(runId, epoch, written)
    },
    read: (runId, fromSeq) => readWhole(journal.read(runId, fromSeq), (name) => getBlob(runId, name)),
    putBlob,
    getBlob,
    command: (runId, command) => journal.command(runId, command),
    commands: (runId, after) => journal.commands(runId, after),
    list: (filter) => journal.list(filter),
    prune: (policy) => journal.prune(policy),
    close: async () => journal.close?.(),
  }
}

/** Each blob is fetched once and stands in every place that refers to it. One that is gone leaves its digest. */
async function* readWhole(
  events: AsyncIterable<RunEvent>,
  fetch: (name: string) => Promise<JsonValue | undefined>,
): AsyncGenerator<RunEvent> {
  const blobs = new Map<string, JsonValue | undefined>()
  for await (const event of events) {
    const wanted = new Set<string>()
    const collect: Exchange = {
      wants(value) {
        const name = blobOf(value)
        if (name !== undefined && !blobs.has(name)) wanted.add(name)
        return false
      },
      give: (value) => value,
    }
    exchangeValues(event, collect)
    for (const name of wanted) blobs.set(name, await fetch(name))
    yield exchangeValues(event, {
      wants: (value) => blobs.get(blobOf(value) ?? '') !== undefined,
      give: (value) => blobs.get(blobOf(value) ?? '') ?? value,
    })
  }
}
