// What an input of a capability wants, as its schema, name, description and examples tell, and how well a value suits its form.
import type { Capability } from '../../contracts/capability.ts'
import type { JsonValue } from '../../contracts/json.ts'
import { isJsonObject } from '../../util/json.ts'
import { toIsoDate } from './dates.ts'
import { fitOfUnit } from './units.ts'
import type { Value, ValueKind } from './values.ts'
import { isCountry, isCurrencyCode, type Kind, kindsIn, splitName, stem } from './words.ts'

export interface Wish {
  readonly name: string
  /** The words of its name, as they are and stemmed. */
  readonly words: ReadonlySet<string>
  /** The words of its description, stemmed. */
  readonly told: ReadonlySet<string>
  readonly isRequired: boolean
  readonly type: 'string' | 'number' | 'integer' | 'array' | 'other'
  readonly format: string
  readonly members: readonly string[]
  readonly kinds: ReadonlySet<Kind>
  readonly examples: ReadonlySet<ValueKind | 'text'>
  /** Values that its examples and its description name: "(e.g., cow, horse, dog)", "either 'gini' or 'entropy'". */
  readonly samples: readonly string[]
  readonly minimum: number
  readonly maximum: number
  /** Of an array: what one item wants. */
  readonly item?: Wish
}

type Schema = Readonly<Record<string, unknown>>
const MAX_INPUTS = 60

/** The inputs of a capability, required ones first, each group in the schema's order. */
export function wishesOf(capability: Capability): Wish[] {
  const { properties, required } = capability.inputSchema
  if (!isJsonObject(properties)) return []
  const needed = new Set<unknown>(Array.isArray(required) ? required : [])
  const wishes = Object.keys(properties)
    .slice(0, MAX_INPUTS)
    .map((name) => wishOf(name, isJsonObject(properties[name]) ? properties[name] : {}, needed.has(name), capability))
  return [...wishes.filter((wish) => wish.isRequired), ...wishes.filter((wish) => !wish.isRequired)]
}

function wishOf(name: string, schema: Schema, isRequired: boolean, capability: Capability): Wish {
  const words = splitName(name)
  const description = typeof schema.description === 'string' ? schema.description.slice(0, 300) : ''
  const examples = examplesOf(name, schema, capability)
  const type = typeOf(schema)
  return {
    name,
    words: new Set([...words, ...words.map(stem)]),
    told: new Set(splitName(description).map(stem)),
    isRequired,
    type,
    format: typeof schema.format === 'string' ? schema.format : '',
    members: Array.isArray(schema.enum)
      ? schema.enum.filter((member): member is string => typeof member === 'string')
      : [],
    kinds: kindsOf(words, description, examples),
    examples: new Set(examples.map(formOf)),
    samples: [...new Set([...examples, ...samplesIn(description)])],
    minimum: typeof schema.minimum === 'number' ? schema.minimum : -Infinity,
    maximum: typeof schema.maximum === 'number' ? schema.maximum : Infinity,
    ...(type === 'array' && {
      item: wishOf(name, isJsonObject(schema.items) ? schema.items : { type: 'string' }, isRequired, capability),
    }),
  }
}

function typeOf({ type, items }: Schema): Wish['type'] {
  const first: unknown = Array.isArray(type) ? type.find((one) => one !== 'null') : type
  if (first === undefined) return items === undefined ? 'string' : 'array'
  return first === 'string' || first === 'number' || first === 'integer' || first === 'array' ? first : 'other'
}

function examplesOf(name: string, schema: Schema, capability: Capability): string[] {
  const listed: readonly unknown[] = Array.isArray(schema.examples) ? schema.examples : []
  const found: unknown[] = [
    ...listed,
    schema.example,
    ...(capability.examples ?? []).map(({ inputs }) => (Object.hasOwn(inputs, name) ? inputs[name] : undefined)),
  ]
  const texts = found
    .filter((one): one is string | number => typeof one === 'string' || typeof one === 'number')
    .map(String)
  if (texts.length > 0 || typeof schema.description !== 'string') return texts.slice(0, 5)
  const told = /(?:e\.g\.|for example|such as|like)[:,]?\s*["'“]?([\p{L}\p{N}][^"'”;.)]{0,40})/iu.exec(
    schema.description.slice(0, 300),
  )
  const first = told?.[1]?.split(/,? or /)[0]?.trim()
  return first === undefined ? [] : [first]
}

