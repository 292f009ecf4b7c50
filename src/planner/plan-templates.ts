// Plans for requests of one form: "weather in Seoul" and "weather in Lima" differ in one word, and so do their plans. A plan
// becomes a template when every value in it is a word of the request or what the capability's schema says by default; a value
// that comes from elsewhere (a latitude for a city) makes it wait until a second request has shown that it does not depend on
// the words. What a template gives is validated like any plan.
import { LRUCache } from 'lru-cache'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { CatalogView, Clock } from '../contracts/parts.ts'
import type { PlanDocument, Step } from '../contracts/plan.ts'
import { canonicalJson } from '../util/canonical-json.ts'
import { isJsonList, isJsonObject } from '../util/json.ts'
import { type Place, placeOf, readWords, spansFor, valueOf, type Word } from './plan-templates/request-shape.ts'

interface Hole {
  readonly hole: number
  readonly isNumber: boolean
}
type Piece = { readonly text: string } | { readonly place: Place }

interface Template {
  /** The request: fixed words and places. */
  readonly pieces: readonly Piece[]
  readonly document: PlanDocument
  /** Values of the plan that are taken from a place, by where they stand in it. */
  readonly holes: ReadonlyMap<string, Hole>
  /** The values that stood in the places: another request confirms only with others. */
  readonly values: readonly string[]
  state: 'waiting' | 'ready' | 'refuted'
  readonly storedAt: number
}

export interface PlanTemplates {
  /** The plan of a request of the same form with this one's values; undefined: none is known, or not yet sure. */
  find(key: string, request: string): { readonly document: PlanDocument; readonly storedAt: number } | undefined
  /** A plan that served its request. `key`: everything but the request that the plan depends on. */
  learn(key: string, request: string, document: PlanDocument, view: CatalogView): void
  /** The plan of this request did not serve it: the form is not trusted again. */
  evict(key: string, request: string): void
  readonly size: number
}

/** Forms of one key that begin with the same word. */
const MAX_PER_WORD = 20

export function createPlanTemplates({ max, clock }: { readonly max: number; readonly clock: Clock }): PlanTemplates {
  const byStart = new LRUCache<string, Template[]>({ max })
  const startOf = (key: string, [first]: readonly Word[]): string =>
    `${key} ${first?.kind === 'plain' || first?.kind === 'mark' ? first.text.toLowerCase() : ''}`
  const placesFor = (key: string, words: readonly Word[]): Template[] => {
    const [first] = words
    const atStart = byStart.get(startOf(key, words)) ?? []
    // A form may begin with a place; then nothing is fixed at its start. A name at the start is also an ordinary word.
    const open = first?.kind === 'title' ? (byStart.get(`${key} ${first.text.toLowerCase()}`) ?? []) : []
    return [...atStart, ...open]
  }
  const matching = function* (key: string, words: readonly Word[]): Generator<[Template, string[]]> {
    for (const template of placesFor(key, words)) {
      const values = match(template.pieces, words)
      if (values !== undefined) yield [template, values]
    }
  }
  return {
    find(key, request) {
      const words = readWords(request)
      if (words === undefined) return undefined
      for (const [template, values] of matching(key, words)) {
        const document = template.state === 'ready' ? fill(template, values) : undefined
        if (document !== undefined) return { document, storedAt: template.storedAt }
      }
      return undefined
    },
    learn(key, request, document, view) {
      const words = readWords(request)
      if (words === undefined || document.steps.length === 0) return
      let isKnown = false
      for (const [template, values] of matching(key, words)) {
        isKnown = true
        confirm(template, values, document)
      }
      const made = isKnown ? undefined : makeTemplate(words, { document, view, storedAt: clock.now() })
      if (made === undefined) return
      const [first] = made.pieces
      const start = `${key} ${first !== undefined && 'text' in first ? first.text.toLowerCase() : ''}`
      byStart.set(start, [made, ...(byStart.get(start) ?? [])].slice(0, MAX_PER_WORD))
    },
    evict(key, request) {
      const words = readWords(request)
      if (words === undefined) return
      for (const [template] of matching(key, words)) template.state = 'refuted'
    },
    get size() {
      return byStart.size
    },
  }
}

