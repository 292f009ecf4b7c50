// Calls the operations of one document over HTTP. What an answer means is the executor's to say.
import type { Capability, Component } from '../../contracts/capability.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'
import type { Clock, Invoker } from '../../contracts/parts.ts'
import type { ComponentPolicy } from '../../contracts/policy.ts'
import { mayShowCredentials } from '../../util/credential-origins.ts'
import { SHORTEST_SECRET, secretMark, secretsAmong } from '../../util/secrets.ts'
import { VERSION } from '../../util/version.ts'
import type { PrivateAddresses } from '../http/addresses.ts'
import { createHttpClient, type HttpAnswer, type HttpClient } from '../http/http-client.ts'
import { readProven } from '../http/read-body.ts'
import { buildRequest } from './build-request.ts'
import type { Operation } from './operation.ts'
import { createProofBook } from './proofs.ts'

export interface OpenapiInvokerParts {
  readonly name: string
  readonly client: HttpClient
  readonly clock: Clock
  /** Lower case names; sent with every call. */
  readonly headers: ReadonlyMap<string, string>
  /** Of the document as it was read last. */
  readonly operationOf: (capability: Capability) => Operation | undefined
  /** Which private addresses token endpoints may have. */
  readonly tokenAddresses: PrivateAddresses
  readonly policyOf: (component: string) => ComponentPolicy | undefined
}

const TEXT =
  /^(text\/|multipart\/|application\/(json|xml|yaml|x-yaml|javascript|ecmascript|graphql|x-www-form-urlencoded|x-ndjson|jsonl|sql|toml|problem)\b|[^;]+\+(json|xml|yaml|text)\b)/i
const isBinary = (contentType: string): boolean => contentType !== '' && !TEXT.test(contentType)
/** What the answer to HEAD does not tell of the thing itself. */
const PASSING_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'set-cookie',
  'date',
])

export function createOpenapiInvoker(parts: OpenapiInvokerParts): Omit<Invoker, 'usePolicies'> {
  const { name, client, clock, policyOf } = parts
  let tokenClient: HttpClient | undefined
  const book = createProofBook({
    name,
    clock,
    client: () =>
      (tokenClient ??= createHttpClient({
        privateAddresses: parts.tokenAddresses,
        maxResponseBytes: 100_000,
        connections: 2,
      })),
    credentialsOf: (component) => policyOf(component.name)?.credentials,
  })
  const headers = new Map([['user-agent', `tutti/${VERSION}`], ...parts.headers])
  const ownSecrets = [...secretsAmong(parts.headers).values()]

  return {
    async invoke(call) {
      const { component, capability, instance } = call
      const operation = parts.operationOf(capability)
      if (operation === undefined || instance.address !== operation.origin) throw gone(component, capability)
      refuseStrangers(component, instance.address, policyOf(component.name))
      const given = book.of(component, operation.schemes, call.signal)
      const proofs = given instanceof Promise ? await given : given
      const request = buildRequest(operation, call.inputs, {
        proofs,
        idempotencyKey: call.idempotencyKey,
        headers,
        callHeaders: call.headers,
      })
      const answer = await client.request({
        ...request,
        origin: operation.origin,
        method: operation.method,
        signal: call.signal,
        connections: policyOf(component.name)?.connections,
        mayRepeat: capability.idempotent ?? capability.effect === 'read',
        isBinary,
      })
      if (answer.status === 401 || answer.status === 403) proofs.refuse()
      // A server may say back what it was sent.
      const secrets = [...proofs.secrets, ...ownSecrets]
      const answered = { ...answer, headers: hideHeaders(answer.headers, secrets) }
      return { status: answer.status, headers: answered.headers, body: readAnswer(operation, answered, secrets) }
    },
    refreshCredentials: (_component, signal) => book.refresh(signal),
    async close() {
      await Promise.all([client.close(), tokenClient?.close()])
    },
  }
}

function readAnswer({ method, capability }: Operation, answer: HttpAnswer, secrets: readonly string[]): JsonValue {
  const { bytes, headers, status } = answer
  if (method === 'HEAD') {
    if (status >= 400) return null
    return Object.fromEntries(Object.entries(headers).filter(([name]) => !PASSING_HEADERS.has(name)))
  }
  if (bytes === undefined || bytes.length === 0) return readProven(answer, `"${capability.name}"`, secrets)
  return { content_type: headers['content-type'] ?? '', size_bytes: bytes.length, base64: bytes.toString('base64') }
}

function hideHeaders(headers: HttpAnswer['headers'], secrets: readonly string[]): HttpAnswer['headers'] {
  const shown = secrets.filter((secret) => secret.length >= SHORTEST_SECRET)
  const hide = (text: string): string =>
    shown.reduce((left, secret) => left.replaceAll(secret, secretMark('credentials')), text)
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, hide(value)]))
}

const gone = (component: Component, capability: Capability): TuttiError =>
  new TuttiError(
    'component_unavailable',
    `"${component.name}/${capability.name}" is no longer in its OpenAPI document, or is served elsewhere now.`,
    { details: { sent: false } },
  )

/** What the configuration declares of the component may say that its credentials go elsewhere only. */
function refuseStrangers(component: Component, address: string, policy: ComponentPolicy | undefined): void {
  const spec = policy?.credentials
  if (spec === undefined || mayShowCredentials(component, { address }, spec)) return
  throw new TuttiError(
    'component_unauthorized',
    `"${component.name}" was not called at "${address}": its credentials may not go there. If that is where it runs, add the address to components.${component.name}.credentials.origins.`,
    { details: { sent: false, origin: address } },
  )
}
