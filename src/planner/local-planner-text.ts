// Reads a request without a model: its words, the values it names (numbers, dates, codes, proper names, quotations), and the
// clauses that each may want something else. Nothing is ever added to what the text says.
import type { JsonValue } from '../contracts/json.ts'
import { isAskWord, isVerb, STOP_WORDS } from './local-planner-words.ts'

export type ValueKind = 'quoted' | 'number' | 'date' | 'code' | 'name' | 'id' | 'url' | 'email'

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
}

export interface Token {
  readonly text: string
  readonly lower: string
  readonly kind: 'word' | 'number' | 'date' | 'quoted' | 'id' | 'url' | 'email' | 'punct'
  readonly start: number
  readonly end: number
}

export interface Clause {
  readonly text: string
  readonly from: number
  readonly to: number
  readonly values: readonly Value[]
  /** Lower-case words that carry meaning and belong to no value. */
  readonly words: readonly string[]
  /** A question or a command, not a statement. */
  readonly isAsk: boolean
  /** The verb it begins with, if it begins with one. */
  readonly verb?: string
}

export interface RequestText {
  readonly text: string
  readonly tokens: readonly Token[]
  readonly values: readonly Value[]
  readonly clauses: readonly Clause[]
}

const MAX_CHARS = 4_000
const DATE = String.raw`\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?`
const TOKEN = new RegExp(
  [
    String.raw`"(?<quoted1>[^"\n]{1,500})"|“(?<quoted2>[^”\n]{1,500})”|(?<![\p{L}\p{N}])'(?<quoted3>[^'\n]{1,500})'(?![\p{L}\p{N}])`,
    String.raw`(?<url>https?:\/\/[^\s<>"')]{1,500})`,
    String.raw`(?<email>[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4})`,
    `(?<date>${DATE})(?![\\w-])`,
    String.raw`(?<id>(?:\p{L}{1,20}[-_]?\d|\d{1,20}[-_]\p{L}|\d{1,20}\p{Lu}\d)[\p{L}\p{N}_-]{0,60})`,
    String.raw`(?<number>(?<![\p{L}\p{N}.])-?(?:\d{1,3}(?:,\d{3})+|\d{1,18})(?:\.\d{1,12})?)`,
    String.raw`(?<word>\p{L}[\p{L}\p{M}]*(?:[.'’&-]\p{L}[\p{L}\p{M}]*)*)`,
    String.raw`(?<punct>[.?!;,:()\n=])`,
  ].join('|'),
  'gu',
)

export function readRequest(request: string): RequestText {
  const text = request.slice(0, MAX_CHARS)
  const tokens = tokenise(text)
  const values = findValues(tokens)
  return { text, tokens, values, clauses: splitClauses(text, tokens, values) }
}

function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  for (const match of text.matchAll(TOKEN)) {
    const groups = match.groups ?? {}
    const quoted = groups.quoted1 ?? groups.quoted2 ?? groups.quoted3
    const kind = quoted !== undefined ? 'quoted' : kindOf(groups)
    const shown = (quoted ?? match[0]).replace(kind === 'url' ? /[.,;:!?]+$/u : /^$/u, '')
    tokens.push({ text: shown, lower: shown.toLowerCase(), kind, start: match.index, end: match.index + match[0].length })
  }
  return tokens
}

function kindOf(groups: Readonly<Record<string, string | undefined>>): Token['kind'] {
  for (const kind of ['url', 'email', 'date', 'id', 'number', 'word'] as const) if (groups[kind] !== undefined) return kind
  return 'punct'
}

// ---- values -------------------------------------------------------------------------------------------------------

const isCapitalised = (token: Token | undefined): token is Token => token?.kind === 'word' && /^\p{Lu}/u.test(token.text)
const isCode = (token: Token): boolean => /^\p{Lu}{2,6}(?:[.-]\p{Lu}{1,4})?$/u.test(token.text)
const LINKS: ReadonlySet<string> = new Set(['of', 'de', 'da', 'du', 'la', 'le', 'del', 'di', 'el', 'van', 'von', 'the', '&'])

const endsSentence = (token: Token | undefined): boolean =>
  token === undefined || (token.kind === 'punct' && token.text !== ',' && token.text !== '(')

