// How a JSON answer is asked for: strictly by schema where the vendor can, in its JSON mode, or in words alone.
import type { Message, ModelCall } from '../contracts/model.ts'
import { stringifyJson } from '../util/json.ts'
import { type Dialect, strictSchema } from './strict-schema.ts'

export type AnswerFormat =
  | { readonly kind: 'free' }
  | { readonly kind: 'object' }
  | { readonly kind: 'schema'; readonly schema: Record<string, unknown> }

export interface FormattedCall {
  readonly format: AnswerFormat
  readonly messages: readonly Message[]
}

export interface FormatOptions {
  readonly dialect: Dialect
  /** The server knows neither JSON mode nor schemas. */
  readonly wordsOnly?: boolean
}

/** Which format the vendor is asked for, and the messages with what must then be said in words. */
export function formatAnswer(call: ModelCall, { dialect, wordsOnly = false }: FormatOptions): FormattedCall {
  const { schema, json = false, messages } = call
  if (schema === undefined && !json) return { format: { kind: 'free' }, messages }
  const strict = schema === undefined || wordsOnly ? undefined : strictSchema(schema, dialect)
  if (strict !== undefined) return { format: { kind: 'schema', schema: strict }, messages }
  // JSON mode gives objects only, and demands that the messages speak of JSON. Anthropic has none.
  const hasMode = dialect === 'openai' && !wordsOnly && (schema === undefined || schema.type === 'object')
  const speaksOfJson = schema === undefined && messages.some((message) => /json/i.test(message.content))
  const words =
    schema !== undefined
      ? `Answer with JSON only, without any other text, that fits this JSON Schema:\n${stringifyJson(schema)}`
      : 'Answer with one JSON object only, without any other text.'
  return {
    format: { kind: hasMode ? 'object' : 'free' },
    messages: speaksOfJson ? messages : withWords(messages, words),
  }
}

/** At the end of the last message, so that what stands before stays the same for prompt caches. */
function withWords(messages: readonly Message[], words: string): Message[] {
  const last = messages.at(-1)
  if (last === undefined || last.role !== 'user') return [...messages, { role: 'user', content: words }]
  return [...messages.slice(0, -1), { role: 'user', content: `${last.content}\n\n${words}` }]
}
