// The parameters of an operation: those of its path with its own over them, each with the place and the style that it is written
// in. What proves the caller, and what belongs to the connection, is no input.
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import { isFreeHeaderName } from '../../util/header-text.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import { isUsableName } from '../gomind/read-capability.ts'
import { NotCallable } from './not-callable.ts'
import type { Parameter, Style } from './operation.ts'
import { follow, type OpenapiDocument } from './read-document.ts'
import type { Security } from './read-security.ts'

export interface ReadParameter extends Omit<Parameter, 'input'> {
  readonly schema: JsonValue | undefined
  readonly description: string
  readonly example: JsonValue | undefined
  readonly isRequired: boolean
}

export interface ReadParameters {
  readonly parameters: readonly ReadParameter[]
  readonly idempotencyHeader?: string
}

const STYLES: Readonly<Record<Parameter['in'], readonly Style[]>> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
}
/** OpenAPI says that parameters of these names mean nothing. */
const IGNORED_HEADERS: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization'])
const MAX_PARAMETERS = 500

const isPlace = (text: JsonValue | undefined): text is Parameter['in'] =>
  text === 'path' || text === 'query' || text === 'header' || text === 'cookie'

/** @throws NotCallable for a parameter that must be sent and cannot be written */
export function readParameters(
  document: OpenapiDocument,
  lists: readonly (JsonValue | undefined)[],
  security: Security,
): ReadParameters {
  const byPlace = new Map<string, ReadParameter>()
  let idempotencyHeader: string | undefined
  for (const list of lists) {
    if (!isJsonList(list)) continue
    for (const entry of list.slice(0, MAX_PARAMETERS)) {
      const source = follow(document, entry)
      if (source === undefined) throw new NotCallable('one of its parameters refers to nothing')
      const { name, in: place } = source
      if (!isPlace(place) || typeof name !== 'string')
        throw new NotCallable('one of its parameters has no name or place')
      if (place === 'header' && /^(x-)?idempotency-key$/i.test(name)) idempotencyHeader = name
      else if (!security.isProof(place, name) && !(place === 'header' && IGNORED_HEADERS.has(name.toLowerCase()))) {
        const parameter = readOne(source, name, place)
        if (parameter !== undefined) byPlace.set(`${place} ${name}`, parameter)
      }
    }
  }
  return { parameters: [...byPlace.values()], ...(idempotencyHeader !== undefined && { idempotencyHeader }) }
}

function readOne(source: JsonObject, name: string, place: Parameter['in']): ReadParameter | undefined {
  const isRequired = place === 'path' || source['required'] === true
  const why = whyNot(source, name, place)
  if (why !== undefined) {
    if (isRequired) throw new NotCallable(why)
    return undefined
  }
  const [contentType, media] = onlyContent(source) ?? []
  const style = isStyle(source['style'], place) ? source['style'] : STYLES[place][0]
  if (style === undefined) return undefined
  return {
    name,
    in: place,
    style,
    explode: typeof source['explode'] === 'boolean' ? source['explode'] : style === 'form',
    allowReserved: source['allowReserved'] === true,
    isJson: contentType !== undefined,
    schema: contentType === undefined ? source['schema'] : media?.['schema'],
    description: typeof source['description'] === 'string' ? source['description'].trim() : '',
    example: source['example'],
    isRequired,
  }
}

const isStyle = (style: JsonValue | undefined, place: Parameter['in']): style is Style =>
  STYLES[place].some((known) => known === style)

function whyNot(source: JsonObject, name: string, place: Parameter['in']): string | undefined {
  if (!isUsableName(name)) return `the name of a ${place} parameter cannot be used`
  if (place === 'header' && !isFreeHeaderName(name)) return `"${name}" is no header that can be set`
  if (place === 'cookie' && !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return `"${name}" cannot be the name of a cookie`
  const content = onlyContent(source)
  if (content !== undefined && !/[/+]json\b/i.test(content[0]))
    return `its parameter "${name}" is written as ${content[0]}`
  const { style } = source
  if (style !== undefined && !isStyle(style, place))
    return `its parameter "${name}" has the style ${JSON.stringify(style)}`
  return undefined
}

/** A parameter described by `content` in place of `schema`. */
function onlyContent({ content }: JsonObject): readonly [string, JsonObject] | undefined {
  const [entry] = isJsonObject(content) ? Object.entries(content) : []
  return entry && [entry[0], isJsonObject(entry[1]) ? entry[1] : {}]
}
