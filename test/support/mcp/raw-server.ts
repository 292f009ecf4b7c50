// An MCP server over stdio written by hand, which does what no honest server does. Its argument says how it behaves.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const [mode = 'plain', extra = ''] = process.argv.slice(2)
type Fields = Record<string, unknown>
type Message = { id?: number | string; method?: string; params?: Fields }

const write = (text: string) => process.stdout.write(`${text}\n`)
const send = (message: object) => write(JSON.stringify({ jsonrpc: '2.0', ...message }))
const answer = (id: unknown, result: object) => send({ id, result })
const text = (words: string) => ({ content: [{ type: 'text', text: words }] })
const tool = (name: string, more: object = {}) => ({
  name,
  description: `Does ${name}`,
  inputSchema: { type: 'object' },
  ...more,
})

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {})

let lists = 0
let hasGrown = false
const cancelled: unknown[] = []

const TOOLS: Record<string, (id: number | string | undefined, inputs: Fields, raw: string, meta: Fields) => void> = {
  echo: (id, inputs) => answer(id, { content: [], structuredContent: { inputs } }),
  // The arguments as they came over the wire, and back as a number.
  raw: (id, _inputs, raw) => {
    const digits = /"id_number":(\d+)/.exec(raw)?.[1] ?? '0'
    write(
      `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"structuredContent":{"digits":"${digits}","number":${digits}}}}`,
    )
  },
  meta: (id, _inputs, _raw, meta) => answer(id, { content: [], structuredContent: meta }),
  lists: (id) => answer(id, text(String(lists))),
  cancelled: (id) => answer(id, { content: [], structuredContent: { count: cancelled.length } }),
  hang: () => undefined,
  die: () => process.exit(3),
  grow: (id) => {
    hasGrown = true
    send({ method: 'notifications/tools/list_changed' })
    answer(id, text('grown'))
  },
  flood: (id, { count }) => {
    const line = `${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x' } })}\n`
    const progress = `${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'nobody', progress: 1 } })}\n`
    for (let i = 0; i < Number(count); i += 100) process.stdout.write(line.repeat(50) + progress.repeat(50))
    answer(id, text('after the flood'))
  },
  big: (id, { bytes }) => answer(id, text('x'.repeat(Number(bytes)))),
  // An answer that never ends its line.
  endless: () => {
    const pour = () => void process.stdout.write('x'.repeat(1_000_000), pour)
    pour()
  },
  garbage: (id) => {
    write('not json at all')
    write('{"jsonrpc":"2.0","id":')
    write('[1,2,{"jsonrpc":"1.0"}]')
    write('null')
    send({ id: 999_999, result: { content: [] } })
    answer(id, text('the answer'))
  },
  deep: (id) =>
    write(
      `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"structuredContent":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`,
    ),
  environment: (id) => answer(id, { content: [], structuredContent: { ...process.env, args: process.argv.slice(2) } }),
  nonsense: (id) => answer(id, { content: 'no list' }),
  refused: (id) =>
    send({ id, error: { code: -32602, message: 'The parameter "city" is unknown.', data: { field: 'city' } } }),
  missing: (id) => send({ id, error: { code: -32601, message: 'There is no such tool.' } }),
  broken: (id) => send({ id, error: { code: -32603, message: 'It broke.' } }),
  fails: (id) => answer(id, { ...text('City not found. Did you mean Chicago?'), isError: true }),
  busy: (id) => answer(id, { ...text('{"code":"SERVICE_UNAVAILABLE","message":"Come back later"}'), isError: true }),
  asks: (id) => {
    asked = id
    send({ id: 'mine', method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } })
  },
  slow: (id, { steps, everyMs }, _raw, meta) => {
    let step = 0
    const next = () => {
      step++
      if (step > Number(steps)) {
        answer(id, text('done'))
        return
      }
      send({ method: 'notifications/progress', params: { progressToken: meta['progressToken'], progress: step } })
      setTimeout(next, Number(everyMs))
    }
    next()
  },
  pid: (id) => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'inherit' })
    answer(id, { content: [], structuredContent: { own: process.pid, child: child.pid } })
  },
}
let asked: unknown

function list(params: Fields = {}): object {
  lists++
  const names = Object.keys(TOOLS).map((name) => tool(name))
  const page = Number(params['cursor'] ?? 0)
  if (mode === 'loop') return { tools: [tool(`page-${page}`)], nextCursor: String((page + 1) % 3) }
  if (mode === 'endless-list') return { tools: [tool(`page-${page}`)], nextCursor: String(page + 1) }
  if (mode === 'many') {
    const tools = Array.from({ length: 2_000 }, (_, i) => tool(`t-${page * 2_000 + i}`))
    return page < 9 ? { tools, nextCursor: String(page + 1) } : { tools }
  }
  if (mode === 'no-list') return { tools: 'none' }
  if (mode === 'ttl') return { tools: names, ttlMs: 60_000 }
  if (mode === 'hostile-tools') return { tools: JSON.parse(extra) }
  return { tools: hasGrown ? [...names, tool('grown')] : names }
}

if (mode === 'stubborn') {
  process.on('SIGTERM', () => undefined)
  setInterval(() => undefined, 1_000)
}
if (mode === 'crash') {
  console.error(`It cannot start with ${process.env['API_TOKEN']}: the disk is full.`)
  process.exit(1)
}
if (mode === 'chatty') for (let i = 0; i < 500; i++) console.error(`line ${i}`)

const input = createInterface({ input: process.stdin })
input.on('close', () => mode !== 'stubborn' && process.exit(0))
input.on('line', (raw) => {
  if (mode === 'mute') return
  const { id, method, params = {} } = JSON.parse(raw) as Message
  if (method === 'server/discover') {
    if (mode === 'old') process.exit(1)
    send({ id, error: { code: -32601, message: 'Method not found' } })
  } else if (method === 'initialize') {
    if (mode === 'slow-start') setTimeout(() => hello(id), Number(extra))
    else hello(id)
  } else if (method === 'tools/list' && mode === 'tell-tale')
    send({ id, error: { code: -32000, message: `I know ${process.env['API_TOKEN']} ${'x'.repeat(100_000)}` } })
  else if (method === 'tools/list') answer(id, list(params))
  else if (method === 'tools/call') {
    const run = TOOLS[String(params['name'])]
    if (run === undefined) answer(id, { content: [], structuredContent: { called: params['name'] } })
    else run(id, fieldsOf(params['arguments']), raw, fieldsOf(params['_meta']))
  } else if (method === 'notifications/cancelled') cancelled.push(params['requestId'])
  else if (id === 'mine') answer(asked, { content: [], structuredContent: JSON.parse(raw) })
})

function hello(id: unknown): void {
  answer(id, {
    protocolVersion: '2025-06-18',
    serverInfo: { name: 'raw', version: '1.2.3' },
    instructions: 'Call it when nothing else helps.',
    capabilities: mode === 'toolless' ? {} : { tools: { listChanged: mode !== 'silent' && mode !== 'ttl' } },
  })
}
