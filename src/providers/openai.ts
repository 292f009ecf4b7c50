// OpenAI and servers that speak its language. The vendor itself is asked over the Responses API; any other address gets chat
// completions, which is what compatible servers know.
import type { OpenAI } from 'openai'
import type { ModelCall, ModelEvent } from '../contracts/model.ts'
import type { Clock } from '../contracts/parts.ts'
import { formatAnswer } from './answer-format.ts'
import { classifyError, readVendorWords, type SdkErrors } from './classify.ts'
import { streamChat } from './openai-chat.ts'
import type { Limits, OpenAiRequest } from './openai-request.ts'
import { streamResponse } from './openai-responses.ts'
import type { Pulse, Vendor, VendorSettings, WireModel } from './wire-model.ts'

export interface Loaded {
  readonly sdk: SdkErrors
  readonly client: OpenAI
}

const VENDOR_URL = 'https://api.openai.com/v1'
const NO_LIMITS: Limits = { wordsOnly: false, noTemperature: false, noStreamOptions: false }
/** Tokens that a reasoning model may think before it answers, on top of what the answer may have. */
const THINKING_TOKENS = 16_000

/** Also behind gateways, which put a vendor's name before it: `openai/o3`. */
const isReasoningModel = (name: string): boolean => /(^|\/)(o\d|gpt-([5-9]|\d\d)|codex-)/i.test(name)

/** @throws nothing; wrong keys and addresses show at the first call */
export function createOpenAi(settings: VendorSettings, clock: Clock): Vendor {
  const { apiKey, baseUrl } = settings
  let loading: Promise<Loaded> | undefined
  const load = (): Promise<Loaded> => (loading ??= loadClient(apiKey, baseUrl))
  const known = new Map<string, Limits>()

  async function* stream(id: string, name: string, call: ModelCall): AsyncGenerator<ModelEvent | Pulse> {
    const { sdk, client } = await load()
    const isReasoning = isReasoningModel(name)
    const open = baseUrl === undefined ? streamResponse : streamChat
    for (let limits = known.get(name) ?? NO_LIMITS; ; ) {
      let hasBegun = false
      try {
        const request: OpenAiRequest = {
          client,
          name,
          call,
          isReasoning,
          limits,
          answer: formatAnswer(call, { dialect: 'openai', wordsOnly: limits.wordsOnly }),
          temperature: isReasoning || limits.noTemperature ? undefined : call.temperature,
          maxTokens: isReasoning && call.maxTokens !== undefined ? call.maxTokens + THINKING_TOKENS : call.maxTokens,
        }
        for await (const event of open(request, id)) {
          if (!hasBegun) known.set(name, limits)
          hasBegun = true
          yield event
        }
        return
      } catch (thrown) {
        const fewer = hasBegun ? undefined : concede(thrown, sdk, call, limits)
        if (fewer === undefined) {
          throw classifyError(thrown, {
            sdk,
            model: id,
            nowMs: clock.now(),
            apiKey: apiKey ?? '',
            keyVariable: 'OPENAI_API_KEY',
          })
        }
        limits = fewer
      }
    }
  }
  return {
    model(name): WireModel {
      const id = `openai:${name}`
      return { id, stream: (call) => stream(id, name, call) }
    },
  }
}

export async function loadClient(apiKey: string | undefined, baseUrl: string | undefined): Promise<Loaded> {
  const sdk = await import('openai')
  const client = new sdk.OpenAI({
    // Servers of one's own often want no key; the SDK insists on one.
    apiKey: apiKey ?? 'none',
    adminAPIKey: null,
    baseURL: baseUrl ?? VENDOR_URL,
    // Deadlines and repetitions have one place each, and it is not here.
    maxRetries: 0,
    timeout: 2_000_000_000,
    logLevel: 'off',
    // The key is meant for this address and no other.
    fetchOptions: { redirect: 'error' },
    // What the environment says of the vendor's account is no business of another server.
    ...(baseUrl !== undefined && { organization: null, project: null }),
  })
  return { sdk, client }
}

/** What to leave out after a refusal, so that the call can be made once more; undefined when that would not help. */
function concede(thrown: unknown, sdk: Loaded['sdk'], call: ModelCall, limits: Limits): Limits | undefined {
  if (!(thrown instanceof sdk.APIError) || (thrown.status !== 400 && thrown.status !== 422)) return undefined
  const { param, kinds } = readVendorWords(thrown.error)
  if (param === 'temperature') return limits.noTemperature ? undefined : { ...limits, noTemperature: true }
  if (param?.startsWith('stream_options'))
    return limits.noStreamOptions ? undefined : { ...limits, noStreamOptions: true }
  // Servers of another make often name no parameter at all; one that names null has looked.
  const isAboutFormat = param === undefined || (param !== null && /^(response_format|text)\b/.test(param))
  const isAboutContent = kinds.some((kind) =>
    /^(context_length|content_|string_above|invalid_prompt|model_)/.test(kind),
  )
  const asksForFormat = call.json === true || call.schema !== undefined
  return asksForFormat && isAboutFormat && !isAboutContent && !limits.wordsOnly
    ? { ...limits, wordsOnly: true }
    : undefined
}
