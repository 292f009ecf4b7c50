// A component as a process of its own, that behaves as its parent tells it: well, slowly, never, wrongly, half. It registers
// itself as GoMind components do and notes every call it gets. Started with fork(); arguments: id, name, Redis URL.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Redis } from 'ioredis'

export const MODES = ['well', 'slow', 'hang', 'cut', 'garbage', 'lie', 'fail', 'busy', 'flap'] as const
export type Mode = (typeof MODES)[number]
/** One call as it arrived. */
export interface SeenCall {
  readonly runId: string
  readonly key: string
  readonly capability: string
  /** What it was asked. */
  readonly n: number
  readonly at: number
  /** When the answer began, or it was seen to be given up; Infinity before. */
  endedAt: number
  wasGivenUp: boolean
  /** It was told plainly that nothing was done. */
  wasRefused: boolean
}
export type Order = { readonly mode: Mode } | { readonly report: true } | { readonly move: true }
export type Word = { readonly port: number } | { readonly calls: readonly SeenCall[] }

const CAPABILITIES = [
  { name: 'look', description: 'Looks.', effect: 'read' },
  { name: 'change', description: 'Changes.', effect: 'write', idempotent: false },
].map((capability) => ({ ...capability, endpoint: `/api/capabilities/${capability.name}`, input_types: ['json'] }))

const later = (minMs: number, maxMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, minMs + Math.random() * (maxMs - minMs)))

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function main([id = '', name = '', redisUrl = '']: readonly string[]): void {
  let mode: Mode = 'well'
  let count = 0
  const calls: SeenCall[] = []
  const say = (word: Word): void => void process.send?.(word)

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request)
    const { pathname } = new URL(request.url ?? '/', 'http://component')
    if (request.method !== 'POST') return void response.writeHead(404).end()
    const { headers } = request
    const call: SeenCall = {
      runId: String(headers['x-tutti-run-id'] ?? ''),
      key: String(headers['idempotency-key'] ?? ''),
      capability: pathname.split('/').at(-1) ?? '',
      n: Number((JSON.parse(body) as { n?: number }).n),
      at: Date.now(),
      endedAt: Infinity,
      wasGivenUp: false,
      wasRefused: false,
    }
    calls.push(call)
    response.once('close', () => {
      if (call.endedAt !== Infinity) return
      call.endedAt = Date.now()
      call.wasGivenUp = true
    })
    const json = (status: number, value: unknown, more: Record<string, string> = {}): void => {
      call.endedAt = Date.now()
      response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(value))
    }
    const refuse: typeof json = (...answer) => {
      call.wasRefused = true
      json(...answer)
    }
    const well = (): void => json(200, { success: true, data: { echo: JSON.parse(body) as unknown, by: name } })
    await later(1, 15)
    switch (mode === 'flap' ? (++count % 20 < 10 ? 'well' : 'fail') : mode) {
      case 'well':
        return well()
      case 'slow':
        await later(100, 900)
        return well()
      case 'hang':
        return
      case 'cut':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
        response.write('{"success": true, "data": {"ec')
        await later(1, 5)
        return void request.socket.destroy()
      case 'garbage':
        return void request.socket.end(Buffer.from([0, 255, 13, 10, 72, 84, 84, 80, 47, 57, 10, 13, 10]))
      case 'lie':
        return refuse(200, { success: false, error: { code: 'SERVICE_ERROR', message: 'It said yes and meant no.' } })
      case 'busy':
        return refuse(429, { error: { code: 'BUSY', message: 'Slow down.' } }, { 'retry-after': '0.2' })
      default:
        return refuse(503, { error: { code: 'SERVICE_ERROR', message: 'Out of order.' } })
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  const redis = new Redis(redisUrl, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  redis.on('error', () => undefined)
  const key = `gomind:services:${id}`
  let isThere = false
  const portOf = (): number => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }
  const beat = (): void => {
    if (!isThere) return
    const record = JSON.stringify({
      id,
      name,
      type: 'tool',
      description: `The component ${name}.`,
      address: '127.0.0.1',
      port: portOf(),
      capabilities: CAPABILITIES,
      metadata: {},
      health: 'healthy',
      last_seen: new Date().toISOString(),
    })
    redis.set(key, record, 'PX', 1_000).catch(() => undefined)
  }
  const open = (): void =>
    void server.listen(0, '127.0.0.1', () => {
      isThere = true
      beat()
      say({ port: portOf() })
    })
  /** Gone from the registry, and back at another port. */
  const move = (): void => {
    if (!isThere) return
    isThere = false
    redis.del(key).catch(() => undefined)
    server.closeAllConnections()
    server.close(() => setTimeout(open, 200))
  }
  open()
  setInterval(beat, 250)
  process.on('message', (order: Order) => {
    if ('mode' in order) mode = order.mode
    else if ('move' in order) move()
    else say({ calls: calls.splice(0) })
  })
  process.on('disconnect', () => process.exit(0))
}

if (process.argv[1] === import.meta.filename) main(process.argv.slice(2))
