// The sentences about settings that are wrong: which one, where it came from, what it is, what it may be. No secret is ever in them.
import { nearest, resembles } from '../util/text.ts'
import { showPath } from './setting-path.ts'
import { allowedOf, itemOf, settingAt, shapeAt } from './settings.ts'

/** "The setting "x" (from ...) is 5; it must be ...". The value of a secret setting is left out. */
export function wrongValue(path: readonly PropertyKey[], value: unknown, origin: string | undefined): string {
  const where = placeOf(path, origin)
  const setting = settingAt(path)
  if (setting === undefined) {
    const wanted = shapeAt(path)?.kind === 'list' ? 'a list with at least one entry' : 'an object of settings'
    // A text where an object is due may be the secret that belongs into it.
    return `${where} is ${typeof value === 'string' ? 'a text' : showValue(value)}; it must be ${wanted}.`
  }
  const isItem = setting.kind === 'list' && typeof path.at(-1) === 'number'
  const allowed = allowedOf(isItem ? itemOf(setting) : setting)
  if (value === undefined) return `${where} is missing; it must be ${allowed}.`
  return setting.secret
    ? `${where} has a value that cannot be used; it must be ${allowed}.`
    : `${where} is ${showValue(value)}; it must be ${allowed}.`
}

export const placeOf = (path: readonly PropertyKey[], origin: string | undefined): string =>
  origin === undefined ? `The setting "${showPath(path)}"` : `The setting "${showPath(path)}" (from ${origin})`

/** ` Did you mean "executor.maxSteps"?`, in the spelling of the siblings; where none resembles it, all that there are. */
export function hintFor(path: readonly PropertyKey[], siblings: readonly string[]): string {
  const key = String(path.at(-1))
  const others = siblings.filter((sibling) => sibling !== key)
  const [best] = nearest(key, others, 1)
  if (best === undefined) return ''
  if (resembles(key, best)) return ` Did you mean "${showPath([...path.slice(0, -1), best])}"?`
  return ` There are: ${others.slice(0, 20).join(', ')}.`
}

function showValue(value: unknown): string {
  if (typeof value === 'string') return `"${value.length > 80 ? `${value.slice(0, 79)}…` : value}"`
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value === null || value === undefined) return String(value)
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`
}
