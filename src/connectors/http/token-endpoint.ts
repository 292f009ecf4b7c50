// Fetches an access token with client credentials (RFC 6749, section 4.4). The endpoint is believed only as far as it can be
// checked, and nothing that it says is repeated, since it may say back what it was sent.
import { TuttiError } from '../../contracts/errors.ts'
import type { Clock } from '../../contracts/parts.ts'
import type { CredentialsSpec } from '../../contracts/policy.ts'
import { isJsonObject, parseJson } from '../../util/json.ts'
import type { HttpAnswer, HttpClient } from './http-client.ts'

export interface Token {
  readonly value: string
  readonly lifeMs: number
}

/** Who wants the token, and where that was declared: for messages. */
interface Owner {
  readonly name: string
  readonly declaredAt: string
}

type TokenSpec = Extract<CredentialsSpec, { type: 'client-credentials' }>

const TIMEOUT_MS = 10_000
const MAX_TOKEN = 16_384
const LONGEST_LIFE_MS = 86_400_000
/** Of a token that does not say how long it lives. */
const USUAL_LIFE_MS = 3_600_000
/** What an endpoint may say of an error; other words are not shown. */
const KNOWN_ERRORS: ReadonlySet<string> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
])

/** As it is written in forms, which is also how it stands in a Basic header. */
const formEncode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)

/** @throws TuttiError `component_unauthorized`, retryable when the endpoint may do better later */
export async function fetchToken(
  component: string,
  spec: TokenSpec,
  {
    client,
    clock,
    declaredAt = `components.${component}.credentials`,
  }: { readonly client: HttpClient; readonly clock: Clock; readonly declaredAt?: string },
): Promise<Token> {
  const owner: Owner = { name: component, declaredAt }
  const url = URL.canParse(spec.tokenUrl) ? new URL(spec.tokenUrl) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.hash !== '') {
    throw refusal(owner, 'its token URL must be like "https://auth.example/oauth/token"', false)
  }
  const ask = (isBasic: boolean): Promise<HttpAnswer> => askOnce(owner, spec, url, { client, clock, isBasic })
  let answer = await ask(true)
  // Every endpoint should know the header; some know the form only.
  if (answer.status === 401 || (answer.status === 400 && errorOf(answer) !== 'invalid_scope')) answer = await ask(false)
  return readToken(owner, url, answer)
}

async function askOnce(
  owner: Owner,
  { clientId, clientSecret, scope, audience }: TokenSpec,
  url: URL,
  { client, clock, isBasic }: { readonly client: HttpClient; readonly clock: Clock; readonly isBasic: boolean },
): Promise<HttpAnswer> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  if (scope !== undefined) form.set('scope', scope)
  if (audience !== undefined) form.set('audience', audience)
  const headers = ['content-type', 'application/x-www-form-urlencoded', 'accept', 'application/json']
  if (isBasic) {
    const pair = `${formEncode(clientId)}:${formEncode(clientSecret)}`
    headers.push('authorization', `Basic ${Buffer.from(pair).toString('base64')}`)
  } else {
    form.set('client_id', clientId)
    form.set('client_secret', clientSecret)
  }
  const controller = new AbortController()
  const cancel = clock.after(TIMEOUT_MS, () => controller.abort())
  try {
    return await client.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'POST',
      headers,
      body: form.toString(),
      signal: controller.signal,
    })
  } catch (thrown) {
    const isLate = controller.signal.aborted
    const code = thrown instanceof TuttiError ? thrown.code : 'internal'
    const what = isLate ? `did not answer within ${TIMEOUT_MS / 1000}s` : `could not be asked (${code})`
    throw refusal(owner, `its token endpoint "${url.origin}" ${what}`, code !== 'blocked_address')
  } finally {
    cancel()
  }
}

function readToken(owner: Owner, { origin }: URL, answer: HttpAnswer): Token {
  const { status } = answer
  const endpoint = `its token endpoint "${origin}"`
  if (status !== 200 && status !== 201) {
    const error = errorOf(answer)
    const why = error === undefined ? '' : ` (${error})`
    throw refusal(owner, `${endpoint} answered with ${status}${why}`, status === 429 || status >= 500)
  }
  const body = readObject(answer)
  const value = body?.['access_token']
  const type = body?.['token_type'] ?? 'bearer'
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value) || value.length > MAX_TOKEN)
    throw refusal(owner, `${endpoint} answered without a token that can be used`, false)
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    throw refusal(owner, `${endpoint} gave a token of another kind than "bearer"`, false)
  const seconds = Number(body?.['expires_in'] ?? USUAL_LIFE_MS / 1000)
  const lifeMs = Number.isNaN(seconds) ? 0 : Math.min(LONGEST_LIFE_MS, Math.max(0, seconds * 1000))
  return { value, lifeMs }
}

function readObject({ text }: HttpAnswer) {
  try {
    const value = parseJson(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function errorOf(answer: HttpAnswer): string | undefined {
  const error = readObject(answer)?.['error']
  return typeof error === 'string' && KNOWN_ERRORS.has(error) ? error : undefined
}

function refusal({ name, declaredAt }: Owner, why: string, retryable: boolean): TuttiError {
  return new TuttiError(
    'component_unauthorized',
    `"${name}" could not be called, for want of a token: ${why}. Look at ${declaredAt}.`,
    { retryable, details: { sent: false } },
  )
}
