// Chat completions: the language of compatible servers, which take liberties with it.
import type { ChatCompletionChunk, ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions'
import type { ModelEvent, Usage } from '../contracts/model.ts'
import type { AnswerFormat } from './answer-format.ts'
import type { OpenAiRequest } from './openai-request.ts'
import { createThoughtFilter } from './thoughts.ts'
import type { Pulse } from './wire-model.ts'

/** The answer in pieces; no `end` when the stream stopped without a finish reason. */
export async function* streamChat(request: OpenAiRequest, id: string): AsyncGenerator<ModelEvent | Pulse> {
  const { client, call } = request
  const { signal, headers } = call
  const chunks = await client.chat.completions.create(chatBody(request), { signal, headers: { ...headers } })
  const thoughts = createThoughtFilter()
  let finish: Extract<ModelEvent, { type: 'end' }>['finish'] | undefined
  let usage: Usage = { inputTokens: 0, outputTokens: 0 }
  let hasRefused = false
  try {
    for await (const chunk of chunks) {
      usage = readUsage(chunk) ?? usage
      // Some servers send heads and last chunks without choices.
      const choice = chunk.choices?.[0]
      if (choice?.delta?.refusal) hasRefused = true
      const text = choice?.delta?.content ? thoughts.push(choice.delta.content) : ''
      yield text === '' ? { type: 'pulse', usage } : { type: 'text', text }
      if (choice?.finish_reason) finish = finishOf(choice.finish_reason)
    }
  } catch (thrown) {
    // With the finish reason the answer was whole; what was cut off is at most the account.
    if (finish === undefined || signal.aborted) throw thrown
  }
  if (finish === undefined || signal.aborted) return
  const rest = thoughts.flush()
  if (rest !== '') yield { type: 'text', text: rest }
  yield { type: 'end', finish: hasRefused ? 'refused' : finish, usage, model: id }
}

function chatBody({
  name,
  call,
  answer,
  temperature,
  maxTokens,
  isReasoning,
  limits,
}: OpenAiRequest): ChatCompletionCreateParamsStreaming {
  const body: ChatCompletionCreateParamsStreaming = {
    model: name,
    messages: [
      ...(call.system === '' ? [] : [{ role: 'system' as const, content: call.system }]),
      ...answer.messages.map(({ role, content }) => ({ role, content })),
    ],
    stream: true,
  }
  if (!limits.noStreamOptions) body.stream_options = { include_usage: true }
  if (temperature !== undefined) body.temperature = temperature
  if (maxTokens !== undefined) body[isReasoning ? 'max_completion_tokens' : 'max_tokens'] = maxTokens
  const format = responseFormat(answer.format)
  if (format !== undefined) body.response_format = format
  return body
}

function responseFormat(format: AnswerFormat): ChatCompletionCreateParamsStreaming['response_format'] {
  if (format.kind === 'object') return { type: 'json_object' }
  if (format.kind === 'free') return undefined
  return { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: format.schema } }
}

function finishOf(reason: string): 'stop' | 'length' | 'refused' {
  if (reason === 'length') return 'length'
  return reason === 'content_filter' ? 'refused' : 'stop'
}

function readUsage({ usage }: ChatCompletionChunk): Usage | undefined {
  if (usage == null) return undefined
  const cachedTokens = usage.prompt_tokens_details?.cached_tokens
  return {
    inputTokens: usage.prompt_tokens ?? 0,
    outputTokens: usage.completion_tokens ?? 0,
    ...(cachedTokens !== undefined && { cachedTokens }),
  }
}
