// Anthropic over its messages API, streaming. The system text is marked for the prompt cache.
import type { Anthropic } from '@anthropic-ai/sdk'
import type { MessageCreateParamsStreaming, RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages'
import type { ModelCall, ModelEvent, Usage } from '../contracts/model.ts'
import type { Clock } from '../contracts/parts.ts'
import { formatAnswer } from './answer-format.ts'
import { classifyError, type SdkErrors } from './classify.ts'
import type { Pulse, Vendor, VendorSettings, WireModel } from './wire-model.ts'

type Body = MessageCreateParamsStreaming & { temperature?: number }

interface Loaded {
  readonly sdk: SdkErrors
  readonly client: Anthropic
}

const VENDOR_URL = 'https://api.anthropic.com'

/**
 * Claude models up to 4.6 take a temperature, later ones refuse it (the SDK's types have dropped it).
 * Names that are not Claude's stand for compatible servers, which take it as well.
 */
export const takesTemperature = (name: string): boolean =>
  !/claude-/i.test(name) || /claude-(v?[123]\b|instant|(opus|sonnet|haiku)-4(-[0-6])?(?!-?\d{1,2}\b))/i.test(name)

/** The API demands a limit. It is the largest that the model takes, since thoughts count too. */
export function defaultMaxTokens(name: string): number {
  if (/claude-3-[57]/.test(name)) return 8_192
  return /claude-(3|2|instant)/.test(name) ? 4_096 : 32_000
}

/** @throws nothing; wrong keys and addresses show at the first call */
export function createAnthropic(settings: VendorSettings, clock: Clock): Vendor {
  const { apiKey, baseUrl } = settings
  let loading: Promise<Loaded> | undefined
  const load = (): Promise<Loaded> => (loading ??= loadClient(apiKey, baseUrl))
  /** Models that were found not to take schemas. */
  const wordsOnly = new Set<string>()

  async function* stream(id: string, name: string, call: ModelCall): AsyncGenerator<ModelEvent | Pulse> {
    const { sdk, client } = await load()
    for (let isInWords = wordsOnly.has(name); ; isInWords = true) {
      let hasBegun = false
      const body = messageBody(name, call, isInWords)
      try {
        const events = await client.messages.create(body, { signal: call.signal, headers: { ...call.headers } })
        for await (const event of readEvents(events, call.signal, id)) {
          if (!hasBegun && isInWords) wordsOnly.add(name)
          hasBegun = true
          yield event
        }
        return
      } catch (thrown) {
        const mayBeFormat =
          !hasBegun && body.output_config !== undefined && thrown instanceof sdk.APIError && thrown.status === 400
        if (mayBeFormat) continue
        throw classifyError(thrown, {
          sdk,
          model: id,
          nowMs: clock.now(),
          apiKey: apiKey ?? '',
          keyVariable: 'ANTHROPIC_API_KEY',
        })
      }
    }
  }
  return {
    model(name): WireModel {
      const id = `anthropic:${name}`
      return { id, stream: (call) => stream(id, name, call) }
    },
  }
}

async function loadClient(apiKey: string | undefined, baseUrl: string | undefined): Promise<Loaded> {
  const sdk = await import('@anthropic-ai/sdk')
  const key = apiKey ?? 'none'
  const client = new sdk.Anthropic({
    // A key that is given keeps the SDK from looking for others. It goes under the name that the API documents, which
    // compatible servers know too; the SDK's own way is a bearer token.
    apiKey: key,
    defaultHeaders: { 'x-api-key': key, authorization: null },
    baseURL: baseUrl ?? VENDOR_URL,
    // Deadlines and repetitions have one place each, and it is not here.
    maxRetries: 0,
    timeout: 2_000_000_000,
    logLevel: 'off',
    // The key is meant for this address and no other.
    fetchOptions: { redirect: 'error' },
  })
  return { sdk, client }
}

function messageBody(name: string, call: ModelCall, isInWords: boolean): Body {
  const { format, messages } = formatAnswer(call, { dialect: 'anthropic', wordsOnly: isInWords })
  const body: Body = {
    model: name,
    max_tokens: call.maxTokens ?? defaultMaxTokens(name),
    messages: messages.map(({ role, content }) => ({ role, content })),
    stream: true,
  }
  if (call.system !== '') body.system = [{ type: 'text', text: call.system, cache_control: { type: 'ephemeral' } }]
  if (call.temperature !== undefined && takesTemperature(name)) body.temperature = Math.min(1, call.temperature)
  if (format.kind === 'schema') body.output_config = { format: { type: 'json_schema', schema: format.schema } }
  return body
}

/** The answer in pieces; no `end` when the stream stopped without `message_stop`. */
async function* readEvents(
  events: AsyncIterable<RawMessageStreamEvent>,
  signal: AbortSignal,
  id: string,
): AsyncGenerator<ModelEvent | Pulse> {
  let account: Account = { input: 0, output: 0, read: 0, created: 0 }
  let finish: 'stop' | 'length' | 'refused' = 'stop'
  let isWhole = false
  for await (const event of events) {
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') {
      yield { type: 'text', text: event.delta.text }
      continue
    }
    if (event.type === 'message_start') account = addUsage(account, event.message.usage)
    if (event.type === 'message_delta') {
      account = addUsage(account, event.usage)
      finish = finishOf(event.delta.stop_reason)
    }
    if (event.type === 'message_stop') isWhole = true
    yield { type: 'pulse', usage: usageOf(account) }
  }
  if (isWhole && !signal.aborted) yield { type: 'end', finish, usage: usageOf(account), model: id }
}

interface Account {
  readonly input: number
  readonly output: number
  readonly read: number
  readonly created: number
}

interface UsageFrame {
  readonly input_tokens?: number | null
  readonly output_tokens?: number | null
  readonly cache_read_input_tokens?: number | null
  readonly cache_creation_input_tokens?: number | null
}

/** The frames of one message are cumulative, and later ones leave out what did not change. */
const addUsage = (account: Account, frame: UsageFrame | undefined): Account => ({
  input: frame?.input_tokens ?? account.input,
  output: frame?.output_tokens ?? account.output,
  read: frame?.cache_read_input_tokens ?? account.read,
  created: frame?.cache_creation_input_tokens ?? account.created,
})

/** The vendor counts what went through its cache apart; ours is everything that was read. */
const usageOf = ({ input, output, read, created }: Account): Usage => ({
  inputTokens: input + read + created,
  outputTokens: output,
  cachedTokens: read,
})

function finishOf(reason: string | null): 'stop' | 'length' | 'refused' {
  if (reason === 'max_tokens' || reason === 'model_context_window_exceeded') return 'length'
  return reason === 'refusal' ? 'refused' : 'stop'
}
