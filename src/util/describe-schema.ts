// Whatever people describe values with (zod 3 or 4, any Standard Schema, plain JSON Schema) as one JSON Schema and one
// way to parse. Tools and components are declared through this door; nothing behind it knows a schema library.
import { createRequire } from 'node:module'
import { z } from 'zod'
import { TuttiError } from '../contracts/errors.ts'
import type { JsonSchema } from '../contracts/json.ts'

/** The part of the Standard Schema specification that is used (standardschema.dev): what zod, valibot and arktype offer. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** A zod 3 schema, seen without importing zod 3. `_output` exists in its types only. */
export interface Zod3Schema<Output = unknown> {
  readonly _def: unknown
  readonly _output: Output
  safeParseAsync(value: unknown): Promise<Zod3Result>
}

type Zod3Result =
  | { readonly success: true; readonly data: unknown }
  | { readonly success: false; readonly error: { readonly issues: readonly StandardIssue[] } }

/** Zod 3, zod 4, another Standard Schema, or a plain JSON Schema. */
export type SchemaSource = StandardSchema | Zod3Schema | JsonSchema

/** What a value has after it was parsed by the schema. Plain JSON Schema says nothing to the compiler. */
export type SchemaOutput<S> =
  S extends StandardSchema<unknown, infer Output>
    ? Output
    : S extends { readonly _output: infer Output }
      ? Output
      : Record<string, unknown>

export interface ParseIssue {
  /** Where in the value: `items[0].name`; empty for the value itself. */
  readonly path: string
  readonly message: string
}

export type ParseOutcome = { readonly value: unknown } | { readonly issues: readonly ParseIssue[] }

/** A schema of whichever library as JSON Schema, with its parser. */
export interface DescribedSchema {
  readonly jsonSchema: JsonSchema
  /** Checks, applies defaults and transforms. Absent for plain JSON Schema. A promise only where the schema needs one. */
  readonly parse?: (value: unknown) => ParseOutcome | Promise<ParseOutcome>
}

/** `input` gives what a caller may send (defaults optional), `output` what is there after parsing. */
export type SchemaSide = 'input' | 'output'

const isRecord = (value: unknown): value is Record<string, unknown> =>
  (typeof value === 'object' || typeof value === 'function') && value !== null

const isZod4 = (value: Record<string, unknown>): value is Record<string, unknown> & z.core.$ZodType => '_zod' in value

const isZod3 = (value: Record<string, unknown>): value is Record<string, unknown> & Zod3Schema =>
  !('_zod' in value) && '_def' in value && typeof value['safeParseAsync'] === 'function'

const isStandard = (value: Record<string, unknown>): value is Record<string, unknown> & StandardSchema =>
  isRecord(value['~standard']) && typeof value['~standard']['validate'] === 'function'

