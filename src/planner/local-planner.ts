// Plans without any model: clauses find capabilities by their words, inputs are filled from the text, and what is missing is
// chained from other capabilities' outputs. The degraded way: it reads only, never invents a value, and says what it left out.
import type { OfferedCapability } from '../contracts/capability.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { PlanDocument, Step } from '../contracts/plan.ts'
import { findSupply, type Supply } from './local-planner/chain.ts'
import { createMatcher, type Entry, type Match, type Matcher } from './local-planner/match.ts'
import { type Filling, fillInputs } from './local-planner/slots.ts'
import { type Clause, joinClauses, type RequestText, readRequest } from './local-planner/text.ts'
import type { Token } from './local-planner/tokens.ts'
import { STOP_WORDS, stem } from './local-planner/words.ts'

const MAX_STEPS = 16
const MAX_DEPTH = 3
/** Another capability may stand in for the best one of a clause when it has at least this share of its score. */
const STAND_IN_SHARE = 0.2
const MAX_TRIED = 5

/** A call that may be made, with the calls that supply it. */
interface Draft {
  readonly entry: Entry
  readonly inputs: ReadonlyMap<string, JsonValue | Supply<Draft>>
  readonly missing: readonly string[]
  readonly filling: Filling
}

/** The plan for what the offered capabilities can surely serve; the rest in `missing`, as sentences for the user. */
export function planLocally(request: string, offered: readonly OfferedCapability[]): PlanDocument {
  const text = readRequest(request)
  const matcher = createMatcher(offered)
  const writer = createWriter()
  const missing = new Map<string, string>()
  let last: Draft | undefined
  for (let i = 0; i < text.clauses.length; i++) {
    const clause = text.clauses[i] as Clause
    const { draft, why, taken = 1 } = chooseOver(text.clauses.slice(i), text, matcher)
    i += taken - 1
    if (draft !== undefined) {
      last = draft
      writer.add(draft)
    } else if (
      why === undefined &&
      last !== undefined &&
      clause.values.length > 0 &&
      (!clause.isAsk || clause.words.length === 0)
    ) {
      const again = repeatWith(last, clause, text)
      if (again !== undefined) writer.add(again)
    } else if (why === undefined && clause.isAsk && clause.words.length > 0) {
      missing.set(clause.text, `Nothing that is offered serves "${unservedText(text, i, matcher)}".`)
    }
    if (why !== undefined && !missing.has(why.about)) missing.set(why.about, why.text)
  }
  const steps = writer.steps()
  const left = [...missing.values()]
  if (steps.length > 0) return { steps, ...(left.length > 0 && { missing: left }) }
  if (matcher.entries.length === 0)
    left.splice(0, left.length, 'The catalog is empty: no tool and no agent was found that could be called.')
  if (left.length === 0) left.push(`Nothing that is offered serves "${text.text.trim().slice(0, 200)}".`)
  return { steps, reason: `Nothing could be called for this request. ${left.join(' ')}`, missing: left }
}

