// The request of one call: inputs and proofs put where the operation wants them. Whatever an input holds, it stays in its place:
// it cannot lead to another path, another parameter or another header.
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import { isHeaderValue } from '../../util/header-text.ts'
import type { Operation, Parameter } from './operation.ts'
import type { Proofs } from './proofs.ts'
import { writeBody } from './write-body.ts'
import { encodeText, writeInHeader, writeInPath, writeInQuery } from './write-parameter.ts'

export interface BuiltRequest {
  readonly path: string
  /** Names and values in turn. */
  readonly headers: string[]
  readonly body?: string
}

export interface RequestFacts {
  readonly proofs: Proofs
  readonly idempotencyKey: string
  /** Sent with every request of the source. */
  readonly headers: ReadonlyMap<string, string>
  /** Of this call, such as trace context: they take no place that is taken. */
  readonly callHeaders: Readonly<Record<string, string>>
}

/** Of a call: they belong to the connection, or say what is said already. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  ...['accept', 'accept-encoding', 'connection', 'content-length', 'content-type', 'cookie', 'expect', 'host'],
  ...['idempotency-key', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'authorization'],
])

const refuse = (message: string): TuttiError => new TuttiError('invalid_input', message, { details: { sent: false } })

/** @throws TuttiError `invalid_input` for inputs that cannot be written where they belong */
export function buildRequest(operation: Operation, inputs: JsonObject, facts: RequestFacts): BuiltRequest {
  const headers = new Map(facts.headers)
  const query: string[] = []
  const cookies: string[] = []
  const inPath = new Map<string, string>()
  for (const parameter of operation.parameters) {
    const value = Object.hasOwn(inputs, parameter.input) ? inputs[parameter.input] : undefined
    if (value === undefined || (value === null && !parameter.isJson)) continue
    if (parameter.in === 'path') inPath.set(parameter.name, writeInPath(parameter, value))
    else if (parameter.in === 'query') query.push(...writeInQuery(parameter, value))
    else if (parameter.in === 'cookie') cookies.push(writeInQuery(parameter, value).join('&'))
    else headers.set(parameter.name.toLowerCase(), headerText(parameter, value))
  }
  const body = operation.body && writeBody(operation.body, inputs)
  const path = fillPath(operation, inPath)
  addProofs(facts.proofs, { headers, query, cookies })
  if (cookies.length > 0) {
    const before = headers.get('cookie')
    headers.set('cookie', [...(before === undefined ? [] : [before]), ...cookies].join('; '))
  }
  if (!headers.has('accept')) headers.set('accept', operation.accept)
  if (body !== undefined) headers.set('content-type', body.contentType)
  if (operation.idempotencyHeader !== undefined)
    headers.set(operation.idempotencyHeader.toLowerCase(), facts.idempotencyKey)
  for (const [name, value] of Object.entries(facts.callHeaders)) {
    const key = name.toLowerCase()
    if (!OWN_HEADERS.has(key) && !headers.has(key)) headers.set(key, value)
  }
  return {
    path: query.length === 0 ? path : `${path}?${query.join('&')}`,
    headers: [...headers].flat(),
    ...(body !== undefined && { body: body.text }),
  }
}

function headerText(parameter: Parameter, value: JsonValue): string {
  const text = writeInHeader(parameter, value)
  if (text === '' || isHeaderValue(text)) return text
  throw refuse(
    `The input "${parameter.input}" cannot be sent as a header: it has line ends or characters beyond Latin-1.`,
  )
}

/** Every parameter fills a part of its own: none may be empty, or lead up. */
function fillPath({ path, capability }: Operation, values: ReadonlyMap<string, string>): string {
  const filled = path
    .split('/')
    .map((part) => {
      if (!part.includes('{')) return part
      let isEmpty = false
      const text = part.replace(/\{([^{}]*)\}/g, (_whole, name: string) => {
        const value = values.get(name) ?? ''
        if (value === '') isEmpty = true
        return value
      })
      if (isEmpty)
        throw refuse(`An input of the path of "${capability.name}" is missing or empty. Its path is "${path}".`)
      if (/^(?:\.|%2e){1,2}$/i.test(text)) {
        throw refuse(`An input of the path of "${capability.name}" is "${text}", which would lead to another path.`)
      }
      return text
    })
    .join('/')
  return encodeRest(filled)
}

/** What a document may write in a path, and a request may not. */
const encodeRest = (path: string): string => path.replace(/[^\x21-\x7e]|["<>^`{|}]/gu, encodeText)

interface Places {
  readonly headers: Map<string, string>
  readonly query: string[]
  readonly cookies: string[]
}

/** They come last, so that no input and no other header stands in their place. */
function addProofs({ headers: proofHeaders, query: proofQuery, cookies: proofCookies }: Proofs, places: Places): void {
  for (const [name, value] of proofHeaders) places.headers.set(name, value)
  for (const [name, value] of proofQuery) places.query.push(`${encodeText(name)}=${encodeText(value)}`)
  for (const [name, value] of proofCookies) places.cookies.push(`${name}=${encodeText(value)}`)
}
