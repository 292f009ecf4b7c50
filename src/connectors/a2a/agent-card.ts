// The card of an agent: where it is, and what of it is believed. A card is a document that anybody may have written: it names
// skills and addresses, and the addresses count only on the origin from which the card came.
import type { AgentCard, AgentInterface } from '@a2a-js/sdk'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import { isJsonObject, parseJson } from '../../util/json.ts'
import { hintAtHeaders } from '../http/exchange-errors.ts'
import type { GuardedFetch } from '../http/guarded-fetch.ts'
import type { A2aSdk } from './load-sdk.ts'

const WELL_KNOWN = '/.well-known/agent-card.json'
const MAX_CARD_BYTES = 1_000_000
/** Protocols that are spoken here. */
const BINDINGS: ReadonlySet<string> = new Set(['JSONRPC', 'HTTP+JSON'])

/** A card, checked as far as it is used. */
export interface ReadCard {
  /** Its text as it came: the same text is the same card. */
  readonly text: string
  /** For the SDK; interfaces of other origins and protocols are left out. */
  readonly card: AgentCard
  /** What it says of itself, by key, unchecked. */
  readonly facts: JsonObject
}

/** Where a card may stand, the likeliest first: the URL itself, below it, or at the root of its origin. */
function cardPlaces(address: string): string[] {
  const url = new URL(address)
  if (/\.json$/i.test(url.pathname)) return [url.href]
  const base = url.pathname.replace(/\/+$/, '')
  const places = [`${url.origin}${base}${WELL_KNOWN}`]
  if (base !== '') places.push(`${url.origin}${WELL_KNOWN}`)
  return places
}

async function fetchText(address: string, http: GuardedFetch, signal: AbortSignal): Promise<string> {
  let status = 0
  for (const place of cardPlaces(address)) {
    const answer = await http.fetch(place, { headers: { accept: 'application/json', 'a2a-version': '1.0' }, signal })
    const text = await answer.text()
    if (text.length > MAX_CARD_BYTES)
      throw new TuttiError('source_failed', `The agent card is larger than ${MAX_CARD_BYTES} bytes.`)
    if (answer.status === 200) return text
    status = answer.status
    if (status !== 404) break
  }
  const hint = hintAtHeaders(status) || ' Give the URL of the card if it is elsewhere.'
  throw new TuttiError(
    'source_failed',
    `"${new URL(address).origin}" answered the request for its agent card with HTTP ${status}.${hint}`,
  )
}

function parseCard(text: string, origin: string): JsonObject {
  let value: JsonValue
  try {
    value = parseJson(text)
  } catch (cause) {
    throw new TuttiError(
      'source_failed',
      `The agent card of "${origin}" is not JSON. Give the URL of the card if it is elsewhere.`,
      { cause },
    )
  }
  if (!isJsonObject(value)) throw new TuttiError('source_failed', `The agent card of "${origin}" is no object.`)
  return value
}

/** In the shape of protocol 1.0, whichever it was written in. */
function normalise(facts: JsonObject, { DefaultAgentCardResolver }: A2aSdk, origin: string): AgentCard {
  try {
    return new DefaultAgentCardResolver({ legacyCompat: { enabled: true } }).normalizeAgentCard(facts)
  } catch (cause) {
    throw new TuttiError('source_failed', `The agent card of "${origin}" cannot be read.`, { cause })
  }
}

const isInterface = (value: unknown): value is AgentInterface =>
  typeof value === 'object' &&
  value !== null &&
  'url' in value &&
  typeof value.url === 'string' &&
  'protocolBinding' in value &&
  typeof value.protocolBinding === 'string'

function usableInterfaces(card: AgentCard, origin: string): AgentInterface[] {
  const listed: unknown = card.supportedInterfaces
  const all = (Array.isArray(listed) ? listed : []).filter(isInterface)
  const spoken = all.filter(({ protocolBinding }) => BINDINGS.has(protocolBinding.toUpperCase()))
  const own = spoken.filter(({ url }) => URL.canParse(url) && new URL(url).origin === origin)
  if (own.length > 0) return own
  const why =
    spoken.length > 0
      ? `names only addresses of other origins (${[...new Set(spoken.map(({ url }) => originOf(url)))].slice(0, 3).join(', ')}). Set the url of the source to where the agent really answers.`
      : 'offers neither JSON-RPC nor HTTP+JSON.'
  throw new TuttiError('source_failed', `The agent card of "${origin}" ${why}`)
}

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : 'no address')

/**
 * Fetches and reads the card of an agent.
 * @throws TuttiError `source_failed`, and what the fetch throws
 */
export async function readAgentCard(
  address: string,
  { http, sdk, signal }: { readonly http: GuardedFetch; readonly sdk: A2aSdk; readonly signal: AbortSignal },
): Promise<ReadCard> {
  const { origin } = new URL(address)
  const text = await fetchText(address, http, signal)
  const card = normalise(parseCard(text, origin), sdk, origin)
  const facts: unknown = card
  return {
    text,
    card: { ...card, supportedInterfaces: usableInterfaces(card, origin) },
    facts: isJsonObject(facts) ? facts : {},
  }
}
