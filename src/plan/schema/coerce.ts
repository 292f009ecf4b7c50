// Values brought to the type that a schema wants, where their meaning stays the same. Never a guess:
// what does not convert stays as it is, and the check afterwards says so. The given value is never changed.
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import {
  chooseValue,
  convert,
  fits,
  isTypeName,
  mayBeJsonObject,
  readJson,
  type TypeName,
  textOf,
} from './convert-value.ts'
import type { SafeSchema } from './normalise.ts'

/** A schema prepared for the walk; `any` is one without a type. */
interface Shape {
  readonly types: readonly TypeName[] | undefined
  readonly properties: ReadonlyMap<string, Shape> | undefined
  readonly additional: Shape | undefined
  readonly items: Shape | undefined
  readonly prefix: readonly Shape[] | undefined
  readonly all: readonly Shape[]
  readonly any: readonly Shape[]
  readonly values: readonly JsonValue[] | undefined
  /** Whether a text that is JSON is surely not meant as text: the schema refuses it (B24). */
  readonly refuses: ((text: string) => boolean) | undefined
}

export interface Coercer {
  coerce(value: JsonValue): JsonValue
}

const MAX_REF_HOPS = 20
/** Schemas of strangers may combine themselves exponentially; after so many visits the rest stays as it is. */
const MAX_VISITS = 2_000_000

interface Budget {
  left: number
}

/** `refuses` tells whether a text breaks the string rules (enum, format, pattern, maxLength) of a schema. */
export function createCoercer(root: SafeSchema, refuses: (schema: SafeSchema, text: string) => boolean): Coercer {
  const shapes = new Map<unknown, Shape>()
  const shapeOf = (schema: unknown, hops = 0): Shape => {
    const known = shapes.get(schema)
    if (known !== undefined) return known
    if (!isJsonObject(schema)) return ANYTHING
    if (typeof schema.$ref === 'string') {
      if (hops > MAX_REF_HOPS) return ANYTHING
      const target = resolveLocal(root, schema.$ref)
      return target === undefined ? ANYTHING : shapeOf(target, hops + 1)
    }
    const shape = createShape(schema, shapeOf, (text) => refuses(schema, text))
    shapes.set(schema, shape)
    return shape
  }
  return { coerce: (value) => coerceTo(shapeOf(root), value, { left: MAX_VISITS }) }
}

const ANYTHING: Shape = {
  types: undefined,
  properties: undefined,
  additional: undefined,
  items: undefined,
  prefix: undefined,
  all: [],
  any: [],
  values: undefined,
  refuses: undefined,
}

/** Children are looked up when they are first met: a schema may refer to itself. */
function createShape(
  schema: JsonObject,
  shapeOf: (schema: unknown) => Shape,
  refuses: (text: string) => boolean,
): Shape {
  const lazy = <T>(make: () => T): (() => T) => {
    let made: { readonly value: T } | undefined
    return () => (made ??= { value: make() }).value
  }
  const list = (value: unknown): readonly Shape[] => (Array.isArray(value) ? value.map((item) => shapeOf(item)) : [])
  const optional = (value: unknown): Shape | undefined => (isJsonObject(value) ? shapeOf(value) : undefined)
  const names: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type]
  const types = names.filter(isTypeName)
  const values = isJsonList(schema.enum) ? schema.enum : undefined
  const rules = ['enum', 'format', 'x-tutti-pattern', 'maxLength'].some((key) => Object.hasOwn(schema, key))
  const properties = lazy(() =>
    isJsonObject(schema.properties)
      ? new Map(Object.entries(schema.properties).map(([name, value]) => [name, shapeOf(value)]))
      : undefined,
  )
  const additional = lazy(() => optional(schema.additionalProperties))
  const items = lazy(() => optional(schema.items))
  const prefix = lazy(() => (Array.isArray(schema.prefixItems) ? list(schema.prefixItems) : undefined))
  const all = lazy(() => list(schema.allOf))
  const any = lazy(() => [...list(schema.anyOf), ...list(schema.oneOf)])
  return {
    types: types.length > 0 ? types : undefined,
    values,
    refuses: rules ? refuses : undefined,
    get properties() {
      return properties()
    },
    get additional() {
      return additional()
    },
    get items() {
      return items()
    },
    get prefix() {
      return prefix()
    },
    get all() {
      return all()
    },
    get any() {
      return any()
    },
  }
}

/** Normalised schemas refer to themselves or to their `$defs`, and to nothing else. */
function resolveLocal(root: SafeSchema, ref: string): unknown {
  if (ref === '#' || typeof root === 'boolean') return root
  const { $defs: definitions } = root
  const name = ref.slice('#/$defs/'.length)
  return isJsonObject(definitions) && Object.hasOwn(definitions, name) ? definitions[name] : undefined
}

function coerceTo(shape: Shape, given: JsonValue, budget: Budget): JsonValue {
  if (--budget.left < 0) return given
  let value = given
  if (shape.types !== undefined && !shape.types.some((type) => fits(type, value))) value = convert(shape.types, value)
  if (typeof value === 'string' && shape.refuses !== undefined && mayBeJsonObject(value) && shape.refuses(value)) {
    value = textOf(readJson(value)) ?? value
  }
  if (shape.values !== undefined) value = chooseValue(shape.values, value)
  if (isJsonList(value)) value = coerceItems(shape, value, budget)
  else if (isJsonObject(value)) value = coerceProperties(shape, value, budget)
  for (const part of shape.all) value = coerceTo(part, value, budget)
  if (shape.any.length > 0) value = coerceToAny(shape.any, value, budget)
  return value
}

const fitsShape = (shape: Shape, value: JsonValue): boolean =>
  (shape.types === undefined || shape.types.some((type) => fits(type, value))) &&
  (shape.values === undefined || shape.values.some((choice) => choice === value))

/** A value that fits one alternative is that one's; else the first alternative that it can be brought to. */
function coerceToAny(shapes: readonly Shape[], value: JsonValue, budget: Budget): JsonValue {
  const fitting = shapes.filter((shape) => fitsShape(shape, value))
  if (fitting.length > 0) {
    const [only] = fitting
    return fitting.length === 1 && only !== undefined ? coerceTo(only, value, budget) : value
  }
  for (const shape of shapes) {
    const converted = coerceTo(shape, value, budget)
    if (converted !== value && fitsShape(shape, converted)) return converted
  }
  return value
}

function coerceItems(shape: Shape, list: readonly JsonValue[], budget: Budget): JsonValue {
  const { prefix, items } = shape
  if (prefix === undefined && items === undefined) return list
  let copy: JsonValue[] | undefined
  for (const [i, item] of list.entries()) {
    const wanted = prefix?.[i] ?? items
    if (wanted === undefined) break
    const converted = coerceTo(wanted, item, budget)
    if (converted === item) continue
    copy ??= [...list]
    copy[i] = converted
  }
  return copy ?? list
}

function coerceProperties(shape: Shape, object: JsonObject, budget: Budget): JsonValue {
  const { properties, additional } = shape
  if (properties === undefined && additional === undefined) return object
  let changed: Map<string, JsonValue> | undefined
  for (const key of Object.keys(object)) {
    const wanted = properties?.get(key) ?? additional
    const item = object[key]
    if (wanted === undefined || item === undefined) continue
    const converted = coerceTo(wanted, item, budget)
    if (converted !== item) (changed ??= new Map()).set(key, converted)
  }
  if (changed === undefined) return object
  return Object.fromEntries(Object.entries(object).map(([key, item]) => [key, changed.get(key) ?? item]))
}
