// The only caller of a LanguageModel: puts the headers on, keeps the account (one `model-call` a call, reserved in the budget
// of its run before it begins), reads the answer.

import type { BudgetReservation } from '../contracts/budget.ts'
import type { Config } from '../contracts/config.ts'
import { errorInfo, TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { JsonSchema, JsonValue } from '../contracts/json.ts'
import type { LanguageModel, ModelCall, ModelEvent, Purpose, Usage } from '../contracts/model.ts'
import type { AskModel, Clock, ModelAsk } from '../contracts/parts.ts'
import { budgetExceeded } from '../util/budget-words.ts'
import { parseLenientJson } from '../util/lenient-json.ts'
import { truncateText } from '../util/text.ts'
import { abortable } from './abortable.ts'
import { amountsOf, estimateUsage, type ModelPrices, tokensOf } from './model-price.ts'

export interface AskModelParts {
  readonly modelFor: (purpose: Purpose) => LanguageModel | undefined
  readonly clock: Clock
  readonly settings: Config['model']
  /** For budgets; without it model calls cost nothing. */
  readonly prices?: ModelPrices
  /** What is wrong with the value by the schema, in words; empty when it fits. Without it schemas are not checked. */
  readonly check?: (schema: JsonSchema, value: JsonValue) => readonly string[] | Promise<readonly string[]>
}

/** Answers of these are read by programs: the same question should get the same answer. */
const EXACT_PURPOSES: ReadonlySet<Purpose> = new Set<Purpose>(['plan', 'plan-repair', 'select', 'fill', 're-resolve'])
const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0 }
const SHOWN_CHARS = 500

/** Makes the door to the models. Every way through it streams; `text` and `json` are the stream collected. */
export function createAskModel(parts: AskModelParts): AskModel {
  const { modelFor, check } = parts
  const stream = (ask: ModelAsk): AsyncIterable<string> => streamText(parts, ask)
  const collect = async (ask: ModelAsk): Promise<string> => {
    let collected = ''
    for await (const piece of stream(ask)) collected += piece
    return collected
  }
  // Nobody has seen the pieces of an answer that broke off, so it is asked for once more.
  const text = (ask: ModelAsk): Promise<string> =>
    collect(ask).catch((thrown: unknown) => {
      if (ask.signal.aborted || toTuttiError(thrown).code !== 'model_stream_cut') throw thrown
      return collect(ask)
    })
  return {
    available: (purpose) => modelFor(purpose) !== undefined,
    modelId: (purpose) => modelFor(purpose)?.id,
    stream,
    text,
    async json(ask) {
      // A schema asks for JSON too; what is sent says so, also to models that know no schemas.
      const answer = await text(ask.json === undefined && ask.schema === undefined ? { ...ask, json: true } : ask)
      const value = readJson(ask.purpose, answer)
      const faults = ask.schema === undefined || check === undefined ? [] : await check(ask.schema, value)
      if (faults.length === 0) return value
      throw new TuttiError(
        'model_output_invalid',
        `The answer of the model for "${ask.purpose}" does not fit its schema: ${truncateText(faults.join('; '), SHOWN_CHARS)}`,
        { details: { issues: faults, text: truncateText(answer, 4_000) } },
      )
    },
  }
}

function readJson(purpose: Purpose, answer: string): JsonValue {
  const read = parseLenientJson(answer)
  if (read === undefined || read.truncated === true) {
    const what = answer.trim() === '' ? 'is empty' : read === undefined ? 'holds no JSON' : 'breaks off within the JSON'
    throw new TuttiError(
      'model_output_invalid',
      `The answer of the model for "${purpose}" ${what}. Ask again, or take a model that is better at JSON.`,
      { details: { text: truncateText(answer, 4_000) } },
    )
  }
  return read.value
}

type End = Extract<ModelEvent, { type: 'end' }>

async function* streamText(parts: AskModelParts, ask: ModelAsk): AsyncGenerator<string> {
  const { modelFor, clock, settings } = parts
  const model = modelFor(ask.purpose)
  if (model === undefined) {
    throw new TuttiError(
      'no_model',
      `No model is configured for "${ask.purpose}". Set TUTTI_MODEL to openai:NAME or anthropic:NAME, and the key of that vendor.`,
    )
  }
  const reservation = ask.budget === undefined ? undefined : reserve(ask, model, parts.prices)
  const startedAt = clock.now()
  let end: End | undefined
  let failure: TuttiError | undefined
  let isDone = false
  let chars = 0
  try {
    for await (const event of abortable(model.stream(modelCall(ask, settings)), ask.signal)) {
      if (event.type === 'end') end = event
      else if (event.text !== '') {
        chars += event.text.length
        yield event.text
      }
    }
    checkEnd(ask, model, end)
    isDone = true
  } catch (thrown) {
    isDone = true
    failure = ask.signal.aborted ? cancelled(ask) : toTuttiError(thrown, 'model_unavailable')
    throw failure
  } finally {
    const named = end?.model ?? namedModel(failure) ?? model.id
    const usage = end?.usage ?? knownUsage(failure) ?? NO_USAGE
    if (reservation !== undefined) settle(reservation, { ask, usage, chars, named: [named, model.id], parts })
    // A reader that stops early has what it wanted: to the account the call was cancelled.
    const status =
      !isDone || failure?.code === 'cancelled' ? 'cancelled' : failure === undefined ? 'succeeded' : 'failed'
    ask.emit({
      type: 'model-call',
      purpose: ask.purpose,
      model: named,
      ...(ask.step !== undefined && { step: ask.step }),
      status,
      usage,
      durationMs: clock.now() - startedAt,
      ...(failure !== undefined && { error: errorInfo(failure) }),
    })
  }
}

