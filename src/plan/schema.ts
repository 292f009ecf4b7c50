// JSON Schemas put to work: check and coerce. The only file that knows ajv, which loads on first use. Schemas come from
// strangers: a wrong one never throws, at worst it lets everything pass and says so.
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'
import { LRUCache } from 'lru-cache'
import { TuttiError } from '../contracts/errors.ts'
import type { JsonSchema, JsonValue } from '../contracts/json.ts'
import { isJsonObject, stringifyJson } from '../util/json.ts'
import { nearest, truncateText } from '../util/text.ts'
import { type Coercer, createCoercer } from './coerce.ts'
import { normaliseSchema, type SafeSchema, safePattern } from './normalise-schema.ts'

/** One place where a value does not fit. */
export interface SchemaIssue {
  /** JSON pointer into the value; for a missing or unknown property, to that property. */
  readonly pointer: string
  readonly message: string
  /** The JSON Schema keyword that failed, such as `type`, `required`, `enum`. */
  readonly keyword: string
  /** The wanted type, for `type`. */
  readonly wanted?: string
  /** What stands there. */
  readonly value?: unknown
  readonly alternatives?: readonly string[]
}

export interface CompiledSchema {
  /** False when the schema could not be used: then every value passes. */
  readonly enforced: boolean
  check(value: JsonValue): readonly SchemaIssue[]
  /** The value with types brought to what the schema wants (the same object when nothing changed), and what still does not fit. */
  coerce(value: JsonValue): { readonly value: JsonValue; readonly issues: readonly SchemaIssue[] }
}

/** Longer text is not matched against a pattern that a stranger wrote. */
const MAX_PATTERN_INPUT = 2_000
/** Longer lists are not compared item by item with each other. */
const MAX_UNIQUE_ITEMS = 1_000
const NO_ISSUES: readonly SchemaIssue[] = []

let ajv: Ajv2020 | undefined
let loading: Promise<void> | undefined

/** Loads ajv. To be awaited once before a schema that {@link compileSchema} gave is used. */
export function loadSchemas(): Promise<void> {
  loading ??= load()
  return loading
}

async function load(): Promise<void> {
  const [ajvModule, formatsModule] = await Promise.all([import('ajv/dist/2020.js'), import('ajv-formats')])
  const made = new ajvModule.Ajv2020({
    strict: false,
    allErrors: true,
    verbose: true,
    validateSchema: false,
    logger: false,
    addUsedSchema: false,
  })
  formatsModule.default.default(made)
  made.addKeyword({
    keyword: 'x-tutti-pattern',
    type: 'string',
    schemaType: 'string',
    compile: (pattern: string) => {
      const expression = safePattern(pattern)
      return (text: string) => expression === undefined || text.length > MAX_PATTERN_INPUT || expression.test(text)
    },
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
      const value = tolerateDepth(() => use().coercer.coerce(given)) ?? given
      return { value, issues: check(value) }
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
  if (Array.isArray(value)) {
    const list: readonly JsonValue[] = value
    const copy = list.map(replaceBigints)
    return copy.some((item, i) => item !== list[i]) ? copy : value
  }
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).map(([key, item]) => [key, replaceBigints(item), item] as const)
  return entries.some(([, copy, item]) => copy !== item)
    ? Object.fromEntries(entries.map(([key, copy]) => [key, copy]))
    : value
}

/** At most this many: a wrong list of thousands need not be told item by item. */
const MAX_ISSUES = 50

function describeErrors(errors: readonly ErrorObject[], root: JsonValue): readonly SchemaIssue[] {
  const choices = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
  const told = errors.filter(
    (error) =>
      error.keyword !== 'if' && !choices.some((choice) => error.schemaPath.startsWith(`${choice.schemaPath}/`)),
  )
  const seen = new Set<string>()
  const issues: SchemaIssue[] = []
  for (const error of told.slice(0, MAX_ISSUES)) {
    const issue = describeError(error, root)
    const key = `${issue.pointer} ${issue.keyword} ${issue.message}`
    if (!seen.has(key)) issues.push(issue)
    seen.add(key)
  }
  return issues
}

const paramOf = (error: ErrorObject, name: string): unknown => (error.params as Readonly<Record<string, unknown>>)[name]
const escapePart = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1')
const quoteValue = (value: unknown): string => truncateText(stringifyJson(value), 80)

function describeError(error: ErrorObject, root: JsonValue): SchemaIssue {
  const { keyword } = error
  const place = error.instancePath === '' ? 'The value' : `"${error.instancePath.slice(1)}"`
  switch (keyword) {
    case 'required': {
      const name = String(paramOf(error, 'missingProperty'))
      return {
        pointer: `${error.instancePath}/${escapePart(name)}`,
        keyword,
        message: `"${name}" is required and missing.`,
      }
    }
    case 'additionalProperties': {
      const name = String(paramOf(error, 'additionalProperty'))
      const { properties } = (error.parentSchema ?? {}) as { readonly properties?: unknown }
      const legal = isJsonObject(properties) ? Object.keys(properties) : []
      return {
        pointer: `${error.instancePath}/${escapePart(name)}`,
        keyword,
        message: `"${name}" is not known here; known are ${legal.join(', ') || 'none'}.`,
        alternatives: nearest(name, legal),
      }
    }
    case 'enum': {
      const allowed: readonly unknown[] = Array.isArray(error.schema) ? (error.schema as readonly unknown[]) : []
      const texts = allowed.map((item) => (typeof item === 'string' ? item : stringifyJson(item)))
      const value = valueAt(root, error.instancePath)
      return {
        pointer: error.instancePath,
        keyword,
        message: `${place} is ${quoteValue(value)}; allowed are ${truncateText(texts.join(', '), 300)}.`,
        value,
        alternatives: nearest(typeof value === 'string' ? value : quoteValue(value), texts),
      }
    }
    case 'type': {
      const value = valueAt(root, error.instancePath)
      const type = paramOf(error, 'type')
      const wanted = Array.isArray(type) ? type.join(' or ') : String(type)
      return {
        pointer: error.instancePath,
        keyword,
        message: `${place} is ${quoteValue(value)}; a value of type ${wanted} is wanted.`,
        wanted,
        value,
      }
    }
    default: {
      const value = valueAt(root, error.instancePath)
      const rule =
        keyword === 'x-tutti-pattern'
          ? `must match the pattern ${String(error.schema)}`
          : keyword === 'x-tutti-unique'
            ? 'must not have equal items'
            : (error.message ?? 'does not fit')
      return {
        pointer: error.instancePath,
        keyword: keyword.startsWith('x-tutti-') ? keyword.slice(8) : keyword,
        message: `${place} is ${quoteValue(value)}; it ${rule}.`,
        value,
      }
    }
  }
}

function valueAt(root: JsonValue, pointer: string): unknown {
  let node: unknown = root
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(node)) node = (node as readonly unknown[])[Number(key)]
    else node = isJsonObject(node) && Object.hasOwn(node, key) ? node[key] : undefined
  }
  return node
}