/** A second plan of the same form: the same but for its values, or the form says too little. */
function confirm(template: Template, values: readonly string[], document: PlanDocument): void {
  if (template.state === 'refuted') return
  const expected = fill(template, values)
  const isSame = expected !== undefined && canonicalJson(contentOf(expected)) === canonicalJson(contentOf(document))
  if (!isSame) template.state = 'refuted'
  else if (values.every((value, i) => value !== template.values[i])) template.state = 'ready'
}

/** Names and remarks may differ; references follow the names. */
function contentOf({ steps }: PlanDocument): unknown {
  const places = new Map(steps.map(({ name }, i) => [name, i]))
  const rename = (value: JsonValue): JsonValue =>
    mapLeaves(value, (leaf) =>
      typeof leaf === 'string' && leaf.includes('${')
        ? leaf.replace(/\bsteps\.([A-Za-z0-9_-]+)/g, (all, name: string) => {
            const place = places.get(name)
            return place === undefined ? all : `steps.${place}`
          })
        : leaf,
    )
  return steps.map(({ component, action, capability, type, inputs, dependsOn }) => ({
    component,
    action,
    capability,
    type,
    inputs: inputs === undefined ? null : rename(inputs),
    dependsOn: dependsOn.map((name) => places.get(name) ?? name).sort(),
  }))
}

// ---- making -------------------------------------------------------------------------------------------------------

interface Span {
  readonly from: number
  readonly length: number
  readonly place: Place
  readonly value: string
}

interface Making {
  readonly document: PlanDocument
  readonly view: CatalogView
  readonly storedAt: number
}

function makeTemplate(words: readonly Word[], { document, view, storedAt }: Making): Template | undefined {
  // What is said of the whole request is not known to hold for another.
  if (document.missing !== undefined && document.missing.length > 0) return undefined
  if (document.steps.some(({ type, if: condition }) => type !== 'call' || condition !== undefined)) return undefined
  const spans: Span[] = []
  const holes = new Map<string, Hole>()
  let isExplained = true
  for (const [i, step] of document.steps.entries()) {
    if (typeof step.inputs !== 'object') continue
    for (const [path, value] of leavesOf(step.inputs, `${i}`)) {
      if (typeof value === 'boolean' || value === null || (typeof value === 'string' && isOneReference(value))) continue
      const hole = typeof value === 'object' ? undefined : findPlace(value, words, spans)
      if (hole !== undefined) holes.set(path, { hole, isNumber: typeof value !== 'string' })
      else if (!isDefault(step, path, value, view)) isExplained = false
    }
  }
  if (holes.size === 0) return undefined
  const order = spans.map((span, at) => ({ span, at })).sort((a, b) => a.span.from - b.span.from)
  const placeOfHole = new Map(order.map(({ at }, place) => [at, place]))
  const pieces: Piece[] = []
  let next = 0
  for (const { span } of order) {
    pieces.push(...words.slice(next, span.from).map(({ text }) => ({ text })), { place: span.place })
    next = span.from + span.length
  }
  pieces.push(...words.slice(next).map(({ text }) => ({ text })))
  // Two names side by side cannot be told apart, and a form of places alone says nothing.
  const isNamePlace = (piece: Piece | undefined): boolean =>
    piece !== undefined && 'place' in piece && piece.place.kind === 'title'
  const hasNeighbours = pieces.some((piece, i) => isNamePlace(piece) && isNamePlace(pieces[i - 1]))
  if (hasNeighbours || !pieces.some((piece) => 'text' in piece && /\p{L}/u.test(piece.text))) return undefined
  return {
    pieces,
    document,
    holes: new Map(
      [...holes].map(([path, { hole, isNumber }]) => [path, { hole: placeOfHole.get(hole) ?? 0, isNumber }]),
    ),
    values: order.map(({ span }) => span.value),
    state: isExplained ? 'ready' : 'waiting',
    storedAt,
  }
}

