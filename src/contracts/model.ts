// The whole contract of a language model. Vendors implement it in providers/, asking/ is its only caller.
import type { JsonSchema } from './json.ts'

/** Turns texts into vectors, for search by meaning. Implement it to use one that tutti does not know. */
export interface EmbeddingModel {
  /** Part of the key of what is kept on disk: another id, other vectors. */
  readonly id: string
  /** How many texts one call takes. Default 96. */
  readonly batch?: number
  /**
   * One vector per text, in order, all of one length. They need not be normalised.
   * @throws TuttiError `model_*`, `cancelled`
   */
  embed(texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]>
}

/** What a model call is for; sent to the vendor as the header `x-tutti-purpose`. */
export type Purpose = 'plan' | 'plan-repair' | 'select' | 'fill' | 're-resolve' | 'generate' | 'synthesize'

/** One turn of what the model is told, as plain text. */
export interface Message {
  readonly role: 'user' | 'assistant'
  readonly content: string
}

/** Tokens of one model call, as the vendor counts them. */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
  /** Of the input tokens, those read from the vendor's prompt cache. */
  readonly cachedTokens?: number
}

/** One call of a language model. */
export interface ModelCall {
  readonly purpose: Purpose
  /** Stable text first (rules, catalog), so that vendors' prompt caches hit. */
  readonly system: string
  readonly messages: readonly Message[]
  /** Asks for output by this schema, strictly where the vendor can. */
  readonly schema?: JsonSchema
  /** Asks for a JSON object of any shape (JSON mode). */
  readonly json?: boolean
  /** 0 is sent as 0; absent leaves the vendor's default. */
  readonly temperature?: number
  readonly maxTokens?: number
  /** Sent with the request: `x-tutti-purpose`, `x-tutti-run-id`. */
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/**
 * A piece of the answer, or its end. `length`: the answer was cut off by the token limit; `refused`: the model
 * declined.
 */
export type ModelEvent =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'end'
      readonly finish: 'stop' | 'length' | 'refused'
      readonly usage: Usage
      readonly model: string
    }

/** A language model. Implement it to use one that tutti does not know. */
export interface LanguageModel {
  /** `openai:NAME`, `anthropic:NAME`, or what the implementer calls it. */
  readonly id: string
  /**
   * The answer as it comes; the last event is `end`. There is no blocking twin: collect the stream.
   * A stream that was cut or aborted throws, it never just ends.
   * @throws TuttiError `model_*`, `cancelled`
   */
  stream(call: ModelCall): AsyncIterable<ModelEvent>
}
