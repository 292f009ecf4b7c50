// The one place for the deadlines of model calls, and for the question whether a stream was whole: the SDKs end a cut or
// aborted stream like a finished one, and their timeouts stop at the first byte.
import { abortable } from '../asking/abortable.ts'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { LanguageModel, ModelCall, ModelEvent, Usage } from '../contracts/model.ts'
import type { Clock } from '../contracts/parts.ts'
import type { WireModel } from './wire-model.ts'

export interface GuardSettings {
  /** Longest pause between two pieces, in ms; also from send to the first. The clock restarts with every piece. 0: no limit. */
  readonly idleTimeoutMs: number
  /** Longest whole call in ms, from send to the last piece. 0: no limit. */
  readonly timeoutMs: number
}

/** Several times what any model can say at once. More comes from a server that has lost its way, and would fill the memory. */
const MAX_ANSWER_CHARS = 4_000_000

/** Adds deadlines and completeness to a model: what it streams ends with `end`, or throws. */
export function createGuardedModel(model: WireModel, clock: Clock, settings: GuardSettings): LanguageModel {
  return { id: model.id, stream: (call) => guardStream(model, call, clock, settings) }
}

async function* guardStream(
  model: WireModel,
  call: ModelCall,
  clock: Clock,
  { idleTimeoutMs, timeoutMs }: GuardSettings,
): AsyncGenerator<ModelEvent> {
  if (call.signal.aborted) throw cancelled(model, call)
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(cancelled(model, call))
  call.signal.addEventListener('abort', onAbort, { once: true })
  const deadline = (ms: number, what: string, setting: string): (() => void) =>
    ms === 0 ? () => undefined : clock.after(ms, () => controller.abort(timedOut(model, call, { ms, what, setting })))
  const stopTotal = deadline(timeoutMs, 'no whole answer', 'model.timeout')
  // Runs only while a piece is awaited: a slow reader is not the model's pause.
  let stopIdle = deadline(idleTimeoutMs, 'no piece of an answer', 'model.idle_timeout')
  let hasText = false
  let chars = 0
  let hasEnded = false
  let usage: Usage | undefined
  try {
    for await (const event of abortable(model.stream({ ...call, signal: controller.signal }), controller.signal)) {
      stopIdle()
      if (event.type === 'pulse') usage = event.usage ?? usage
      else if (event.type === 'end') {
        hasEnded = true
        yield event
        return
      } else if (event.text !== '') {
        hasText = true
        chars += event.text.length
        if (chars > MAX_ANSWER_CHARS) throw tooLong(model, call)
        yield event
      }
      stopIdle = deadline(idleTimeoutMs, 'no further piece of the answer', 'model.idle_timeout')
    }
    controller.signal.throwIfAborted()
    throw new TuttiError(
      'model_stream_cut',
      `The answer of "${model.id}" for "${call.purpose}" broke off before its end.`,
    )
  } catch (thrown) {
    throw withFacts(toTuttiError(thrown, 'model_unavailable'), model, hasText, usage)
  } finally {
    stopIdle()
    stopTotal()
    call.signal.removeEventListener('abort', onAbort)
    // The reader stopped, or a deadline passed: the request must not go on in the background.
    if (!hasEnded) controller.abort()
  }
}

/**
 * Says which model it was, and what it had used. After the first text nobody may begin again: the reader has it already,
 * so whatever went wrong then is a stream that was cut (`details.reason` keeps the code).
 */
function withFacts(error: TuttiError, model: WireModel, hasText: boolean, usage: Usage | undefined): TuttiError {
  const facts = { ...error.details, model: model.id, ...(usage !== undefined && { usage }) }
  if (!hasText || error.code === 'cancelled') {
    return new TuttiError(error.code, error.message, { retryable: error.retryable, details: facts, cause: error.cause })
  }
  return new TuttiError('model_stream_cut', error.message, {
    retryable: false,
    details: { ...facts, partial: true, reason: error.code },
    cause: error.cause,
  })
}

const cancelled = (model: WireModel, call: ModelCall): TuttiError =>
  new TuttiError('cancelled', `The call of "${model.id}" for "${call.purpose}" was cancelled.`, {
    cause: call.signal.reason,
  })

const tooLong = (model: WireModel, call: ModelCall): TuttiError =>
  new TuttiError(
    'model_output_invalid',
    `"${model.id}" sent more than ${MAX_ANSWER_CHARS} characters for "${call.purpose}" and was stopped. Take another model, or bound its answers.`,
    { details: { limit_chars: MAX_ANSWER_CHARS } },
  )

interface Passed {
  readonly ms: number
  readonly what: string
  readonly setting: string
}

const timedOut = (model: WireModel, call: ModelCall, { ms, what, setting }: Passed): TuttiError =>
  new TuttiError(
    'model_timeout',
    `"${model.id}" sent ${what} for "${call.purpose}" within ${ms} ms. Raise ${setting}, or take a faster model.`,
    { details: { timeoutMs: ms } },
  )