/** @throws TuttiError `budget_exceeded` */
function reserve(ask: ModelAsk, model: LanguageModel, prices: ModelPrices | undefined): BudgetReservation | undefined {
  const { budget, purpose, step } = ask
  if (budget === undefined) return undefined
  const usage = estimateUsage(ask)
  const reservation = budget.reserve(amountsOf(usage, prices?.cost(model.id, usage) ?? 0), {
    purpose,
    synthesis: purpose === 'synthesize',
    ...(step !== undefined && { step }),
  })
  if (reservation === undefined) throw budgetExceeded(budget, `The model was not asked for "${purpose}"`)
  return reservation
}

/** A call whose tokens nobody counted, because it broke off or its server does not count, is estimated by its text. */
function settle(
  reservation: BudgetReservation,
  call: {
    readonly ask: ModelAsk
    readonly usage: Usage
    /** Of the answer, as far as it came. */
    readonly chars: number
    /** The model that answered, and the one that was asked: a list may stand for several. */
    readonly named: readonly [string, string]
    readonly parts: AskModelParts
  },
): void {
  const { ask, usage, chars, named, parts } = call
  const isCounted = usage.inputTokens + usage.outputTokens > 0 || chars === 0
  const used = isCounted ? usage : { ...estimateUsage(ask), outputTokens: tokensOf(chars) }
  const { prices } = parts
  const [answered, asked] = named
  const priced = prices?.unpriced(answered).length === 0 ? answered : asked
  reservation.settle(amountsOf(used, prices?.cost(priced, used) ?? 0))
}

function modelCall(ask: ModelAsk, settings: Config['model']): ModelCall {
  const { purpose, system, messages, schema, json, maxTokens, signal } = ask
  const temperature = ask.temperature ?? settings.temperature ?? (EXACT_PURPOSES.has(purpose) ? 0 : undefined)
  return {
    purpose,
    system,
    messages,
    headers: { 'x-tutti-purpose': purpose, 'x-tutti-run-id': ask.runId },
    signal,
    ...(schema !== undefined && { schema }),
    ...(json !== undefined && { json }),
    ...(temperature !== undefined && { temperature }),
    ...(maxTokens !== undefined && { maxTokens }),
  }
}

/** @throws TuttiError `model_refused`, `model_output_invalid`, `model_stream_cut`, `cancelled` */
function checkEnd(ask: ModelAsk, model: LanguageModel, end: End | undefined): void {
  if (end === undefined) {
    if (ask.signal.aborted) throw cancelled(ask)
    throw new TuttiError(
      'model_stream_cut',
      `The answer of "${model.id}" for "${ask.purpose}" ended without its last event.`,
    )
  }
  if (end.finish === 'refused') {
    throw new TuttiError(
      'model_refused',
      `"${end.model}" declined to answer for "${ask.purpose}". Put the request in other words.`,
    )
  }
  // A reader of prose keeps what it has, and says that it is not the whole.
  if (end.finish === 'length' && ask.purpose === 'synthesize') {
    throw new TuttiError(
      'model_stream_cut',
      `The text of "${end.model}" was cut at its limit of ${ask.maxTokens ?? end.usage.outputTokens} tokens.`,
      { retryable: false, details: { finish: 'length', partial: true } },
    )
  }
  if (end.finish === 'length' && (ask.json === true || ask.schema !== undefined)) {
    throw new TuttiError(
      'model_output_invalid',
      `The JSON of "${end.model}" for "${ask.purpose}" was cut at its limit of ${ask.maxTokens ?? end.usage.outputTokens} tokens. Ask for less, or take a model with a larger output.`,
      { details: { finish: 'length' } },
    )
  }
}

/** A run whose time is up says so itself; whatever else stops a question cancels it. */
function cancelled({ purpose, signal }: ModelAsk): TuttiError {
  const reason: unknown = signal.reason
  if (reason instanceof TuttiError && reason.code === 'budget_exceeded') return reason
  return new TuttiError('cancelled', `The model call for "${purpose}" was cancelled.`, { cause: reason })
}

const namedModel = (failure: TuttiError | undefined): string | undefined =>
  typeof failure?.details.model === 'string' ? failure.details.model : undefined

/** What a call that broke off is known to have used. */
function knownUsage(failure: TuttiError | undefined): Usage | undefined {
  const usage = failure?.details.usage
  if (typeof usage !== 'object' || usage === null || !('inputTokens' in usage) || !('outputTokens' in usage))
    return undefined
  const { inputTokens, outputTokens } = usage
  return typeof inputTokens === 'number' && typeof outputTokens === 'number' ? { inputTokens, outputTokens } : undefined
}
