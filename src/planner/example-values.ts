// An earlier plan teaches a form, not the values that somebody asked for once: names, codes, quotations and long numbers of the
// request stand as `<name>` and so on, in the request and wherever the plan repeats them.
import type { JsonValue } from '../contracts/json.ts'
import { mapTexts } from '../plan/map-texts.ts'
import { stringifyJson } from '../util/json.ts'
import { readWords, type Word } from './plan-templates/request-shape.ts'

const SHOWN = { title: 'name', caps: 'name', code: 'code', quoted: 'text', number: 'number' } as const
/** A shorter number may be a count, which belongs to the form. */
const LONG_NUMBER = 6

/** Undefined for a request that is too long to be told by its form. */
export function hideValues<T extends JsonValue>(
  request: string,
  plan: T,
): { readonly request: string; readonly plan: JsonValue } | undefined {
  const words = readWords(request)
  if (words === undefined) return undefined
  const marks = new Map<string, string>()
  const counts = new Map<string, number>()
  for (const value of valuesOf(words, stringifyJson(plan))) {
    if (marks.has(value.text)) continue
    const nth = (counts.get(value.shown) ?? 0) + 1
    counts.set(value.shown, nth)
    marks.set(value.text, nth === 1 ? `<${value.shown}>` : `<${value.shown} ${nth}>`)
  }
  // The longest first: "New York" before "York".
  const texts = [...marks.keys()].sort((a, b) => b.length - a.length)
  if (texts.length === 0) return { request, plan }
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${texts.map(escapePattern).join('|')})(?![\\p{L}\\p{N}])`, 'gu')
  const hide = (text: string): string => text.replace(pattern, (found) => marks.get(found) ?? found)
  // References name steps and keys, which are the form.
  const hideOutside = (text: string): string =>
    text
      .split(/(\$\{[^}]*\})/)
      .map((part, i) => (i % 2 === 0 ? hide(part) : part))
      .join('')
  return { request: hide(request.normalize('NFC')), plan: mapTexts(plan, hideOutside) }
}

interface Found {
  readonly text: string
  readonly shown: string
}

function* valuesOf(words: readonly Word[], plan: string): Generator<Found> {
  for (let i = 0; i < words.length; i++) {
    const { text, kind } = words[i] as Word
    if (kind === 'title') {
      let to = i + 1
      while (words[to]?.kind === 'title') to++
      const name = words.slice(i, to).map((word) => word.text)
      yield { text: name.join(' '), shown: SHOWN.title }
      for (const part of name.length > 1 ? name : []) if (part.length > 3) yield { text: part, shown: SHOWN.title }
      i = to - 1
    } else if (kind === 'quoted') yield { text: text.slice(1, -1), shown: SHOWN.quoted }
    else if (kind === 'caps' || kind === 'code') yield { text, shown: SHOWN[kind] }
    else if (kind === 'number') {
      if (text.length >= LONG_NUMBER) yield { text, shown: SHOWN.number }
    } else if (/^\p{Lu}\p{L}/u.test(text) && plan.includes(text)) yield { text, shown: SHOWN.title }
  }
}

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
