// The values that a request names: numbers, dates, codes, proper names, quotations; and which of them stand in one row.
import type { JsonValue } from '../../contracts/json.ts'
import type { Token } from './tokens.ts'
import { type Unit, unitAt, unitOf } from './units.ts'
import { isAskWord, isCountry, isCurrencyCode, isVerb, STOP_WORDS } from './words.ts'

export type ValueKind = 'quoted' | 'number' | 'share' | 'date' | 'code' | 'name' | 'id' | 'url' | 'email' | 'path'

/** A value that the text names, at a place in it. */
export interface Value {
  readonly kind: ValueKind
  readonly text: string
  readonly value: JsonValue
  /** `Tokyo, Japan` has two. */
  readonly parts: readonly string[]
  /** Positions of its first token and of the first after it. */
  readonly from: number
  readonly to: number
  /** Values named in one row (`5, 10 and 15`) share a number. */
  list?: number
  /** What a number counts. In a row the last says it for all: "10, 20 and 30 years". */
  unit?: Unit
}

const isCapitalised = (token: Token | undefined): token is Token =>
  token?.kind === 'word' && /^\p{Lu}/u.test(token.text)
const isCode = (token: Token): boolean => /^\p{Lu}{2,6}(?:[.-]\p{Lu}{1,4})?$/u.test(token.text)
const LINKS: ReadonlySet<string> = new Set([
  'of',
  'de',
  'da',
  'du',
  'la',
  'le',
  'del',
  'di',
  'el',
  'van',
  'von',
  'the',
  '&',
])

const endsSentence = (token: Token | undefined): boolean =>
  token === undefined || (token.kind === 'punct' && token.text !== ',' && token.text !== '(')

export function findValues(tokens: readonly Token[]): Value[] {
  const words = tokens.filter((token) => token.kind === 'word')
  // A text in capitals names nothing by them.
  const isShouted =
    words.length > 2 && words.filter((token) => token.text.length > 1 && isCode(token)).length > words.length * 0.6
  const values: Value[] = []
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i] as Token
    const found = valueAt(tokens, i, token, isShouted)
    if (found === undefined) i++
    else {
      values.push(found)
      i = found.to
    }
  }
  return joinRows(tokens, values)
}

function valueAt(tokens: readonly Token[], at: number, token: Token, isShouted: boolean): Value | undefined {
  const one = (kind: ValueKind, value: JsonValue): Value => ({
    kind,
    text: token.text,
    value,
    parts: [token.text],
    from: at,
    to: at + 1,
  })
  switch (token.kind) {
    case 'punct':
      return undefined
    case 'other': {
      const percent = /^(-?\d{1,12}(?:\.\d{1,12})?)\s?(?:%|percent)$/.exec(token.text)?.[1]
      const unit = unitOf('%')
      return percent === undefined
        ? undefined
        : { ...one('share', Number(percent)), ...(unit !== undefined && { unit }) }
    }
    case 'number':
      return numberAt(tokens, at, token)
    case 'id': {
      const [, count, word = ''] = /^(\d{1,6})-(\p{Ll}{1,20})(?:-\p{Ll}{1,20})?$/u.exec(token.text) ?? []
      const unit = unitOf(word)
      return count === undefined || unit === undefined
        ? one('id', token.text)
        : { ...one('number', Number(count)), unit }
    }
    case 'word':
      if (NUMBER_WORDS.has(token.lower) && /^\p{Ll}/u.test(tokens[at + 1]?.text ?? '')) {
        const unit = unitAt(tokens, at, at + 1)
        return { ...one('number', NUMBER_WORDS.get(token.lower) ?? 0), ...(unit !== undefined && { unit }) }
      }
      if (isShouted || !isCapitalised(token) || token.text === 'I' || token.text.startsWith("I'")) return undefined
      return nameAt(tokens, at, token)
    default:
      return one(token.kind, token.text)
  }
}

const SCALES: ReadonlyMap<string, number> = new Map([
  ['thousand', 1e3],
  ['million', 1e6],
  ['billion', 1e9],
  ['trillion', 1e12],
])

/** "One" is more often a pronoun than a number. */
const NUMBER_WORDS: ReadonlyMap<string, number> = new Map(
  ['two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'].map((word, k) => [
    word,
    k + 2,
  ]),
)

