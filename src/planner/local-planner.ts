// Plans without any model: clauses find capabilities by their words, inputs are filled from the text, and what is missing is
// chained from other capabilities' outputs. The degraded way: it reads only, never invents a value, and says what it left out.
import type { OfferedCapability } from '../contracts/capability.ts'
import type { JsonValue } from '../contracts/json.ts'
import type { PlanDocument } from '../contracts/plan.ts'
import { isCertain } from './local-planner/certain.ts'
import { findSupply, type Supply } from './local-planner/chain.ts'
import { createMatcher, type Entry, type Match, type Matcher } from './local-planner/match.ts'
import { fillInputs } from './local-planner/slots.ts'
import { type Clause, joinClauses, type RequestText, readRequest } from './local-planner/text.ts'
import type { Token } from './local-planner/tokens.ts'
import { findWanted, type Wanted } from './local-planner/wanted.ts'
import { STOP_WORDS, stem } from './local-planner/words.ts'
import { createWriter, type Draft, isSupply } from './local-planner/writer.ts'

const MAX_DEPTH = 3
/** Another capability may stand in for the best one of a clause when it has at least this share of its score. */
const STAND_IN_SHARE = 0.2
/** ... and says all that the best one says, or has this share. */
const NEAR_SHARE = 0.8
const MAX_TRIED = 5

export interface LocalPlan extends Pick<PlanDocument, 'steps' | 'reason' | 'missing'> {
  /** It is one call, and surely all that was asked for: no model need be asked. */
  readonly certain: boolean
}

/** The plan for what the offered capabilities can surely serve; the rest in `missing`, as sentences for the user. */
export function planLocally(request: string, offered: readonly OfferedCapability[]): LocalPlan {
  const text = readRequest(request)
  const matcher = createMatcher(offered)
  const writer = createWriter()
  const missing = new Map<string, string>()
  const wanted = findWanted(text, matcher)
  const clauses = wanted.map(({ clause }) => clause)
  let last: Draft | undefined
  for (let i = 0; i < wanted.length; i++) {
    const { clause, isContext, around } = wanted[i] as Wanted
    const {
      draft,
      why,
      taken = 1,
    } = isContext ? chooseForContext(clause, text, matcher) : chooseOver(clauses.slice(i), text, matcher, around)
    i += taken - 1
    if (draft !== undefined) {
      last = draft
      writer.add(draft)
    } else if (why === undefined && last !== undefined && isRepeat(clause, last, isContext)) {
      const again = repeatWith(last, clause, text)
      if (again !== undefined) writer.add(again)
    } else if (why === undefined && clause.isAsk && clause.words.length > 0) {
      missing.set(clause.text, `Nothing that is offered serves "${unservedText(clauses, i, text, matcher)}".`)
    }
    if (why !== undefined && !missing.has(why.about)) missing.set(why.about, why.text)
  }
  const steps = writer.steps()
  const left = [...missing.values()]
  const certain = left.length === 0 && isCertain(text, matcher, steps)
  if (steps.length > 0) return { steps, certain, ...(left.length > 0 && { missing: left }) }
  if (matcher.entries.length === 0)
    left.splice(0, left.length, 'The catalog is empty: no tool and no agent was found that could be called.')
  if (left.length === 0) left.push(`Nothing that is offered serves "${text.text.trim().slice(0, 200)}".`)
  return { steps, reason: `Nothing could be called for this request. ${left.join(' ')}`, missing: left, certain }
}

/** The clause with the pieces after it that want nothing of their own: "a sonata for two violins and a harp". */
function unservedText(clauses: readonly Clause[], at: number, text: RequestText, matcher: Matcher): string {
  let whole = clauses[at]
  for (const next of clauses.slice(at + 1)) {
    const more =
      whole === undefined || next.isAsk || matcher.rank(next).length > 0 ? undefined : joinClauses(text, whole, next)
    if (more === undefined) break
    whole = more
  }
  return whole?.text ?? ''
}

