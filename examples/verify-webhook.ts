import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createOrchestrator, tool } from 'tutti'
import { z } from 'zod'

const SECRET = 'keep me out of the code'
const TOLERANCE_SECONDS = 300

/** Whether the body was sent by who holds the secret, and not long ago. */
function isGenuine(body: string, signature: string, now = Date.now() / 1000): boolean {
  const [, t = '', v1 = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? []
  if (v1 === '' || Math.abs(now - Number(t)) > TOLERANCE_SECONDS) return false
  const expected = createHmac('sha256', SECRET).update(`${t}.${body}`).digest()
  return timingSafeEqual(expected, Buffer.from(v1, 'hex'))
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  const genuine = isGenuine(body, String(request.headers['x-tutti-signature']))
  response.writeHead(genuine ? 204 : 401).end()
  const { kind, message } = JSON.parse(body)
  console.log(genuine ? 'genuine' : 'forged', kind, message)
}

const receiver = createServer((request, response) => void receive(request, response))
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/notices`

const broken = tool({
  name: 'broken',
  description: 'Never works',
  input: z.object({}),
  effect: 'read',
  execute: () => Promise.reject(new Error('out of order')),
})
const tutti = createOrchestrator({
  tools: [broken],
  notify: { targets: { 'on-call': { url, secret: SECRET, on: ['run-failed'] } } },
})
await tutti.execute({ steps: [{ name: 'try', component: 'broken' }] })
// What is on its way gets two seconds.
await tutti.close()
await fetch(url, { method: 'POST', headers: { 'x-tutti-signature': 't=1,v1=00' }, body: '{"kind":"run-failed"}' })
receiver.close()
