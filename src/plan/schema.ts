// JSON Schemas put to work: check and coerce. The only file that knows ajv, which loads on first use. Schemas come from
// strangers: a wrong one never throws, at worst it lets everything pass and says so.
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js'
import { LRUCache } from 'lru-cache'
import { TuttiError } from '../contracts/errors.ts'
import type { JsonSchema, JsonValue } from '../contracts/json.ts'
import { isJsonList, isJsonObject, stringifyJson } from '../util/json.ts'
import { type Coercer, createCoercer } from './schema/coerce.ts'
import { FORMATS } from './schema/formats.ts'
import { describeErrors, type SchemaIssue } from './schema/issues.ts'
import { normaliseSchema, type SafeSchema, safePattern } from './schema/normalise.ts'
import { longestMatched } from './schema/pattern-limit.ts'
import { findRepairs, type SchemaRepair } from './schema/repairs.ts'

export type { SchemaIssue } from './schema/issues.ts'
export type { SchemaRepair } from './schema/repairs.ts'

/** `repairs`: other spellings that were brought to legal ones (`usd`, `42 km`); absent when there are none. */
export interface Coerced {
  readonly value: JsonValue
  readonly issues: readonly SchemaIssue[]
  readonly repairs?: readonly SchemaRepair[]
}

export interface CompiledSchema {
  /** False when the schema could not be used: then every value passes. */
  readonly enforced: boolean
  check(value: JsonValue): readonly SchemaIssue[]
  /** The value with types brought to what the schema wants (the same object when nothing changed), and what still does not fit. */
  coerce(value: JsonValue): Coerced
}

/** Longer lists are not compared item by item with each other. */
const MAX_UNIQUE_ITEMS = 1_000
const NO_ISSUES: readonly SchemaIssue[] = []
const NO_REPAIRS: readonly SchemaRepair[] = []

let ajv: Ajv2020 | undefined
let loading: Promise<void> | undefined

/** Loads ajv. To be awaited once before a schema that {@link compileSchema} gave is used. */
export function loadSchemas(): Promise<void> {
  loading ??= load()
  return loading
}

/** A stranger's pattern as far as it can be matched without holding up everybody; `otherwise` for what cannot be. */
function createMatcher(pattern: string, otherwise: boolean): (text: string) => boolean {
  const expression = safePattern(pattern)
  const longest = longestMatched(pattern)
  return (text) => (expression === undefined || text.length > longest ? otherwise : expression.test(text))
}

/** For the names of properties: one that is not matched is of none of the patterns. ajv tells matchers apart by their text. */
const BOUNDED = Object.assign(
  (pattern: string) => ({ test: createMatcher(pattern, false), toString: () => `bounded ${pattern}` }),
  { code: 'new RegExp' },
)

async function load(): Promise<void> {
  const [ajvModule, formatsModule] = await Promise.all([import('ajv/dist/2020.js'), import('ajv-formats')])
  const made = new ajvModule.Ajv2020({
    strict: false,
    allErrors: true,
    verbose: true,
    validateSchema: false,
    logger: false,
    addUsedSchema: false,
    code: { regExp: BOUNDED },
  })
  formatsModule.default.default(made)
  for (const [name, validate] of FORMATS) made.addFormat(name, validate)
  made.addKeyword({
    keyword: 'x-tutti-pattern',
    type: 'string',
    schemaType: 'string',
    compile: (pattern: string) => createMatcher(pattern, true),
  })
  made.addKeyword({
    keyword: 'x-tutti-unique',
    type: 'array',
    validate: (_: unknown, list: readonly unknown[]) =>
      list.length > MAX_UNIQUE_ITEMS || new Set(list.map((item) => stringifyJson(item))).size === list.length,
  })
  ajv = made
}

const byObject = new WeakMap<JsonSchema, CompiledSchema>()
const byText = new LRUCache<string, CompiledSchema>({ max: 2_000, maxSize: 20_000_000 })

/**
 * A schema ready for use; the same one for the same object or text. Compiled when it is first used.
 * @throws TuttiError `internal` from `check` and `coerce` when {@link loadSchemas} was not awaited
 */
