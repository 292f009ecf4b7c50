// Calls a component over HTTP: inputs out, whatever came back in. What an answer means is the executor's to say.
import type { Capability, Component } from '../../contracts/capability.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'
import type { Invoker, InvokerCall } from '../../contracts/parts.ts'
import { parseJson, stringifyJson } from '../../util/json.ts'
import { readEndpoint } from './addresses.ts'
import type { HttpAnswer, HttpClient, HttpClientOptions } from './http-client.ts'
import { createHttpClient } from './http-client.ts'

/** `client`: an HTTP client to share with a discovery; closing the invoker closes it too. */
export type HttpInvokerOptions = HttpClientOptions | { readonly client: HttpClient }

/** These belong to the connection, or are set per call; a caller's headers cannot change them. */
const OWN_HEADERS = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

function headersOf(call: InvokerCall): string[] {
  const headers = [
    'content-type',
    'application/json',
    'accept',
    'application/json, text/plain;q=0.5, */*;q=0.1',
    'idempotency-key',
    call.idempotencyKey,
  ]
  for (const name in call.headers) {
    const value = call.headers[name]
    if (value !== undefined && !OWN_HEADERS.has(name.toLowerCase())) headers.push(name, value)
  }
  return headers
}

function isEnveloped(component: Component): boolean {
  return (component.envelope ?? (component.kind === 'agent' ? 'data' : 'bare')) === 'data'
}

/** The body as a value: null when empty, text where it is not JSON. @throws TuttiError `bad_response` */
function readBody(answer: HttpAnswer, who: string): JsonValue {
  const { headers } = answer
  // A byte order mark is no part of the text.
  const text = answer.text.charCodeAt(0) === 0xfeff ? answer.text.slice(1) : answer.text
  if (text === '') return null
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw new TuttiError('bad_response', `${who} answered in the encoding "${encoding}", which was not asked for.`, {
      details: { sent: true, status: answer.status },
    })
  }
  const type = headers['content-type'] ?? ''
  const isJson = /[/+]json\b/i.test(type)
  // Plain text such as "42" stays text: only what says it is JSON, or can be nothing else, is read as JSON.
  if (!isJson && type !== '' && !/^\s*[[{]/.test(text)) return text
  try {
    return parseJson(text)
  } catch (cause) {
    if (!isJson || answer.status >= 400) return text
    throw new TuttiError('bad_response', `${who} says it answers JSON, but its answer is none.`, {
      details: { sent: true, status: answer.status, body: text.slice(0, 4096) },
      cause,
    })
  }
}

/** One invoker serves all components of a source. `details.sent` of what it throws is false when nothing was sent. */
export function createHttpInvoker(options: HttpInvokerOptions): Invoker {
  const client = 'client' in options ? options.client : createHttpClient(options)
  const paths = new WeakMap<Capability, string>()

  const pathOf = (capability: Capability): string => {
    let path = paths.get(capability)
    if (path === undefined) {
      path = readEndpoint(capability.endpoint ?? `/api/capabilities/${encodeURIComponent(capability.name)}`)
      paths.set(capability, path)
    }
    return path
  }

  return {
    async invoke(call) {
      const { component, capability, instance, inputs } = call
      if (instance.address === undefined) {
        throw new TuttiError('component_unavailable', `"${component.name}" has no address to call.`, {
          details: { sent: false },
        })
      }
      const answer = await client.request({
        origin: instance.address,
        path: pathOf(capability),
        method: 'POST',
        headers: headersOf(call),
        body: stringifyJson(isEnveloped(component) ? { data: inputs } : inputs),
        signal: call.signal,
      })
      return { status: answer.status, headers: answer.headers, body: readBody(answer, `"${component.name}"`) }
    },
    close: () => client.close(),
  }
}
