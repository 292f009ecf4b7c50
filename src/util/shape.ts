// One walk over a schema of ours gives its names in code and outside: camelCase with numbers in `Ms`, snake_case with durations as
// text. Configuration files and documents are spelled by it; names that belong to the user (components, keys, inputs) never change.
import { z } from 'zod'
import { formatDuration, parseDuration } from './duration.ts'
import { toSnakeCase } from './snake-case.ts'

/** One key of an object of ours. */
export interface Member {
  readonly code: string
  readonly wire: string
  readonly shape: Shape
}

export interface ObjectShape {
  readonly kind: 'object'
  readonly members: readonly Member[]
}

/** A value without keys of ours. `isDuration`: milliseconds in code, `30s` outside. */
export interface Leaf {
  readonly kind: 'leaf'
  readonly schema: z.ZodType
  readonly isDuration: boolean
  readonly description: string
}

export type Shape =
  | ObjectShape
  /** The keys are names: the user's own, or the legal ones. */
  | { readonly kind: 'names'; readonly of: Shape; readonly legal?: readonly string[]; readonly description: string }
  | { readonly kind: 'list'; readonly of: Shape; readonly leaf: Leaf }
  /** One of several objects, told apart by the text of a key. */
  | { readonly kind: 'variants'; readonly by: string; readonly of: ReadonlyMap<string, ObjectShape> }
  | Leaf

type Entries = Readonly<Record<string, unknown>>

export const isEntries = (value: unknown): value is Entries =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const known = new WeakMap<z.ZodType, Shape>()

/** Read once per schema. */
export function shapeOf(schema: z.ZodType): Shape {
  const shape = known.get(schema) ?? readShape(schema, '', schema.description ?? '')
  known.set(schema, shape)
  return shape
}

/** What stands inside of optional, default and prefault. */
export function unwrapSchema(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    const inner = schema.unwrap()
    if (inner instanceof z.ZodType) return unwrapSchema(inner)
  }
  return schema
}

export const isDurationKey = (code: string): boolean => code.endsWith('Ms')
export const wireKeyOf = (code: string): string => toSnakeCase(isDurationKey(code) ? code.slice(0, -2) : code)

function readShape(schema: z.ZodType, code: string, outer: string): Shape {
  const inner = unwrapSchema(schema)
  const description = outer === '' ? (inner.description ?? '') : outer
  const leaf: Leaf = { kind: 'leaf', schema, isDuration: isDurationKey(code), description }
  if (inner instanceof z.ZodObject) return readObject(inner)
  if (inner instanceof z.ZodRecord && inner.valueType instanceof z.ZodType) {
    const legal = inner.keyType instanceof z.ZodEnum ? inner.keyType.options.map(String) : undefined
    return { kind: 'names', of: shapeOf(inner.valueType), ...(legal && { legal }), description }
  }
  if (inner instanceof z.ZodArray && inner.element instanceof z.ZodType)
    return { kind: 'list', of: shapeOf(inner.element), leaf }
  return inner instanceof z.ZodDiscriminatedUnion ? readVariants(inner) : leaf
}

function readObject(schema: z.ZodObject): ObjectShape {
  const members: Member[] = []
  for (const [code, value] of Object.entries(schema.shape)) {
    if (!(value instanceof z.ZodType)) continue
    members.push({ code, wire: wireKeyOf(code), shape: readShape(value, code, value.description ?? '') })
  }
  return { kind: 'object', members }
}

function readVariants(schema: z.ZodDiscriminatedUnion): Shape {
  const by = schema.def.discriminator
  const of = new Map<string, ObjectShape>()
  for (const option of schema.options) {
    if (!(option instanceof z.ZodObject)) continue
    const tag: unknown = option.shape[by]
    if (tag instanceof z.ZodLiteral) of.set(String(tag.value), readObject(option))
  }
  return { kind: 'variants', by, of }
}

/** The keys that may stand in an object of this shape: those of the variant that it says it is, else of all of them. */
export function membersOf(shape: Shape | undefined, value?: unknown): readonly Member[] {
  if (shape?.kind === 'object') return shape.members
  if (shape?.kind !== 'variants') return []
  const tag = isEntries(value) ? value[shape.by] : undefined
  const chosen = typeof tag === 'string' ? shape.of.get(tag) : undefined
  if (chosen !== undefined) return chosen.members
  const all = new Map<string, Member>()
  for (const { members } of shape.of.values())
    for (const member of members) if (!all.has(member.code)) all.set(member.code, member)
  return [...all.values()]
}

