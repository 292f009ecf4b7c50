// Declares one capability: schemas in, a checked call and its description out.
import type { Capability, Effect, Example } from '../contracts/capability.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { JsonSchema, JsonValue } from '../contracts/json.ts'
import { compileSchema, loadSchemas } from '../plan/schema.ts'
import type { ParseOutcome, SchemaOutput, SchemaSource } from '../util/describe-schema.ts'
import { describeSchema } from '../util/describe-schema.ts'

/** What a capability learns of the call besides its inputs. */
export interface CallContext {
  /** Aborts when the caller has gone or the component stops. */
  readonly signal: AbortSignal
  /** The same for every repetition of the same call. */
  readonly idempotencyKey?: string
  /** Of the request, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>
}

/** What {@link capability} takes: name, schemas, effect, and the function that does the work. */
export interface CapabilityDefinition<S extends SchemaSource> {
  /** Unique within the component, such as `get_weather`. */
  readonly name: string
  /** For planners: what it does and what it is good for, in a sentence or two. */
  readonly description: string
  /** Zod 3 or 4, another Standard Schema, or JSON Schema; an object. Field descriptions and examples help planners. */
  readonly input: S
  readonly output?: SchemaSource
  /** Default `unknown`. A capability that changes nothing should say `read`: it may then be repeated and started early. */
  readonly effect?: Effect
  readonly idempotent?: boolean
  readonly approval?: 'always' | 'never'
  readonly tags?: readonly string[]
  /** Capabilities that are usually needed with it: names, or `component/name`. A search offers them together. */
  readonly requires?: readonly string[]
  readonly examples?: readonly Example[]
  /** Never offered to planners. */
  readonly internal?: boolean
  /** Default `/api/capabilities/NAME`. */
  readonly endpoint?: string
  /** What it returns is the answer's `data`. @throws ComponentError as made by `componentError` */
  execute(input: SchemaOutput<S>, context: CallContext): unknown
}

/** A capability made ready to serve. */
export interface ServedCapability {
  readonly description: Capability
  /** The endpoint, always set. */
  readonly endpoint: string
  parse(value: JsonValue): Promise<ParseOutcome>
  /** Calls with what `parse` gave. */
  execute(input: unknown, context: CallContext): Promise<unknown>
}

/** Unknown inputs are an error at planning time rather than silently dropped here. */
function closed(schema: JsonSchema): JsonSchema {
  const isPlain =
    schema['properties'] !== undefined && !('allOf' in schema) && !('anyOf' in schema) && !('oneOf' in schema)
  return isPlain && !('additionalProperties' in schema) ? { ...schema, additionalProperties: false } : schema
}

function parserOf(schema: JsonSchema): ServedCapability['parse'] {
  return async (value) => {
    await loadSchemas()
    const issues = compileSchema(schema).check(value)
    if (issues.length === 0) return { value }
    return { issues: issues.map(({ pointer, message }) => ({ path: pointer.slice(1).replaceAll('/', '.'), message })) }
  }
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,199}$/

/** @throws TuttiError `invalid_config` for names that cannot stand in paths and documents */
export function checkName(what: string, name: string): void {
  if (!NAME.test(name) || name === '__proto__' || name === 'constructor' || name === 'prototype') {
    throw new TuttiError(
      'invalid_config',
      `The ${what}'s name ${JSON.stringify(name)} cannot be used. Use letters, digits, "_", "-", "." or ":", at most 200.`,
    )
  }
}

/**
 * One operation of a component.
 *
 * @throws TuttiError `invalid_config` for a bad name, endpoint or schema
 * @example capability({ name: 'add', description: 'Adds two numbers', input: z.object({ a: z.number(), b: z.number() }), effect: 'read', execute: ({ a, b }) => a + b })
 */
export function capability<S extends SchemaSource>(definition: CapabilityDefinition<S>): ServedCapability {
  const { name, description, input, output, endpoint = `/api/capabilities/${name}` } = definition
  checkName('capability', name)
  if (!/^\/(?!\/)[\w.~/:-]+$/.test(endpoint) || endpoint.split('/').some((part) => part === '.' || part === '..')) {
    throw new TuttiError(
      'invalid_config',
      `The endpoint "${endpoint}" of capability "${name}" must be a path such as "/work".`,
    )
  }
  const described = describeSchema(input, 'input')
  const inputSchema = closed(described.jsonSchema)
  const parse = described.parse?.bind(described)
  const { effect = 'unknown', idempotent, approval, tags, requires, examples, internal } = definition
  return {
    endpoint,
    description: {
      name,
      description,
      inputSchema,
      effect,
      endpoint,
      ...(output === undefined ? {} : { outputSchema: describeSchema(output, 'output').jsonSchema }),
      ...(idempotent === undefined ? {} : { idempotent }),
      ...(approval === undefined ? {} : { approval }),
      ...(tags === undefined ? {} : { tags }),
      ...(requires === undefined ? {} : { requires }),
      ...(examples === undefined ? {} : { examples }),
      ...(internal === true ? { internal } : {}),
    },
    parse: parse === undefined ? parserOf(inputSchema) : async (value) => parse(value),
    // The schema has just said that this is what it describes.
    execute: async (value, context) => definition.execute(value as SchemaOutput<S>, context),
  }
}
