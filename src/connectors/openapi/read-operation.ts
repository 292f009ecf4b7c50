// One operation as a capability: its parameters and its body become one object of inputs, and the way back from the inputs to
// the request is kept beside it.
import type { Capability } from '../../contracts/capability.ts'
import type { JsonObject, JsonSchema, JsonValue } from '../../contracts/json.ts'
import type { CapabilityOverride } from '../../contracts/sources.ts'
import { isJsonList } from '../../util/json.ts'
import { truncateText } from '../../util/text.ts'
import type { HttpMethod } from '../http/http-client.ts'
import { NotCallable } from './not-callable.ts'
import type { Body, Operation, Parameter } from './operation.ts'
import { readAnswers } from './read-answers.ts'
import { type ReadBody, readBody } from './read-body.ts'
import type { OpenapiDocument } from './read-document.ts'
import { type ReadParameter, readParameters } from './read-parameters.ts'
import type { Converted, SchemaReader } from './read-schema.ts'
import type { Scheme, Security } from './read-security.ts'
import type { Server } from './read-server.ts'

export interface OperationSource {
  readonly document: OpenapiDocument
  readonly schemas: SchemaReader
  readonly security: Security
  readonly method: HttpMethod
  /** As the document writes it. */
  readonly path: string
  readonly server: Server
  readonly pathItem: JsonObject
  readonly operation: JsonObject
  readonly schemes: readonly Scheme[]
  /** Unique and safe for models. */
  readonly name: string
  readonly override: CapabilityOverride
  readonly timeoutMs: number | undefined
}

const MAX_DESCRIPTION = 1_000
const MAX_TAGS = 20

/** @throws NotCallable with the reason */
export function readOperation(source: OperationSource): Operation {
  const { document, security, schemas, method, pathItem, operation, path } = source
  const lists = [pathItem['parameters'], operation['parameters']]
  const { parameters: found, idempotencyHeader } = readParameters(document, lists, security)
  const inputs = new Inputs(schemas)
  const parameters = placeParameters(found, path, inputs)
  // What a body in a GET or a HEAD means is said nowhere; servers drop it.
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const read = hasBody ? readBody(document, operation['requestBody']) : undefined
  const body = read && placeBody(read, inputs)
  const { accept, outputSchema } = readAnswers(document, operation['responses'], schemas)
  const inputSchema = inputs.schema()
  const capability = describe(source, { inputSchema, outputSchema, takesKey: idempotencyHeader !== undefined })
  return {
    capability,
    origin: source.server.origin,
    method,
    path: source.server.basePath + path,
    parameters,
    ...(body !== undefined && { body }),
    accept,
    schemes: source.schemes,
    ...(idempotencyHeader !== undefined && { idempotencyHeader }),
  }
}

/** The inputs as they are gathered, each under a name of its own. */
class Inputs {
  readonly #reader: SchemaReader
  readonly #properties = new Map<string, JsonSchema>()
  readonly #required: string[] = []
  readonly #converted: Converted[] = []
  #choice: JsonObject = {}

  constructor(reader: SchemaReader) {
    this.#reader = reader
  }

  has(name: string): boolean {
    return this.#properties.has(name)
  }