function findValues(tokens: readonly Token[]): Value[] {
  const words = tokens.filter((token) => token.kind === 'word')
  // A text in capitals names nothing by them.
  const isShouted = words.length > 2 && words.filter((token) => token.text.length > 1 && isCode(token)).length > words.length * 0.6
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
  const one = (kind: ValueKind, value: JsonValue): Value => ({ kind, text: token.text, value, parts: [token.text], from: at, to: at + 1 })
  switch (token.kind) {
    case 'punct':
      return undefined
    case 'number':
      return one('number', Number(token.text.replaceAll(',', '')))
    case 'word':
      if (isShouted || !isCapitalised(token) || token.text === 'I' || token.text.startsWith("I'")) return undefined
      return nameAt(tokens, at, token)
    default:
      return one(token.kind, token.text)
  }
}

function nameAt(tokens: readonly Token[], at: number, first: Token): Value | undefined {
  const isFirst = endsSentence(tokens[at - 1])
  if (isCode(first) && !isFirst) return { kind: 'code', text: first.text, value: first.text, parts: [first.text], from: at, to: at + 1 }
  // The first word of a sentence is capital anyway: only a name when it is no common word and a name goes on, or owns something.
  if (isFirst && (STOP_WORDS.has(first.lower) || isAskWord(first.lower) || isVerb(first.lower))) return undefined
  let to = at + 1
  while (to < tokens.length) {
    const next = tokens[to]
    if (isCapitalised(next) && !isCode(next)) to++
    else if (next !== undefined && LINKS.has(next.lower) && isCapitalised(tokens[to + 1])) to += 2
    else break
  }
  const owns = /['’]s$/u.test(tokens[to - 1]?.text ?? '')
  if (isFirst && to === at + 1 && !owns && !isCode(first) && to < tokens.length && !endsSentence(tokens[to])) return undefined
  const text = tokens.slice(at, to).map((token) => token.text).join(' ').replace(/['’]s$/u, '')
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
    if (run[0]?.kind === 'name' && links.length > 0 && links.every((link, k) => (link === ',') === (k % 2 === 0)) && run.length % 2 === 0) {
      const pairs: Value[] = []
      for (let k = 0; k < run.length; k += 2) pairs.push(joinPair(run[k] as Value, run[k + 1] as Value))
      if (pairs.length > 1) for (const pair of pairs) pair.list = rows
      joined.push(...pairs)
    } else {
      if (run.length > 1) for (const value of run) value.list = rows
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
  if (between.length === 1 && between[0] === ',') return ','
  const last = between[between.length - 1]
  return (between.length === 1 || (between.length === 2 && between[0] === ',')) && (last === 'and' || last === 'or') ? 'and' : undefined
}

// ---- clauses ------------------------------------------------------------------------------------------------------

const JOINS: ReadonlySet<string> = new Set(['and', 'then', 'also', 'plus', 'but', 'while'])

function splitClauses(text: string, tokens: readonly Token[], values: readonly Value[]): Clause[] {
  const inside = new Set<number>()
  values.forEach((value, k) => {
    const next = values[k + 1]
    const end = value.list !== undefined && next?.list === value.list ? next.to : value.to
    for (let i = value.from; i < end; i++) inside.add(i)
  })
  const clauses: Clause[] = []
  let from = 0
  const close = (to: number): void => {
    const clause = clauseOf(text, tokens, values, from, to)
    if (clause !== undefined) clauses.push(clause)
    from = to + 1
  }
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token
    const isBreak = token.kind === 'punct' ? /[.?!;,\n]/u.test(token.text) : token.kind === 'word' && JOINS.has(token.lower)
    if (isBreak && !inside.has(i)) close(i)
  }
  close(tokens.length)
  return clauses
}

function clauseOf(text: string, tokens: readonly Token[], values: readonly Value[], from: number, to: number): Clause | undefined {
  if (to <= from) return undefined
  const own = values.filter((value) => value.from >= from && value.to <= to)
  const taken = new Set(own.flatMap((value) => Array.from({ length: value.to - value.from }, (_, k) => value.from + k)))
  const words: string[] = []
  for (let i = from; i < to; i++) {
    const token = tokens[i] as Token
    if (token.kind === 'word' && !taken.has(i) && !STOP_WORDS.has(token.lower)) words.push(token.lower)
  }
  const lead = tokens.slice(from, to).find((token, k) => token.kind === 'word' && !taken.has(from + k) && token.lower !== 'please')
  const opener = lead?.lower ?? ''
  const verb = isVerb(opener) ? opener : ['can', 'could', 'would', 'will'].includes(opener) ? words[0] : undefined
  return {
    text: text.slice((tokens[from] as Token).start, (tokens[to - 1] as Token).end),
    from,
    to,
    values: own,
    words,
    isAsk: isAskWord(opener) || tokens[to]?.text === '?',
    ...(verb !== undefined && isVerb(verb) && { verb }),
  }
}
