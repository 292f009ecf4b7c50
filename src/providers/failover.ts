// Several models behind one: the next is asked when one is away or refuses its key, never when it declined the request.
import { type ErrorCode, TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { LanguageModel, ModelCall, ModelEvent } from '../contracts/model.ts'
import type { Clock, Logger } from '../contracts/parts.ts'

export interface FailoverParts {
  readonly clock: Clock
  readonly log: Logger
}

/** How long a model that failed stands behind the others. */
const COOLDOWN_MS = 30_000

/** With these another vendor may do better. A request that one refused is wrong or unwanted everywhere. */
const MOVES_ON: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'model_unavailable',
  'model_rate_limited',
  'model_timeout',
  'model_stream_cut',
  'model_unauthorized',
])

/** Asks the models in order; each keeps its own name, key and address. Its id is theirs, joined with commas. */
export function createFailoverModel(models: readonly LanguageModel[], parts: FailoverParts): LanguageModel {
  const { clock, log } = parts
  const coolUntil = new Map<LanguageModel, number>()
  const inOrder = (): LanguageModel[] => {
    const now = clock.now()
    const isCooling = (model: LanguageModel): boolean => (coolUntil.get(model) ?? 0) > now
    return [...models.filter((model) => !isCooling(model)), ...models.filter(isCooling)]
  }

  async function* stream(call: ModelCall): AsyncGenerator<ModelEvent> {
    const tried: { model: string; code: ErrorCode }[] = []
    const order = inOrder()
    for (const [index, model] of order.entries()) {
      let hasText = false
      try {
        for await (const event of model.stream(call)) {
          if (event.type === 'text') hasText = true
          yield event
        }
        coolUntil.delete(model)
        return
      } catch (thrown) {
        const error = toTuttiError(thrown, 'model_unavailable')
        const movesOn = MOVES_ON.has(error.code)
        if (movesOn) coolUntil.set(model, clock.now() + COOLDOWN_MS)
        tried.push({ model: model.id, code: error.code })
        const next = order[index + 1]
        if (!movesOn || hasText || call.signal.aborted || next === undefined) throw withTried(error, tried)
        log.warn('a model failed, the next one is asked', { model: model.id, next: next.id, code: error.code })
      }
    }
    throw new TuttiError('no_model', 'The list of models is empty.')
  }
  return { id: models.map((model) => model.id).join(','), stream }
}

function withTried(error: TuttiError, tried: readonly { model: string; code: ErrorCode }[]): TuttiError {
  if (tried.length < 2) return error
  return new TuttiError(error.code, error.message, {
    retryable: error.retryable,
    details: { ...error.details, tried },
    cause: error.cause,
  })
}
