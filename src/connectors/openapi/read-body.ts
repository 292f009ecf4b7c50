// The body of an operation: the media type that can be written best, and its properties as inputs of their own where that says
// the same as one input that holds them all.
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import { isUsableName } from '../gomind/read-capability.ts'
import { NotCallable } from './not-callable.ts'
import type { Body, Encoding, Style } from './operation.ts'
import { follow, type OpenapiDocument } from './read-document.ts'

export interface ReadBody {
  readonly kind: Body['kind']
  readonly contentType: string
  readonly isRequired: boolean
  readonly description: string
  readonly schema: JsonValue | undefined
  /** Absent where the body is not a plain object. */
  readonly properties?: Properties
  readonly encodings: ReadonlyMap<string, Encoding>
}

export interface Properties {
  /** A property that is described in several places must fit all of them. */
  readonly schemas: ReadonlyMap<string, readonly JsonValue[]>
  readonly required: ReadonlySet<string>
  /** `anyOf` or `oneOf` of which names are required: the one thing beside its properties that can be said of the inputs too. */
  readonly choice?: JsonObject
}

const KINDS: readonly (readonly [RegExp, Body['kind'], string?])[] = [
  [/^application\/json\b/i, 'json'],
  [/^[^;]+\+json\b/i, 'json'],
  [/^application\/x-www-form-urlencoded\b/i, 'form', 'application/x-www-form-urlencoded'],
  [/^multipart\/form-data\b/i, 'multipart', 'multipart/form-data'],
  [/^text\/plain\b/i, 'text'],
  [/^text\/[^*]/i, 'text'],
  [/^(application\/\*|\*\/\*)/i, 'json', 'application/json'],
]
const MAX_PROPERTIES = 500
const MAX_DEPTH = 8
const MAX_ALTERNATIVES = 50

/** @throws NotCallable when a body must be sent and none of its media types can be written */
export function readBody(document: OpenapiDocument, source: JsonValue | undefined): ReadBody | undefined {
  if (source === undefined) return undefined
  const body = follow(document, source)
  if (body === undefined) throw new NotCallable('its body refers to nothing')
  const isRequired = body['required'] === true
  const content = isJsonObject(body['content']) ? body['content'] : {}
  const chosen = choose(Object.keys(content))
  if (chosen === undefined) {
    const types = Object.keys(content).slice(0, 5).join(', ')
    if (isRequired) throw new NotCallable(`its body is ${types || 'of no type'}, which cannot be written here`)
    return undefined
  }
  const media = content[chosen.key]
  const schema = isJsonObject(media) ? media['schema'] : undefined
  const properties = chosen.kind === 'text' ? undefined : plainProperties(document, schema, 0)
  return {
    kind: chosen.kind,
    contentType: chosen.contentType,
    isRequired,
    description: typeof body['description'] === 'string' ? body['description'].trim() : '',
    schema,
    ...(properties !== undefined && properties.schemas.size > 0 && { properties }),
    encodings: readEncodings(document, isJsonObject(media) ? media['encoding'] : undefined, properties),
  }
}

function choose(types: readonly string[]) {
  for (const [pattern, kind, contentType] of KINDS) {
    const key = types.find((type) => pattern.test(type) && !/[\r\n]/.test(type))
    if (key !== undefined) return { key, kind, contentType: contentType ?? key }
  }
  return undefined
}

/** What an object schema says that its properties alone do not: then they cannot stand for it. */
const MORE = ['not', 'if', 'patternProperties', 'dependentRequired', 'dependentSchemas', 'propertyNames']

