// What an agent has given so far: its state, its last words, its artifacts piece by piece; and in the end the answer or the failure
// that follows from it.
import type { Artifact, Message, Part, StreamResponse, Task, TaskStatus } from '@a2a-js/sdk'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import type { InvokerResult } from '../../contracts/parts.ts'
import type { DigitKeeper } from '../http/keep-digits.ts'
import type { A2aSdk } from './load-sdk.ts'

interface Content {
  readonly text: string
  readonly data: readonly JsonValue[]
  readonly files: readonly JsonObject[]
}

/** Of the states in which a task does nothing more by itself: what becomes of the call. */
interface Failure {
  readonly code: string
  readonly category: string
  readonly otherwise: string
}

/** As another component would say it, so that it is read as theirs are: by code and category. */
const failuresOf = ({ TaskState: S }: A2aSdk): ReadonlyMap<number, Failure> =>
  new Map([
    [S.TASK_STATE_FAILED, { code: 'TASK_FAILED', category: 'TASK', otherwise: 'The task failed.' }],
    [S.TASK_STATE_CANCELED, { code: 'TASK_CANCELED', category: 'TASK', otherwise: 'The agent cancelled the task.' }],
    [
      S.TASK_STATE_REJECTED,
      { code: 'TASK_REJECTED', category: 'INVALID', otherwise: 'The agent does not take the task.' },
    ],
    [
      S.TASK_STATE_INPUT_REQUIRED,
      { code: 'INPUT_REQUIRED', category: 'INPUT', otherwise: 'The agent wants to know more.' },
    ],
    [
      S.TASK_STATE_AUTH_REQUIRED,
      { code: 'AUTH_REQUIRED', category: 'AUTH', otherwise: 'The agent wants credentials.' },
    ],
  ])

/** Collects the updates of one task, or the one message that is the whole answer. */
export class TaskProgress {
  taskId = ''
  contextId = ''
  readonly #maxBytes: number
  readonly #keeper: DigitKeeper
  readonly #failures: ReadonlyMap<number, Failure>
  readonly #completed: number
  #state: number
  #said: readonly Part[] = []
  #message: readonly Part[] | undefined
  #artifacts = new Map<string, Part[]>()
  #bytes = 0

  /** `maxBytes`: of all artifacts together. */
  constructor({
    sdk,
    maxBytes,
    keeper,
  }: { readonly sdk: A2aSdk; readonly maxBytes: number; readonly keeper: DigitKeeper }) {
    this.#completed = sdk.TaskState.TASK_STATE_COMPLETED
    this.#maxBytes = maxBytes
    this.#keeper = keeper
    this.#failures = failuresOf(sdk)
    this.#state = sdk.TaskState.TASK_STATE_UNSPECIFIED
  }

  /** Whether nothing more will come by itself. */
  get hasEnded(): boolean {
    return this.#message !== undefined || this.#state === this.#completed || this.#failures.has(this.#state)
  }

  /** @throws TuttiError `response_too_large` */
  take({ payload }: StreamResponse): void {
    switch (payload?.$case) {
      case 'message':
        this.#takeMessage(payload.value)
        return
      case 'task':
        this.takeTask(payload.value)
        return
      case 'statusUpdate':
        this.#takeStatus(payload.value.status, payload.value)
        return
      case 'artifactUpdate':
        this.#identify(payload.value)
        if (payload.value.artifact !== undefined) this.#takeArtifact(payload.value.artifact, payload.value.append)
        return
      case undefined:
    }
  }

  /** A whole picture: it replaces what was known. */
  takeTask(task: Task): void {
    this.#identify({ taskId: task.id, contextId: task.contextId })
    this.#artifacts = new Map()
    this.#bytes = 0
    for (const artifact of task.artifacts) this.#takeArtifact(artifact, false)
    this.#takeStatus(task.status)
  }

  #takeMessage(message: Message): void {
    this.#identify(message)
    this.#count(message.parts)
    this.#message = message.parts
  }

  #takeStatus(status: TaskStatus | undefined, of?: { readonly taskId: string; readonly contextId: string }): void {
    if (of !== undefined) this.#identify(of)
    if (status === undefined) return
    this.#state = status.state
    this.#said = status.message?.parts ?? []
  }

  #takeArtifact({ artifactId, parts }: Artifact, isMore: boolean): void {
    this.#count(parts)
    const known = isMore ? this.#artifacts.get(artifactId) : undefined
    if (known === undefined) this.#artifacts.set(artifactId, [...parts])
    else known.push(...parts)
  }

  #identify({ taskId, contextId }: { readonly taskId: string; readonly contextId: string }): void {
    if (taskId !== '') this.taskId = taskId
    if (contextId !== '') this.contextId = contextId
  }

  /** Each piece has been bounded on its way; a stream of them has no end of its own. */
  #count(parts: readonly Part[]): void {
    for (const part of parts) this.#bytes += sizeOf(part)
    if (this.#bytes > this.#maxBytes)
      throw new TuttiError(
        'response_too_large',
        `The agent gave more than ${this.#maxBytes} bytes. Raise executor.max_response_bytes, or ask it for less.`,
        { details: { sent: true, limit_bytes: this.#maxBytes } },
      )
  }

  /** Once {@link hasEnded}. */
  result(): InvokerResult {
    const failure = this.#failures.get(this.#state)
    if (this.#message === undefined && failure !== undefined) {
      const { code, category, otherwise } = failure
      const message = readParts(this.#said, this.#keeper).text || otherwise
      return { body: { success: false, error: { code, category, message, details: { task_id: this.taskId } } } }
    }
    const parts = this.#message ?? [...this.#artifacts.values()].flat()
    // An agent without artifacts says its answer with the last status.
    return { body: { success: true, data: outputOf(readParts(parts.length > 0 ? parts : this.#said, this.#keeper)) } }
  }
}

function sizeOf({ content }: Part): number {
  if (content === undefined) return 0
  if (content.$case === 'data') return JSON.stringify(content.value ?? null).length
  return content.value.length + 50
}

function readParts(parts: readonly Part[], keeper: DigitKeeper): Content {
  const texts: string[] = []
  const data: JsonValue[] = []
  const files: JsonObject[] = []
  for (const { content, filename, mediaType } of parts) {
    const file = { ...(filename !== '' && { name: filename }), ...(mediaType !== '' && { media_type: mediaType }) }
    switch (content?.$case) {
      case 'text':
        texts.push(content.value)
        break
      case 'data': {
        const value: unknown = keeper.restore<unknown>(content.value)
        if (isJson(value)) data.push(value)
        break
      }
      case 'url':
        files.push({ ...file, url: content.value })
        break
      case 'raw':
        files.push({ ...file, base64: Buffer.from(content.value).toString('base64') })
        break
      case undefined:
    }
  }
  return { text: texts.join('\n'), data, files }
}

/** It was parsed from JSON: only absence is none. */
const isJson = (value: unknown): value is JsonValue => value !== undefined

function outputOf({ text, data, files }: Content): JsonObject {
  const [first] = data
  return {
    text,
    ...(first !== undefined && { data: data.length === 1 ? first : data }),
    ...(files.length > 0 && { files }),
  }
}