/** The span of the request where the value stands, once and apart from the others; it is added to them when it is new. */
function findPlace(value: string | number | bigint, words: readonly Word[], spans: Span[]): number | undefined {
  const text = String(value)
  const known = spans.findIndex((span) => span.value === text)
  if (known !== -1) return known
  const wanted = readWords(text)
  const length = wanted?.length ?? 0
  const found: Span[] = []
  for (let from = 0; from < words.length; from++) {
    for (const size of new Set([length, 1])) {
      const part = words.slice(from, from + size)
      const place = size === 0 || part.length < size || valueOf(part) !== text ? undefined : placeOf(part)
      if (place !== undefined) found.push({ from, length: size, place, value: text })
    }
  }
  const [span, ...others] = found
  const overlaps = (a: Span, b: Span): boolean => a.from < b.from + b.length && b.from < a.from + a.length
  if (span === undefined || others.length > 0 || spans.some((other) => overlaps(other, span))) return undefined
  if ((span.place.kind === 'number') !== (typeof value !== 'string') && span.place.kind !== 'code') {
    // "5" as text may be a number in words; a number from a code ("4711-B") is not the code.
    if (typeof value !== 'string') return undefined
  }
  return spans.push(span) - 1
}

function isDefault(step: Step, path: string, value: JsonValue, view: CatalogView): boolean {
  const action = step.action ?? step.capability
  const component = step.component ?? (action === undefined ? undefined : view.offering(action)[0]?.name)
  const capability = component === undefined || action === undefined ? undefined : view.find(component, action)
  const properties = capability?.inputSchema.properties
  const [, name, ...deeper] = path.split('/').map(unescapeKey)
  const schema = isJsonObject(properties) && name !== undefined && deeper.length === 0 ? properties[name] : undefined
  return isJsonObject(schema) && [schema['default'], schema['const']].some((one) => one !== undefined && one === value)
}

const isOneReference = (text: string): boolean => /^\$\{steps\.[^{}]*\}$/.test(text)

// ---- matching and filling -----------------------------------------------------------------------------------------

/** The value of each place, or undefined when the request is not of this form. Fixed words keep their case but at the start. */
function match(pieces: readonly Piece[], words: readonly Word[]): string[] | undefined {
  const values: string[] = []
  const go = (piece: number, word: number): boolean => {
    const wanted = pieces[piece]
    if (wanted === undefined) return word === words.length
    if ('text' in wanted) {
      const given = words[word]?.text
      const isSame = given === wanted.text || (word === 0 && given?.toLowerCase() === wanted.text.toLowerCase())
      return isSame && go(piece + 1, word + 1)
    }
    for (const length of spansFor(wanted.place, words, word)) {
      values.push(valueOf(words.slice(word, word + length)))
      if (go(piece + 1, word + length)) return true
      values.pop()
    }
    return false
  }
  return go(0, 0) ? values : undefined
}

/** The plan with other values; undefined when a value cannot be what the plan needs there. */
function fill(template: Template, values: readonly string[]): PlanDocument | undefined {
  let isWhole = true
  const steps = template.document.steps.map((step, i): Step => {
    if (typeof step.inputs !== 'object') return step
    const inputs = mapLeaves(
      step.inputs,
      (leaf, path) => {
        const hole = template.holes.get(path)
        const text = hole === undefined ? undefined : values[hole.hole]
        if (hole === undefined || text === undefined) return leaf
        if (!hole.isNumber) return text
        const isInteger = typeof leaf === 'bigint' || Number.isInteger(leaf)
        const number = Number(text)
        if (!Number.isFinite(number) || (isInteger && !Number.isSafeInteger(number))) isWhole = false
        return number
      },
      `${i}`,
    )
    // What a step is said to do may name the old value.
    const { description: _, ...rest } = step
    return { ...rest, ...(isJsonObject(inputs) && { inputs }) }
  })
  return isWhole ? { ...template.document, steps } : undefined
}

const escapeKey = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
const unescapeKey = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~')

function* leavesOf(value: JsonValue, path: string): Generator<[string, JsonValue]> {
  if (isJsonList(value)) for (const [i, item] of value.entries()) yield* leavesOf(item, `${path}/${i}`)
  else if (isJsonObject(value))
    for (const [key, inner] of Object.entries(value)) yield* leavesOf(inner, `${path}/${escapeKey(key)}`)
  else yield [path, value]
}

function mapLeaves(value: JsonValue, change: (leaf: JsonValue, path: string) => JsonValue, path = ''): JsonValue {
  if (isJsonList(value)) return value.map((item, i) => mapLeaves(item, change, `${path}/${i}`))
  if (isJsonObject(value)) {
    const object: JsonObject = value
    return Object.fromEntries(
      Object.entries(object).map(([key, inner]) => [key, mapLeaves(inner, change, `${path}/${escapeKey(key)}`)]),
    )
  }
  return change(value, path)
}
