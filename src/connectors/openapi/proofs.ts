// What proves to a server who calls, from the credentials that the configuration declares of a document's security schemes.
// Values go to the component's own origin only, and stand in no message.
import type { Component } from '../../contracts/capability.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { Clock } from '../../contracts/parts.ts'
import type { CredentialsSpec } from '../../contracts/policy.ts'
import { isFreeHeaderName, isHeaderValue } from '../../util/header-text.ts'
import { type Credentials, createCredentials, type Proof } from '../http/credentials.ts'
import type { HttpClient } from '../http/http-client.ts'
import type { Scheme } from './read-security.ts'

type Pairs = readonly (readonly [string, string])[]

export interface Proofs {
  readonly headers: Pairs
  readonly query: Pairs
  readonly cookies: Pairs
  /** Taken out of whatever comes back. */
  readonly secrets: readonly string[]
  /** The server did not take them. */
  refuse(): void
}

export interface ProofBook {
  /** At once, unless a token must be fetched. @throws TuttiError `component_unauthorized` */
  of(component: Component, schemes: readonly Scheme[], signal: AbortSignal): Proofs | Promise<Proofs>
  /** After a refusal. True when there are others now. */
  refresh(signal: AbortSignal): Promise<boolean>
}

export interface ProofParts {
  readonly name: string
  readonly clock: Clock
  /** For token endpoints. */
  readonly client: () => HttpClient
  /** What the configuration declares of the component as of any other. */
  readonly credentialsOf: (component: Component) => CredentialsSpec | undefined
}

interface Shown {
  readonly proof: Proof
  readonly in: Scheme['in']
  readonly from?: Credentials
}

const NONE: Proofs = { headers: [], query: [], cookies: [], secrets: [], refuse: () => undefined }

export function createProofBook(parts: ProofParts): ProofBook {
  const known = new WeakMap<object, Credentials>()
  /** Those that were refused at least once; how new theirs are, they know themselves. */
  const refused = new Set<Credentials>()
  const declaredAt = `sources.openapi.${parts.name}.auth`

  const credentialsOf = (component: Component, key: object, spec: CredentialsSpec, place?: string): Credentials => {
    let credentials = known.get(key)
    if (credentials === undefined) {
      credentials = createCredentials(component, spec, { ...parts, ...(place !== undefined && { declaredAt: place }) })
      known.set(key, credentials)
    }
    return credentials
  }

  const ofScheme = (component: Component, scheme: Scheme, signal: AbortSignal): Shown | Promise<Shown> => {
    const { auth, in: place, key: name } = scheme
    if (auth.type === 'client-credentials') {
      const { clientId, clientSecret, scope } = auth
      const { tokenUrl = '' } = scheme
      const spec = { type: auth.type, clientId, clientSecret, tokenUrl, ...(scope !== undefined && { scope }) }
      const from = credentialsOf(component, auth, spec, declaredAt)
      return show(from, place, signal)
    }
    const proof = proofOf(name, auth)
    const isSendable = place === 'query' || isHeaderValue(proof.value)
    if (isSendable && (place !== 'header' || isFreeHeaderName(name))) return { proof, in: place }
    throw new TuttiError(
      'component_unauthorized',
      `The credentials "${scheme.name}" of "${component.name}" cannot be sent as a ${place}. Look at ${declaredAt}.`,
      { details: { sent: false } },
    )
  }

  return {
    of(component, schemes, signal) {
      const declared = parts.credentialsOf(component)
      if (schemes.length === 0 && declared === undefined) return NONE
      const all = schemes.map((scheme) => ofScheme(component, scheme, signal))
      if (declared !== undefined) all.push(show(credentialsOf(component, declared, declared), 'header', signal))
      const ready = all.filter((one): one is Shown => !(one instanceof Promise))
      if (ready.length === all.length) return toProofs(ready, refused)
      return Promise.all(all.map(async (one) => await one)).then((shown) => toProofs(shown, refused))
    },
    async refresh(signal) {
      const fresh = await Promise.all([...refused].map((credentials) => credentials.refresh(signal)))
      return fresh.includes(true)
    },
  }
}

function proofOf(name: string, auth: Exclude<Scheme['auth'], { type: 'client-credentials' }>): Proof {
  if (auth.type === 'key') return { name, value: auth.value, secret: auth.value }
  if (auth.type === 'bearer') return { name, value: `Bearer ${auth.token}`, secret: auth.token }
  const pair = Buffer.from(`${auth.username}:${auth.password}`, 'utf8').toString('base64')
  return { name, value: `Basic ${pair}`, secret: auth.password }
}

function show(from: Credentials, place: Scheme['in'], signal: AbortSignal): Shown | Promise<Shown> {
  const proof = from.proof(signal)
  return proof instanceof Promise ? proof.then((one) => ({ proof: one, in: place, from })) : { proof, in: place, from }
}

function toProofs(all: readonly Shown[], refused: Set<Credentials>): Proofs {
  const pairs = (place: Scheme['in']): Pairs =>
    all.filter((shown) => shown.in === place).map(({ proof }) => [proof.name, proof.value])
  const words = all.flatMap(({ proof: { value, secret } }) => [secret, value.replace(/^\S+ /, '')])
  return {
    headers: pairs('header'),
    query: pairs('query'),
    cookies: pairs('cookie'),
    secrets: [...new Set(words)],
    refuse() {
      for (const { proof, from } of all) {
        if (from === undefined) continue
        from.refuse(proof)
        refused.add(from)
      }
    },
  }
}
