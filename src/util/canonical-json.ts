// One text for one value: JSON with sorted keys and without spaces, so that the order in which somebody wrote the keys
// changes neither a hash nor a comparison.
import { compareText } from './text.ts'

/** Every digit of a bigint is kept; members that are undefined are left out, as JSON does. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  entries.sort(([a], [b]) => compareText(a, b))
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`
}
