// When a plan from words alone may be run without asking a model: one call of one capability that reads, with nothing in the request
// left unexplained. Strict on purpose: what a model would have understood better costs more than the call that is saved.
import type { Step } from '../../contracts/plan.ts'
import { canonicalJson } from '../../util/canonical-json.ts'
import { isDoubtful } from './doubt.ts'
import type { Entry, Matcher } from './match.ts'
import { type Filled, type Filling, fillInputs } from './slots.ts'
import type { Clause, RequestText } from './text.ts'
import type { Token } from './tokens.ts'
import { suits, type Wish, wishesOf } from './wish.ts'
import { splitName, stem } from './words.ts'

const setOf = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/))

/** Frame a wish and add nothing to it. */
const PLAIN =
  setOf(`a an the of for in at to from by with on me us i you my please is are what what's can could would want need know
  like get fetch find search show give tell look up list lookup retrieve check`)

/** Whoever says one of these wants more than one call gives: a choice, a comparison, a sum, a day that has to be worked out. */
const UNSURE =
  setOf(`not no never none neither nor without except excluding exclude ignore ignoring but instead unless if whether or and
  than versus vs compare compared comparison more less fewer most least best worst better worse highest lowest cheapest cheaper biggest
  largest smallest top bottom first second third last next previous other another same different both each every all any half double twice
  plus minus times sum total average mean median difference ratio percent percentage multiply multiplied divided add subtract
  today tomorrow yesterday tonight now currently ago since until before after during past recent recently latest week weeks weekend month
  months year years hour hours minute minutes morning evening monday tuesday wednesday thursday friday saturday sunday january february
  march april may june july august september october november december
  why how when who whose where then also too again still it its they them their this that these those there here`)

const MAX_CHARS = 200
/** The second best capability may have at most this share of the best one's score. */
const MAX_RIVAL_SHARE = 0.5
/** A form that is its own, such as a currency where one is asked for. */
const OWN_FORM = 2

/** Whether the one step is surely all that the request wants. */
export function isCertain(text: RequestText, matcher: Matcher, steps: readonly Step[]): boolean {
  const [step, ...more] = steps
  const [clause, ...others] = text.clauses
  if (step === undefined || clause === undefined || more.length > 0 || others.length > 0) return false
  if (text.text.length > MAX_CHARS) return false
  const [best, second] = matcher.rank(clause)
  if (best === undefined || !best.isStrong || !calls(step, best.entry)) return false
  if (second !== undefined && second.score > best.score * MAX_RIVAL_SHARE) return false
  if (![...best.hits].some((word) => best.entry.nameWords.has(word))) return false
  const filling = fillInputs(best.entry, clause, text, { isWide: false })
  if (isDoubtful(text, best.entry, filling)) return false
  return isFilledSurely(step, best.entry, filling, text) && isExplained(text, clause, best.entry, filling)
}

function calls({ component, action, dependsOn }: Step, { offered }: Entry): boolean {
  const { capability } = offered
  const isHarmless = capability.effect === 'read' && capability.approval !== 'always' && offered.degraded !== true
  return isHarmless && dependsOn.length === 0 && component === offered.component.name && action === capability.name
}

/** Every input by a value of its own form, and those of one kind told apart by the word before them. */
function isFilledSurely({ inputs }: Step, { offered }: Entry, filling: Filling, text: RequestText): boolean {
  const given = Object.fromEntries([...filling.inputs].map(([name, { value }]) => [name, value]))
  if (filling.missing.length > 0 || filling.rows.length > 0 || canonicalJson(given) !== canonicalJson(inputs))
    return false
  const wishes = new Map(wishesOf(offered.capability).map((wish) => [wish.name, wish]))
  let unnamed = 0
  let numbers = 0
  for (const [name, filled] of filling.inputs) {
    const wish = wishes.get(name)
    if (wish === undefined || !isSure(wish, filled)) return false
    if (filled.source?.kind === 'number') numbers++
    else if (!isNamed(wish, filled, text)) unnamed++
  }
  return unnamed <= 1 && numbers <= 1
}

function isSure(wish: Wish, { source, value }: Filled): boolean {
  if (wish.type === 'array' || wish.type === 'other') return false
  // A member of an enum, word for word; any other stretch of text is a guess where it ends.
  if (source === undefined) return typeof value === 'string' && wish.members.includes(value)
  return source.kind === 'quoted' || suits(source, wish).score >= OWN_FORM
}

/** "to KRW" for the input `to`, "symbol TSLA" for the input `symbol`. */
function isNamed(wish: Wish, { source }: Filled, { tokens }: RequestText): boolean {
  const before = source === undefined ? undefined : tokens[source.from - 1]
  return source === undefined || (before !== undefined && wish.words.has(before.lower))
}

/** Every word is the capability's own, a value that is sent, or a mere frame; nothing stands between the words either. */
function isExplained({ text, tokens }: RequestText, clause: Clause, entry: Entry, { inputs }: Filling): boolean {
  const { words, offered } = entry
  // Of its own name also the words that tell capabilities apart from nothing else, such as "info".
  const named = new Set(splitName(offered.capability.name))
  const sent = new Set<number>()
  const members = new Set<string>()
  for (const { source, value } of inputs.values()) {
    if (source !== undefined) for (let i = source.from; i < source.to; i++) sent.add(i)
    else if (typeof value === 'string')
      for (const word of value.toLowerCase().split(/[^\p{L}\p{N}]+/u)) members.add(word)
  }
  let end = 0
  for (const [i, token] of tokens.entries()) {
    if (text.slice(end, token.start).trim() !== '') return false
    end = token.end
    if (token.kind === 'quoted' && sent.has(i)) continue
    if (token.kind === 'word' && UNSURE.has(token.lower)) return false
    if (sent.has(i) || isFrame(token, i, clause)) continue
    if (token.kind !== 'word' || !(words.has(stem(token.lower)) || named.has(token.lower) || members.has(token.lower)))
      return false
  }
  return text.slice(end).trim() === ''
}

/** Also the mark that ends the sentence. */
const isFrame = (token: Token, index: number, clause: Clause): boolean =>
  token.kind === 'punct' ? index >= clause.to && /[.?!]/.test(token.text) : PLAIN.has(token.lower)
