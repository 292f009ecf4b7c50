// One message to an agent, from sending it to the end of the task it became: followed as a stream where the agent has one, else
// looked after again and again; cancelled there when nobody waits for it any more.
import type { Message } from '@a2a-js/sdk'
import type { Client } from '@a2a-js/sdk/client'
import { TuttiError } from '../../contracts/errors.ts'
import type { Clock, InvokerCall, InvokerResult } from '../../contracts/parts.ts'
import { isJsonObject } from '../../util/json.ts'
import { stoppedError } from '../http/exchange-errors.ts'
import { type DigitKeeper, writableInputs } from '../http/keep-digits.ts'
import { agentError } from './agent-errors.ts'
import type { A2aSdk } from './load-sdk.ts'
import { TaskProgress } from './task-result.ts'

export interface TaskParts {
  readonly sdk: A2aSdk
  readonly client: Client
  readonly isStreaming: boolean
  /** For messages. */
  readonly agent: string
  readonly skillId: string
  /** Of earlier messages of the same run; empty at first. */
  readonly contextId: string
  readonly maxBytes: number
  readonly keeper: DigitKeeper
  readonly clock: Clock
  /** Told the conversation as soon as the agent has named it. */
  readonly onContext: (contextId: string) => void
}

const FIRST_LOOK_MS = 250
const LONGEST_LOOK_MS = 5_000
/** Cancelling is a courtesy: nobody waits longer for it. */
const CANCEL_MS = 5_000

/**
 * Resolves with the answer, or with the failure that the agent reports.
 * @throws TuttiError `component_*`, `bad_response`, `response_too_large`, and what stopped the call
 */
export async function runTask(call: InvokerCall, parts: TaskParts): Promise<InvokerResult> {
  const { signal } = call
  const progress = new TaskProgress(parts)
  // Of this call alone, so that a stream whose end is not worth waiting for can be let go.
  const own = new AbortController()
  const onAbort = (): void => own.abort(signal.reason)
  if (signal.aborted) throw stoppedError(signal, parts.agent, false)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await follow(call, parts, progress, own.signal)
    while (!progress.hasEnded) await lookAgain(call, parts, progress, own.signal)
    return progress.result()
  } catch (thrown) {
    if (progress.taskId !== '' && !progress.hasEnded) cancelTask(parts, progress.taskId)
    if (signal.aborted) throw stoppedError(signal, parts.agent, true)
    throw agentError(parts.agent, thrown)
  } finally {
    signal.removeEventListener('abort', onAbort)
    own.abort()
  }
}

/** Sends the message and hears what comes. A stream that breaks leaves a task that can still be asked after. */
async function follow(call: InvokerCall, parts: TaskParts, progress: TaskProgress, signal: AbortSignal): Promise<void> {
  const { client, isStreaming } = parts
  const request = {
    tenant: '',
    message: messageOf(call, parts),
    configuration: { acceptedOutputModes: [], taskPushNotificationConfig: undefined, returnImmediately: !isStreaming },
    metadata: undefined,
  }
  const headers = { ...call.headers, 'idempotency-key': call.idempotencyKey }
  try {
    for await (const update of client.sendMessageStream(request, { signal, serviceParameters: headers })) {
      hear(call, parts, progress, () => progress.take(update))
      if (progress.hasEnded) return
    }
  } catch (thrown) {
    if (signal.aborted || progress.taskId === '' || isFinal(thrown)) throw thrown
  }
  if (progress.taskId === '')
    throw new TuttiError('bad_response', `"${parts.agent}" ended its answer without saying anything.`)
}

/** What would be the same however often the task is asked after. */
const isFinal = (thrown: unknown): boolean => thrown instanceof TuttiError && thrown.code !== 'component_unavailable'

async function lookAgain(
  call: InvokerCall,
  { client, clock, ...parts }: TaskParts,
  progress: TaskProgress,
  signal: AbortSignal,
): Promise<void> {
  for (let waitMs = FIRST_LOOK_MS; !progress.hasEnded; waitMs = Math.min(LONGEST_LOOK_MS, waitMs * 1.5)) {
    await clock.sleep(waitMs, signal)
    const task = await client.getTask({ tenant: '', id: progress.taskId, historyLength: 0 }, { signal })
    hear(call, parts, progress, () => progress.takeTask(task))
  }
}

/** Whatever an agent says is a sign that it works. */
function hear(
  call: InvokerCall,
  { contextId, onContext }: Pick<TaskParts, 'contextId' | 'onContext'>,
  progress: TaskProgress,
  take: () => void,
): void {
  take()
  if (progress.contextId !== '' && progress.contextId !== contextId) onContext(progress.contextId)
  call.progress?.()
}

function messageOf({ inputs, idempotencyKey }: InvokerCall, { sdk, skillId, contextId }: TaskParts): Message {
  const part = { metadata: undefined, filename: '', mediaType: '' }
  const { message, data } = inputs
  const text = typeof message === 'string' ? message : ''
  return {
    // The same message under the same name: an agent that remembers names does nothing twice.
    messageId: idempotencyKey,
    contextId,
    taskId: '',
    role: sdk.Role.ROLE_USER,
    parts: [
      { ...part, content: { $case: 'text', value: text }, mediaType: 'text/plain' },
      ...(isJsonObject(data)
        ? [{ ...part, content: { $case: 'data', value: writableInputs(data) } as const, mediaType: 'application/json' }]
        : []),
    ],
    metadata: { skillId },
    extensions: [],
    referenceTaskIds: [],
  }
}

function cancelTask({ client, clock }: TaskParts, id: string): void {
  const controller = new AbortController()
  const stopClock = clock.after(CANCEL_MS, () => controller.abort())
  client
    .cancelTask({ tenant: '', id, metadata: undefined }, { signal: controller.signal })
    .catch(() => undefined)
    .finally(stopClock)
}