interface Choice {
  readonly draft?: Draft
  /** Why the capability that fits best is not called, once for each capability. */
  readonly why?: { readonly about: string; readonly text: string }
  /** How many clauses it took. */
  readonly taken?: number
}

/** The choice for the first clause; where inputs are missing, the pieces after it in the same sentence may give them. */
function chooseOver(clauses: readonly Clause[], text: RequestText, matcher: Matcher, around?: Clause): Choice {
  const [first] = clauses
  if (first === undefined) return {}
  const choice = chooseFor(first, text, matcher, around)
  if (choice.why === undefined || choice.draft !== undefined) return choice
  let joined = first
  for (let k = 1; k < clauses.length; k++) {
    const next = clauses[k] as Clause
    const more = next.isAsk ? undefined : joinClauses(text, joined, next)
    if (more === undefined) break
    joined = more
    const again = chooseFor(joined, text, matcher)
    if (again.draft !== undefined && again.why === undefined) return { ...again, taken: k + 1 }
  }
  return choice
}

/** A statement calls only what it names beside a value that it gives, such as "100 Tesla shares". */
function chooseForContext(clause: Clause, text: RequestText, matcher: Matcher): Choice {
  const [best] = matcher.rank(clause)
  if (best === undefined || !isBesideValue(best, clause, text)) return {}
  const { draft, why } = chooseFor(clause, text, matcher)
  if (draft === undefined || why !== undefined) return {}
  // What the statements around it tell belongs to other things.
  const own = fillInputs(draft.entry, clause, text, { isWide: false }).inputs
  const isItsOwn = [...draft.inputs].every(([name, value]) => own.get(name)?.value === value)
  return draft.inputs.size > 0 && isItsOwn ? { draft } : {}
}

function chooseFor(clause: Clause, text: RequestText, matcher: Matcher, around?: Clause): Choice {
  const ranked = matcher.rank(clause)
  const least = (ranked[0]?.score ?? 0) * STAND_IN_SHARE
  const [best] = ranked
  let why: Choice['why']
  for (const match of ranked.slice(0, MAX_TRIED)) {
    if (match.score < least || (match !== best && why === undefined)) break
    if (best !== undefined && match.score < best.score * NEAR_SHARE && !includesAll(match.hits, best.hits)) continue
    const isCarried = match.isStrong || why !== undefined || isBesideValue(match, clause, text)
    if (!isCarried) break
    const name = match.entry.offered.capability.name
    if (!match.entry.isReading) {
      // Who asks for a change is not served by something else.
      const effect = match.entry.offered.capability.effect
      const told = `"${name}" ${effect === 'write' ? 'changes' : 'may change'} something; without a model only capabilities are called whose effect is "read" ("${clause.text}").`
      return { why: why ?? { about: name, text: told } }
    }
    const draft = draftWithin(match.entry, [clause, around], text, matcher)
    // A weak match is carried by a value of the text that it takes itself; one that stands in, by any.
    const told = [...draft.inputs.values()].filter((value) => why !== undefined || !isSupply(value))
    const needsValue = (!match.isStrong || why !== undefined) && told.length === 0
    if (draft.missing.length === 0 && !needsValue) return { draft, ...(why !== undefined && { why }) }
    if (draft.missing.length > 0) {
      why ??= {
        about: name,
        text: `"${name}" fits "${clause.text}", but the request does not say: ${draft.missing.join(', ')}.`,
      }
    }
  }
  const draft = why === undefined ? draftByForm(clause, text, matcher) : undefined
  return why === undefined ? (draft === undefined ? {} : { draft }) : { why }
}

const includesAll = (words: ReadonlySet<string>, wanted: ReadonlySet<string>): boolean =>
  [...wanted].every((word) => words.has(word))

/** "100 Tesla shares", "the capital of France": the common word stands beside a value. */
function isBesideValue({ hits }: Match, clause: Clause, { tokens }: RequestText): boolean {
  const tells = (token: Token): boolean => token.kind !== 'punct' && !STOP_WORDS.has(token.lower)
  return clause.values.some((value) => {
    const before = tokens.slice(Math.max(clause.from, value.from - 3), value.from).findLast(tells)
    const after = tokens.slice(value.to, Math.min(clause.to, value.to + 3)).find(tells)
    return [before, after].some((token) => token !== undefined && hits.has(stem(token.lower)))
  })
}

