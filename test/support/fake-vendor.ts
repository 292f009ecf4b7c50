// A vendor at wire level: OpenAI chat completions and Responses, Anthropic messages, all streaming, over real HTTP.
// Answers are scripted per purpose (the `x-tutti-purpose` header); every request is kept for assertions.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface VendorCall {
  readonly api: 'chat' | 'responses' | 'messages'
  readonly purpose: string
  readonly runId: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Record<string, unknown>
  /** All text that the model would read. */
  readonly prompt: string
}

/** Text, or anything else as JSON; a function sees the call; a status refuses it. */
export type VendorAnswer =
  | string
  | { readonly status: number; readonly message: string }
  | {
      readonly json: unknown
      /** Waited for before each frame of the stream. */
      readonly before?: (frame: number) => Promise<void> | undefined
    }
  | ((call: VendorCall) => VendorAnswer)
export type VendorScript = Record<string, VendorAnswer | readonly VendorAnswer[]>

export interface FakeVendor {
  readonly openaiUrl: string
  readonly anthropicUrl: string
  readonly calls: VendorCall[]
  of(purpose: string): VendorCall[]
  script(answers: VendorScript): void
  close(): Promise<void>
}

const pieces = (text: string): string[] =>
  Array.from({ length: Math.ceil(text.length / 16) }, (_, i) => text.slice(i * 16, i * 16 + 16))

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(textOf).join('\n')
  if (typeof value !== 'object' || value === null) return ''
  return Object.entries(value)
    .map(([key, inner]) =>
      ['text', 'content', 'system', 'messages', 'input', 'instructions'].includes(key) ? textOf(inner) : '',
    )
    .filter((t) => t !== '')
    .join('\n')
}

function* framesOf(call: VendorCall, text: string): Generator<string> {
  const model = String(call.body.model)
  const data = (o: unknown): string => `data: ${JSON.stringify(o)}\n\n`
  const named = (o: { type: string }): string => `event: ${o.type}\ndata: ${JSON.stringify(o)}\n\n`
  if (call.api === 'chat') {
    const chunk = (delta: object, finish: string | null = null): string =>
      data({
        id: 'chatcmpl-1',
        object: 'chat.completion.chunk',
        created: 1,
        model,
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      })
    yield chunk({ role: 'assistant', content: '' })
    for (const p of pieces(text)) yield chunk({ content: p })
    yield chunk({}, 'stop')
    yield data({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1,
      model,
      choices: [],
      usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
    })
    yield 'data: [DONE]\n\n'
  } else if (call.api === 'messages') {
    yield named({
      type: 'message_start',
      ...{
        message: {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 11, output_tokens: 1 },
        },
      },
    })
    yield named({ type: 'content_block_start', ...{ index: 0, content_block: { type: 'text', text: '' } } })
    for (const p of pieces(text))
      yield named({ type: 'content_block_delta', ...{ index: 0, delta: { type: 'text_delta', text: p } } })
    yield named({ type: 'content_block_stop', ...{ index: 0 } })
    yield named({
      type: 'message_delta',
      ...{ delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 7 } },
    })
    yield named({ type: 'message_stop' })
  } else {
    const response = (status: string): object => ({
      id: 'resp_1',
      object: 'response',
      created_at: 1,
      status,
      error: null,
      incomplete_details: null,
      model,
      output:
        status === 'completed'
          ? [
              {
                type: 'message',
                id: 'item_1',
                status,
                role: 'assistant',
                content: [{ type: 'output_text', text, annotations: [] }],
              },
            ]
          : [],
      usage:
        status === 'completed'
          ? {
              input_tokens: 11,
              input_tokens_details: { cached_tokens: 0 },
              output_tokens: 7,
              output_tokens_details: { reasoning_tokens: 0 },
              total_tokens: 18,
            }
          : null,
    })
    yield named({ type: 'response.created', ...{ sequence_number: 0, response: response('in_progress') } })
    let n = 1
    for (const p of pieces(text))
      yield named({
        type: 'response.output_text.delta',
        ...{ sequence_number: n++, item_id: 'item_1', output_index: 0, content_index: 0, delta: p, logprobs: [] },
      })
    yield named({ type: 'response.completed', ...{ sequence_number: n, response: response('completed') } })
  }
}

async function readCall(req: IncomingMessage): Promise<VendorCall | undefined> {
  const path = req.url ?? ''
  const api = path.includes('/chat/completions')
    ? 'chat'
    : path.includes('/responses')
      ? 'responses'
      : path.includes('/messages')
        ? 'messages'
        : undefined
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  if (api === undefined) return undefined
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>
  const header = (name: string): string | undefined =>
    typeof req.headers[name] === 'string' ? req.headers[name] : undefined
  return {
    api,
    purpose: header('x-tutti-purpose') ?? 'unknown',
    runId: header('x-tutti-run-id'),
    headers: req.headers,
    body,
    prompt: textOf(body),
  }
}

export async function startFakeVendor(): Promise<FakeVendor> {
  const calls: VendorCall[] = []
  let script: VendorScript = {}
  const used = new Map<string, number>()
  const answerTo = (call: VendorCall): VendorAnswer => {
    const entry = script[call.purpose] ?? { status: 404, message: `nothing is scripted for "${call.purpose}"` }
    const count = used.get(call.purpose) ?? 0
    used.set(call.purpose, count + 1)
    let answer: VendorAnswer = Array.isArray(entry)
      ? (entry[Math.min(count, entry.length - 1)] as VendorAnswer)
      : (entry as VendorAnswer)
    while (typeof answer === 'function') answer = answer(call)
    return answer
  }
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const call = await readCall(req)
    if (call === undefined) {
      res.writeHead(404).end()
      return
    }
    calls.push(call)
    const answer = answerTo(call)
    if (typeof answer === 'object' && 'status' in answer) {
      res.writeHead(answer.status, { 'content-type': 'application/json' })
      res.end(
        JSON.stringify(
          call.api === 'messages'
            ? { type: 'error', error: { type: 'invalid_request_error', message: answer.message } }
            : { error: { message: answer.message, type: 'invalid_request_error', param: null, code: null } },
        ),
      )
      return
    }
    const text = typeof answer === 'string' ? answer : JSON.stringify((answer as { json: unknown }).json)
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    const { before } = typeof answer === 'object' && 'json' in answer ? answer : { before: undefined }
    let written = 0
    for (const frame of framesOf(call, text)) {
      await before?.(written++)
      res.write(frame)
    }
    res.end()
  }
  const server = createServer((req, res) => {
    serve(req, res).catch(() => res.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    openaiUrl: `${origin}/v1`,
    anthropicUrl: origin,
    calls,
    of: (purpose) => calls.filter((call) => call.purpose === purpose),
    script(answers) {
      script = answers
      used.clear()
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
