// When a plan that served one request may serve others of its form: every value in it is a word of the request, or what the
// capability's schema says by default. A value from elsewhere (a latitude, a country) may belong to a name in the request, and then
// nothing of the plan is known to hold for another name; beside numbers only, it waits until a second request had the same.
import type { Capability } from '../../contracts/capability.ts'
import type { JsonValue } from '../../contracts/json.ts'
import type { CatalogView } from '../../contracts/parts.ts'
import type { PlanDocument, Step } from '../../contracts/plan.ts'
import { parsePath } from '../../plan/reference.ts'
import { isJsonObject } from '../../util/json.ts'
import { NEUTRAL_WORDS, STOP_WORDS, splitName, stem } from '../local-planner/words.ts'
import { type Place, placeAt, readWords, valueOf, type Word } from './request-shape.ts'
import { leavesOf, type Piece, type Template, unescapeKey } from './template.ts'

interface Span {
  readonly from: number
  readonly length: number
  readonly place: Place
  readonly value: string
}

interface Served {
  readonly document: PlanDocument
  readonly view: CatalogView
  readonly storedAt: number
}

export function makeTemplate(words: readonly Word[], { document, view, storedAt }: Served): Template | undefined {
  if (!isPlainPlan(document)) return undefined
  const spans = spansOf(words)
  const holes = new Map<string, { readonly span: Span; readonly isNumber: boolean }>()
  const used = new Set<Span>()
  const elsewhere: JsonValue[] = []
  let isSure = true
  for (const [i, step] of document.steps.entries()) {
    for (const [path, value] of leavesOf(step.inputs ?? {}, `${i}`)) {
      if (typeof value === 'boolean' || value === null || isPath(value)) continue
      const isUsual = isDefault(step, path, value, view)
      const span = spans.find((one) => isSpanOf(one, value))
      if (span === undefined) {
        if (!isUsual) elsewhere.push(value)
        continue
      }
      // The same number twice, or one that would be there anyway: it may have come from elsewhere.
      if (span.place.kind === 'number' && (isUsual || used.has(span))) isSure = false
      used.add(span)
      holes.set(path, { span, isNumber: typeof value !== 'string' })
    }
  }
  const taken = spans.filter((span) => used.has(span))
  const pieces = piecesOf(words, taken)
  const fixed = pieces.flatMap((piece) => ('text' in piece ? [piece.text.toLowerCase()] : []))
  const isOpen = !elsewhere.every((value) => isSaid(value, fixed))
  if (taken.length === 0 || (isOpen && taken.some(({ place }) => place.kind !== 'number'))) return undefined
  // A form of which only the frame is fixed says nothing: "Tell me about Paris".
  const telling = fixed.filter((word) => /\p{L}/u.test(word) && !STOP_WORDS.has(word) && !NEUTRAL_WORDS.has(word))
  if (telling.length === 0) return undefined
  const isSpokenOf = document.steps.some((step) => speaksOf(telling, step, view))
  return {
    pieces,
    document,
    holes: new Map([...holes].map(([path, { span, isNumber }]) => [path, { place: taken.indexOf(span), isNumber }])),
    values: taken.map(({ value }) => value),
    state: isSure && !isOpen && isSpokenOf ? 'ready' : 'waiting',
    storedAt,
  }
}

const STEP_KEYS: ReadonlySet<string> = new Set<keyof Step>([
  'name',
  'type',
  'description',
  'component',
  'action',
  'capability',
  'inputs',
  'dependsOn',
])
const PLAN_KEYS: ReadonlySet<string> = new Set<keyof PlanDocument>([
  'apiVersion',
  'name',
  'version',
  'description',
  'steps',
  'missing',
  'onError',
])

/** Calls with inputs and nothing else: a value elsewhere in a plan would stay what it was. */
function isPlainPlan(document: PlanDocument): boolean {
  // What is said of the whole request is not known to hold for another.
  if (document.missing !== undefined && document.missing.length > 0) return false
  if (!Object.keys(document).every((key) => PLAN_KEYS.has(key))) return false
  return document.steps.every(
    (step) =>
      step.type === 'call' && typeof step.inputs !== 'string' && Object.keys(step).every((key) => STEP_KEYS.has(key)),
  )
}

/** A plain path to an output; an expression may hold a value of the request. */
const isPath = (value: JsonValue): boolean => {
  const inner = typeof value === 'string' ? /^\$\{([^{}]*)\}$/.exec(value)?.[1] : undefined
  return inner !== undefined && parsePath(inner)?.root === 'steps'
}

/** What could be a place: every value that stands in the request once. */
function spansOf(words: readonly Word[]): Span[] {
  const spans: Span[] = []
  for (let from = 0; from < words.length; from++) {
    const found = placeAt(words, from)
    if (found !== undefined) spans.push({ from, ...found, value: valueOf(words.slice(from, from + found.length)) })
  }
  const said = [
    ...spans.filter(({ length }) => length > 1).map(({ value }) => value),
    ...words.map((word) => valueOf([word])),
  ]
  const times = (value: string): number => said.filter((one) => one.toLowerCase() === value.toLowerCase()).length
  return spans.filter(({ value }) => times(value) === 1)
}

/** A number from a code ("4711-B") is not the code. */
const isSpanOf = ({ value: said, place }: Span, value: JsonValue): boolean =>
  typeof value !== 'object' && said === String(value) && (typeof value === 'string' || place.kind === 'number')

function piecesOf(words: readonly Word[], taken: readonly Span[]): Piece[] {
  const pieces: Piece[] = []
  let next = 0
  for (const { from, length, place } of taken) {
    pieces.push(...words.slice(next, from).map(({ text }) => ({ text })), { place })
    next = from + length
  }
  return [...pieces, ...words.slice(next).map(({ text }) => ({ text }))]
}

/** Whether the fixed words say it, one after the other; small words such as "in" say nothing. */
function isSaid(value: JsonValue, fixed: readonly string[]): boolean {
  const wanted = typeof value === 'object' ? [] : (readWords(String(value)) ?? []).map(({ text }) => text.toLowerCase())
  return (
    !wanted.every((word) => STOP_WORDS.has(word)) &&
    fixed.some((_, from) => wanted.every((word, i) => fixed[from + i] === word))
  )
}

function capabilityOf({ component, action, capability }: Step, view: CatalogView): Capability | undefined {
  const wanted = action ?? capability
  const by = component ?? (wanted === undefined ? undefined : view.offering(wanted)[0]?.name)
  return by === undefined || wanted === undefined ? undefined : view.find(by, wanted)
}

function isDefault(step: Step, path: string, value: JsonValue, view: CatalogView): boolean {
  const properties = capabilityOf(step, view)?.inputSchema.properties
  const [, name, ...deeper] = path.split('/').map(unescapeKey)
  const schema = isJsonObject(properties) && name !== undefined && deeper.length === 0 ? properties[name] : undefined
  return isJsonObject(schema) && [schema['default'], schema['const']].some((one) => one !== undefined && one === value)
}

/** Whether a word of the request is one of the capability's own. */
function speaksOf(telling: readonly string[], step: Step, view: CatalogView): boolean {
  const capability = capabilityOf(step, view)
  if (capability === undefined) return false
  const own = new Set(
    splitName(`${step.component ?? ''} ${capability.name} ${capability.description.slice(0, 2_000)}`).map(stem),
  )
  return telling.some((word) => own.has(stem(word)))
}
