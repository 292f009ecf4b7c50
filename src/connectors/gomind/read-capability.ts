// One capability of a registration or of `GET /api/capabilities` as ours. Unknown keys are passed over, missing ones have
// defaults, wrong ones are left out; only a name that cannot be used makes it unreadable.
import type { Capability, Effect } from '../../contracts/capability.ts'
import type { JsonObject, JsonSchema, JsonValue } from '../../contracts/json.ts'
import { isJsonObject } from '../../util/json.ts'
import { truncateText } from '../../util/text.ts'
import { normalizeSchema, readExample, readFieldType } from './field-types.ts'

const MAX_NAME = 200
const MAX_DESCRIPTION = 8000
const MAX_FIELDS = 500

/** A capability, and where its whole input schema can be had. */
export interface ReadCapability {
  readonly capability: Capability
  readonly schemaEndpoint?: string
}

/** Whether a name can stand in documents, paths and messages. */
export function isUsableName(name: unknown): name is string {
  if (typeof name !== 'string' || name.trim() === '' || name.length > MAX_NAME) return false
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) return false
  return name !== '__proto__' && name !== 'constructor' && name !== 'prototype'
}

export const readText = (value: unknown): string =>
  typeof value === 'string' ? truncateText(value, MAX_DESCRIPTION) : ''

function readField(hint: JsonValue): readonly [string, JsonSchema] | undefined {
  if (!isJsonObject(hint)) return undefined
  const { name } = hint
  if (!isUsableName(name)) return undefined
  const schema: Record<string, unknown> = { ...readFieldType(hint['type']) }
  const description = readText(hint['description'])
  if (description !== '') schema['description'] = description
  const example = readExample(hint['example'], schema['type'])
  if (example !== undefined) schema['examples'] = [example]
  if (Array.isArray(hint['enum']) && hint['enum'].length > 0) schema['enum'] = hint['enum']
  return [name, schema]
}

/** A list as it is; whatever else was written there counts as empty. */
export const listOf = (value: JsonValue | undefined): readonly JsonValue[] => (value instanceof Array ? value : [])

function readFields(list: JsonValue | undefined): (readonly [string, JsonSchema])[] {
  const fields: (readonly [string, JsonSchema])[] = []
  for (const hint of listOf(list).slice(0, MAX_FIELDS)) {
    const field = readField(hint)
    if (field !== undefined) fields.push(field)
  }
  return fields
}

/** What a summary of fields says, as a schema: the same that GoMind's own schema endpoint makes of it. */
function schemaOfSummary(summary: JsonValue | undefined): JsonSchema | undefined {
  if (!isJsonObject(summary)) return undefined
  const required = readFields(summary['required'])
  const properties = new Map(required)
  for (const [name, schema] of readFields(summary['optional'])) if (!properties.has(name)) properties.set(name, schema)
  if (properties.size === 0) return undefined
  const names = [...new Set(required.map(([name]) => name))]
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(names.length > 0 ? { required: names } : {}),
  }
}

function inputSchemaOf(record: JsonObject): JsonSchema {
  const schema = schemaOfSummary(record['input_summary'])
  return schema === undefined ? { type: 'object' } : { ...schema, additionalProperties: false }
}

/** The answer of a schema endpoint; undefined when it describes no object, or nothing that the summary does not. */
export function readSchemaReply(reply: JsonValue): JsonSchema | undefined {
  if (!isJsonObject(reply)) return undefined
  const schema = normalizeSchema(reply)
  const properties = schema['properties']
  if (schema['type'] !== 'object' || !isJsonObject(properties)) return undefined
  return Object.keys(properties).every(isUsableName) ? schema : undefined
}

function outputSchemaOf(record: JsonObject): JsonSchema | undefined {
  const declared = record['output_schema']
  return isJsonObject(declared) ? normalizeSchema(declared) : schemaOfSummary(record['output_summary'])
}

const readEffect = (value: JsonValue | undefined): Effect => (value === 'read' || value === 'write' ? value : 'unknown')

/** A path on the component's own origin, or undefined. Whether it stays there is checked again when it is called. */
const readPath = (value: JsonValue | undefined): string | undefined =>
  typeof value === 'string' && /^\/(?!\/)[^\\\s\p{Cc}]*$/u.test(value) && value.length <= 1000 ? value : undefined

/** Reads one capability. @returns undefined when it has no usable name, or an endpoint that leads elsewhere */
export function readCapability(record: JsonValue): ReadCapability | undefined {
  if (!isJsonObject(record)) return undefined
  const { name, endpoint } = record
  if (!isUsableName(name)) return undefined
  const path = readPath(endpoint)
  const isDefault = endpoint === undefined || endpoint === null || endpoint === ''
  if (path === undefined && !isDefault) return undefined
  const outputSchema = outputSchemaOf(record)
  const tags = listOf(record['tags']).filter((tag) => typeof tag === 'string')
  const requires = listOf(record['requires']).filter(isUsableName).slice(0, MAX_FIELDS)
  const approval = record['approval']
  const capability: Capability = {
    name,
    description: readText(record['description']),
    inputSchema: inputSchemaOf(record),
    effect: readEffect(record['effect']),
    ...(path === undefined ? {} : { endpoint: path }),
    ...(outputSchema === undefined ? {} : { outputSchema }),
    ...(typeof record['idempotent'] === 'boolean' ? { idempotent: record['idempotent'] } : {}),
    ...(record['internal'] === true ? { internal: true } : {}),
    ...(approval === 'always' || approval === 'never' ? { approval } : {}),
    ...(tags.length > 0 ? { tags } : {}),
    ...(requires.length > 0 ? { requires } : {}),
  }
  const schemaEndpoint = readPath(record['schema_endpoint'])
  return schemaEndpoint === undefined || capability.internal === true ? { capability } : { capability, schemaEndpoint }
}
