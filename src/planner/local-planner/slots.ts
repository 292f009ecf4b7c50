// Fills the inputs of a capability from what the text says: the word beside a value, its preposition, its form. A value that is
// not in the text never gets in; an input that nothing suits stays missing.
import type { JsonValue } from '../../contracts/json.ts'
import { areSiblings, PREPOSITIONS, readClue } from './clue.ts'
import type { Entry } from './match.ts'
import { findPhrase } from './phrase.ts'
import { findRows, type Instead } from './rows.ts'
import { memberIn, sampleIn } from './said.ts'
import type { Clause, RequestText } from './text.ts'
import type { Value } from './values.ts'
import { suits, type Wish, wishesOf } from './wish.ts'
import { STOP_WORDS, stem } from './words.ts'

export interface Filled {
  readonly value: JsonValue
  /** Where in the text it stands; absent for a phrase. */
  readonly source?: Value
}

export interface Filling {
  readonly inputs: ReadonlyMap<string, Filled>
  /** Required inputs that the text does not give. */
  readonly missing: readonly Wish[]
  /** How many inputs got a value whose very form is theirs: a currency, a country, a date, an address. */
  readonly formed: number
  /** Where several calls are told at once: what each of them gives, the first included. */
  readonly rows: readonly Instead[]
}

interface Candidate {
  readonly wish: Wish
  readonly value: Value
  readonly yields: JsonValue
  readonly score: number
}

const LEAST_HERE = 1.5
const LEAST_ELSEWHERE = 2
/** Inputs that take a number whatever is counted. */
const COUNTS: ReadonlySet<string> = new Set(['amount', 'value', 'quantity', 'number', 'count', 'total', 'sum'])

export interface FillOptions {
  /** Whether values of other clauses may serve too. */
  readonly isWide: boolean
  /** What this call is to supply: words beside a value may speak of those. */
  readonly above?: readonly Entry[]
}

export function fillInputs(
  entry: Entry,
  clause: Clause,
  request: RequestText,
  { isWide, above = [] }: FillOptions,
): Filling {
  const speaksOf = (word: string): boolean => [entry, ...above].some(({ words }) => words.has(stem(word)))
  const wishes = wishesOf(entry.offered.capability)
  const inputs = new Map<string, Filled>()
  const used = new Set<Value>()
  const take = (wish: Wish, filled: Filled): void => {
    inputs.set(wish.name, filled)
    if (filled.source !== undefined) used.add(filled.source)
  }
  for (const wish of wishes) {
    const member = memberIn(wish, clause.text)
    if (member !== undefined) inputs.set(wish.name, { value: member })
  }
  for (const [wish, value, part] of placeParts(wishes, clause)) take(wish, { value: part, source: value })
  const rowOf = new Map<number, Wish>()
  const candidates = rankCandidates(entry, wishes, clause, request, { isWide, speaksOf })
  for (const { wish, value, yields } of candidates) {
    if (inputs.has(wish.name) || used.has(value) || isOfOtherRow(wish, value, rowOf)) continue
    const filled = wish.type === 'array' ? arrayOf(wish, value, clause, used) : { value: yields, source: value }
    if (filled === undefined) continue
    take(wish, filled)
    if (value.list !== undefined && !rowOf.has(value.list)) rowOf.set(value.list, wish)
  }
  for (const [wish, value] of countedNumbers(wishes, clause, request, { inputs, used, speaksOf })) {
    take(wish, { value: value.value, source: value })
  }
  for (const wish of wishes) {
    const sample = inputs.has(wish.name) ? undefined : sampleIn(wish, clause)
    if (sample !== undefined) inputs.set(wish.name, { value: sample })
  }
  for (const wish of wishes) {
    if (inputs.has(wish.name) || !wish.isRequired || !wantsText(wish)) continue
    const phrase = findPhrase(entry, clause, request, { isWide, used })
    // One text says one thing: which of several inputs it is meant for, nobody knows.
    if (phrase === undefined || [...inputs.values()].some(({ value }) => value === phrase)) continue
    inputs.set(wish.name, { value: phrase })
  }
  const scoreOf = (value: Value | undefined, wish: Wish): number =>
    candidates.find((one) => one.value === value && one.wish === wish)?.score ?? 0
  const meantBy = (value: Value): Wish | undefined => {
    const best = candidates.find((one) => one.value === value)
    const isAlike = best !== undefined && best.score >= scoreOf(inputs.get(best.wish.name)?.source, best.wish) - 1
    return isAlike ? best.wish : undefined
  }
  const rows = findRows({ wishes, inputs, clause, request, meantBy })
  const missing = wishes.filter((wish) => wish.isRequired && !inputs.has(wish.name))
  const formed = wishes.filter((wish) => hasOwnForm(wish) && inputs.has(wish.name)).length
  return { inputs, missing, formed, rows }
}

const hasOwnForm = ({ kinds, format }: Wish): boolean =>
  kinds.has('currency') || kinds.has('country') || ['date', 'date-time', 'email', 'uri'].includes(format)

const wantsText = ({ type, members, kinds, examples }: Wish): boolean =>
  type === 'string' && members.length === 0 && (kinds.has('text') || examples.has('text'))

interface ReadOptions {
  readonly isWide: boolean
  readonly speaksOf: (word: string) => boolean
}

