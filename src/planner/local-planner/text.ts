// Reads a request without a model: its tokens, the values it names, and the clauses that each may want something else. Nothing is
// ever added to what the text says.
import { LEADS, readOpening } from './opening.ts'
import { type Token, tokenise } from './tokens.ts'
import { findValues, type Value } from './values.ts'
import { STOP_WORDS } from './words.ts'

export interface Clause {
  readonly text: string
  readonly from: number
  readonly to: number
  readonly values: readonly Value[]
  /** Lower-case words that carry meaning and belong to no value. */
  readonly words: readonly string[]
  /** A question or a command, not a statement. */
  readonly isAsk: boolean
  /** It begins a sentence. */
  readonly isStart: boolean
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
/** Nobody asks for more at once; a flood of pieces must not hold up the process. */
const MAX_CLAUSES = 60

export function readRequest(request: string): RequestText {
  const text = unwrap(request.slice(0, MAX_CHARS).trim())
  const tokens = tokenise(text)
  const values = findValues(tokens)
  return { text, tokens, values, clauses: splitClauses(text, tokens, values) }
}

/** A request that stands in quotes as a whole is not a quotation. */
const unwrap = (text: string): string => (/^"[^"]*"$/.test(text) ? text.slice(1, -1) : text)

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
    if (clause !== undefined && clauses.length < MAX_CLAUSES) clauses.push(clause)
    from = to + 1
  }
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token
    const isBreak =
      token.kind === 'punct' ? /[.?!;,\n]/u.test(token.text) : token.kind === 'word' && JOINS.has(token.lower)
    if (isBreak && !inside.has(i) && !(isInSentence(token) && isPairedFrom(tokens, from))) close(i)
  }
  close(tokens.length)
  return clauses
}

/** "Then," and "First," before it are no sentence of their own. */
function startsSentence(tokens: readonly Token[], at: number): boolean {
  let before = at - 1
  while (before >= 0 && (tokens[before]?.text === ',' || LEADS.has(tokens[before]?.lower ?? ''))) before--
  return before < 0 || /^[.?!;\n]$/u.test(tokens[before]?.text ?? '')
}

/** Both pieces as one, when only one wish is told in them; undefined when another sentence begins between. */
export function joinClauses({ text, tokens, values }: RequestText, a: Clause, b: Clause): Clause | undefined {
  return b.isStart ? undefined : clauseOf(text, tokens, values, a.from, b.to)
}

const isInSentence = ({ kind, text }: Token): boolean => kind === 'word' || text === ','

/** "A and B ... 1 and 2 respectively" is told in one breath. */
function isPairedFrom(tokens: readonly Token[], from: number): boolean {
  for (let i = from; i < tokens.length && !/^[.?!;\n]$/u.test(tokens[i]?.text ?? ''); i++)
    if (tokens[i]?.lower === 'respectively') return true
  return false
}

/** From the first to the last, with all that stands between; it asks as the first does. */
export function spanClauses({ text, tokens, values }: RequestText, a: Clause, b: Clause): Clause {
  const span = clauseOf(text, tokens, values, a.from, b.to)
  return span === undefined ? a : { ...span, isAsk: a.isAsk }
}

function clauseOf(
  text: string,
  tokens: readonly Token[],
  values: readonly Value[],
  from: number,
  to: number,
): Clause | undefined {
  if (to <= from) return undefined
  const own = values.filter((value) => value.from >= from && value.to <= to)
  const taken = new Set(own.flatMap((value) => Array.from({ length: value.to - value.from }, (_, k) => value.from + k)))
  const words: string[] = []
  for (let i = from; i < to; i++) {
    const token = tokens[i] as Token
    if (token.kind === 'word' && !taken.has(i) && !STOP_WORDS.has(token.lower)) words.push(token.lower)
  }
  const plain = tokens.slice(from, to).filter((token, k) => token.kind === 'word' && !taken.has(from + k))
  const isStart = startsSentence(tokens, from)
  const opening = readOpening(plain, isStart)
  return {
    text: text.slice((tokens[from] as Token).start, (tokens[to - 1] as Token).end),
    from,
    to,
    values: own,
    words,
    ...opening,
    isAsk: opening.isAsk || tokens[to]?.text === '?',
    isStart,
  }
}
