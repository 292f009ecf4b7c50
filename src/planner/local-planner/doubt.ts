// Values that are written in a way which another reader would take for something else: whoever is certain of them is wrong one day.
import { NO_NAMES } from '../no-names.ts'
import type { Entry } from './match.ts'
import type { Filling } from './slots.ts'
import type { RequestText } from './text.ts'
import type { Token } from './tokens.ts'
import { wishesOf } from './wish.ts'
import { stem } from './words.ts'

/** What names a place or a thing stands behind one of these. */
const BEFORE_NAME: ReadonlySet<string> = new Set([
  'in',
  'of',
  'for',
  'at',
  'to',
  'about',
  'on',
  'named',
  'called',
  'titled',
])

/** Whether anything in the call could have been meant otherwise. */
export function isDoubtful({ tokens }: RequestText, { nameWords, offered }: Entry, { inputs }: Filling): boolean {
  let texts = 0
  for (const [, { source }] of inputs) {
    if (source === undefined) continue
    const own = tokens.slice(source.from, source.to)
    if (source.kind === 'number' ? !isPlainNumber(own) : isDoubtfulText(own, tokens[source.from - 1])) return true
    if (source.kind !== 'number') texts++
  }
  // "USD from KRW": which of the two is wanted?
  if (texts > 1 && tokens.some(({ lower }) => lower === 'from') && !tokens.some(({ lower }) => lower === 'to'))
    return true
  // Who names an input wants it set.
  const open = wishesOf(offered.capability).filter(({ name }) => !inputs.has(name))
  const named = new Set(tokens.filter(({ kind }) => kind === 'word').map(({ lower }) => lower))
  return open.some(({ words }) => [...words].some((word) => named.has(word) && !nameWords.has(stem(word))))
}

/** "100,000" and "100.000" are a hundred to some and a hundred thousand to others; a minus may be a dash. */
const isPlainNumber = ([first, ...more]: readonly Token[]): boolean =>
  first !== undefined && more.length === 0 && /^(?:0|[1-9]\d*)(?:\.\d{1,2})?$/.test(first.text)

function isDoubtfulText(own: readonly Token[], before: Token | undefined): boolean {
  if (own.some(({ lower }) => NO_NAMES.has(lower))) return true
  // What could be read as a reference, or as markup.
  if (own.some(({ kind, text }) => kind === 'quoted' && /[{}<>]/.test(text))) return true
  // "Paris London" may be two, and in "Oslo T-17" something else begins.
  if (own.length === 1) return false
  return before === undefined || !BEFORE_NAME.has(before.lower) || own.some(({ text }) => /\d/.test(text))
}
