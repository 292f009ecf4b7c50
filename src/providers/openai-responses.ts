// The Responses API of OpenAI: typed events, of which the last one says how the answer ended.
import type { Response, ResponseCreateParamsStreaming } from 'openai/resources/responses/responses'
import { type ErrorCode, TuttiError } from '../contracts/errors.ts'
import type { ModelEvent, Usage } from '../contracts/model.ts'
import type { AnswerFormat } from './answer-format.ts'
import type { OpenAiRequest } from './openai-request.ts'
import type { Pulse } from './wire-model.ts'

/** The answer in pieces; no `end` when the stream stopped without a terminal event. */
export async function* streamResponse(request: OpenAiRequest, id: string): AsyncGenerator<ModelEvent | Pulse> {
  const { client, call } = request
  const { signal, headers } = call
  const events = await client.responses.create(responseBody(request), { signal, headers: { ...headers } })
  let last: Response | undefined
  let hasRefused = false
  for await (const event of events) {
    switch (event.type) {
      case 'response.output_text.delta':
        yield { type: 'text', text: event.delta }
        break
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        last = event.response
        break
      case 'response.refusal.delta':
        hasRefused = true
        yield { type: 'pulse' }
        break
      default:
        // Thoughts, tools and bookkeeping: a sign of life, and no part of the answer.
        yield { type: 'pulse' }
    }
  }
  if (last === undefined || signal.aborted) return
  if (last.status === 'failed') throw failure(last, id)
  yield { type: 'end', finish: hasRefused ? 'refused' : finishOf(last), usage: readUsage(last), model: id }
}

function responseBody({ name, call, answer, temperature, maxTokens }: OpenAiRequest): ResponseCreateParamsStreaming {
  const body: ResponseCreateParamsStreaming = {
    model: name,
    input: answer.messages.map(({ role, content }) => ({ role, content })),
    stream: true,
    store: false,
  }
  if (call.system !== '') body.instructions = call.system
  if (temperature !== undefined) body.temperature = temperature
  if (maxTokens !== undefined) body.max_output_tokens = maxTokens
  const format = textFormat(answer.format)
  if (format !== undefined) body.text = { format }
  return body
}

function textFormat(format: AnswerFormat): NonNullable<ResponseCreateParamsStreaming['text']>['format'] {
  if (format.kind === 'object') return { type: 'json_object' }
  if (format.kind === 'free') return undefined
  return { type: 'json_schema', name: 'answer', strict: true, schema: format.schema }
}

function finishOf({ status, incomplete_details: incomplete }: Response): 'stop' | 'length' | 'refused' {
  if (status !== 'incomplete') return 'stop'
  return incomplete?.reason === 'content_filter' ? 'refused' : 'length'
}

function readUsage({ usage }: Response): Usage {
  if (usage == null) return { inputTokens: 0, outputTokens: 0 }
  const cachedTokens = usage.input_tokens_details?.cached_tokens
  return {
    inputTokens: usage.input_tokens,
    outputTokens: usage.output_tokens,
    ...(cachedTokens !== undefined && { cachedTokens }),
  }
}

const FAILURES: ReadonlyMap<string, ErrorCode> = new Map([
  ['rate_limit_exceeded', 'model_rate_limited'],
  ['invalid_prompt', 'model_rejected'],
])

function failure({ error }: Response, id: string): TuttiError {
  const kind = error?.code ?? 'unknown'
  const code = FAILURES.get(kind) ?? 'model_unavailable'
  return new TuttiError(
    code,
    `"${id}" failed within its answer (${kind}). Try again later, or list a second model for failover.`,
    {
      details: { kind },
    },
  )
}