/** The shape behind one key of a value, in the spelling of code; undefined: there is no such key. */
export function stepInto(shape: Shape | undefined, key: PropertyKey): Shape | undefined {
  if (shape === undefined || shape.kind === 'leaf') return undefined
  if (shape.kind === 'names' || shape.kind === 'list') return shape.of
  return membersOf(shape).find(({ code }) => code === key)?.shape
}

/** The keys that may stand at a path in the spelling of outside; none where names are the user's own. */
export function wireKeysAt(shape: Shape, path: readonly PropertyKey[]): readonly string[] {
  let at: Shape | undefined = shape
  for (const key of path) {
    if (at?.kind === 'names' || at?.kind === 'list') at = at.of
    else at = membersOf(at).find(({ wire }) => wire === key)?.shape
  }
  return at?.kind === 'names' ? (at.legal ?? []) : membersOf(at).map(({ wire }) => wire)
}

/** Every key that is spelled differently outside, from code to there. */
export function* respelledKeys(shape: Shape): Generator<readonly [code: string, wire: string]> {
  if (shape.kind === 'names' || shape.kind === 'list') yield* respelledKeys(shape.of)
  for (const { code, wire, shape: inner } of membersOf(shape)) {
    if (code !== wire) yield [code, wire]
    yield* respelledKeys(inner)
  }
}

/** A path in the spelling of code, as it is outside. */
export function toWirePath(shape: Shape | undefined, path: readonly (string | number)[]): (string | number)[] {
  let at = shape
  return path.map((key) => {
    const member = membersOf(at).find(({ code }) => code === key)
    at = stepInto(at, key)
    return member?.wire ?? key
  })
}

const toDurationText = (value: unknown): unknown => {
  if (typeof value !== 'number') return value
  return Number.isSafeInteger(value) && value >= 0 ? formatDuration(value) : `${value}ms`
}

/** A value as code has it, in the spelling of outside. What is spelled so already, or is unknown, stays as it is. */
export function toWireValue(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'leaf':
      return value
    case 'list':
      return Array.isArray(value) ? value.map((item) => toWireValue(shape.of, item)) : value
    case 'names':
      return isEntries(value) ? mapEntries(value, (key, inner) => [key, toWireValue(shape.of, inner)]) : value
    case 'object':
    case 'variants': {
      if (!isEntries(value)) return value
      const members = membersOf(shape, value)
      return mapEntries(value, (key, inner) => {
        const member = members.find(({ code, wire }) => code === key || wire === key)
        if (member === undefined) return [key, inner]
        const isCode = key === member.code && (key === member.wire || !Object.hasOwn(value, member.wire))
        const isDuration = isCode && member.shape.kind === 'leaf' && member.shape.isDuration
        return [isCode ? member.wire : key, isDuration ? toDurationText(inner) : toWireValue(member.shape, inner)]
      })
    }
  }
}

/** A value in the spelling of outside, as code has it. It has been checked: durations are durations. */
export function toCodeValue(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'leaf':
      return shape.isDuration && typeof value === 'string' ? parseDuration(value) : value
    case 'list':
      return Array.isArray(value) ? value.map((item) => toCodeValue(shape.of, item)) : value
    case 'names':
      return isEntries(value) ? mapEntries(value, (key, inner) => [key, toCodeValue(shape.of, inner)]) : value
    case 'object':
    case 'variants': {
      if (!isEntries(value)) return value
      const members = membersOf(shape, value)
      return mapEntries(value, (key, inner) => {
        const member = members.find(({ wire }) => wire === key)
        return member === undefined ? [key, inner] : [member.code, toCodeValue(member.shape, inner)]
      })
    }
  }
}

const mapEntries = (object: Entries, map: (key: string, value: unknown) => [string, unknown]): Entries =>
  Object.fromEntries(Object.entries(object).flatMap(([key, value]) => (value === undefined ? [] : [map(key, value)])))
