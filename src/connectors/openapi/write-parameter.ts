// Values as OpenAPI's styles write them, which are those of RFC 6570: in paths, queries, headers and cookies, and in forms.
import type { JsonValue } from '../../contracts/json.ts'
import { isJsonList, isJsonObject, stringifyJson } from '../../util/json.ts'
import type { Style } from './operation.ts'

export interface Written {
  readonly name: string
  readonly style: Style
  readonly explode: boolean
  readonly allowReserved: boolean
  readonly isJson: boolean
}

type Encode = (text: string) => string

const plain: Encode = (text) => text
/** Everything but letters, digits and `-._~`. */
export const encodeText: Encode = (text) =>
  encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
/** Reserved characters stay, but those that would end the value, and what is encoded already. */
const encodeReserved: Encode = (text) =>
  text
    .toWellFormed()
    .replace(/%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~:/?@!$'()*,;=]/gu, (part) =>
      part.length === 3 && part.startsWith('%') ? part : encodeText(part),
    )

/** A value as text. null is as good as not given. */
function textOf(value: JsonValue): string | undefined {
  if (value === null) return undefined
  return typeof value === 'object' ? stringifyJson(value) : String(value)
}

/** A value as pairs, of which only those of objects have names. */
function partsOf(value: JsonValue): (readonly [string | undefined, string])[] {
  const entries: readonly (readonly [string | undefined, JsonValue])[] = isJsonList(value)
    ? value.map((item) => [undefined, item] as const)
    : isJsonObject(value)
      ? Object.entries(value)
      : [[undefined, value]]
  return entries.flatMap(([key, item]) => {
    const text = textOf(item)
    return text === undefined ? [] : [[key, text] as const]
  })
}

const isComposite = (value: JsonValue): boolean => typeof value === 'object' && value !== null

/** `a,b`, `R,100,G,200` or `R=100,G=200`. */
function join(value: JsonValue, separator: string, withNames: boolean, encode: Encode): string {
  return partsOf(value)
    .map(([key, text]) =>
      key === undefined ? encode(text) : `${encode(key)}${withNames ? '=' : separator}${encode(text)}`,
    )
    .join(separator)
}

/** In a path; empty when there is nothing to write. */
export function writeInPath({ name, style, explode, isJson }: Written, value: JsonValue): string {
  if (isJson) return encodeText(stringifyJson(value))
  if (value === null || (isComposite(value) && partsOf(value).length === 0)) return ''
  if (style === 'label') return `.${join(value, explode ? '.' : ',', explode, encodeText)}`
  if (style !== 'matrix') return join(value, ',', explode, encodeText)
  const key = encodeText(name)
  if (!isComposite(value)) return value === '' ? `;${key}` : `;${key}=${join(value, ',', false, encodeText)}`
  if (!explode) return `;${key}=${join(value, ',', false, encodeText)}`
  return partsOf(value)
    .map(([inner, text]) => `;${inner === undefined ? key : encodeText(inner)}=${encodeText(text)}`)
    .join('')
}

/** In a query or a form: `name=value` each. */
export function writeInQuery(written: Written, value: JsonValue): string[] {
  const { name, style, explode, allowReserved, isJson } = written
  const encode = allowReserved ? encodeReserved : encodeText
  const key = encodeText(name)
  if (isJson) return [`${key}=${encode(stringifyJson(value))}`]
  if (style === 'deepObject' && isComposite(value)) return writeDeep(name, value, encode, 0)
  const parts = partsOf(value)
  if (parts.length === 0) return []
  if (!isComposite(value) || explode) {
    return parts.map(([inner, text]) => `${inner === undefined ? key : encodeText(inner)}=${encode(text)}`)
  }
  const separator = style === 'spaceDelimited' ? '%20' : style === 'pipeDelimited' ? '%7C' : ','
  return [`${key}=${join(value, separator, false, encode)}`]
}

const MAX_DEPTH = 20

/** `filter[a][b]=c`; lists by their places, which every reader of the style takes. */
function writeDeep(name: string, value: JsonValue, encode: Encode, depth: number): string[] {
  if (isComposite(value) && depth < MAX_DEPTH) {
    const entries = Object.entries(value as object) as [string, JsonValue][]
    return entries.flatMap(([key, item]) => writeDeep(`${name}[${key}]`, item, encode, depth + 1))
  }
  const text = textOf(value)
  return text === undefined ? [] : [`${encodeText(name)}=${encode(text)}`]
}

/** In a header: as it is, since nothing decodes it there. */
export const writeInHeader = ({ explode, isJson }: Written, value: JsonValue): string =>
  isJson ? stringifyJson(value) : join(value, ',', explode, plain)