  add(name: string, all: readonly (JsonValue | undefined)[], more: JsonObject, isRequired: boolean): void {
    const parts = all.map((schema) => this.#reader.convert(schema, 'request'))
    this.#converted.push(...parts)
    const [first] = parts
    const schema = parts.length > 1 || first === undefined ? { allOf: parts.map((part) => part.schema) } : first.schema
    // What the schema says itself is said more closely.
    this.#properties.set(name, Object.keys(more).length === 0 ? schema : { ...more, ...schema })
    if (isRequired) this.#required.push(name)
  }

  /** Of an object that must be sent: which of several are required. */
  choose(choice: JsonObject): void {
    this.#choice = choice
  }

  schema(): JsonSchema {
    const definitions = this.#reader.definitions(this.#converted, 'request')
    return {
      type: 'object',
      properties: Object.fromEntries(this.#properties),
      ...(this.#required.length > 0 && { required: this.#required }),
      ...this.#choice,
      additionalProperties: false,
      ...(definitions !== undefined && { $defs: definitions }),
    }
  }
}

/** @throws NotCallable when the path and its parameters do not belong together */
function placeParameters(found: readonly ReadParameter[], path: string, inputs: Inputs): Parameter[] {
  const inPath = new Set([...path.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name))
  const declared = new Set(found.filter((parameter) => parameter.in === 'path').map(({ name }) => name))
  for (const name of inPath) {
    if (!declared.has(name)) throw new NotCallable(`its path has a parameter "${name}" that is not declared`)
  }
  const parameters: Parameter[] = []
  for (const { schema, description, example, isRequired, ...parameter } of found) {
    if (parameter.in === 'path' && !inPath.has(parameter.name)) continue
    const input = freeName(parameter.name, parameter.in, inputs)
    const isTelling = typeof example === 'string' || typeof example === 'number'
    const more: JsonObject = {
      ...(description !== '' && { description: truncateText(description, 300) }),
      ...(isTelling && String(example).length <= 100 && { examples: [example] }),
    }
    inputs.add(input, [schema], more, isRequired)
    parameters.push({ ...parameter, input })
  }
  return parameters
}

function freeName(name: string, prefix: string, inputs: Inputs): string {
  if (!inputs.has(name)) return name
  let free = `${prefix}_${name}`
  while (inputs.has(free)) free = `${prefix}_${free}`
  return free
}

function placeBody(body: ReadBody, inputs: Inputs): Body {
  const { kind, contentType, isRequired, encodings, properties, description, schema } = body
  const common = { kind, contentType, isRequired, encodings }
  const canFlatten = properties !== undefined && [...properties.schemas.keys()].every((name) => !inputs.has(name))
  if (canFlatten) {
    for (const [name, schemas] of properties.schemas) {
      inputs.add(name, schemas, {}, isRequired && properties.required.has(name))
    }
    if (isRequired && properties.choice !== undefined) inputs.choose(properties.choice)
    return { ...common, fields: new Map([...properties.schemas.keys()].map((name) => [name, name])) }
  }
  const whole = freeName('body', 'request', inputs)
  const more: JsonObject = description === '' ? {} : { description: truncateText(description, 300) }
  const isForm = kind === 'form' || kind === 'multipart'
  const usual: JsonValue = kind === 'text' ? { type: 'string' } : isForm ? { type: 'object' } : {}
  inputs.add(whole, [schema ?? usual], more, isRequired)
  return { ...common, whole, fields: new Map() }
}

interface Described {
  readonly inputSchema: JsonSchema
  readonly outputSchema: JsonSchema | undefined
  readonly takesKey: boolean
}

/**
 * A repeated PUT leaves what the first one left, and answers the same: HTTP declares it idempotent. So is DELETE, but a repeated
 * one answers that there is nothing, which would be told as a failure: it is repeated only where that is declared.
 */
function describe(
  { method, path, operation, name, override, timeoutMs, server }: OperationSource,
  read: Described,
): Capability {
  const effect = override.effect ?? (method === 'GET' || method === 'HEAD' ? 'read' : 'write')
  const idempotent = override.idempotent ?? (read.takesKey || method === 'PUT' ? true : undefined)
  const tags = tagsOf(operation, override)
  const limit = override.timeoutMs ?? timeoutMs
  return {
    name,
    description: override.description ?? descriptionOf(operation, `${method} ${path}`),
    inputSchema: read.inputSchema,
    ...(read.outputSchema !== undefined && { outputSchema: read.outputSchema }),
    effect,
    ...(idempotent !== undefined && { idempotent }),
    ...(override.approval !== undefined && { approval: override.approval }),
    ...(tags.length > 0 && { tags }),
    ...(override.requires !== undefined && { requires: override.requires }),
    ...(limit !== undefined && { timeoutMs: limit }),
    endpoint: server.basePath + path,
  }
}

function descriptionOf({ summary, description }: JsonObject, otherwise: string): string {
  const parts = [summary, description].filter((part) => typeof part === 'string').map((part) => part.trim())
  const [first = '', second = ''] = parts.filter((part) => part !== '')
  const text =
    second === '' || second.startsWith(first) ? second || first : `${first}${/[.!?]$/.test(first) ? '' : '.'} ${second}`
  return truncateText(text === '' ? otherwise : text, MAX_DESCRIPTION)
}

function tagsOf({ tags, deprecated }: JsonObject, override: CapabilityOverride): readonly string[] {
  if (override.tags !== undefined) return override.tags
  const named = isJsonList(tags) ? tags.filter((tag): tag is string => typeof tag === 'string' && tag !== '') : []
  return [...named.slice(0, MAX_TAGS).map((tag) => tag.slice(0, 100)), ...(deprecated === true ? ['deprecated'] : [])]
}