export function compileSchema(schema: JsonSchema): CompiledSchema {
  const known = byObject.get(schema)
  if (known !== undefined) return known
  const text = textKeyOf(schema)
  const same = text === undefined ? undefined : byText.get(text)
  const compiled = same ?? createCompiledSchema(schema)
  byObject.set(schema, compiled)
  if (same === undefined && text !== undefined) byText.set(text, compiled, { size: text.length + 1 })
  return compiled
}

/** What is wrong with a value by a schema, in words; empty when it fits. */
export async function checkBySchema(schema: JsonSchema, value: JsonValue): Promise<string[]> {
  await loadSchemas()
  return compileSchema(schema)
    .check(value)
    .map(({ message }) => message)
}

function textKeyOf(schema: JsonSchema): string | undefined {
  try {
    return JSON.stringify(schema)
  } catch {
    return undefined
  }
}

interface Ready {
  readonly validate: ValidateFunction | undefined
  readonly coercer: Coercer
}

function createCompiledSchema(schema: JsonSchema): CompiledSchema {
  let ready: Ready | undefined
  const use = (): Ready => (ready ??= prepare(schema))
  const check = (value: JsonValue): readonly SchemaIssue[] => {
    const { validate } = use()
    return validate === undefined ? NO_ISSUES : runCheck(validate, value)
  }
  return {
    get enforced() {
      return use().validate !== undefined
    },
    check,
    coerce(given) {
      const { coercer } = use()
      const value = tolerateDepth(() => coercer.coerce(given)) ?? given
      const issues = check(value)
      const repairs = value === given ? NO_REPAIRS : (tolerateDepth(() => findRepairs(given, value)) ?? NO_REPAIRS)
      return repairs.length === 0 ? { value, issues } : { value, issues, repairs }
    },
  }
}

function prepare(schema: JsonSchema): Ready {
  if (ajv === undefined) {
    throw new TuttiError('internal', 'A schema was used before "loadSchemas" had loaded the schema library.')
  }
  const safe = normaliseSchema(schema) ?? true
  const validate = safe === true ? undefined : compileWith(ajv, safe)
  const stringRules = new Map<SafeSchema, ValidateFunction | undefined>()
  const refuses = (part: SafeSchema, text: string): boolean => {
    if (ajv === undefined || typeof part === 'boolean') return false
    if (!stringRules.has(part)) {
      const { enum: values, format, maxLength } = part
      const rules = { enum: values, format, maxLength, 'x-tutti-pattern': part['x-tutti-pattern'] }
      const present = Object.fromEntries(Object.entries(rules).filter(([, rule]) => rule !== undefined))
      stringRules.set(part, compileWith(ajv, present))
    }
    return stringRules.get(part)?.(text) === false
  }
  return { validate, coercer: createCoercer(safe, refuses) }
}

/** undefined when ajv cannot make sense of the schema, such as a `$ref` to nowhere. */
function compileWith(validator: Ajv2020, safe: SafeSchema): ValidateFunction | undefined {
  const schema = typeof safe === 'boolean' ? safe : { ...safe }
  try {
    return validator.compile(schema)
  } catch {
    return undefined
  } finally {
    // ajv would keep every schema for ever; what is worth keeping is in our own caches.
    validator.removeSchema(schema)
  }
}

/** Values or schemas nested thousands deep end the stack; nobody means them, and they stay as they are. */
function tolerateDepth<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined
    throw thrown
  }
}

function runCheck(validate: ValidateFunction, value: JsonValue): readonly SchemaIssue[] {
  const isValid = tolerateDepth(() => validate(value))
  if (isValid === true) return NO_ISSUES
  if (isValid === undefined) {
    return [{ pointer: '', keyword: 'depth', message: 'The value is nested too deeply to be checked.' }]
  }
  // ajv knows no bigint: where one is present the check is repeated with doubles in their place.
  const withDoubles = replaceBigints(value)
  if (withDoubles !== value && validate(withDoubles)) return NO_ISSUES
  return describeErrors(validate.errors ?? [], value)
}

function replaceBigints(value: JsonValue): JsonValue {
  if (typeof value === 'bigint') return Number(value)
  if (isJsonList(value)) {
    const copy = value.map(replaceBigints)
    return copy.some((item, i) => item !== value[i]) ? copy : value
  }
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).map(([key, item]) => [key, replaceBigints(item), item] as const)
  return entries.some(([, copy, item]) => copy !== item)
    ? Object.fromEntries(entries.map(([key, copy]) => [key, copy]))
    : value
}
