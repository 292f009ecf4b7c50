// What a component wants to see before it answers. Values come from the configuration, go to that component's own addresses and
// nowhere else, and stand in no message.
import type { Component } from '../../contracts/capability.ts'
import { TuttiError, toTuttiError } from '../../contracts/errors.ts'
import type { Clock } from '../../contracts/parts.ts'
import type { CredentialsSpec } from '../../contracts/policy.ts'
import { raceAbort } from '../../util/abort.ts'
import { isFreeHeaderName, isHeaderValue } from '../../util/header-text.ts'
import type { HttpClient } from './http-client.ts'
import { fetchToken, type Token } from './token-endpoint.ts'

/** A header that proves who calls. */
export interface Proof {
  /** Lower case. */
  readonly name: string
  readonly value: string
  /** The secret within the value, which is taken out of whatever comes back. */
  readonly secret: string
}

/** The credentials of one component. */
export interface Credentials {
  /** At once, unless a token must be fetched. @throws TuttiError `component_unauthorized` */
  proof(signal: AbortSignal): Proof | Promise<Proof>
  /** A component did not take this one. */
  refuse(proof: Proof): void
  /** After they were refused. True when there are others now. @throws TuttiError `cancelled` for this caller alone */
  refresh(signal: AbortSignal): Promise<boolean>
}

export interface CredentialsParts {
  readonly clock: Clock
  /** Made when the first token is fetched. */
  readonly client: () => HttpClient
  /** Where they are declared, for messages. Default: `components.NAME.credentials`. */
  readonly declaredAt?: string
}

/** A token is fetched anew so long before it ends. */
const MARGIN_MS = 30_000
/** A token so new is another's answer to the same refusal, unless it was itself refused. */
const JUST_NOW_MS = 1_000
/** A token endpoint that failed is left alone for a moment, however many calls wait for it. */
const REST_MS = 1_000

/** @throws TuttiError `component_unauthorized` for what no request can carry */
export function createCredentials(component: Component, spec: CredentialsSpec, parts: CredentialsParts): Credentials {
  if (spec.type === 'client-credentials') return new TokenCredentials(component.name, spec, parts)
  const [name, value, secret] =
    spec.type === 'bearer'
      ? ['authorization', `Bearer ${spec.token}`, spec.token]
      : [spec.name.toLowerCase(), spec.value, spec.value]
  if (!isFreeHeaderName(name) || !isHeaderValue(value)) {
    throw new TuttiError(
      'component_unauthorized',
      `The credentials of "${component.name}" cannot be sent as a header. Look at ${parts.declaredAt ?? `components.${component.name}.credentials`}.`,
      { details: { sent: false } },
    )
  }
  const proof: Proof = { name, value, secret }
  // Nobody gives out another one.
  return { proof: () => proof, refuse: () => undefined, refresh: () => Promise.resolve(false) }
}

type TokenSpec = Extract<CredentialsSpec, { type: 'client-credentials' }>

class TokenCredentials implements Credentials {
  readonly #component: string
  readonly #spec: TokenSpec
  readonly #parts: CredentialsParts
  #proof: Proof | undefined
  #refused: Proof | undefined
  #fetchedAt = -Infinity
  #freshUntil = -Infinity
  #fetching: Promise<Proof> | undefined
  #failure: { readonly error: TuttiError; readonly at: number } | undefined

  constructor(component: string, spec: TokenSpec, parts: CredentialsParts) {
    this.#component = component
    this.#spec = spec
    this.#parts = parts
  }

  proof(signal: AbortSignal): Proof | Promise<Proof> {
    if (this.#proof !== undefined && this.#parts.clock.now() < this.#freshUntil) return this.#proof
    return raceAbort(this.#fetch(), signal)
  }

  refuse(proof: Proof): void {
    this.#refused = proof
  }

  async refresh(signal: AbortSignal): Promise<boolean> {
    const isNew = this.#proof !== this.#refused && this.#parts.clock.now() - this.#fetchedAt < JUST_NOW_MS
    if (isNew) return true
    const before = this.#proof?.value
    try {
      return (await raceAbort(this.#fetch(), signal)).value !== before
    } catch (thrown) {
      if (signal.aborted) throw toTuttiError(thrown, 'cancelled')
      return false
    }
  }

  /** One at a time, whoever asks. */
  #fetch(): Promise<Proof> {
    const { clock } = this.#parts
    if (this.#failure !== undefined && clock.now() - this.#failure.at < REST_MS)
      return Promise.reject(this.#failure.error)
    this.#fetching ??= fetchToken(this.#component, this.#spec, { ...this.#parts, client: this.#parts.client() })
      .then(
        (token) => this.#keep(token),
        (error: TuttiError) => {
          this.#failure = { error, at: clock.now() }
          throw error
        },
      )
      .finally(() => {
        this.#fetching = undefined
      })
    return this.#fetching
  }

  #keep({ value, lifeMs }: Token): Proof {
    const now = this.#parts.clock.now()
    this.#failure = undefined
    this.#fetchedAt = now
    // One that lives hardly longer than the margin is used for half of its life.
    this.#freshUntil = now + (lifeMs > 2 * MARGIN_MS ? lifeMs - MARGIN_MS : lifeMs / 2)
    this.#proof = { name: 'authorization', value: `Bearer ${value}`, secret: value }
    return this.#proof
  }
}
