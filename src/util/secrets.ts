// Secrets are shown as `[secret NAME]` wherever a run is seen; the values go to components only.
import type { JsonValue } from '../contracts/json.ts'

export const secretMark = (name: string): string => `[secret ${name}]`

/** Replaces every secret value, also inside longer text and in keys. Without secrets the value itself is returned. */
export function hideSecrets<T extends JsonValue>(value: T, secrets: ReadonlyMap<string, string>): T
export function hideSecrets(value: JsonValue, secrets: ReadonlyMap<string, string>): JsonValue {
  if (secrets.size === 0) return value
  // The longest first, so that a secret that contains another one is not left in part.
  const marks = Array.from(secrets, ([name, secret]) => ({ secret, mark: secretMark(name) }))
    .filter(({ secret }) => secret !== '')
    .sort((a, b) => b.secret.length - a.secret.length)
  const text = (t: string): string => marks.reduce((shown, { secret, mark }) => (shown.includes(secret) ? shown.replaceAll(secret, () => mark) : shown), t)
  const hide = (v: JsonValue): JsonValue => {
    if (typeof v === 'string') return text(v)
    if (typeof v === 'number' || typeof v === 'bigint') return marks.find(({ secret }) => secret === String(v))?.mark ?? v
    if (typeof v !== 'object' || v === null) return v
    if (Array.isArray(v)) return v.map((item: JsonValue) => hide(item))
    return Object.fromEntries(Object.entries(v).map(([key, inner]) => [text(key), hide(inner as JsonValue)]))
  }
  return hide(value)
}