/** The clause with the pieces after it that want nothing of their own: "a sonata for two violins and a harp". */
function unservedText(text: RequestText, at: number, matcher: Matcher): string {
  let whole = text.clauses[at]
  for (const next of text.clauses.slice(at + 1)) {
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
function chooseOver(clauses: readonly Clause[], text: RequestText, matcher: Matcher): Choice {
  const [first] = clauses
  if (first === undefined) return {}
  const choice = chooseFor(first, text, matcher)
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

function chooseFor(clause: Clause, text: RequestText, matcher: Matcher): Choice {
  const ranked = matcher.rank(clause)
  const least = (ranked[0]?.score ?? 0) * STAND_IN_SHARE
  const [best] = ranked
  let why: Choice['why']
  for (const match of ranked.slice(0, MAX_TRIED)) {
    if (match.score < least || (match !== best && why === undefined)) break
    const isCarried = match.isStrong || why !== undefined || isBesideValue(match, clause, text)
    if (!isCarried) break
    const name = match.entry.offered.capability.name
    if (!match.entry.isReading) {
      // Who asks for a change is not served by something else.
      const effect = match.entry.offered.capability.effect
      const told = `"${name}" ${effect === 'write' ? 'changes' : 'may change'} something; without a model only capabilities are called whose effect is "read" ("${clause.text}").`
      return { why: why ?? { about: name, text: told } }
    }
    const draft = draftCall(match.entry, { clause, text, matcher, above: [] })
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

/** "100 Tesla shares", "the capital of France": the common word stands beside a value. */
function isBesideValue({ hits }: Match, clause: Clause, { tokens }: RequestText): boolean {
  const tells = (token: Token): boolean => token.kind !== 'punct' && !STOP_WORDS.has(token.lower)
  return clause.values.some((value) => {
    const before = tokens.slice(Math.max(clause.from, value.from - 3), value.from).findLast(tells)
    const after = tokens.slice(value.to, Math.min(clause.to, value.to + 3)).find(tells)
    return [before, after].some((token) => token !== undefined && hits.has(stem(token.lower)))
  })
}

/** "100 USD in KRW": nobody named it, but only one capability wants just such values. */
function draftByForm(clause: Clause, text: RequestText, { entries }: Matcher): Draft | undefined {
  const fitting: Draft[] = []
  for (const entry of clause.values.length < 2 ? [] : entries) {
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

const isSupply = (value: JsonValue | Supply<Draft>): value is Supply<Draft> =>
  typeof value === 'object' && value !== null && 'from' in value && value.isSupply === true

interface Writer {
  add(draft: Draft): void
  steps(): Step[]
}

/** Turns drafts into steps: the same call once, suppliers before what they supply, one call for each value of a row. */
function createWriter(): Writer {
  const steps: Step[] = []
  const nameOf = new Map<string, string>()
  const names = new Set<string>()

  const write = (entry: Entry, inputs: JsonObject, dependsOn: readonly string[]): string | undefined => {
    const { component, capability } = entry.offered
    const key = JSON.stringify([component.name, capability.name, inputs])
    const known = nameOf.get(key)
    if (known !== undefined || steps.length >= MAX_STEPS) return known
    const name = uniqueName(capability.name, names)
    names.add(name)
    nameOf.set(key, name)
    steps.push({ name, type: 'call', component: component.name, action: capability.name, inputs, dependsOn })
    return name
  }
  const writeDraft = (draft: Draft): (string | undefined)[] =>
    variantsOf(draft).map((variant) => {
      const inputs: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>
      const dependsOn: string[] = []
      for (const [name, value] of variant) {
        if (!isSupply(value)) {
          inputs[name] = value
          continue
        }
        const [supplier] = writeDraft(value.from)
        if (supplier === undefined) return undefined
        if (!dependsOn.includes(supplier)) dependsOn.push(supplier)
        inputs[name] = `\${steps.${supplier}.output.${value.path}}`
      }
      return write(draft.entry, inSchemaOrder(inputs, draft.entry), dependsOn)
    })
  return {
    add: (draft) => void writeDraft(draft),
    steps: () => steps,
  }
}

/** Plans are read by people: inputs stand as the capability lists them. */
function inSchemaOrder(inputs: JsonObject, { offered }: Entry): JsonObject {
  const { properties } = offered.capability.inputSchema
  const order = typeof properties === 'object' && properties !== null ? Object.keys(properties) : []
  return Object.fromEntries(Object.entries(inputs).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)))
}

type Inputs = Draft['inputs']

/** The inputs once for each value of a row, also of a row that a supplier takes. */
function variantsOf(draft: Draft): Inputs[] {
  const variants = [draft.inputs]
  for (const [name, { others, value }] of draft.filling.inputs) {
    if (draft.inputs.get(name) !== value) continue
    for (const other of others ?? []) variants.push(new Map([...draft.inputs, [name, other]]))
  }
  if (variants.length > 1) return variants
  const suppliers = new Set([...draft.inputs.values()].filter(isSupply).map(({ from }) => from))
  for (const supplier of suppliers) {
    const [, ...more] = variantsOf(supplier)
    for (const inputs of more) {
      const from: Draft = { ...supplier, inputs, filling: { ...supplier.filling, inputs: new Map() } }
      variants.push(
        new Map(
          [...draft.inputs].map(([name, value]) => [
            name,
            isSupply(value) && value.from === supplier ? { ...value, from } : value,
          ]),
        ),
      )
    }
  }
  return variants
}

function uniqueName(capability: string, taken: ReadonlySet<string>): string {
  const plain = capability.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^[^A-Za-z_]+/, '')
  const base = plain === '' ? 'step' : plain.slice(0, 60)
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base}_${n}`
    if (!taken.has(name)) return name
  }
}
