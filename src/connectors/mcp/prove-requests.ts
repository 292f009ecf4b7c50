// What a server or an agent wants to see before it answers, as `components.NAME.credentials` declares it: with every request over
// HTTP, to its origin and nowhere else, and taken out of whatever comes back.
import type { Component } from '../../contracts/capability.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { Clock, Logger } from '../../contracts/parts.ts'
import type { CredentialsSpec } from '../../contracts/policy.ts'
import { mayShowCredentials } from '../../util/credential-origins.ts'
import { SHORTEST_SECRET, secretsAmong } from '../../util/secrets.ts'
import { type Credentials, createCredentials } from '../http/credentials.ts'
import { createHttpClient, type HttpClient } from '../http/http-client.ts'

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>

export interface RequestProver {
  /** The same `fetch`, showing the credentials. */
  over(fetch: Fetch): Fetch
  /** True when there are new ones. */
  refresh(signal: AbortSignal): Promise<boolean>
  /** What must not be seen in an answer, by what it is. */
  secrets(): ReadonlyMap<string, string>
  use(spec: CredentialsSpec | undefined): void
  close(): Promise<void>
}

export interface ProverParts {
  readonly name: string
  /** Of the server; undefined where there are no requests to show anything with. */
  readonly origin: string | undefined
  /** What the configuration hands to the server, by name. */
  readonly given: Iterable<readonly [string, string]>
  readonly clock: Clock
  readonly log: Logger | undefined
}

export function createRequestProver({ name, origin, given, clock, log }: ProverParts): RequestProver {
  const secrets = secretsAmong(given)
  let client: HttpClient | undefined
  let credentials: Credentials | undefined
  let refusal: TuttiError | undefined

  // Who writes the configuration says where tokens come from: an inner network is meant then.
  const tokenClient = (): HttpClient =>
    (client ??= createHttpClient({ privateAddresses: true, maxResponseBytes: 100_000, connections: 2 }))

  const use = (spec: CredentialsSpec | undefined): void => {
    credentials = undefined
    refusal = undefined
    if (spec === undefined) return
    if (origin === undefined) {
      log?.warn(`components.${name}.credentials have no effect: the MCP server "${name}" is a process. Use its "env".`)
      return
    }
    if (!mayShowCredentials({ trust: 'configured' }, { address: origin }, spec)) {
      const text = `"${name}" was not called at "${origin}": its credentials may not go there. Add the address to components.${name}.credentials.origins.`
      refusal = new TuttiError('component_unauthorized', text, { details: { sent: false, origin } })
      return
    }
    const component: Component = {
      name,
      kind: 'tool',
      source: '',
      trust: 'configured',
      capabilities: [],
      instances: [],
    }
    credentials = createCredentials(component, spec, { clock, client: tokenClient })
  }

  return {
    use,
    secrets: () => secrets,
    over: (fetch) => async (url, init) => {
      if (refusal !== undefined) throw refusal
      if (credentials === undefined) return await fetch(url, init)
      const proof = await credentials.proof(init?.signal ?? new AbortController().signal)
      if (proof.secret.length >= SHORTEST_SECRET) secrets.set('credentials', proof.secret)
      const shown = new Headers(init?.headers)
      shown.set(proof.name, proof.value)
      const answer = await fetch(url, { ...init, headers: shown })
      if (answer.status === 401 || answer.status === 403) credentials.refuse(proof)
      return answer
    },
    refresh: async (signal) => (await credentials?.refresh(signal)) ?? false,
    close: async () => await client?.close(),
  }
}
