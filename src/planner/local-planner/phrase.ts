// The free text that a search or a question wants: what stands after "about", what is quoted, or what is left of the clause when
// the capability's own words are taken away. Always a stretch of the request as it was written.
import type { Entry } from './match.ts'
import type { Clause, RequestText } from './text.ts'
import type { Token } from './tokens.ts'
import type { Value } from './values.ts'
import { isVerb, STOP_WORDS, stem } from './words.ts'

const TOPIC_MARKS = [
  new Set(['about', 'regarding', 'concerning', 'titled', 'called', 'saying', 'containing', 'mentioning']),
  new Set(['for', 'on']),
  new Set(['of']),
] as const
const TOPIC_PREPOSITIONS: ReadonlySet<string> = new Set(['in', 'about', 'on', 'of', 'for', 'at', 'to'])
const TRAILING: ReadonlySet<string> = new Set(['please', 'now', 'today', 'thanks'])

export interface PhraseOptions {
  /** Whether the rest of the request may say what it is about. */
  readonly isWide: boolean
  /** What other inputs took already: a phrase ends before it. */
  readonly used: ReadonlySet<Value>
}

export function findPhrase(
  entry: Entry,
  clause: Clause,
  request: RequestText,
  { isWide, used }: PhraseOptions,
): string | undefined {
  const quoted = clause.values.find((value) => value.kind === 'quoted' && !used.has(value))
  if (quoted !== undefined) return quoted.text
  const tokens = freeTokens(clause, request, used)
  for (const marks of TOPIC_MARKS) {
    const at = tokens.findIndex((token) => token.kind === 'word' && marks.has(token.lower))
    const topic = at === -1 ? undefined : stretch(request, tokens.slice(at + 1))
    if (topic !== undefined) return topic
  }
  const names = clause.values.filter((value) => PROPER.has(value.kind) && !used.has(value))
  const rest = tokens.filter((token) => token.kind === 'word' && isTelling(token, entry))
  const own = names.length > 0 ? request.tokens.slice((names[0] as Value).from, (names.at(-1) as Value).to) : rest
  return stretch(request, own) ?? (isWide ? topicOf(request) : undefined)
}

const PROPER: ReadonlySet<string> = new Set(['name', 'code', 'id'])

/** The longest stretch of the clause in which nothing stands that another input took. */
function freeTokens(clause: Clause, { tokens }: RequestText, used: ReadonlySet<Value>): readonly Token[] {
  let best: readonly Token[] = []
  let from = clause.from
  const ends = [...used]
    .filter((value) => value.from >= clause.from && value.to <= clause.to)
    .sort((a, b) => a.from - b.from)
  for (const { from: end, to } of [...ends, { from: clause.to, to: clause.to }]) {
    if (end - from > best.length) best = tokens.slice(from, end)
    from = Math.max(from, to)
  }
  return best
}

const isTelling = (token: Token, entry: Entry): boolean =>
  !STOP_WORDS.has(token.lower) && !isVerb(token.lower) && !entry.words.has(stem(token.lower)) && !LESS.has(token.lower)
const LESS: ReadonlySet<string> = new Set(['latest', 'recent', 'current', 'newest', 'today', 'now', 'local', 'new'])

/** From the first of the tokens to the last, as written, without what only frames it. */
function stretch({ text }: RequestText, tokens: readonly Token[]): string | undefined {
  const words = [...tokens]
  const frames = (token: Token | undefined): boolean =>
    token !== undefined && (token.kind === 'punct' || STOP_WORDS.has(token.lower) || TRAILING.has(token.lower))
  while (frames(words[0])) words.shift()
  while (frames(words.at(-1))) words.pop()
  const [first, last] = [words[0], words.at(-1)]
  return first === undefined || last === undefined ? undefined : text.slice(first.start, last.end)
}

/** The name that the whole request is most about: "a week in Seoul" rather than "from New York". */
function topicOf({ values, tokens }: RequestText): string | undefined {
  let best: { readonly text: string; readonly score: number } | undefined
  for (const value of values) {
    if (value.kind !== 'name' && value.kind !== 'code') continue
    const before = tokens[value.from - 1]?.lower ?? ''
    const score = before === 'from' ? 0 : TOPIC_PREPOSITIONS.has(before) ? 2 : 1
    if (best === undefined || score > best.score) best = { text: value.text, score }
  }
  return best?.text
}
