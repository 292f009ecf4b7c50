// A document and a server beside it, for the tests of OpenAPI sources.

import { createOpenapiSource, type OpenapiSource } from '../../src/connectors/openapi/openapi-source.ts'
import type { Capability, Component } from '../../src/contracts/capability.ts'
import type { JsonObject } from '../../src/contracts/json.ts'
import type { InvokerResult } from '../../src/contracts/parts.ts'
import type { OpenapiSpec } from '../../src/contracts/sources.ts'
import { type SeenRequest, startHttpServer, type TestServer } from '../support/http-servers.ts'

export const signal = new AbortController().signal

export interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
}

export interface World {
  readonly server: TestServer
  readonly source: OpenapiSource
  readonly warnings: readonly string[]
  /** What is told to who wants to know more. */
  readonly told: readonly string[]
  /** Requests for anything but the document. */
  calls(): readonly SeenRequest[]
  component(): Promise<Component>
  capability(name: string): Promise<Capability>
  call(name: string, inputs?: JsonObject): Promise<InvokerResult>
  close(): Promise<void>
}

export interface WorldOptions {
  readonly spec?: Omit<OpenapiSpec, 'url' | 'file'>
  readonly answer?: (seen: SeenRequest) => Answer
  /** The document as it is served; default: JSON. */
  readonly text?: string
  readonly documentHeaders?: Record<string, string>
}

export const jsonAnswer = (body: unknown, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

/** `paths` (and whatever else a document has) served at `/openapi.json`, every other request answered by `answer`. */
export async function openWorld(document: object, options: WorldOptions = {}): Promise<World> {
  const { answer = () => jsonAnswer({ ok: true }), documentHeaders = { 'content-type': 'application/json' } } = options
  const whole = { openapi: '3.1.0', info: { title: 'Test', version: '1' }, ...document }
  const server = await startHttpServer((seen, _request, response) => {
    if (seen.url === '/openapi.json') {
      const tag = documentHeaders['etag']
      const isKnown = tag !== undefined && seen.headers['if-none-match'] === tag
      response.writeHead(isKnown ? 304 : 200, documentHeaders)
      response.end(isKnown ? undefined : (options.text ?? JSON.stringify(whole)))
      return
    }
    const { status = 200, headers = {}, body } = answer(seen)
    response.writeHead(status, headers)
    response.end(body)
  })
  const warnings: string[] = []
  const told: string[] = []
  const source = createOpenapiSource({
    name: 'test',
    spec: { url: `${server.origin}/openapi.json`, ...options.spec },
    log: {
      debug: () => undefined,
      info: (text) => told.push(text),
      warn: (text) => warnings.push(text),
      error: () => undefined,
    },
  })
  const component = async (): Promise<Component> => {
    const [found] = await source.discovery.load(signal)
    if (found === undefined) throw new Error('The source has no component.')
    return found
  }
  const capability = async (name: string): Promise<Capability> => {
    const found = (await component()).capabilities.find((one) => one.name === name)
    if (found === undefined) throw new Error(`There is no capability "${name}".`)
    return found
  }
  return {
    server,
    source,
    warnings,
    told,
    calls: () => server.requests.filter(({ url }) => url !== '/openapi.json'),
    component,
    capability,
    call: async (name, inputs = {}) => await callOf(source, await component(), await capability(name), inputs),
    async close() {
      await source.discovery.close?.()
      await source.invoker.close?.()
      await server.close()
    },
  }
}

export async function callOf(
  { invoker }: OpenapiSource,
  component: Component,
  capability: Capability,
  inputs: JsonObject,
): Promise<InvokerResult> {
  const [instance] = component.instances
  if (instance === undefined) throw new Error('The component runs nowhere.')
  const headers = { traceparent: '00-trace' }
  const call = { component, capability, instance, inputs, idempotencyKey: 'run:step:1', runId: 'run', headers, signal }
  return await invoker.invoke(call)
}
