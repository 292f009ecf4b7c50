// GoMind's capability search service over HTTP: `POST {url}/capabilities`, `GET {url}/health`. The operator named the address, so
// its own host may be a private one. The text that it writes for prompts is read for names only.
import type { CapabilityAnswer, CapabilityQuestion, CapabilityService } from '../../contracts/capability-service.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'
import type { Clock } from '../../contracts/parts.ts'
import { parseRetryAfter } from '../../resilience/retry.ts'
import { formatDuration } from '../../util/duration.ts'
import { isJsonObject, parseJson, stringifyJson } from '../../util/json.ts'
import { truncateText } from '../../util/text.ts'
import { createHttpClient, type HttpAnswer } from './http-client.ts'

export interface CapabilityServiceOptions {
  /** The base: `/capabilities` and `/health` are below it. */
  readonly url: string
  /** One request, ms. */
  readonly timeoutMs: number
  readonly clock: Clock
}

const MAX_ANSWER_BYTES = 2_000_000
const MAX_AGENTS = 500
const MAX_CAPABILITIES = 2_000
const MAX_NAME = 200
const MAX_LINE = 1_000
const QUOTED_CHARS = 200

/** @throws TuttiError `invalid_config` for a URL that cannot be used */
export function createCapabilityService({ url, timeoutMs, clock }: CapabilityServiceOptions): CapabilityService {
  const { origin, base, host } = readBase(url)
  const client = createHttpClient({
    maxResponseBytes: MAX_ANSWER_BYTES,
    privateAddresses: [host],
    connections: 8,
    clock,
  })

  const request = async (method: 'GET' | 'POST', path: string, signal: AbortSignal, body?: string) => {
    const controller = new AbortController()
    const stop = clock.after(timeoutMs, () =>
      controller.abort(
        new TuttiError(
          'component_timeout',
          `The capability service at "${origin}" gave no answer in ${formatDuration(timeoutMs)}. Raise capabilities.service_timeout, or ask why it is slow.`,
        ),
      ),
    )
    try {
      return await client.request({
        origin,
        path: `${base}${path}`,
        method,
        headers: ['content-type', 'application/json', 'accept', 'application/json'],
        ...(body !== undefined && { body }),
        signal: AbortSignal.any([signal, controller.signal]),
        mayRepeat: true,
      })
    } finally {
      stop()
    }
  }

  return {
    origin,
    async find({
      query,
      metadata = null,
      topK,
      threshold,
      signal,
    }: Omit<CapabilityQuestion, 'metadata'> & { metadata?: JsonValue }) {
      const asked = stringifyJson({ query, metadata, top_k: topK, threshold })
      const answer = await request('POST', '/capabilities', signal, asked)
      if (answer.status !== 200) throw refusal(origin, answer, clock.now())
      return readAnswer(origin, answer.text)
    },
    async probe(signal) {
      const answer = await request('GET', '/health', signal)
      if (answer.status !== 200) throw refusal(origin, answer, clock.now())
    },
    close: () => client.close(),
  }
}

function readBase(text: string): { readonly origin: string; readonly base: string; readonly host: string } {
  const url = URL.parse(text.trim())
  const isUsable = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  if (!isUsable || url.search !== '' || url.hash !== '')
    throw new TuttiError(
      'invalid_config',
      '"capabilities.service_url" is no address that can be used. Write it like "http://capability-service:8080", without credentials or query.',
      { details: { setting: 'capabilities.service_url' } },
    )
  return { origin: url.origin, base: url.pathname.replace(/\/+$/, ''), host: url.hostname.replace(/^\[|\]$/g, '') }
}

/** One printable line. */
const quote = (text: string): string =>
  truncateText(text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim(), QUOTED_CHARS)

function refusal(origin: string, { status, headers, text }: HttpAnswer, nowMs: number): TuttiError {
  const isPassing = status === 408 || status === 429 || status >= 500
  const said = quote(text)
  const retryAfter = headers['retry-after']
  const retryAfterMs = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, nowMs)
  return new TuttiError(
    status === 429 ? 'component_rate_limited' : isPassing ? 'component_failed' : 'component_rejected',
    `The capability service at "${origin}" answered with status ${status}${said === '' ? '.' : `: ${said}`}`,
    { retryable: isPassing, details: { status, ...(retryAfterMs !== undefined && { retryAfterMs }) } },
  )
}

function readAnswer(origin: string, text: string): CapabilityAnswer {
  const bad = (what: string): TuttiError =>
    new TuttiError('bad_response', `The capability service at "${origin}" ${what}.`, { retryable: false })
  let body: JsonValue
  try {
    body = parseJson(text)
  } catch {
    throw bad('answered with something that is not JSON')
  }
  if (!isJsonObject(body)) throw bad('answered with something that is no object')
  const { capabilities, agent_names: names } = body
  if (typeof capabilities !== 'string' || capabilities.trim() === '') throw bad('answered without "capabilities"')
  const described = readDescribed(capabilities)
  // Older services give no names beside their text.
  const listed = Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [...described.keys()]
  const agents = [...new Set(listed)]
    .filter((name) => name !== '' && name.length <= MAX_NAME)
    .slice(0, MAX_AGENTS)
    .map((name) => ({ name, capabilities: described.get(name) ?? [] }))
  return { agents }
}

/** Which capabilities of which agents the text speaks of. Names alone, and only such as the catalog knows will count. */
function readDescribed(text: string): Map<string, string[]> {
  const agents = new Map<string, string[]>()
  let current: string[] | undefined
  let count = 0
  for (const whole of text.split('\n')) {
    // Trimmed first: looking for the end of a name in a long line of blanks takes a second.
    const line = whole.slice(0, MAX_LINE).trimEnd()
    const agent = /^Agent: (.{1,200}?)(?: \(ID: .*\))?$/.exec(line)?.[1]
    const capability = /^\s*- Capability: (.{1,200})$/.exec(line)?.[1]
    if (agent !== undefined && agents.size < MAX_AGENTS) agents.set(agent, (current = agents.get(agent) ?? []))
    else if (capability !== undefined && count++ < MAX_CAPABILITIES) current?.push(capability)
  }
  return agents
}
