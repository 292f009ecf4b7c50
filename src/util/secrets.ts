// Secrets are shown as `[secret NAME]` wherever a run is seen; the values go to components only.
import type { JsonValue } from '../contracts/json.ts'

export const secretMark = (name: string): string => `[secret ${name}]`

/** Names of headers, variables and parameters whose values are nobody's to see. */
const SECRET_NAME = /auth(?!ors?(?:_|-|$))|key|token|secret|cookie|passw|credential|session|signature/i
/** Shorter ones are no secrets, and would blank out ordinary words. */
export const SHORTEST_SECRET = 6

/** Those of these values that are secrets by their name; of `Bearer abc` and its like the part behind the word. */
export function secretsAmong(values: Iterable<readonly [string, string]>): Map<string, string> {
  const secrets = [...values]
    .filter(([name]) => SECRET_NAME.test(name))
    .map(([name, value]) => [name, value.replace(/^(?:bearer|basic|token) +/i, '')] as const)
  return new Map(secrets.filter(([, value]) => value.length >= SHORTEST_SECRET))
}

/** As it is, as it stands in JSON text, and in JSON text inside that: a key of several lines is written differently there. */
function writtenForms(secret: string): readonly string[] {
  const escape = (text: string): string => JSON.stringify(text).slice(1, -1)
  const escaped = escape(secret)
  return escaped === secret ? [secret] : [secret, escaped, escape(escaped)]
}

/** Replaces every secret value, also inside longer text, in JSON text and in keys. Without secrets the value itself is returned. */
export function hideSecrets<T extends JsonValue>(value: T, secrets: ReadonlyMap<string, string>): T
export function hideSecrets(value: JsonValue, secrets: ReadonlyMap<string, string>): JsonValue {
  if (secrets.size === 0) return value
  const markOf = new Map<string, string>()
  for (const [name, secret] of secrets) for (const form of writtenForms(secret)) markOf.set(form, secretMark(name))
  markOf.delete('')
  // The longest first, so that a secret that contains another one is not left in part; in one go, so that marks stay whole.
  const forms = [...markOf.keys()].sort((a, b) => b.length - a.length)
  if (forms.length === 0) return value
  const anySecret = new RegExp(forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g')
  const text = (t: string): string => t.replace(anySecret, (found) => markOf.get(found) ?? found)
  const hide = (v: JsonValue): JsonValue => {
    if (typeof v === 'string') return text(v)
    if (typeof v === 'number' || typeof v === 'bigint') return markOf.get(String(v)) ?? v
    if (typeof v !== 'object' || v === null) return v
    if (Array.isArray(v)) return v.map((item: JsonValue) => hide(item))
    return Object.fromEntries(Object.entries(v).map(([key, inner]) => [text(key), hide(inner)]))
  }
  return hide(value)
}
