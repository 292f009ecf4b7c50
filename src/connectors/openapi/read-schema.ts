// Schemas of a document as JSON Schema 2020-12, each with only those definitions that it reaches. What is shared is converted
// once and stays a `$ref`, so that recursion stays recursion, and many operations cost little more than one.
import type { JsonObject, JsonSchema, JsonValue } from '../../contracts/json.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import { truncateText } from '../../util/text.ts'
import { type OpenapiDocument, placeOf } from './read-document.ts'

/** What is sent has no properties that only the server sets, and what comes none that only the caller gives. */
export type Direction = 'request' | 'response'

/** A converted schema with the names of the definitions that it refers to. */
export interface Converted {
  readonly schema: JsonSchema
  readonly refs: ReadonlySet<string>
  readonly nodes: number
}

export interface SchemaReader {
  convert(schema: JsonValue | undefined, direction: Direction): Converted
  /** The definitions that these schemas reach, nearest first; beyond the limit a definition says nothing. */
  definitions(parts: readonly Converted[], direction: Direction): Readonly<Record<string, JsonSchema>> | undefined
}

/** Of one definition: beyond it, a schema says nothing, so that everything passes. */
const MAX_NODES = 3_000
const MAX_DEPTH = 40
const MAX_PROPERTIES = 1_000
const MAX_ENUM = 1_000
const MAX_PATTERN = 500
/** Of one operation, all definitions together. What comes back need only be known well enough to refer to it. */
const MAX_REACHED: Readonly<Record<Direction, number>> = { request: 4_000, response: 600 }
const MAX_DESCRIPTION = 300

const NUMBERS = ['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties', 'multipleOf']
const ONE = ['items', 'additionalProperties', 'not', 'contains', 'propertyNames', 'if', 'then', 'else']
const MANY = ['allOf', 'anyOf', 'oneOf', 'prefixItems']
const NULL: JsonSchema = { type: 'null' }

interface Work {
  readonly direction: Direction
  readonly refs: Set<string>
  nodes: number
}

export function createSchemaReader(document: OpenapiDocument): SchemaReader {
  return new Reader(document)
}

class Reader implements SchemaReader {
  readonly #document: OpenapiDocument
  readonly #nameOf = new Map<string, string>()
  readonly #placeOf = new Map<string, string>()
  readonly #known: Readonly<Record<Direction, Map<string, Converted>>> = { request: new Map(), response: new Map() }

  constructor(document: OpenapiDocument) {
    this.#document = document
  }