/** `1.3 million` is one number. */
function numberAt(tokens: readonly Token[], at: number, token: Token): Value | undefined {
  const scale = SCALES.get(tokens[at + 1]?.lower ?? '')
  const plain = Number(token.text.replaceAll(',', ''))
  const to = scale === undefined ? at + 1 : at + 2
  const text = tokens
    .slice(at, to)
    .map((one) => one.text)
    .join(' ')
  const unit = unitAt(tokens, at, to)
  // "3x" is a term, "3km" a length.
  const next = tokens[to]
  if (next?.kind === 'word' && next.start === token.end && unit === undefined) return undefined
  return {
    ...(unit !== undefined && { unit }),
    kind: 'number',
    text,
    value: scale === undefined ? plain : Number((plain * scale).toPrecision(15)),
    parts: [text],
    from: at,
    to,
  }
}

/** In capitals, and yet only what a value is called that stands beside them. */
const LABELS: ReadonlySet<string> = new Set(['ID', 'IDs', 'API', 'URL', 'URI', 'IP'])

function nameAt(tokens: readonly Token[], at: number, first: Token): Value | undefined {
  const isFirst = endsSentence(tokens[at - 1])
  if (LABELS.has(first.text)) return undefined
  if (isCode(first) && !isFirst)
    return { kind: 'code', text: first.text, value: first.text, parts: [first.text], from: at, to: at + 1 }
  // The first word of a sentence is capital anyway: only a name when it is no common word and a name goes on, or owns something.
  if (isFirst && (STOP_WORDS.has(first.lower) || isAskWord(first.lower) || isVerb(first.lower))) return undefined
  let to = at + 1
  while (to < tokens.length) {
    const next = tokens[to]
    if (next?.kind === 'id' || (isCapitalised(next) && !isCurrencyCode(next.text))) to++
    else if (next !== undefined && LINKS.has(next.lower) && isCapitalised(tokens[to + 1])) to += 2
    else break
  }
  const owns = /['’]s$/u.test(tokens[to - 1]?.text ?? '')
  const isKnown = owns || isCode(first) || isCountry(first.text)
  if (isFirst && to === at + 1 && !isKnown && to < tokens.length && !endsSentence(tokens[to])) return undefined
  const text = tokens
    .slice(at, to)
    .map((token) => token.text)
    .join(' ')
    .replace(/['’]s$/u, '')
  const kind = isCode(first) && to === at + 1 ? 'code' : 'name'
  return { kind, text, value: text, parts: [text], from: at, to }
}

/** `Tokyo, Japan` is one name; `5, 10 and 15` or `Paris and London` are a row of values of one kind. */
function joinRows(tokens: readonly Token[], values: readonly Value[]): Value[] {
  const joined: Value[] = []
  let rows = 0
  for (let i = 0; i < values.length; ) {
    const run = [values[i] as Value]
    const links: string[] = []
    for (let next = values[i + run.length]; next !== undefined; next = values[i + run.length]) {
      const link = linkBetween(tokens, run[run.length - 1] as Value, next)
      if (link === undefined || next.kind !== run[0]?.kind) break
      links.push(link)
      run.push(next)
    }
    i += run.length
    if (
      run[0]?.kind === 'name' &&
      links.length > 0 &&
      links.every((link, k) => (link === ',') === (k % 2 === 0)) &&
      run.length % 2 === 0
    ) {
      const pairs: Value[] = []
      for (let k = 0; k < run.length; k += 2) pairs.push(joinPair(run[k] as Value, run[k + 1] as Value))
      if (pairs.length > 1) for (const pair of pairs) pair.list = rows
      joined.push(...pairs)
    } else {
      const unit = run.at(-1)?.unit
      if (run.length > 1)
        for (const value of run) {
          value.list = rows
          if (unit !== undefined) value.unit ??= unit
        }
      joined.push(...run)
    }
    rows++
  }
  return joined
}

const joinPair = (a: Value, b: Value): Value => ({
  kind: 'name',
  text: `${a.text}, ${b.text}`,
  value: `${a.text}, ${b.text}`,
  parts: [a.text, b.text],
  from: a.from,
  to: b.to,
})

/** `,` or `and` when nothing else stands between two values. */
function linkBetween(tokens: readonly Token[], a: Value, b: Value): string | undefined {
  const between = tokens.slice(a.to, b.from).map((token) => token.lower)
  // "10 years and 20 years"
  if (a.unit !== undefined && unitOf(between[0] ?? '')?.word === a.unit.word) between.shift()
  if (between.length === 1 && between[0] === ',') return ','
  const last = between[between.length - 1]
  return (between.length === 1 || (between.length === 2 && between[0] === ',')) && (last === 'and' || last === 'or')
    ? 'and'
    : undefined
}
