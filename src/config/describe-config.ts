// The configuration as it may be shown: secrets are named as set, passwords are cut out of addresses.
import type { Config } from '../contracts/config.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'

const SECRET_KEYS: ReadonlySet<string> = new Set(['apiKey', 'apiKeys'])
const ADDRESS_KEYS: ReadonlySet<string> = new Set(['url', 'baseUrl', 'journal'])

/** For status and doctor. No key and no password is in it. */
export function describeConfig(config: Config): JsonObject {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name,
      typeof value === 'object' ? describeSection(value) : describeValue(name, value),
    ]),
  )
}

const describeSection = (section: object): JsonObject =>
  Object.fromEntries(
    Object.entries(section)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]: [string, JsonValue]) => [key, describeValue(key, value)]),
  )

function describeValue(key: string, value: JsonValue): JsonValue {
  if (SECRET_KEYS.has(key)) return '[set]'
  return ADDRESS_KEYS.has(key) && typeof value === 'string' ? withoutCredentials(value) : value
}

/** Scheme, host, port and path of an address; what is none is shown as far as it surely holds no secret. */
function withoutCredentials(address: string): string {
  if (!URL.canParse(address)) return '[not an address]'
  const url = new URL(address)
  return `${url.protocol}${url.host === '' ? '' : `//${url.host}`}${url.pathname}`
}

/** Every text that must not reach a log: keys, and passwords inside addresses, as written and as decoded. */
export function listSecrets(config: Config): string[] {
  const secrets = new Set<string>([config.openai.apiKey ?? '', config.anthropic.apiKey ?? ''])
  for (const entry of (config.server.apiKeys ?? '').split(',')) secrets.add(entry.split(':').slice(2).join(':').trim())
  for (const address of [config.redis.url, config.openai.baseUrl, config.anthropic.baseUrl]) {
    if (address === undefined || !URL.canParse(address)) continue
    const { password } = new URL(address)
    secrets.add(password)
    secrets.add(safeDecode(password))
  }
  // Shorter ones would blank out ordinary words.
  return [...secrets].filter((secret) => secret.length >= 4)
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
