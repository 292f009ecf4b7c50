// Which credentials an operation wants, and which of them there are. Alternatives are tried in order; what proves the caller is
// never an input.
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import type { OpenapiAuth } from '../../contracts/sources.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import { didYouMean } from '../../util/text.ts'
import { follow, type OpenapiDocument } from './read-document.ts'

/** A security scheme for which there are credentials. */
export interface Scheme {
  readonly name: string
  readonly auth: OpenapiAuth
  /** Where its proof is shown; for all but keys the header `authorization`. */
  readonly in: 'header' | 'query' | 'cookie'
  /** Of the header, the query parameter or the cookie. */
  readonly key: string
  /** Of `client-credentials`: where tokens come from. */
  readonly tokenUrl?: string
}

export interface Security {
  /** The schemes to show with an operation (none: it is public), or why it cannot be called. */
  choose(operation: JsonObject): readonly Scheme[] | string
  /** Whether a parameter is a proof, and so no input. */
  isProof(place: string, name: string): boolean
  /** What is wrong with the credentials as declared. */
  readonly warnings: readonly string[]
}

export interface SecurityOptions {
  readonly auth: Readonly<Record<string, OpenapiAuth>>
  /** Lower case names of the headers that are sent anyway. */
  readonly headers: ReadonlySet<string>
  /** Whether the document may say where tokens come from: client and secret go there. */
  readonly trustsTokenUrl: (url: string) => boolean
}

interface Place {
  readonly in: Scheme['in']
  readonly key: string
}

export function readSecurity(document: OpenapiDocument, options: SecurityOptions): Security {
  const components = document.root['components']
  const listed = isJsonObject(components) ? components['securitySchemes'] : undefined
  const places = new Map<string, Place>()
  const usable = new Map<string, Scheme>()
  const warnings: string[] = []
  for (const [name, entry] of Object.entries(isJsonObject(listed) ? listed : {})) {
    const scheme = follow(document, entry)
    const place = scheme && placeOfProof(scheme)
    if (scheme === undefined || place === undefined) continue
    places.set(name, place)
    const auth = Object.hasOwn(options.auth, name) ? options.auth[name] : undefined
    if (auth === undefined) continue
    const read = readScheme({ name, scheme, place, auth }, options)
    if (typeof read === 'string') warnings.push(read)
    else usable.set(name, read)
  }
  for (const name of Object.keys(options.auth)) {
    if (!places.has(name)) {
      warnings.push(`There is no security scheme "${name}" in the document.${didYouMean(name, [...places.keys()])}`)
    }
  }
  const byDefault = document.root['security']
  return {
    warnings,
    choose: (operation) => chooseFrom(operation['security'] ?? byDefault, { places, usable, headers: options.headers }),
    isProof: (place, name) =>
      // What is sent anyway is said by the configuration, and by nobody else.
      (place === 'header' && options.headers.has(name.toLowerCase())) ||
      [...places.values()].some(
        (proof) => proof.in === place && (place === 'header' ? proof.key === name.toLowerCase() : proof.key === name),
      ),
  }
}

function placeOfProof(scheme: JsonObject): Place | undefined {
  const { type, in: place, name } = scheme
  if (type === 'http' || type === 'oauth2' || type === 'openIdConnect') return { in: 'header', key: 'authorization' }
  if (type !== 'apiKey' || typeof name !== 'string' || name === '') return undefined
  if (place === 'header') return { in: 'header', key: name.toLowerCase() }
  return place === 'query' || place === 'cookie' ? { in: place, key: name } : undefined
}

interface Declared {
  readonly name: string
  readonly scheme: JsonObject
  readonly place: Place
  readonly auth: OpenapiAuth
}

/** A scheme with its credentials, or why they do not go together. */
function readScheme({ name, scheme, place, auth }: Declared, { trustsTokenUrl }: SecurityOptions): Scheme | string {
  const said = scheme[scheme['type'] === 'http' ? 'scheme' : 'type']
  const kind = typeof said !== 'string' ? '' : scheme['type'] === 'http' ? said.toLowerCase() : said
  const fits: Readonly<Record<OpenapiAuth['type'], readonly string[]>> = {
    key: ['apiKey'],
    bearer: ['bearer', 'oauth2', 'openIdConnect'],
    basic: ['basic'],
    'client-credentials': ['oauth2', 'openIdConnect', 'bearer'],
  }
  if (!fits[auth.type].includes(kind)) {
    return `The security scheme "${name}" is of the kind "${kind}", for which credentials of type "${auth.type}" are no proof.`
  }
  if (auth.type !== 'client-credentials') return { name, auth, ...place }
  if (auth.tokenUrl !== undefined) return { name, auth, ...place, tokenUrl: auth.tokenUrl }
  const tokenUrl = tokenUrlOf(scheme)
  if (tokenUrl !== undefined && trustsTokenUrl(tokenUrl)) return { name, auth, ...place, tokenUrl }
  const why = tokenUrl === undefined ? 'names no token URL' : 'names a token URL on an origin that is not its own'
  return `The security scheme "${name}" ${why}. Say it in "auth.${name}.tokenUrl".`
}

function tokenUrlOf(scheme: JsonObject): string | undefined {
  const flows = scheme['flows']
  const flow = isJsonObject(flows) ? flows['clientCredentials'] : undefined
  const url = isJsonObject(flow) ? flow['tokenUrl'] : undefined
  return typeof url === 'string' ? url : undefined
}

interface Available {
  readonly places: ReadonlyMap<string, Place>
  readonly usable: ReadonlyMap<string, Scheme>
  readonly headers: ReadonlySet<string>
}

function chooseFrom(security: JsonValue | undefined, available: Available): readonly Scheme[] | string {
  const alternatives = isJsonList(security) ? security.filter(isJsonObject) : []
  if (alternatives.length === 0) return isJsonList(security) && security.length > 0 ? 'its security cannot be read' : []
  let isPublic = false
  for (const alternative of alternatives) {
    const names = Object.keys(alternative)
    // "Or nothing" is what remains when no proof is at hand.
    if (names.length === 0) isPublic = true
    else {
      const schemes = satisfy(names, available)
      if (schemes !== undefined) return schemes
    }
  }
  if (isPublic) return []
  const wanted = alternatives.map((alternative) => Object.keys(alternative).join(' and ')).join(', or ')
  return `it needs credentials (${wanted}), and none are declared in "auth"`
}

/** What is to be shown so that all of these are satisfied; a header that is sent anyway needs nothing more. */
function satisfy(names: readonly string[], { places, usable, headers }: Available): readonly Scheme[] | undefined {
  const schemes: Scheme[] = []
  for (const name of names) {
    const scheme = usable.get(name)
    const place = places.get(name)
    if (scheme !== undefined) schemes.push(scheme)
    else if (place === undefined || !headers.has(place.in === 'cookie' ? 'cookie' : place.key) || place.in === 'query')
      return undefined
  }
  return schemes
}
