// What a tool returned, as JSON: the very value where it is JSON already, a copy where something must be left out, and a
// clear error where something cannot be said in JSON. Guessing would put half a value into somebody's next step.
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'

/** Deeper means, nearly always, that the value contains itself; no set of visited objects is needed to end. */
const MAX_DEPTH = 512

/** Long lists are walked once, though every step of a chain may hand them on: results are not changed once they are given. */
const LONG_LIST = 64
const knownLists = new WeakSet<readonly unknown[]>()

/** Written out, parts that are shared count each time: forty lists of two, each holding the next one twice, would never end. */
const MAX_VALUES = 5_000_000
let valuesLeft = MAX_VALUES

const NOT_JSON: unique symbol = Symbol('not-json')
type Checked = JsonValue | undefined | typeof NOT_JSON

const hasToJson = (value: object): value is { toJSON(key: string): unknown } =>
  'toJSON' in value && typeof value.toJSON === 'function'

/** Plain in any realm: its prototype is null, or stands at the top of the chain. */
function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function checkArray(list: readonly unknown[], depth: number): Checked {
  if (list.length >= LONG_LIST && knownLists.has(list)) return list as readonly JsonValue[]
  let copy: JsonValue[] | undefined
  for (let i = 0; i < list.length; i++) {
    const item = list[i]
    const checked = check(item, depth)
    if (checked === NOT_JSON) return NOT_JSON
    const kept = checked === undefined ? null : checked
    if (copy === undefined && kept !== item) copy = list.slice(0, i) as JsonValue[]
    copy?.push(kept)
  }
  if (copy !== undefined) return copy
  if (list.length >= LONG_LIST) knownLists.add(list)
  return list as readonly JsonValue[]
}

function checkObject(object: Record<string, unknown>, depth: number): Checked {
  let copy: Record<string, JsonValue> | undefined
  const keys = Object.keys(object)
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string
    const item = object[key]
    const checked = key === '__proto__' ? undefined : check(item, depth)
    if (checked === NOT_JSON) return NOT_JSON
    if (copy === undefined && (checked === undefined || checked !== item)) {
      copy = {}
      for (let j = 0; j < i; j++) copy[keys[j] as string] = object[keys[j] as string] as JsonValue
    }
    if (copy !== undefined && checked !== undefined) copy[key] = checked
  }
  return copy ?? (object as Record<string, JsonValue>)
}

function check(value: unknown, depth: number): Checked {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
    case 'undefined':
      return value
    case 'number':
      return Number.isFinite(value) ? value : NOT_JSON
    case 'object':
      if (value === null) return null
      if (depth > MAX_DEPTH || --valuesLeft < 0) return NOT_JSON
      if (Array.isArray(value)) return checkArray(value, depth + 1)
      // Dates, URLs and decimals say themselves what they are in JSON.
      if (hasToJson(value)) return check(value.toJSON(''), depth + 1)
      return isPlain(value) ? checkObject(value, depth + 1) : NOT_JSON
    case 'function':
    case 'symbol':
      return NOT_JSON
  }
}

/** Where the trouble is and what stands there; walked only when there is trouble. */
function locate(value: unknown, path: string, depth: number): string | undefined {
  if (check(value, depth) !== NOT_JSON) return undefined
  if (typeof value === 'number') return `${path} is ${value}`
  if (typeof value !== 'object' || value === null) return `${path} is a ${typeof value}`
  if (depth > MAX_DEPTH) return 'it contains itself, or is nested too deeply'
  if (hasToJson(value)) return `${path} gives no JSON in its toJSON()`
  if (!Array.isArray(value) && !isPlain(value)) {
    const { constructor } = value
    return `${path} is a ${typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'class instance'}`
  }
  for (const [key, item] of Object.entries(value)) {
    const found = locate(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, depth + 1)
    if (found !== undefined) return found
  }
  return path
}

/** Whether it is nested so deeply (or in itself) that looking for the place would walk for long. */
function isTooDeep(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (depth > MAX_DEPTH) return true
  for (const item of Object.values(value)) if (isTooDeep(item, depth + 1)) return true
  return false
}

const TOO_MANY = `written out, it holds more than ${MAX_VALUES} objects and lists`

function findTrouble(result: unknown): string {
  valuesLeft = Infinity
  if (isTooDeep(result, 0)) return 'it contains itself, or is nested too deeply'
  return locate(result, 'result', 0) ?? 'result is not JSON'
}

/**
 * Undefined is null; undefined members are left out, as `JSON.stringify` does; what has `toJSON()` is asked.
 * @throws TuttiError `bad_response` naming the place of what is not JSON: functions, cycles, class instances, NaN
 */
export function jsonResult(result: unknown, toolName: string): JsonValue {
  valuesLeft = MAX_VALUES
  const checked = check(result, 0)
  if (checked === undefined) return null
  if (checked !== NOT_JSON) return checked
  const trouble = valuesLeft < 0 ? TOO_MANY : findTrouble(result)
  throw new TuttiError(
    'bad_response',
    `Tool "${toolName}" returned something that is not JSON: ${trouble}. Return plain objects, lists, texts, numbers, booleans or null.`,
  )
}