const MAX_SAMPLES = 12

function samplesIn(description: string): string[] {
  const listed = /(?:e\.g\.|for example|such as)[:,]?\s*([^.;)]{1,200})/iu.exec(description)?.[1] ?? ''
  const quoted = [...description.matchAll(/(?<!\p{L})['"]([^'"]{2,40})['"](?!\p{L})/gu)].map(([, text = '']) => text)
  return [...listed.split(/,|\bor\b|\band\b/u), ...quoted]
    .map((text) => text.replace(/^['"\s]+|['"\s]+$/gu, ''))
    .filter((text) => text !== '' && text.length <= 40)
    .slice(0, MAX_SAMPLES)
}

/** The form of an example: `TSLA` is a code, `Tokyo, Japan` a name, `electric cars` text. */
function formOf(example: string): ValueKind | 'text' {
  if (/^-?\d+(?:\.\d+)?$/.test(example)) return 'number'
  if (/^\d{4}-\d{2}-\d{2}/.test(example)) return 'date'
  if (/^\p{Lu}{1,6}$/u.test(example)) return 'code'
  if (/^https?:/.test(example)) return 'url'
  if (/^(?:~|\.{1,2})?\/\S+$/.test(example)) return 'path'
  if (/^\S+@\S+\.\S+$/.test(example)) return 'email'
  if (/\d/.test(example) && !example.includes(' ')) return 'id'
  return example.split(/[\s,]+/).every((word) => /^\p{Lu}/u.test(word)) ? 'name' : 'text'
}

/** The name tells most. The description adds what it offers instead: "ticker symbol or company name". */
function kindsOf(words: readonly string[], description: string, examples: readonly string[]): ReadonlySet<Kind> {
  const kinds = kindsIn(words)
  const told = splitName(description.split(/e\.g\.|for example|such as/i)[0] ?? '')
  if (kinds.size === 0) for (const kind of kindsIn(told)) kinds.add(kind)
  const instead = told.indexOf('or')
  if (instead !== -1) for (const kind of kindsIn(told.slice(instead))) kinds.add(kind)
  if (examples.length > 0 && examples.every(isCurrencyCode)) kinds.add('currency')
  return kinds
}

const PLACES: Readonly<Record<string, ReadonlySet<string>>> = {
  url: new Set(['url', 'uri', 'link', 'website', 'page', 'href']),
  email: new Set(['email', 'mail', 'recipient']),
  path: new Set(['path', 'filepath', 'file', 'filename', 'folder', 'directory', 'dir', 'source', 'destination']),
}
const NUMBERED: ReadonlySet<string> = new Set(['id', 'number', 'no', 'zip', 'zipcode', 'code', 'year', 'key', 'sku'])

/** How well the form of a value suits: 0 not at all, 2 well. What it yields may be a part of it. */
export function suits(value: Value, wish: Wish): { readonly score: number; readonly value: JsonValue } {
  const as = (score: number, given: JsonValue = value.value): { score: number; value: JsonValue } => ({
    score,
    value: given,
  })
  if (wish.type === 'number' || wish.type === 'integer') return suitsNumber(value, wish)
  if (wish.type !== 'string' || wish.members.length > 0) return as(0)
  if (wish.format === 'date' || wish.format === 'date-time')
    return as(value.kind === 'date' ? 2 : 0, toIsoDate(value.text))
  if (wish.format === 'email') return as(value.kind === 'email' ? 2 : 0)
  if (wish.format === 'uri' || wish.format === 'url') return as(value.kind === 'url' ? 2 : 0)
  switch (value.kind) {
    case 'quoted':
      return as(wish.kinds.has('text') ? 2.5 : wish.kinds.has('currency') || wish.kinds.has('country') ? 0 : 1)
    case 'date':
      return as(wish.kinds.has('date') || wish.examples.has('date') ? 2 : 0, toIsoDate(value.text))
    case 'url':
    case 'email':
    case 'path':
      return as(wish.examples.has(value.kind) || hasWord(wish, PLACES[value.kind]) ? 2 : 0)
    case 'share':
      return as(wish.words.has('percent') || wish.words.has('percentage') || wish.words.has('rate') ? 2 : 0, value.text)
    case 'number':
      return as(wish.examples.has('number') || hasWord(wish, NUMBERED) ? 1 : 0, value.text)
    case 'id':
      return as(wish.examples.has('id') || hasWord(wish, NUMBERED) ? 2 : 0.5)
    case 'code':
      return as(suitsCode(value.text, wish))
    case 'name':
      return suitsName(value, wish)
  }
}

const hasWord = (wish: Wish, words: ReadonlySet<string> | undefined): boolean =>
  words !== undefined && [...wish.words].some((word) => words.has(word))

/** A number of its range; digits in quotes are one too, and a share in the form that the input's own words or its range tell. */
function suitsNumber(value: Value, wish: Wish): { readonly score: number; readonly value: JsonValue } {
  const not = { score: 0, value: value.value }
  const number = value.kind === 'share' ? shareFor(value, wish) : numberOf(value)
  if (number === undefined || number < wish.minimum || number > wish.maximum) return not
  if (wish.type === 'integer' && !Number.isInteger(number)) return not
  const fit = value.unit === undefined || value.kind === 'share' ? 0 : fitOfUnit(value.unit, wish.words, wish.told)
  return fit === -1 ? not : { score: 2 + fit, value: number }
}

function numberOf({ kind, value, text }: Value): number | undefined {
  if (kind === 'number') return typeof value === 'number' ? value : undefined
  return kind === 'quoted' && /^-?\d{1,15}(?:\.\d{1,12})?$/.test(text) ? Number(text) : undefined
}

/** 5 % is 5 where percent are wanted and 0.05 where a fraction is; where nothing tells which, it is neither. */
function shareFor({ value }: Value, { words, told, minimum, maximum, samples }: Wish): number | undefined {
  if (typeof value !== 'number') return undefined
  const says = (...names: string[]): boolean => names.some((name) => words.has(name) || told.has(stem(name)))
  if (says('percent', 'percentage', 'percents') || (maximum > 1 && maximum <= 100)) return value
  const [shown] = samples.map(Number).filter((number) => number > 0)
  if (shown !== undefined && shown > 1) return value
  const isFraction =
    shown !== undefined || says('decimal', 'fraction', 'probability', 'prob') || (minimum >= 0 && maximum <= 1)
  return isFraction ? Number((value / 100).toPrecision(12)) : undefined
}

function suitsCode(text: string, wish: Wish): number {
  if (wish.kinds.has('currency')) return isCurrencyCode(text) ? 2 : 0
  if (wish.kinds.has('country')) return isCountry(text) ? 2 : 0
  if (wish.kinds.has('code') || wish.examples.has('code')) return 2
  if (wish.kinds.has('name') || wish.kinds.has('place')) return 1
  return wish.kinds.size === 0 && wish.examples.size === 0 ? 0.5 : 0
}

function suitsName(value: Value, wish: Wish): { readonly score: number; readonly value: JsonValue } {
  const whole = { score: 0, value: value.value }
  if (wish.kinds.has('country')) {
    const country = [value.text, ...value.parts].find(isCountry)
    return country === undefined ? whole : { score: 2, value: country }
  }
  if (wish.kinds.has('currency')) return whole
  if (wish.kinds.has('place') || wish.kinds.has('name') || wish.examples.has('name')) return { ...whole, score: 2 }
  if (wish.kinds.has('code') || wish.examples.has('code')) return whole
  if (wish.kinds.has('text')) return { ...whole, score: 1 }
  return wish.kinds.size === 0 ? { ...whole, score: 0.5 } : whole
}
