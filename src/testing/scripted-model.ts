// A model that answers from a script: it fails on a call that nobody expected, and tells which answers nobody asked for.
import { type ErrorCode, TuttiError } from '../contracts/errors.ts'
import type { LanguageModel, ModelCall, ModelEvent, Purpose, Usage } from '../contracts/model.ts'
import type { Clock } from '../contracts/parts.ts'
import { createClock } from '../util/clock.ts'
import { byteLengthOf, stringifyJson } from '../util/json.ts'

/** One answer in full. Exactly one of `text`, `json`, `error` is usual; with `cutAfter` the stream breaks off. */
export interface AnswerSpec {
  readonly text?: string
  /** Sent as JSON text. The way to answer with an array, which in a script is a sequence. */
  readonly json?: unknown
  /** Thrown instead of an answer, before any text. */
  readonly error?: ErrorCode | TuttiError
  /** Breaks off with `model_stream_cut` after this many characters. */
  readonly cutAfter?: number
  /** How the answer ends; default `stop`. */
  readonly finish?: 'stop' | 'length' | 'refused'
  /** Default: a token per four bytes of prompt and answer. */
  readonly usage?: Usage
  /** Pause before the first piece, in ms of the model's clock. */
  readonly delayMs?: number
  /** Pause between pieces, in ms of the model's clock. */
  readonly pieceDelayMs?: number
  /** Characters per piece; default 16. */
  readonly pieceChars?: number
  /** Never answers; ends only when the call is cancelled. */
  readonly hangs?: true
}

const ANSWER = Symbol('tutti.testing.answer')
/** An {@link AnswerSpec} that a script can tell from a JSON value with the same keys. */
export interface ScriptedAnswer extends AnswerSpec {
  readonly [ANSWER]: true
}

/** An answer with control over pieces, delays, errors and ends. */
export const answer = (spec: AnswerSpec): ScriptedAnswer => ({ ...spec, [ANSWER]: true })

/** Text is sent as it is, an object as JSON. A function sees the call and how many of this purpose there were, from 1. */
export type ScriptedValue = string | ScriptedAnswer | Readonly<Record<string, unknown>>
/** An answer, or a function that makes it from the call. */
export type ScriptEntry = ScriptedValue | ((call: ModelCall, n: number) => ScriptedValue | Promise<ScriptedValue>)
/** A single entry answers every call of its purpose; an array answers as many calls as it has entries. */
export type Script = { readonly [P in Purpose]?: ScriptEntry | readonly ScriptEntry[] }

/** A model that answers as it was told, and keeps what it was asked. */
export interface ScriptedModel extends LanguageModel {
  /** Every call so far, in order. */
  readonly calls: readonly ModelCall[]
  /** The calls of one purpose. */
  of(purpose: Purpose): ModelCall[]
  /** @throws Error when an answer was never asked for, or a call found none */
  assertDone(): void
}

/** Options of {@link createScriptedModel}. */
export interface ScriptedModelOptions {
  /** Default `scripted:model`. */
  readonly id?: string
  /** For delays; default the machine's. */
  readonly clock?: Clock
}

const isSequence = (entry: ScriptEntry | readonly ScriptEntry[]): entry is readonly ScriptEntry[] =>
  Array.isArray(entry)
const isAnswer = (value: ScriptedValue): value is ScriptedAnswer => typeof value === 'object' && ANSWER in value
const tokensOf = (text: string): number => Math.ceil(byteLengthOf(text) / 4)

/**
 * A model for tests: answers by purpose, from a script. A call that the script has no answer for throws; answers that were
 * never asked for are told by {@link ScriptedModel.assertDone}.
 * @example
 * const model = createScriptedModel({ plan: [{ steps: [] }], synthesize: 'It is warm in Seoul.' })
 * const tutti = createOrchestrator({ model, tools })
 * await tutti.processRequest('Is it warm in Seoul?')
 * model.assertDone()
 */
export function createScriptedModel(script: Script, options: ScriptedModelOptions = {}): ScriptedModel {
  const { id = 'scripted:model', clock = createClock() } = options
  const calls: ModelCall[] = []
  const unexpected: string[] = []
  const of = (purpose: Purpose): ModelCall[] => calls.filter((call) => call.purpose === purpose)

  async function* stream(call: ModelCall): AsyncGenerator<ModelEvent> {
    calls.push(call)
    const n = of(call.purpose).length
    const listed = script[call.purpose]
    const entry = listed === undefined || !isSequence(listed) ? listed : listed[n - 1]
    if (entry === undefined) {
      const fault = `call ${n} for "${call.purpose}" has no answer in the script`
      unexpected.push(fault)
      throw new TuttiError('internal', `Scripted model "${id}": ${fault}.`)
    }
    const value = typeof entry === 'function' ? await entry(call, n) : entry
    const spec = isAnswer(value) ? value : typeof value === 'string' ? { text: value } : { json: value }
    yield* play({ spec, call, clock, id })
  }
  return {
    id,
    stream,
    calls,
    of,
    assertDone() {
      const faults = [...unexpected]
      for (const [purpose, entry] of Object.entries(script)) {
        const wanted = isSequence(entry) ? entry.length : 1
        const seen = calls.filter((call) => call.purpose === purpose).length
        if (seen < wanted) faults.push(`${wanted - seen} of ${wanted} answers for "${purpose}" were never asked for`)
      }
      if (faults.length > 0) throw new Error(`Scripted model "${id}": ${faults.join('; ')}.`)
    },
  }
}

interface Scene {
  readonly spec: AnswerSpec
  readonly call: ModelCall
  readonly clock: Clock
  readonly id: string
}

async function* play({ spec, call, clock, id }: Scene): AsyncGenerator<ModelEvent> {
  const { signal } = call
  if (spec.delayMs !== undefined) await clock.sleep(spec.delayMs, signal)
  if (spec.hangs === true) await untilAborted(signal)
  stopIfAborted(signal)
  if (spec.error instanceof TuttiError) throw spec.error
  if (spec.error !== undefined)
    throw new TuttiError(spec.error, `Scripted model "${id}" fails as told (${spec.error}).`)
  const text = spec.text ?? (spec.json === undefined ? '' : stringifyJson(spec.json))
  let sent = 0
  for (const piece of piecesOf(
    spec.cutAfter === undefined ? text : text.slice(0, spec.cutAfter),
    spec.pieceChars ?? 16,
  )) {
    if (sent > 0 && spec.pieceDelayMs !== undefined) await clock.sleep(spec.pieceDelayMs, signal)
    stopIfAborted(signal)
    yield { type: 'text', text: piece }
    sent += piece.length
  }
  if (spec.cutAfter !== undefined) {
    throw new TuttiError('model_stream_cut', `Scripted model "${id}" breaks off after ${sent} characters as told.`, {
      ...(sent > 0 && { retryable: false, details: { partial: true } }),
    })
  }
  const prompt = call.system + call.messages.map((message) => message.content).join('')
  const usage = spec.usage ?? { inputTokens: tokensOf(prompt), outputTokens: tokensOf(text) }
  yield { type: 'end', finish: spec.finish ?? 'stop', usage, model: id }
}

/** By code points, as vendors stream: no piece ends inside a character. */
function* piecesOf(text: string, size: number): Generator<string> {
  const points = Array.from(text)
  for (let i = 0; i < points.length; i += size) yield points.slice(i, i + size).join('')
}

function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new TuttiError('cancelled', 'The scripted model was cancelled.', { cause: signal.reason })
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
