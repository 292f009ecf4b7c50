import { createServer } from 'node:http'
import { createOrchestrator } from 'tutti'

// An agent that somebody else runs: a card that says what it can do, and JSON-RPC.
const cardOf = (origin: string) => ({
  name: 'Travel agent',
  description: 'Plans journeys in Korea',
  version: '2.0',
  supportedInterfaces: [{ url: `${origin}/a2a`, protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: '' }],
  capabilities: { streaming: false },
  skills: [{ id: 'plan-trip', name: 'Plan a trip', description: 'Finds trains and a hotel', tags: ['travel'] }],
})
const answer = (text: string): object => {
  const { id, params } = JSON.parse(text)
  const parts = [{ text: `Train at nine. You asked: ${params.message.parts[0].text}` }, { data: { train: 'KTX 21' } }]
  const message = { messageId: 'm-1', contextId: 'c-1', role: 'ROLE_AGENT', parts }
  return { jsonrpc: '2.0', id, result: { message } }
}
const agent = createServer((request, response) => {
  let text = ''
  request.on('data', (chunk) => (text += String(chunk)))
  request.on('end', () => {
    const body = request.method === 'GET' ? cardOf(`http://${request.headers.host}`) : answer(text)
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
})
await new Promise<void>((resolve) => void agent.listen(0, '127.0.0.1', resolve))
const address = agent.address()
const port = typeof address === 'object' && address !== null ? address.port : 0

const tutti = createOrchestrator({
  sources: { a2a: { travel: { url: `http://127.0.0.1:${port}`, timeoutMs: 120_000 } } },
})
const { status, outputs } = await tutti.execute({
  steps: [{ name: 'trip', agent: 'travel', action: 'plan-trip', inputs: { message: 'A weekend in Busan' } }],
  outputs: { text: '${steps.trip.output.text}', train: '${steps.trip.output.data.train}' },
})
console.log(status, outputs)
await tutti.close()
agent.close()
