// A component as it stands in the registry: GoMind's record, field for field in its order, and our additions after them.
import type { Capability } from '../contracts/capability.ts'
import type { JsonObject, JsonSchema } from '../contracts/json.ts'
import { isJsonObject, stringifyJson } from '../util/json.ts'

/** One capability as it stands in the registry, in its spelling. */
export interface CapabilityRecord {
  readonly name: string
  readonly description: string
  readonly endpoint: string
  readonly input_types: readonly string[]
  readonly output_types: readonly string[]
  readonly input_summary?: JsonObject
  readonly schema_endpoint?: string
  readonly internal?: true
  readonly effect?: string
  readonly idempotent?: boolean
  readonly output_schema?: JsonSchema
  readonly approval?: string
  readonly tags?: readonly string[]
  readonly requires?: readonly string[]
}

/** One instance as it stands in the registry, in its spelling. */
export interface ServiceRecord {
  readonly id: string
  readonly name: string
  readonly type: 'tool' | 'agent'
  readonly description: string
  readonly address: string
  readonly port: number
  readonly capabilities: readonly CapabilityRecord[]
  readonly metadata: JsonObject
  readonly health: string
  readonly last_seen: string
}

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array']

function typeWord(schema: Readonly<Record<string, unknown>>): string {
  const { type } = schema
  const words: unknown[] = Array.isArray(type) ? type : [type]
  const word = words.find((one) => typeof one === 'string' && TYPES.includes(one))
  if (typeof word === 'string') return word
  for (const key of ['anyOf', 'oneOf', 'allOf']) {
    const parts = schema[key]
    for (const part of Array.isArray(parts) ? (parts as unknown[]) : []) {
      if (isJsonObject(part) && part['type'] !== 'null') return typeWord(part)
    }
  }
  return 'string'
}

/** Examples are always text there. */
function exampleText(
  field: Readonly<Record<string, unknown>>,
  name: string,
  capability: Capability,
): string | undefined {
  const listed: unknown[] = Array.isArray(field['examples']) ? field['examples'] : []
  const example = listed[0] ?? capability.examples?.find(({ inputs }) => Object.hasOwn(inputs, name))?.inputs[name]
  if (example === undefined || example === null) return undefined
  return typeof example === 'string' ? example : stringifyJson(example)
}

function summaryOf(capability: Capability): JsonObject | undefined {
  const { properties, required } = capability.inputSchema
  if (!isJsonObject(properties)) return undefined
  const needed = new Set<unknown>(Array.isArray(required) ? required : [])
  const hints = Object.entries(properties).map(([name, schema]) => {
    const field = isJsonObject(schema) ? schema : {}
    const example = exampleText(field, name, capability)
    const { description } = field
    return {
      name,
      type: typeWord(field),
      ...(example === undefined ? {} : { example }),
      ...(typeof description === 'string' ? { description } : {}),
    }
  })
  const requiredHints = hints.filter(({ name }) => needed.has(name))
  const optionalHints = hints.filter(({ name }) => !needed.has(name))
  return {
    ...(requiredHints.length > 0 ? { required: requiredHints } : {}),
    ...(optionalHints.length > 0 ? { optional: optionalHints } : {}),
  }
}

/** One capability of a registration, and of `GET /api/capabilities`. */
export function recordCapability(capability: Capability, endpoint: string): CapabilityRecord {
  const summary = summaryOf(capability)
  const { effect, idempotent, outputSchema, approval, tags, requires } = capability
  return {
    name: capability.name,
    description: capability.description,
    endpoint,
    input_types: ['json'],
    output_types: ['json'],
    ...(summary === undefined ? {} : { input_summary: summary, schema_endpoint: `${endpoint}/schema` }),
    ...(capability.internal === true ? { internal: true } : {}),
    ...(effect === 'unknown' ? {} : { effect }),
    ...(idempotent === undefined ? {} : { idempotent }),
    ...(outputSchema === undefined ? {} : { output_schema: outputSchema }),
    ...(approval === undefined ? {} : { approval }),
    ...(tags === undefined ? {} : { tags }),
    ...(requires === undefined ? {} : { requires }),
  }
}

/** The answer of a schema endpoint. */
export function schemaReply(capability: Capability): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    title: capability.name,
    description: capability.description,
    ...capability.inputSchema,
  }
}