function rankCandidates(
  entry: Entry,
  wishes: readonly Wish[],
  clause: Clause,
  request: RequestText,
  { isWide, speaksOf }: ReadOptions,
): Candidate[] {
  const candidates: Candidate[] = []
  const own = entry.offered.capability.name
  const claimed = new Set(wishes.filter((wish) => wish.isRequired).flatMap((wish) => [...wish.words]))
  for (const wish of wishes) {
    const isText = wantsText(wish)
    for (const value of isWide ? request.values : clause.values) {
      if ((isText && value.kind !== 'quoted') || wish.words.has(value.text.toLowerCase()) || value.text === own)
        continue
      const isHere = clause.values.includes(value)
      // What another clause says counts only where this one says nothing of the kind.
      if (!isHere && clause.values.some((own) => own.kind === value.kind)) continue
      const form = suits(value, wish.item ?? wish)
      const clue = readClue(value, wish, request, speaksOf)
      const isNumber = wish.type === 'number' || wish.type === 'integer'
      // What is optional, or only a number, must be named beside the value; see countedNumbers for the rest.
      if (form.score === 0 && !(clue.isNamed && wish.type === 'string' && suitsWhenNamed(wish))) continue
      // A form that says nothing decides only where there is nothing to decide.
      if (form.score < 1 && !clue.isNamed && clause.values.filter((own) => own.kind !== 'number').length > 1) continue
      const isOfUnit = isNumber && form.score > (wish.isRequired ? 2 : 3)
      if ((isNumber || !wish.isRequired) && !clue.isNamed && !isOfUnit) continue
      if (!wish.isRequired && !isHere) continue
      const elsewhere = [...(PREPOSITIONS[clue.preposition] ?? [])].some(
        (word) => claimed.has(word) && !wish.words.has(word),
      )
      const score = form.score + clue.score + (isHere ? 1 : 0) - (elsewhere ? 2 : 0)
      if (score >= (isHere ? LEAST_HERE : LEAST_ELSEWHERE)) candidates.push({ wish, value, yields: form.value, score })
    }
  }
  // Sorting is stable: of equals, the first input takes the first value.
  return candidates.sort((a, b) => b.score - a.score)
}

/** "with id 7", "status open": the text itself says which input it means, unless that has a form of its own. */
const suitsWhenNamed = (wish: Wish): boolean =>
  wish.format === '' && wish.members.length === 0 && !wish.kinds.has('country') && !wish.kinds.has('currency')

/** "Chicago, Illinois" where city and state are inputs of their own: a part for each. */
function placeParts(wishes: readonly Wish[], clause: Clause): [Wish, Value, string][] {
  const places = wishes.filter((wish) => wish.isRequired && wish.type === 'string' && wish.kinds.has('place'))
  const named = clause.values.filter((value) => value.parts.length > 1)
  const [value] = named
  if (value === undefined || named.length > 1 || places.length !== value.parts.length) return []
  return places.flatMap((wish, k): [Wish, Value, string][] => {
    const part = value.parts[k]
    return part === undefined ? [] : [[wish, value, part]]
  })
}

/** A row is told for one input, or for two that want the same kind of thing: "between Paris and Rome". */
function isOfOtherRow(wish: Wish, { list }: Value, rowOf: ReadonlyMap<number, Wish>): boolean {
  const owner = list === undefined ? undefined : rowOf.get(list)
  if (owner === undefined) return false
  const isNumber = ({ type }: Wish): boolean => type === 'number' || type === 'integer'
  if (isNumber(wish) && isNumber(owner)) return false
  const isAlike = [...owner.kinds].some((kind) => wish.kinds.has(kind)) || areSiblings(owner.name, wish.name)
  return owner.type !== wish.type || !isAlike
}

/** All values of the row that suit an item of the array. One number alone is no row. */
function arrayOf({ item }: Wish, value: Value, clause: Clause, used: Set<Value>): Filled | undefined {
  if (value.kind === 'number' && value.list === undefined) return undefined
  if (item === undefined) return { value: [value.value], source: value }
  const row = clause.values.filter(
    (other) => (value.list === undefined ? other === value : other.list === value.list) && suits(other, item).score > 0,
  )
  if (row.length === 0) return undefined
  for (const other of row) used.add(other)
  return { value: row.map((other) => suits(other, item).value), source: value }
}

/** As many numbers as required inputs that want one: in their order. A number that counts something else is none of them. */
function countedNumbers(
  wishes: readonly Wish[],
  clause: Clause,
  { tokens }: RequestText,
  taken: {
    readonly inputs: ReadonlyMap<string, Filled>
    readonly used: ReadonlySet<Value>
    readonly speaksOf: (word: string) => boolean
  },
): [Wish, Value][] {
  const open = wishes.filter(
    (wish) => wish.isRequired && !taken.inputs.has(wish.name) && (wish.type === 'number' || wish.type === 'integer'),
  )
  const takesAny = open.some((wish) => [...wish.words].some((word) => COUNTS.has(word)))
  const free = clause.values.filter((value) => {
    // A number in letters mostly counts something: "two objects".
    if (value.kind !== 'number' || taken.used.has(value) || !/\d/.test(value.text)) return false
    const next = tokens[value.to]
    const counts = next?.kind === 'word' && !STOP_WORDS.has(next.lower) && /^\p{Ll}/u.test(next.text)
    return !counts || takesAny || taken.speaksOf(next.lower)
  })
  const isRow = free.length > 1 && free.every((value) => value.list !== undefined && value.list === free[0]?.list)
  // Several are told apart by their order only where nothing else is said between them.
  const between = tokens.slice(free[0]?.to, free.at(-1)?.from)
  if (open.length > 1 && between.some((token) => token.kind === 'word' && !STOP_WORDS.has(token.lower))) return []
  if (open.length === 0 || (free.length !== open.length && !(open.length === 1 && isRow))) return []
  const pairs = open.flatMap((wish, k): [Wish, Value][] => {
    const value = free[k]
    return value !== undefined && suits(value, wish).score > 0 ? [[wish, value]] : []
  })
  return pairs.length === open.length ? pairs : []
}
