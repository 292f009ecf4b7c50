// One value brought to one type, by these rules: "42" is an integer, "yes" is no boolean, null is nothing else.
import type { JsonValue } from '../../contracts/json.ts'
import { isJsonObject, parseJson } from '../../util/json.ts'

export type TypeName = 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array' | 'null'

export const isTypeName = (name: unknown): name is TypeName =>
  name === 'string' ||
  name === 'number' ||
  name === 'integer' ||
  name === 'boolean' ||
  name === 'object' ||
  name === 'array' ||
  name === 'null'

/** Whether the value is of the type; bigint counts as an integer. */
export function fits(type: TypeName, value: JsonValue): boolean {
  switch (type) {
    case 'string':
    case 'boolean':
      return typeof value === type
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint'
    case 'integer':
      return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
  }
}

export function convert(types: readonly TypeName[], value: JsonValue): JsonValue {
  // Narrower types first, so that "42" for [string, integer] never comes here and for [number, boolean] is a number.
  for (const type of types) {
    const converted = convertTo(type, value)
    if (converted !== undefined) return converted
  }
  return value
}

function convertTo(type: TypeName, value: JsonValue): JsonValue | undefined {
  switch (type) {
    case 'integer':
    case 'number':
      return typeof value === 'string' ? toNumber(value, type === 'integer') : undefined
    case 'boolean':
      return value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : undefined
    case 'string':
      return textOf(value)
    case 'object':
    case 'array': {
      if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return undefined
      const parsed = readJson(value)
      return parsed !== undefined && fits(type, parsed) ? parsed : undefined
    }
    case 'null':
      return undefined
  }
}

const NUMBER = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/

function toNumber(text: string, integer: boolean): number | bigint | undefined {
  const trimmed = text.trim()
  const match = NUMBER.exec(trimmed)
  if (match === null || trimmed.length > 1_000) return undefined
  const number = Number(trimmed)
  if (!Number.isFinite(number)) return undefined
  const isWhole = match[2] === undefined && (match[1] === undefined || /^\.0+$/.test(match[1]))
  if (isWhole && !Number.isSafeInteger(number)) {
    const digits = BigInt(trimmed.replace(/\..*$/, '').replace(/^\+/, ''))
    return digits
  }
  if (integer && !Number.isInteger(number)) return undefined
  return number
}

/** A number in plain digits: tools read `1e+21` and `1e-7` as text with letters. */
export function numberToText(value: number | bigint): string {
  const text = String(value)
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (match === null) return text
  const [, sign = '', first = '', rest = '', exponent = '0'] = match
  const digits = first + rest
  const point = 1 + Number(exponent)
  // An exponent is written from 21 digits on, more than a number has: there is never a point among them.
  return sign + (point < 0 ? `0.${'0'.repeat(-point)}${digits}` : digits.padEnd(point, '0'))
}

const STRING_FIELDS = ['code', 'id', 'value', 'name']

/** The text that a value stands for: a scalar's own, an object's only text field, else its `code`, `id`, `value` or `name`. */
export function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? numberToText(value) : undefined
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (!isJsonObject(value)) return undefined
  const texts = Object.values(value).filter((field) => typeof field === 'string')
  if (texts.length === 1) return texts[0]
  for (const key of STRING_FIELDS) {
    const field = Object.hasOwn(value, key) ? value[key] : undefined
    if (typeof field === 'string' || typeof field === 'number' || typeof field === 'bigint') return textOf(field)
  }
  return undefined
}

export const mayBeJsonObject = (text: string): boolean => /^\s*\{/.test(text) && /\}\s*$/.test(text)

export function readJson(text: string): JsonValue | undefined {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

/** The spelling without what people vary: case, spaces around it, hyphens for underscores or blanks. */
const foldName = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, '_')

/** The legal value itself where the given one differs only in case, spaces, hyphens or type; unique matches only. */
export function chooseValue(values: readonly JsonValue[], value: JsonValue): JsonValue {
  if (values.includes(value)) return value
  const text = textOf(value)
  if (text === undefined) return value
  return (
    onlyMatch(values, (choice) => choice.trim().toLowerCase() === text.trim().toLowerCase()) ??
    onlyMatch(values, (choice) => foldName(choice) === foldName(text)) ??
    value
  )
}

function onlyMatch(values: readonly JsonValue[], matches: (choice: string) => boolean): JsonValue | undefined {
  const matching = values.filter((choice) => {
    const text = textOf(choice)
    return text !== undefined && matches(text)
  })
  return matching.length === 1 ? matching[0] : undefined
}
