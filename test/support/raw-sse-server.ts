// A vendor that writes exactly the bytes a test wants: split characters, pings, cuts, silence, errors within a stream.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RawRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Record<string, unknown>
  /** Resolves when the client has closed the connection of this request. */
  readonly closed: Promise<void>
}

/** Frames are written one after the other; a Buffer is written as it is. */
export type Frame = string | Buffer | typeof CUT | typeof HANG
/** Ends the socket in the middle of the body. */
export const CUT = Symbol('cut')
/** Writes nothing more, and keeps the connection. */
export const HANG = Symbol('hang')

export type RawReply =
  | { readonly frames: readonly Frame[] | Iterable<Frame> }
  | { readonly status: number; readonly body: string; readonly headers?: Record<string, string> }

export interface RawServer {
  readonly url: string
  readonly requests: RawRequest[]
  /** Answers the next requests in order; the last one answers all further ones. */
  reply(...replies: readonly (RawReply | ((request: RawRequest) => RawReply))[]): void
  close(): Promise<void>
}

export async function startRawServer(): Promise<RawServer> {
  const requests: RawRequest[] = []
  let replies: readonly (RawReply | ((request: RawRequest) => RawReply))[] = []
  let next = 0
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const closed = new Promise<void>((resolve) => res.on('close', () => resolve()))
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}')
      const request: RawRequest = { path: req.url ?? '', headers: req.headers, body, closed }
      requests.push(request)
      const reply = replies[Math.min(next++, replies.length - 1)] ?? { status: 500, body: 'no reply was set' }
      void send(res, typeof reply === 'function' ? reply(request) : reply)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    reply(...given) {
      replies = given
      next = 0
    },
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function send(res: ServerResponse, reply: RawReply): Promise<void> {
  if ('status' in reply) {
    res.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
    res.end(reply.body)
    return
  }
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  for (const frame of reply.frames) {
    if (res.destroyed) return
    if (frame === HANG) return
    if (frame === CUT) {
      await new Promise((resolve) => setImmediate(resolve))
      res.socket?.destroy()
      return
    }
    // Each write gets its own turn, so that the client sees the pieces as they were cut.
    if (!res.write(frame)) await drained(res)
    await new Promise((resolve) => setImmediate(resolve))
  }
  res.end()
}

const drained = (res: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      res.off('drain', done).off('close', done)
      resolve()
    }
    res.on('drain', done).on('close', done)
  })

/** The text's bytes in pieces of `size`, through the middle of characters. */
export const splitBytes = (text: string, size: number): Buffer[] => {
  const bytes = Buffer.from(text)
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
}

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const named = (value: { readonly type: string; readonly [key: string]: unknown }): string =>
  `event: ${value.type}\n${data(value)}`

/** The frames of chat completions. */
export const chat = {
  delta: (delta: object, finish: string | null = null): string =>
    data({
      id: 'c1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm-2026',
      choices: [{ index: 0, delta, finish_reason: finish }],
    }),
  text: (content: string): string => chat.delta({ content }),
  usage: (usage: object): string =>
    data({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm-2026', choices: [], usage }),
  done: 'data: [DONE]\n\n',
  whole: (text: string, finish = 'stop'): Frame[] => [
    chat.delta({ role: 'assistant', content: '' }),
    chat.text(text),
    chat.delta({}, finish),
    chat.usage({
      prompt_tokens: 11,
      completion_tokens: 7,
      total_tokens: 18,
      prompt_tokens_details: { cached_tokens: 4 },
    }),
    chat.done,
  ],
}

/** The frames of the messages API. */
export const messages = {
  start: named({
    type: 'message_start',
    message: {
      id: 'm1',
      type: 'message',
      role: 'assistant',
      model: 'claude',
      content: [],
      stop_reason: null,
      usage: { input_tokens: 10, output_tokens: 1, cache_creation_input_tokens: 3, cache_read_input_tokens: 5 },
    },
  }),
  ping: 'event: ping\ndata: {"type":"ping"}\n\n',
  text: (text: string): string => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  thought: (thinking: string): string =>
    named({ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking } }),
  delta: (stopReason: string): string =>
    named({
      type: 'message_delta',
      delta: { stop_reason: stopReason, stop_sequence: null },
      usage: { output_tokens: 9 },
    }),
  stop: named({ type: 'message_stop' }),
  error: (type: string): string =>
    `event: error\ndata: ${JSON.stringify({ type: 'error', error: { type, message: 'said the vendor' } })}\n\n`,
  whole: (text: string, stopReason = 'end_turn'): Frame[] => [
    messages.start,
    messages.ping,
    messages.text(text),
    messages.delta(stopReason),
    messages.stop,
  ],
}

/** The frames of the Responses API. */
export const responses = {
  text: (delta: string): string =>
    named({ type: 'response.output_text.delta', item_id: 'i1', output_index: 0, content_index: 0, delta }),
  thought: (delta: string): string =>
    named({ type: 'response.reasoning_summary_text.delta', item_id: 'i0', output_index: 0, summary_index: 0, delta }),
  end: (type: 'completed' | 'incomplete' | 'failed', more: object = {}): string =>
    named({
      type: `response.${type}`,
      response: {
        id: 'r1',
        object: 'response',
        status: type,
        error: null,
        output: [],
        usage: { input_tokens: 20, input_tokens_details: { cached_tokens: 8 }, output_tokens: 6, total_tokens: 26 },
        ...more,
      },
    }),
  whole: (text: string): Frame[] => [responses.text(text), responses.end('completed')],
}