/** Two tell something by their form; of a flood of values every capability would have to be tried. */
const isFew = (values: number): boolean => values >= 2 && values <= 12

/** "100 USD in KRW": nobody named it, but only one capability wants just such values. */
function draftByForm(clause: Clause, text: RequestText, { entries }: Matcher): Draft | undefined {
  const fitting: Draft[] = []
  for (const entry of isFew(clause.values.length) ? entries : []) {
    if (!entry.isReading) continue
    const filling = fillInputs(entry, clause, text, { isWide: false })
    if (filling.missing.length > 0 || filling.formed < 2) continue
    fitting.push({
      entry,
      inputs: new Map([...filling.inputs].map(([name, { value }]) => [name, value])),
      missing: [],
      filling,
    })
  }
  return fitting.length === 1 ? fitting[0] : undefined
}

interface DraftContext {
  readonly clause: Clause
  readonly text: RequestText
  readonly matcher: Matcher
  /** Capabilities that this one is to supply. */
  readonly above: readonly Entry[]
}

/** The call as the wish itself tells it; where that leaves inputs open, as the statements around it do. */
function draftWithin(
  entry: Entry,
  [clause, around]: readonly [Clause, Clause | undefined],
  text: RequestText,
  matcher: Matcher,
): Draft {
  if (around !== undefined && fillInputs(entry, clause, text, { isWide: false }).missing.length > 0) {
    const wider = fillInputs(entry, around, text, { isWide: false })
    if (wider.missing.length === 0) return draftCall(entry, { clause: around, text, matcher, above: [] })
  }
  return draftCall(entry, { clause, text, matcher, above: [] })
}

function draftCall(entry: Entry, context: DraftContext): Draft {
  const filling = fillInputs(entry, context.clause, context.text, { isWide: true, above: context.above })
  const inputs = new Map<string, JsonValue | Supply<Draft>>()
  for (const [name, { value }] of filling.inputs) inputs.set(name, value)
  const open = new Map(filling.missing.map((wish) => [wish.name, wish]))
  if (open.size > 0 && context.above.length < MAX_DEPTH) {
    const above = [...context.above, entry]
    const readable = context.matcher.entries.filter((other) => other.isReading && !above.includes(other))
    const supplied = findSupply([...open.values()], readable, (other) => {
      const draft = draftCall(other, { ...context, above })
      return draft.missing.length === 0 ? draft : undefined
    })
    for (const [name, supply] of supplied) {
      inputs.set(name, supply)
      open.delete(name)
    }
  }
  return { entry, inputs, missing: [...open.keys()], filling }
}

/** Only another value is told, with nothing that is strange to the call before. */
function isRepeat(clause: Clause, { entry }: Draft, isContext: boolean): boolean {
  if (clause.values.length === 0 || isContext) return false
  return clause.words.length === 0 || (!clause.isAsk && clause.words.every((word) => entry.words.has(stem(word))))
}

/** "... and in Osaka": the call before, with the values that this piece gives instead. */
function repeatWith(draft: Draft, clause: Clause, text: RequestText): Draft | undefined {
  const filling = fillInputs(draft.entry, clause, text, { isWide: false })
  const inputs = new Map(draft.inputs)
  for (const [name, { value }] of filling.inputs) inputs.set(name, value)
  if (filling.inputs.size > 0) return { ...draft, inputs, filling }
  for (const [name, value] of draft.inputs) {
    if (!isSupply(value)) continue
    const from = repeatWith(value.from, clause, text)
    if (from === undefined) continue
    for (const [other, supply] of draft.inputs) {
      if (isSupply(supply) && supply.from === value.from) inputs.set(other, { ...supply, from })
    }
    inputs.set(name, { ...value, from })
    return { ...draft, inputs }
  }
  return undefined
}