  convert(schema: JsonValue | undefined, direction: Direction): Converted {
    const work: Work = { direction, refs: new Set(), nodes: 0 }
    return { schema: this.#schema(schema, 0, work), refs: work.refs, nodes: work.nodes }
  }

  definitions(parts: readonly Converted[], direction: Direction): Readonly<Record<string, JsonSchema>> | undefined {
    const found: Record<string, JsonSchema> = {}
    let nodes = parts.reduce((sum, part) => sum + part.nodes, 0)
    const queue = new Set(parts.flatMap(({ refs }) => [...refs]))
    // The set grows while it is walked.
    for (const name of queue) {
      const definition = this.#definition(name, direction)
      nodes += definition.nodes
      const fits = nodes <= MAX_REACHED[direction]
      found[name] = fits ? definition.schema : {}
      if (fits) for (const ref of definition.refs) queue.add(ref)
    }
    return queue.size === 0 ? undefined : found
  }

  #definition(name: string, direction: Direction): Converted {
    const known = this.#known[direction]
    let definition = known.get(name)
    if (definition === undefined) {
      definition = this.convert(placeOf(this.#document, this.#placeOf.get(name) ?? ''), direction)
      known.set(name, definition)
    }
    return definition
  }

  /** A name for a place, unique in the document. */
  #name(reference: string): string {
    let name = this.#nameOf.get(reference)
    if (name === undefined) {
      const last = reference.slice(reference.lastIndexOf('/') + 1)
      const base = last.replace(/[^A-Za-z0-9_.-]+/g, '_').slice(0, 80) || 'schema'
      name = base
      for (let n = 2; this.#placeOf.has(name) || name === '__proto__'; n++) name = `${base}_${n}`
      this.#nameOf.set(reference, name)
      this.#placeOf.set(name, reference)
    }
    return name
  }

  #schema(source: JsonValue | undefined, depth: number, work: Work): JsonSchema {
    // `false` allows nothing; as a schema of our own it is written out.
    if (source === false) return { not: {} }
    if (!isJsonObject(source) || depth > MAX_DEPTH || ++work.nodes > MAX_NODES) return {}
    const out: Record<string, unknown> = {}
    const reference = source['$ref']
    if (typeof reference === 'string') {
      if (placeOf(this.#document, reference) === undefined) return {}
      const name = this.#name(reference)
      work.refs.add(name)
      out['$ref'] = `#/$defs/${name}`
      if (this.#document.is30) return out
    }
    copyPlain(source, out, work.direction)
    copyLimits(source, out)
    for (const key of ONE) {
      const inner = source[key]
      if (isJsonObject(inner)) out[key] = this.#schema(inner, depth + 1, work)
      else if (typeof inner === 'boolean' && key !== 'items') out[key] = inner
    }
    for (const key of MANY) {
      const list = source[key]
      if (isJsonList(list) && list.length > 0) {
        out[key] = list.slice(0, MAX_ENUM).map((inner) => this.#schema(inner, depth + 1, work))
      }
    }
    this.#properties(source, out, depth, work)
    return this.#document.is30 && source['nullable'] === true ? withNull(out) : out
  }

  #properties(source: JsonObject, out: Record<string, unknown>, depth: number, work: Work): void {
    for (const key of ['properties', 'patternProperties']) {
      const map = source[key]
      if (!isJsonObject(map)) continue
      const all = Object.entries(map)
      // Half of the properties would be a wrong schema, where none is a vague one.
      if (all.length > MAX_PROPERTIES) {
        delete out['additionalProperties']
        return
      }
      const kept = all.filter(([name, property]) => name !== '__proto__' && !isHidden(property, work.direction))
      out[key] = Object.fromEntries(kept.map(([name, property]) => [name, this.#schema(property, depth + 1, work)]))
    }
    const { properties, required } = source
    if (!isJsonList(required)) return
    const named = isJsonObject(properties) ? properties : {}
    const names = required.filter((name): name is string => typeof name === 'string')
    const kept = names.filter((name) => !(Object.hasOwn(named, name) && isHidden(named[name], work.direction)))
    if (kept.length > 0) out['required'] = kept.slice(0, MAX_PROPERTIES)
  }
}

const isHidden = (property: JsonValue | undefined, direction: Direction): boolean =>
  isJsonObject(property) && property[direction === 'request' ? 'readOnly' : 'writeOnly'] === true

function copyPlain(source: JsonObject, out: Record<string, unknown>, direction: Direction): void {
  const { type, format, description, example, pattern, enum: values } = source
  if (typeof type === 'string' || (isJsonList(type) && type.every((one) => typeof one === 'string'))) out['type'] = type
  if (typeof format === 'string') out['format'] = format.slice(0, 60)
  if (isJsonList(values) && values.length > 0 && values.length <= MAX_ENUM) out['enum'] = values
  if (source['const'] !== undefined) out['const'] = source['const']
  if (typeof pattern === 'string' && pattern.length <= MAX_PATTERN) out['pattern'] = pattern
  if (source['uniqueItems'] === true) out['uniqueItems'] = true
  if (direction === 'response') return
  if (typeof description === 'string' && description.trim() !== '') {
    out['description'] = truncateText(description.trim(), MAX_DESCRIPTION)
  }
  if (source['default'] !== undefined && isSmall(source['default'])) out['default'] = source['default']
  const examples = isJsonList(source['examples']) ? source['examples'] : example === undefined ? [] : [example]
  const [first] = examples
  if (first !== undefined && first !== null && isSmall(first)) out['examples'] = [first]
}

const isSmall = (value: JsonValue): boolean =>
  typeof value === 'string' ? value.length <= 100 : typeof value !== 'object' || value === null

function copyLimits(source: JsonObject, out: Record<string, unknown>): void {
  for (const key of NUMBERS) if (typeof source[key] === 'number') out[key] = source[key]
  for (const [plain, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    const limit = source[plain]
    const strict = source[exclusive]
    if (typeof strict === 'number') out[exclusive] = strict
    if (typeof limit === 'number') out[strict === true ? exclusive : plain] = limit
  }
}

/** `nullable` of 3.0. It widens whatever else is said, also a list of values. */
function withNull(schema: Record<string, unknown>): JsonSchema {
  const { type, enum: values, ...rest } = schema
  if (typeof type !== 'string') return Object.keys(schema).length === 0 ? schema : { anyOf: [schema, NULL] }
  const isListed = Array.isArray(values)
  return {
    ...rest,
    type: [type, 'null'],
    ...(isListed && { enum: values.includes(null) ? values : [...(values as unknown[]), null] }),
  }
}
