// A plan with places instead of values: matching a request against its form, and filling it with the request's own values.
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import type { PlanDocument, Step } from '../../contracts/plan.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import { type Place, placeAt, valueOf, type Word } from './request-shape.ts'

export interface Hole {
  /** The place, counted along the request. */
  readonly place: number
  readonly isNumber: boolean
}
export type Piece = { readonly text: string } | { readonly place: Place }

export interface Template {
  /** The request: fixed words and places. */
  readonly pieces: readonly Piece[]
  readonly document: PlanDocument
  /** Values of the plan that are taken from a place, by where they stand in it. */
  readonly holes: ReadonlyMap<string, Hole>
  /** The values that stood in the places: another request confirms only with others. */
  readonly values: readonly string[]
  state: 'waiting' | 'ready' | 'refuted'
  storedAt: number
}

/** The value of each place, or undefined when the request is not of this form. Fixed words keep their case but at the start. */
export function matchRequest(pieces: readonly Piece[], words: readonly Word[]): string[] | undefined {
  const values: string[] = []
  let at = 0
  for (const piece of pieces) {
    if ('text' in piece) {
      const given = words[at]?.text
      const isSame =
        given === piece.text || (at === 0 && given !== undefined && startLow(given) === startLow(piece.text))
      if (!isSame) return undefined
      at++
    } else {
      const found = placeAt(words, at)
      if (found?.place.kind !== piece.place.kind || found.place.form !== piece.place.form) return undefined
      values.push(valueOf(words.slice(at, at + found.length)))
      at += found.length
    }
  }
  return at === words.length ? values : undefined
}

const startLow = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1)

/** The plan with other values; undefined when a value cannot be what the plan needs there. */
export function fillTemplate(template: Template, values: readonly string[]): PlanDocument | undefined {
  let isWhole = true
  const steps = template.document.steps.map((step, i): Step => {
    if (typeof step.inputs !== 'object') return step
    const inputs = mapLeaves(
      step.inputs,
      (leaf, path) => {
        const hole = template.holes.get(path)
        const text = hole === undefined ? undefined : values[hole.place]
        if (hole === undefined || text === undefined) return leaf
        // Words of a request are values, never references.
        if (text.includes('${')) isWhole = false
        if (!hole.isNumber) return text
        const isInteger = typeof leaf === 'bigint' || Number.isInteger(leaf)
        const number = Number(text)
        // Its digits must survive.
        if (String(number) !== text || (isInteger && !Number.isSafeInteger(number))) isWhole = false
        return number
      },
      `${i}`,
    )
    // What a step is said to do may name the old value.
    const { description: _, ...rest } = step
    return { ...rest, ...(isJsonObject(inputs) && { inputs }) }
  })
  const { description: _, ...rest } = template.document
  return isWhole ? { ...rest, steps } : undefined
}

const escapeKey = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
export const unescapeKey = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~')

export function* leavesOf(value: JsonValue, path: string): Generator<[string, JsonValue]> {
  if (isJsonList(value)) for (const [i, item] of value.entries()) yield* leavesOf(item, `${path}/${i}`)
  else if (isJsonObject(value))
    for (const [key, inner] of Object.entries(value)) yield* leavesOf(inner, `${path}/${escapeKey(key)}`)
  else yield [path, value]
}

export function mapLeaves(
  value: JsonValue,
  change: (leaf: JsonValue, path: string) => JsonValue,
  path = '',
): JsonValue {
  if (isJsonList(value)) return value.map((item, i) => mapLeaves(item, change, `${path}/${i}`))
  if (isJsonObject(value)) {
    const object: JsonObject = value
    return Object.fromEntries(
      Object.entries(object).map(([key, inner]) => [key, mapLeaves(inner, change, `${path}/${escapeKey(key)}`)]),
    )
  }
  return change(value, path)
}