/** The properties of a plain object, also of one that is put together by `allOf`; undefined for anything else. */
function plainProperties(
  document: OpenapiDocument,
  source: JsonValue | undefined,
  depth: number,
): Properties | undefined {
  const schema = follow(document, source)
  if (schema === undefined || depth > MAX_DEPTH || MORE.some((key) => schema[key] !== undefined)) return undefined
  if (schema['type'] !== undefined && schema['type'] !== 'object') return undefined
  if (schema['additionalProperties'] !== undefined && schema['additionalProperties'] !== false) return undefined
  const choice = choiceOf(schema)
  if (choice === 'more') return undefined
  // Siblings of a reference say more, in 3.1.
  if (isJsonObject(source) && source !== schema && !document.is30 && source['properties'] !== undefined)
    return undefined
  const schemas = new Map<string, readonly JsonValue[]>()
  const required = new Set<string>()
  const add = (found: Properties): void => {
    for (const [name, all] of found.schemas) schemas.set(name, [...(schemas.get(name) ?? []), ...all])
    for (const name of found.required) required.add(name)
  }
  if (isJsonList(schema['allOf'])) {
    for (const part of schema['allOf']) {
      const found = plainProperties(document, part, depth + 1)
      if (found === undefined || found.choice !== undefined) return undefined
      add(found)
    }
  }
  add(ownProperties(schema))
  const names = [...schemas.keys()]
  return names.length <= MAX_PROPERTIES && names.every(isUsableName)
    ? { schemas, required, ...(choice !== undefined && { choice }) }
    : undefined
}

/** Which of its properties are required, where that is open; `more` for alternatives that say anything else. */
function choiceOf(schema: JsonObject): JsonObject | 'more' | undefined {
  const { anyOf, oneOf } = schema
  if (anyOf === undefined && oneOf === undefined) return undefined
  const [key, list] = anyOf === undefined ? ['oneOf', oneOf] : ['anyOf', anyOf]
  const isOne = (anyOf === undefined) !== (oneOf === undefined) && isJsonList(list) && list.length <= MAX_ALTERNATIVES
  if (!isOne || !list.every(isOnlyRequired)) return 'more'
  return { [key]: list.map(({ required }) => ({ required: required ?? [] })) }
}

const isOnlyRequired = (value: JsonValue): value is JsonObject =>
  isJsonObject(value) &&
  Object.keys(value).every((key) => key === 'required') &&
  isJsonList(value['required']) &&
  value['required'].every((name) => typeof name === 'string')

function ownProperties({ properties, required }: JsonObject): Properties {
  const named = Object.entries(isJsonObject(properties) ? properties : {})
  const sent = named.filter(([, property]) => !(isJsonObject(property) && property['readOnly'] === true))
  const names = new Set(named.map(([name]) => name))
  const isSent = new Set(sent.map(([name]) => name))
  const list = isJsonList(required) ? required.filter((name): name is string => typeof name === 'string') : []
  return {
    schemas: new Map(sent.map(([name, property]) => [name, [property]])),
    required: new Set(list.filter((name) => isSent.has(name) || !names.has(name))),
  }
}

const FORM_STYLES: readonly Style[] = ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject']

function readEncodings(
  document: OpenapiDocument,
  source: JsonValue | undefined,
  properties: Properties | undefined,
): ReadonlyMap<string, Encoding> {
  const encodings = new Map<string, Encoding>()
  for (const [name, schemas] of properties?.schemas ?? []) {
    const given = isJsonObject(source) && Object.hasOwn(source, name) ? source[name] : undefined
    const said = isJsonObject(given) ? given : {}
    const style = FORM_STYLES.find((known) => known === said['style'])
    const contentType = typeof said['contentType'] === 'string' ? said['contentType'].split(',')[0]?.trim() : undefined
    const schema = follow(document, schemas[0])
    encodings.set(name, {
      style: style ?? 'form',
      explode: typeof said['explode'] === 'boolean' ? said['explode'] : (style ?? 'form') === 'form',
      allowReserved: said['allowReserved'] === true,
      // Objects are JSON unless a style says how else.
      isJson: style === undefined && (/[/+]json\b/i.test(contentType ?? '') || schema?.['type'] === 'object'),
      isFile: schema?.['format'] === 'binary' || schema?.['contentMediaType'] === 'application/octet-stream',
      ...(contentType !== undefined && /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(contentType) && { contentType }),
    })
  }
  return encodings
}
