// The one place where a model call is repeated: same model, same call, only for transient failures before the first text.
import { toTuttiError } from '../contracts/errors.ts'
import type { LanguageModel, ModelCall, ModelEvent } from '../contracts/model.ts'
import type { Clock, Logger, Random } from '../contracts/parts.ts'
import { type BackoffPolicy, backoffMs } from '../resilience/retry.ts'
import { LONGEST_MODEL_PAUSE_MS } from './model-limits.ts'

export interface RetryParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Calls in all. */
  readonly maxAttempts: number
}

const POLICY: BackoffPolicy = { initialWaitMs: 500, factor: 2, maxWaitMs: 8_000 }

/** Repeats what failed for a passing reason, honouring `Retry-After`. Once text was given out, the error goes to the reader. */
export function createRetryingModel(model: LanguageModel, parts: RetryParts): LanguageModel {
  return { id: model.id, stream: (call) => streamWithRetries(model, call, parts) }
}

async function* streamWithRetries(
  model: LanguageModel,
  call: ModelCall,
  parts: RetryParts,
): AsyncGenerator<ModelEvent> {
  const { clock, random, log, maxAttempts } = parts
  for (let attempt = 1; ; attempt++) {
    let hasText = false
    try {
      for await (const event of model.stream(call)) {
        if (event.type === 'text') hasText = true
        yield event
      }
      return
    } catch (thrown) {
      const error = toTuttiError(thrown, 'model_unavailable')
      const asked = typeof error.details.retryAfterMs === 'number' ? error.details.retryAfterMs : undefined
      // A deadline that passed has cost the reader its whole length already; the next model of the list may be faster.
      const isPassing = error.retryable && error.code !== 'model_timeout'
      const mayRepeat = !hasText && isPassing && attempt < maxAttempts && !call.signal.aborted
      if (!mayRepeat || (asked !== undefined && asked > LONGEST_MODEL_PAUSE_MS)) throw error
      const waitMs = backoffMs(POLICY, attempt, random, asked)
      log.warn('a model call is repeated', {
        model: model.id,
        purpose: call.purpose,
        attempt,
        code: error.code,
        waitMs,
      })
      await clock.sleep(waitMs, call.signal)
    }
  }
}
