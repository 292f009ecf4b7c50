// The configuration as it may be shown: secrets are named as set, passwords are cut out of addresses.
import type { Config } from '../contracts/config.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import { isJsonObject } from '../util/json.ts'
import { isAddressPath, isSecretPath, toSettingPath } from './settings.ts'

/** For status and doctor. No key and no password is in it. */
export function describeConfig(config: Config): JsonObject {
  const described = describeNode(config, [])
  return isJsonObject(described) ? described : {}
}

type Path = readonly (string | number)[]

function describeNode(node: unknown, path: Path): JsonValue {
  if (Array.isArray(node)) return node.map((item, i) => describeNode(item, [...path, i]))
  if (typeof node === 'object' && node !== null) {
    const shown = Object.entries(node).filter(([, value]) => value !== undefined)
    return Object.fromEntries(shown.map(([key, value]) => [key, describeNode(value, [...path, key])]))
  }
  const setting = toSettingPath(path)
  if (isSecretPath(setting)) return '[set]'
  if (typeof node === 'string') return isAddressPath(setting) ? showAddress(setting, node) : node
  return typeof node === 'number' || typeof node === 'boolean' || typeof node === 'bigint' ? node : null
}

/** The address of a webhook is often a secret itself, from its path on. */
const showAddress = (setting: string, address: string): string => {
  if (!URL.canParse(address)) return '[not an address]'
  const url = new URL(address)
  const origin = `${url.protocol}${url.host === '' ? '' : `//${url.host}`}`
  if (setting.startsWith('notify.')) return `${origin}/…`
  const parts = url.pathname.split('/')
  return `${origin}${parts.map((part) => (looksDrawn(part) ? '…' : part)).join('/')}`
}

/** Whether it was rather drawn than written by somebody: long, with letters and digits. */
const looksDrawn = (part: string): boolean => part.length >= 16 && /\d/.test(part) && /[a-z]/i.test(part)

/** Every text that must not reach a log: keys, and passwords inside addresses, as written and as decoded. */
export function listSecrets(config: Config): string[] {
  const secrets = new Set<string>()
  collect(config, [], secrets)
  // Shorter ones would blank out ordinary words.
  return [...secrets].filter((secret) => secret.length >= 4)
}

function collect(node: unknown, path: Path, secrets: Set<string>): void {
  if (typeof node === 'object' && node !== null) {
    for (const [key, value] of Object.entries(node))
      collect(value, [...path, Array.isArray(node) ? Number(key) : key], secrets)
    return
  }
  if (typeof node !== 'string') return
  const setting = toSettingPath(path)
  if (setting === 'server.apiKeys') {
    for (const entry of node.split(',')) secrets.add(entry.split(':').slice(2).join(':').trim())
  } else if (setting.startsWith('sources.'))
    for (const secret of secretsOfSource(node, setting, path)) secrets.add(secret)
  else if (isSecretPath(setting)) secrets.add(node)
  else if (isAddressPath(setting)) for (const secret of secretsOf(node, setting)) secrets.add(secret)
}

/** Texts of an address that let somebody in. */
function secretsOf(address: string, setting: string): string[] {
  if (!URL.canParse(address)) return []
  const { username, password, search, searchParams, pathname } = new URL(address)
  const found = [password, safeDecode(password)]
  if (!setting.startsWith('notify.')) return found
  // Numbers and short words of a query are no secrets, and would blank out others.
  const values = [...searchParams.values()].filter((value) => value.length >= 8)
  return [...found, username, safeDecode(username), search, ...values, ...(pathname.length >= 16 ? [pathname] : [])]
}

/** Programs are also given words, numbers and paths in `env` and `args`; these would blank out what is no secret. */
const isOrdinary = (text: string): boolean =>
  /^(?:-*[a-z_-]{1,24}|[\d.,:]+|[@~.]{0,2}[\w@.-]*(?:\/[\w@.-]*)+)$/i.test(text) && !text.split('/').some(looksDrawn)

function secretsOfSource(value: string, setting: string, path: Path): string[] {
  if (isAddressPath(setting)) {
    if (!URL.canParse(value)) return []
    const { searchParams, pathname } = new URL(value)
    return [...[...searchParams.values()].filter((part) => part.length >= 8), ...pathname.split('/').filter(looksDrawn)]
  }
  if (!isSecretPath(setting)) return []
  if (setting.endsWith('.args') || setting.endsWith('.env.NAME')) {
    // `--token=abc` is one argument.
    const [, tail = value] = /^--?[\w-]+=(.+)$/.exec(value) ?? []
    return isOrdinary(tail) && !/token|key|secret|pass|auth|cred/i.test(String(path.at(-1))) ? [] : [tail]
  }
  // Of `Bearer abc`, what follows is the secret also where it stands alone.
  const [, token] = /^[A-Za-z]+ (\S+)$/.exec(value) ?? []
  return token === undefined ? [value] : [value, token]
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
