// Calls a component over HTTP: inputs out, whatever came back in. What an answer means is the executor's to say.
import type { Capability, Component, Instance } from '../../contracts/capability.ts'
import { TuttiError, toTuttiError } from '../../contracts/errors.ts'
import type { Clock, Invoker, InvokerCall } from '../../contracts/parts.ts'
import type { ComponentPolicy, CredentialsSpec } from '../../contracts/policy.ts'
import { createClock } from '../../util/clock.ts'
import { mayShowCredentials } from '../../util/credential-origins.ts'
import { stringifyJson } from '../../util/json.ts'
import { readEndpoint } from './addresses.ts'
import { type Credentials, createCredentials, type Proof } from './credentials.ts'
import type { HttpClient, HttpClientOptions } from './http-client.ts'
import { createHttpClient } from './http-client.ts'
import { readBody, readProven } from './read-body.ts'

/** `client`: an HTTP client to share with a discovery; closing the invoker closes it too. */
export type HttpInvokerOptions = (HttpClientOptions | { readonly client: HttpClient }) & {
  /** What a component is shown with each call. Default: what the configuration declares of it. */
  readonly credentialsOf?: (component: Component) => CredentialsSpec | undefined
  /** For the life of tokens. */
  readonly clock?: Clock
}

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

function headersOf(call: InvokerCall, proof: Proof | undefined): string[] {
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
    if (value === undefined) continue
    const key = name.toLowerCase()
    if (!OWN_HEADERS.has(key) && key !== proof?.name) headers.push(name, value)
  }
  if (proof !== undefined) headers.push(proof.name, proof.value)
  return headers
}

function isEnveloped(component: Component): boolean {
  return (component.envelope ?? (component.kind === 'agent' ? 'data' : 'bare')) === 'data'
}

/** Retryable where another instance may be shown them. Nothing was sent. */
function withheld({ name, instances }: Component, { id, address = '' }: Instance, mayGo: Facts['mayGo']): TuttiError {
  const origin = URL.canParse(address) ? new URL(address).origin : address.slice(0, 200)
  return new TuttiError(
    'component_unauthorized',
    `"${name}" was not called at "${origin}": its credentials may not go there. If that is where it runs, add the address to components.${name}.credentials.origins.`,
    {
      retryable: instances.some((other) => other.id !== id && mayGo(other)),
      details: { sent: false, origin },
    },
  )
}

/** What is the same for every call of a component. */
interface Facts {
  readonly connections: number | undefined
  /** Whether an instance may be shown the credentials. */
  readonly mayGo: (instance: Instance) => boolean
  /** A declaration that cannot be used fails the calls, not the others. */
  readonly credentials: Credentials | TuttiError | undefined
}

/** By what is declared, since a component is another object after every change of its instances. */
function createFacts(options: HttpInvokerOptions) {
  const clock = options.clock ?? createClock()
  // Who writes the configuration says where tokens come from: an inner network is meant then.
  let tokenClient: HttpClient | undefined
  const client = (): HttpClient =>
    (tokenClient ??= createHttpClient({ privateAddresses: true, maxResponseBytes: 100_000, connections: 2 }))
  let policyOf: (component: string) => ComponentPolicy | undefined = () => undefined
  let facts = new WeakMap<Component, Facts>()
  const bySpec = new WeakMap<CredentialsSpec, Credentials | TuttiError>()

  const credentialsOf = (component: Component, spec: CredentialsSpec): Facts['credentials'] => {
    let known = bySpec.get(spec)
    if (known === undefined) {
      try {
        known = createCredentials(component, spec, { clock, client })
      } catch (thrown) {
        known = toTuttiError(thrown, 'component_unauthorized')
      }
      bySpec.set(spec, known)
    }
    return known
  }

  return {
    of(component: Component): Facts {
      let known = facts.get(component)
      if (known === undefined) {
        const policy = policyOf(component.name)
        const spec = options.credentialsOf?.(component) ?? policy?.credentials
        known = {
          connections: policy?.connections,
          credentials: spec && credentialsOf(component, spec),
          mayGo: (instance) => spec === undefined || mayShowCredentials(component, instance, spec),
        }
        facts.set(component, known)
      }
      return known
    },
    use(given: typeof policyOf): void {
      policyOf = given
      facts = new WeakMap()
    },
    close: async () => tokenClient?.close(),
  }
}

/** One invoker serves all components of a source. `details.sent` of what it throws is false when nothing was sent. */
export function createHttpInvoker(options: HttpInvokerOptions): Invoker {
  const client = 'client' in options ? options.client : createHttpClient(options)
  const paths = new WeakMap<Capability, string>()
  const facts = createFacts(options)

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
      const { connections, credentials, mayGo } = facts.of(component)
      if (credentials instanceof TuttiError) throw credentials
      if (credentials !== undefined && !mayGo(instance)) throw withheld(component, instance, mayGo)
      const given = credentials?.proof(call.signal)
      const proof = given instanceof Promise ? await given : given
      const answer = await client.request({
        origin: instance.address,
        path: pathOf(capability),
        method: 'POST',
        headers: headersOf(call, proof),
        body: stringifyJson(isEnveloped(component) ? { data: inputs } : inputs),
        signal: call.signal,
        connections,
        mayRepeat: capability.idempotent ?? capability.effect === 'read',
      })
      if (proof !== undefined && (answer.status === 401 || answer.status === 403)) credentials?.refuse(proof)
      const who = `"${component.name}"`
      const body = proof === undefined ? readBody(answer, who) : readProven(answer, who, [proof.secret])
      return { status: answer.status, headers: answer.headers, body }
    },
    async refreshCredentials(component, signal) {
      const { credentials, mayGo } = facts.of(component)
      if (credentials === undefined || credentials instanceof TuttiError) return false
      if (!component.instances.some(mayGo)) return false
      return await credentials.refresh(signal)
    },
    usePolicies: (policyOf) => facts.use(policyOf),
    async close() {
      await Promise.all([client.close(), facts.close()])
    },
  }
}
