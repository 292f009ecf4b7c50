// The gates of the models: so many calls at once, so many within so long, so many tokens a minute, and the pauses that a vendor
// asks for. One gate per concrete model, before its deadlines begin to count and within its retries.
import { estimateUsage } from '../asking/model-price.ts'
import type { LimitUsage } from '../contracts/api.ts'
import type { Config } from '../contracts/config.ts'
import type { Coordination } from '../contracts/coordination.ts'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { LanguageModel, ModelCall, ModelEvent } from '../contracts/model.ts'
import type { Clock } from '../contracts/parts.ts'
import type { ModelPolicy } from '../contracts/policy.ts'
import { createRateLimiter, type RateLimiter } from '../resilience/rate-limit.ts'
import { formatDuration } from '../util/duration.ts'
import { createLimiter, type Limiter } from './limiter.ts'

export interface ModelLimitsParts {
  readonly models: Config['models']
  readonly clock: Clock
  /** Processes that share it keep the rates together. */
  readonly coordination?: Coordination | undefined
}

/** @see createModelLimits */
export interface ModelLimits {
  /** The model behind its gate; models with the same id share one. */
  limit(model: LanguageModel): LanguageModel
  usage(): LimitUsage[]
  close(): void
}

/** A model that is to be left alone for longer counts as away: the next one of its list may answer sooner. */
export const LONGEST_MODEL_PAUSE_MS = 60_000

/** Every model has a gate, as every vendor may ask for a pause; what `models.ID` does not bound is not bounded. */
export function createModelLimits({ models, clock, coordination }: ModelLimitsParts): ModelLimits {
  const gates = new Map<string, ModelGate>()
  const gateOf = (id: string): ModelGate => {
    const known = gates.get(id)
    if (known !== undefined) return known
    const policy = Object.hasOwn(models, id) ? (models[id] ?? {}) : {}
    const made = new ModelGate(id, policy, { clock, coordination })
    gates.set(id, made)
    return made
  }
  return {
    limit(model) {
      const gate = gateOf(model.id)
      return { id: model.id, stream: (call) => streamThrough(gate, model, call) }
    },
    usage: () => [...gates.values()].flatMap((gate) => gate.usage()),
    close() {
      for (const gate of gates.values()) gate.close()
    },
  }
}

async function* streamThrough(gate: ModelGate, model: LanguageModel, call: ModelCall): AsyncGenerator<ModelEvent> {
  const passage = await gate.enter(call)
  let tokens = 0
  try {
    for await (const event of model.stream(call)) {
      if (event.type === 'end') tokens = event.usage.inputTokens + event.usage.outputTokens
      yield event
    }
  } catch (thrown) {
    gate.heed(toTuttiError(thrown, 'model_unavailable'))
    throw thrown
  } finally {
    passage.leave(tokens)
  }
}

/** What a call holds while it is on its way. */
interface Passage {
  /** `tokens`: as the vendor counted them; 0 when it did not. */
  leave(tokens: number): void
}

class ModelGate {
  readonly #id: string
  readonly #clock: Clock
  readonly #places: Limiter | undefined
  readonly #maxConcurrency: number
  readonly #calls: RateLimiter
  readonly #tokens: RateLimiter | undefined
  readonly #tokensPerMinute: number
  /** Of those who wait. */
  #patience = new AbortController()

  constructor(
    id: string,
    { maxConcurrency, rateLimit, tokensPerMinute }: ModelPolicy,
    { clock, coordination }: Pick<ModelLimitsParts, 'clock' | 'coordination'>,
  ) {
    this.#id = id
    this.#clock = clock
    this.#maxConcurrency = maxConcurrency ?? Infinity
    this.#tokensPerMinute = tokensPerMinute ?? Infinity
    this.#places = maxConcurrency === undefined ? undefined : createLimiter(maxConcurrency)
    this.#calls = createRateLimiter({ name: `model:${id}`, spec: rateLimit, clock, coordination })
    if (tokensPerMinute !== undefined) {
      const spec = { requests: tokensPerMinute, perMs: 60_000 }
      this.#tokens = createRateLimiter({ name: `model-tokens:${id}`, spec, clock, coordination })
    }
  }

  async enter(call: ModelCall): Promise<Passage> {
    this.#refuseLongPause()
    const patience = this.#patience.signal
    try {
      return await this.#pass(call, AbortSignal.any([call.signal, patience]))
    } catch (thrown) {
      if (patience.aborted && !call.signal.aborted) throw patience.reason
      throw thrown
    }
  }

  /** The rate comes last: what waited for a place still heeds a pause that began meanwhile. */
  async #pass(call: ModelCall, signal: AbortSignal): Promise<Passage> {
    const usage = estimateUsage(call)
    // A question larger than the limit passes alone, with all there is.
    const tokens = Math.min(usage.inputTokens + usage.outputTokens, this.#tokensPerMinute)
    const release = await this.#places?.acquire(signal)
    try {
      await this.#tokens?.take(signal, tokens)
      await this.#calls.take(signal).catch((thrown: unknown) => {
        this.#tokens?.giveBack(tokens)
        throw thrown
      })
    } catch (thrown) {
      release?.()
      throw thrown
    }
    return {
      leave: (used) => {
        release?.()
        if (used > 0) this.#tokens?.giveBack(tokens - used)
      },
    }
  }

  /** Who asks for a pause means all who call. A long one ends the patience of those who wait already. */
  heed({ details }: TuttiError): void {
    const { retryAfterMs } = details
    if (typeof retryAfterMs !== 'number' || retryAfterMs <= 0) return
    this.#calls.pause(retryAfterMs)
    if (retryAfterMs <= LONGEST_MODEL_PAUSE_MS) return
    this.#patience.abort(longPause(this.#id, retryAfterMs))
    this.#patience = new AbortController()
  }

  usage(): LimitUsage[] {
    const { limit: _limit, inUse: _inUse, ...paused } = this.#calls.usage()
    const inUse = this.#places?.inUse ?? 0
    const waiting = (this.#places?.waiting ?? 0) + paused.waiting + (this.#tokens?.usage().waiting ?? 0)
    if (this.#places === undefined && waiting === 0 && paused.pausedUntil === undefined) return []
    const limit = Number.isFinite(this.#maxConcurrency) ? this.#maxConcurrency : inUse
    return [{ ...paused, kind: 'model', name: this.#id, inUse, limit, waiting }]
  }

  close(): void {
    this.#calls.close()
    this.#tokens?.close()
  }

  #refuseLongPause(): void {
    const leftMs = this.#calls.pausedUntilMs - this.#clock.now()
    if (leftMs > LONGEST_MODEL_PAUSE_MS) throw longPause(this.#id, leftMs)
  }
}

const longPause = (id: string, ms: number): TuttiError =>
  new TuttiError(
    'model_rate_limited',
    `"${id}" asked to be left alone for ${formatDuration(Math.ceil(ms / 1_000) * 1_000)} from now.`,
    { details: { retryAfterMs: ms } },
  )
