// Real answers, kept once and played back: a test that asked a vendor yesterday asks a file today.
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FENCE_IDS } from '../asking/fence.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { LanguageModel, ModelCall, ModelEvent, Purpose } from '../contracts/model.ts'
import { stringifyJson } from '../util/json.ts'
import { truncateText } from '../util/text.ts'

/** One answered call. */
export interface Recording {
  readonly purpose: Purpose
  /** Purpose and a hash of what the model was told; see {@link recordingKey}. */
  readonly key: string
  /** The end of the last message, for the reader of the file. */
  readonly asked: string
  readonly events: readonly ModelEvent[]
}

/** Where recordings are kept, in the order in which the calls ended. */
export interface RecordingStore {
  read(): Promise<readonly Recording[]>
  add(recording: Recording): Promise<void>
}

const RUN_IDS = /\brun_[0-9a-f]{32}\b/g
/** As the planner tells the model; a recording serves tomorrow, too. */
const TODAY = /\bToday is \d{4}-\d{2}-\d{2}\b/g

/**
 * What makes two calls the same: purpose, system text, messages, schema. What differs from run to run (fences, run ids, the
 * date) is left out of it, as are model, temperature and headers.
 */
export function recordingKey(call: Pick<ModelCall, 'purpose' | 'system' | 'messages' | 'schema' | 'json'>): string {
  const { purpose, system, messages, schema = null, json = false } = call
  const steady = (text: string): string => text.replace(FENCE_IDS, 'id').replace(RUN_IDS, 'run').replace(TODAY, 'today')
  const told = stringifyJson([
    steady(system),
    messages.map(({ role, content }) => [role, steady(content)]),
    schema,
    json,
  ])
  return `${purpose}:${createHash('sha256').update(told).digest('hex').slice(0, 32)}`
}

/** Passes calls on to the model and keeps what it answered. Calls that failed are not kept. */
export function createRecordingModel(model: LanguageModel, store: RecordingStore): LanguageModel {
  async function* stream(call: ModelCall): AsyncGenerator<ModelEvent> {
    const events: ModelEvent[] = []
    for await (const event of model.stream(call)) {
      events.push(event)
      // Kept before the last event is given on: who reads up to it finds the recording there.
      if (event.type === 'end') {
        const asked = truncateText(call.messages.at(-1)?.content.slice(-400) ?? '', 400)
        await store.add({ purpose: call.purpose, key: recordingKey(call), asked, events })
      }
      yield event
    }
  }
  return { id: model.id, stream }
}

/** Answers from recordings. The same call made several times gets its answers in the order recorded, then the last one again. */
export function createReplayingModel(store: RecordingStore, id = 'recorded:model'): LanguageModel {
  let loading: Promise<ReadonlyMap<string, readonly Recording[]>> | undefined
  const played = new Map<string, number>()
  async function* stream(call: ModelCall): AsyncGenerator<ModelEvent> {
    const recordings = await (loading ??= store.read().then((all) => Map.groupBy(all, (recording) => recording.key)))
    const key = recordingKey(call)
    const answers = recordings.get(key) ?? []
    const n = played.get(key) ?? 0
    const found = answers[Math.min(n, answers.length - 1)]
    if (found === undefined) {
      throw new TuttiError(
        'internal',
        `No recording answers this call for "${call.purpose}" (key "${key}"). Record it again.`,
        {
          details: { key, recorded: [...recordings.keys()].filter((one) => one.startsWith(`${call.purpose}:`)) },
        },
      )
    }
    played.set(key, n + 1)
    for (const event of found.events) {
      if (call.signal.aborted)
        throw new TuttiError('cancelled', 'The recorded answer was cancelled.', { cause: call.signal.reason })
      yield event
    }
  }
  return { id, stream }
}

/** Recordings in memory. */
export function createMemoryRecordings(recordings: readonly Recording[] = []): RecordingStore {
  const kept = [...recordings]
  return {
    read: async () => [...kept],
    async add(recording) {
      kept.push(recording)
    },
  }
}

/** Recordings in a JSON file that can be kept with the tests: `{"version": 1, "recordings": [...]}`. A missing file is empty. */
export function createFileRecordings(path: string): RecordingStore {
  let writing: Promise<void> = Promise.resolve()
  const read = async (): Promise<readonly Recording[]> => {
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return []
      throw thrown
    }
    return readRecordings(text, path)
  }
  return {
    async read() {
      await writing
      return await read()
    },
    add(recording) {
      // One after the other, and whole files only: two runs may record at once.
      const written = writing.then(async () => {
        const recordings = [...(await read()), recording]
        await mkdir(dirname(path), { recursive: true })
        await writeFile(`${path}.new`, `${stringifyJson({ version: 1, recordings }, 2)}\n`)
        await rename(`${path}.new`, path)
      })
      writing = written.catch(() => undefined)
      return written
    },
  }
}

function readRecordings(text: string, path: string): readonly Recording[] {
  const fault = (what: string): TuttiError =>
    new TuttiError('invalid_document', `The recordings in "${path}" ${what}. Delete the file and record again.`)
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw fault('are no JSON')
  }
  if (typeof content !== 'object' || content === null || !('version' in content) || content.version !== 1)
    throw fault('have another version than 1')
  if (!('recordings' in content) || !Array.isArray(content.recordings) || !content.recordings.every(isRecording))
    throw fault('are not of this format')
  return content.recordings
}

function isRecording(value: unknown): value is Recording {
  return (
    typeof value === 'object' &&
    value !== null &&
    'key' in value &&
    typeof value.key === 'string' &&
    'purpose' in value &&
    'events' in value &&
    Array.isArray(value.events) &&
    value.events.every(isEvent)
  )
}

function isEvent(value: unknown): value is ModelEvent {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false
  return value.type === 'text'
    ? 'text' in value && typeof value.text === 'string'
    : value.type === 'end' && 'usage' in value
}
