// What a request wants, one piece for each wish: the clause that asks, with the pieces after it that only give its inputs. What stands
// there as a statement is context: it may give values, and asks for nothing by itself.
import type { Entry, Matcher } from './match.ts'
import { type Clause, type RequestText, spanClauses } from './text.ts'
import { stem } from './words.ts'

/** What has less than this share of the best match is met by chance; half of it where a clause asks. */
const FAINT_SHARE = 0.3

export interface Wanted {
  readonly clause: Clause
  /** Nobody asks for anything here. */
  readonly isContext: boolean
  /** The wish with the statements around it, up to the wishes beside it: they give the inputs that it does not name. */
  readonly around?: Clause
}

export function findWanted(text: RequestText, matcher: Matcher): Wanted[] {
  const hasAsk = text.clauses.some(({ isAsk }) => isAsk)
  const found: Wanted[] = []
  let open: { readonly wanted: Wanted; readonly entry: Entry } | undefined
  let isAsked = false
  for (const clause of text.clauses) {
    if (clause.isStart) isAsked = false
    isAsked ||= clause.isAsk
    if (open !== undefined && belongsTo(open.entry, clause, matcher)) {
      const wanted: Wanted = { ...open.wanted, clause: spanClauses(text, open.wanted.clause, clause) }
      found[found.indexOf(open.wanted)] = wanted
      open = { ...open, wanted }
      continue
    }
    const wanted: Wanted = { clause, isContext: hasAsk && !isAsked }
    found.push(wanted)
    const [best] = matcher.rank(clause)
    if (best?.isStrong === true && !wanted.isContext) open = { wanted, entry: best.entry }
    else if (clause.isAsk) open = undefined
  }
  dropFaint(found, matcher)
  return found.map((wanted, at) => (wanted.isContext ? wanted : { ...wanted, ...aroundOf(found, at, text) }))
}

/** A piece without any match stays: it may repeat the call before with another value. */
function dropFaint(found: Wanted[], matcher: Matcher): void {
  const scores = found.map(({ clause }) => matcher.rank(clause)[0]?.score ?? 0)
  const least = Math.max(0, ...scores) * FAINT_SHARE
  for (const [at, wanted] of found.entries()) {
    const score = scores[at] ?? 0
    if (score > 0 && score < least * (wanted.clause.isAsk ? 0.5 : 1)) found[at] = { ...wanted, isContext: true }
  }
}

function aroundOf(found: readonly Wanted[], at: number, text: RequestText): Pick<Wanted, 'around'> {
  let [first, last] = [at, at]
  while (found[first - 1]?.isContext === true) first--
  while (found[last + 1]?.isContext === true) last++
  const [from, own, to] = [found[first], found[at], found[last]]
  if (first === last || from === undefined || own === undefined || to === undefined) return {}
  return { around: { ...spanClauses(text, from.clause, to.clause), isAsk: own.clause.isAsk } }
}

/** "... with a label "Go" and width of 59": the piece speaks of an input of what is wanted already, and of nothing that is stranger to it. */
function belongsTo(entry: Entry, clause: Clause, matcher: Matcher): boolean {
  if (clause.isAsk || clause.words.length === 0) return false
  const words = clause.words.map(stem)
  const says = words.some((word) => entry.inputWords.has(word))
  if (says && clause.values.length > 0) return true
  if (!words.every((word) => entry.words.has(word))) return false
  const [best] = matcher.rank(clause)
  return says || best === undefined || best.entry === entry || !best.isStrong
}