/** The bounds that `z.int()` adds say nothing; dates and big integers have no JSON type of their own. */
function adjustZod4(context: { zodSchema: z.core.$ZodTypes; jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  const { zodSchema, jsonSchema } = context
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
  if (zodSchema._zod.def.type === 'bigint') Object.assign(jsonSchema, { type: 'integer' })
}

const fromZod4 = (schema: z.core.$ZodType, io: SchemaSide): JsonSchema =>
  z.toJSONSchema(schema, { io, unrepresentable: 'any', override: adjustZod4 })

function fromZod3(schema: Zod3Schema, io: SchemaSide): JsonSchema {
  // Loaded when the first zod 3 schema is met: most programs never meet one.
  const { zodToJsonSchema } = createRequire(import.meta.url)('zod-to-json-schema') as {
    readonly zodToJsonSchema: (schema: unknown, options: Record<string, unknown>) => JsonSchema
  }
  return zodToJsonSchema(schema, {
    removeAdditionalStrategy: 'strict',
    allowedAdditionalProperties: undefined,
    effectStrategy: io === 'input' ? 'input' : 'any',
    pipeStrategy: io,
  })
}

function fromStandard(schema: StandardSchema, io: SchemaSide): JsonSchema {
  const standard: Record<string, unknown> = { ...schema['~standard'] }
  const converter = standard['jsonSchema']
  if (!isRecord(converter)) return { type: 'object' }
  const convert = converter[io]
  if (typeof convert !== 'function') return { type: 'object' }
  try {
    const converted: unknown = Reflect.apply(convert, converter, [{ target: 'draft-2020-12' }])
    return isRecord(converted) && Object.keys(converted).length > 0 ? converted : { type: 'object' }
  } catch {
    // The specification lets a library refuse what it cannot say in JSON Schema; validating still works.
    return { type: 'object' }
  }
}

function renderPath(path: StandardIssue['path']): string {
  let text = ''
  for (const segment of path ?? []) {
    const key = typeof segment === 'object' ? segment.key : segment
    text += typeof key === 'number' ? `[${key}]` : `${text === '' ? '' : '.'}${String(key)}`
  }
  return text
}

const renderIssues = (issues: readonly StandardIssue[]): ParseOutcome => ({
  issues: issues.map(({ path, message }) => ({ path: renderPath(path), message })),
})

const fromResult = (result: StandardResult<unknown>): ParseOutcome =>
  result.issues === undefined ? { value: result.value } : renderIssues(result.issues)

function parseStandard(schema: StandardSchema): NonNullable<DescribedSchema['parse']> {
  const standard = schema['~standard']
  return (value) => {
    const result = standard.validate(value)
    return result instanceof Promise ? result.then(fromResult) : fromResult(result)
  }
}

const parseZod3 = (schema: Zod3Schema) => async (value: unknown) => {
  const result = await schema.safeParseAsync(value)
  return result.success ? { value: result.data } : renderIssues(result.error.issues)
}

/** Capability inputs are always objects: says so where a union or intersection of objects leaves it open, refuses others. */
function asObjectSchema(schema: JsonSchema): JsonSchema {
  const { type } = schema
  if (type === 'object') return schema
  if (type === undefined) return { type: 'object', ...schema }
  throw new TuttiError(
    'invalid_config',
    `A schema for inputs must describe an object, not ${JSON.stringify(type)}. Wrap the value: {value: ...}.`,
  )
}

function converted(schema: JsonSchema, io: SchemaSide): JsonSchema {
  const { $schema: _dialect, ...rest } = schema
  if (Object.keys(rest).length === 0) {
    throw new TuttiError(
      'invalid_config',
      'The schema says nothing about its values (it converts to an empty JSON Schema). Describe an object with its fields, such as z.object({...}).',
    )
  }
  return io === 'input' ? asObjectSchema(rest) : rest
}

/**
 * One JSON Schema (never empty, for inputs always of type object) and, where the schema is more than JSON, how to parse.
 *
 * @throws TuttiError `invalid_config` when it is no schema, describes no object (inputs), or says nothing
 * @example describeSchema(z.object({ city: z.string() }), 'input').jsonSchema
 */
export function describeSchema(schema: SchemaSource, io: SchemaSide): DescribedSchema {
  if (!isRecord(schema)) {
    throw new TuttiError('invalid_config', 'A schema must be a zod schema, a Standard Schema or a JSON Schema object.')
  }
  if (isZod4(schema)) {
    const jsonSchema = converted(fromZod4(schema, io), io)
    return isStandard(schema) ? { jsonSchema, parse: parseStandard(schema) } : { jsonSchema }
  }
  if (isZod3(schema)) {
    const jsonSchema = converted(fromZod3(schema, io), io)
    return { jsonSchema, parse: isStandard(schema) ? parseStandard(schema) : parseZod3(schema) }
  }
  if (isStandard(schema)) {
    return { jsonSchema: converted(fromStandard(schema, io), io), parse: parseStandard(schema) }
  }
  const nested = Object.entries(schema).find(([, value]) => isRecord(value) && ('_zod' in value || '_def' in value))
  if (nested !== undefined) {
    throw new TuttiError(
      'invalid_config',
      `"${nested[0]}" is a zod schema inside a plain object. Wrap the fields in z.object({...}).`,
    )
  }
  return { jsonSchema: io === 'input' ? asObjectSchema(schema) : schema }
}
