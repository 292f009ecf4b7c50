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
import { toUnit } from './units.ts'

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
  /** In which a number here is counted, where the schema tells. */
  readonly unit: string | undefined
  readonly required: readonly string[]
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
    const target = typeof schema.$ref === 'string' ? resolveLocal(root, schema.$ref) : undefined
    // What stands beside a reference counts too, in the dialects of today.
    const isAlone = Object.keys(schema).length === 1
    if (typeof schema.$ref === 'string' && (isAlone || hops > MAX_REF_HOPS)) {
      return hops > MAX_REF_HOPS ? ANYTHING : shapeOf(target, hops + 1)
    }
    const shape = createShape(schema, { shapeOf, refuses: (text) => refuses(schema, text), target })
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
  unit: undefined,
  required: [],
}

/** Children are looked up when they are first met: a schema may refer to itself. */
function createShape(
  schema: JsonObject,
  parts: {
    readonly shapeOf: (schema: unknown) => Shape
    readonly refuses: (text: string) => boolean
    /** What its `$ref` leads to. */
    readonly target: unknown
  },
): Shape {
  const { shapeOf, refuses, target } = parts
  const lazy = <T>(make: () => T): (() => T) => {
    let made: { readonly value: T } | undefined
    return () => (made ??= { value: make() }).value
  }
  const list = (value: unknown): readonly Shape[] => (Array.isArray(value) ? value.map((item) => shapeOf(item)) : [])
  const optional = (value: unknown): Shape | undefined => (isJsonObject(value) ? shapeOf(value) : undefined)
  const names: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type]
  const types = names.filter(isTypeName)
  const { const: only } = schema
  const values = isJsonList(schema.enum) ? schema.enum : only === undefined ? undefined : [only]
  const rules = ['enum', 'format', 'x-tutti-pattern', 'maxLength'].some((key) => Object.hasOwn(schema, key))
  const properties = lazy(() =>
    isJsonObject(schema.properties)
      ? new Map(Object.entries(schema.properties).map(([name, value]) => [name, shapeOf(value)]))
      : undefined,
  )
  // Which of the others a pattern speaks of is the check's to say.
  const additional = lazy(() =>
    schema.patternProperties === undefined ? optional(schema.additionalProperties) : undefined,
  )
  const items = lazy(() => optional(schema.items))
  const prefix = lazy(() => (Array.isArray(schema.prefixItems) ? list(schema.prefixItems) : undefined))
  const all = lazy(() => [...(target === undefined ? [] : [shapeOf(target)]), ...list(schema.allOf)])
  const any = lazy(() => [...list(schema.anyOf), ...list(schema.oneOf)])
  return {
    types: types.length > 0 ? types : undefined,
    values,
    refuses: rules ? refuses : undefined,
    unit: typeof schema['x-tutti-unit'] === 'string' ? schema['x-tutti-unit'] : undefined,
    required: isJsonList(schema.required) ? schema.required.filter((name) => typeof name === 'string') : [],
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
  return typeof value === 'string' && shape.unit !== undefined ? convertUnit(shape, shape.unit, value) : value
}

/** "42 km" where a number of kilometres, and no text, is wanted. */
function convertUnit(shape: Shape, unit: string, text: string): JsonValue {
  if (!wantsNumber(shape)) return text
  const number = toUnit(text, unit)
  return number === undefined || (!takes(shape, 'number') && !fits('integer', number)) ? text : number
}

const takes = (shape: Shape, type: TypeName): boolean =>
  shape.types?.includes(type) === true || [...shape.all, ...shape.any].some((part) => part.types?.includes(type))

const wantsNumber = (shape: Shape): boolean =>
  (takes(shape, 'number') || takes(shape, 'integer')) && !takes(shape, 'string')

const fitsShape = (shape: Shape, value: JsonValue): boolean =>
  (shape.types === undefined || shape.types.some((type) => fits(type, value))) &&
  (shape.values === undefined || shape.values.some((choice) => choice === value)) &&
  shape.all.every((part) => part === shape || fitsType(part, value))

const fitsType = (shape: Shape, value: JsonValue): boolean =>
  shape.types === undefined || shape.types.some((type) => fits(type, value))

/** A value that fits one alternative is that one's; else the first alternative that it can be brought to. */
function coerceToAny(shapes: readonly Shape[], value: JsonValue, budget: Budget): JsonValue {
  const fitting = shapes.filter((shape) => fitsShape(shape, value))
  const only = fitting.length > 1 && isJsonObject(value) ? onlyKind(fitting, value) : fitting[0]
  if (fitting.length > 0) {
    return only !== undefined && (fitting.length === 1 || isJsonObject(value)) ? coerceTo(only, value, budget) : value
  }
  for (const shape of shapes) {
    const converted = coerceTo(shape, value, budget)
    if (converted !== value && fitsShape(shape, converted)) return converted
  }
  return value
}

/** Of several kinds of objects the one that this is: by its fixed properties (a `kind: "circle"`), else by its required ones. */
function onlyKind(shapes: readonly Shape[], object: JsonObject): Shape | undefined {
  const marked = shapes.filter((shape) => {
    for (const [name, { values }] of shape.properties ?? []) {
      const item = object[name]
      if (values !== undefined && item !== undefined && !values.includes(chooseValue(values, item))) return false
    }
    return shape.required.every((name) => Object.hasOwn(object, name))
  })
  return marked.length === 1 ? marked[0] : undefined
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
