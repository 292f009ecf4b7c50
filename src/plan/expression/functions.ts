// The functions of expressions. Each is called as `f(x, y)` or `x.f(y)`. There is no `matches`: a pattern can take forever.
import type { TuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import type { Evaluation } from './budget.ts'
import { spendElements, spendScan, spendSteps, spendText, spendWritten } from './budget.ts'
import {
  areEqual,
  compareValues,
  countCharacters,
  describeKind,
  isNumber,
  roundDecimal,
  valueToText,
} from './values.ts'

interface FunctionCall {
  readonly args: readonly JsonValue[]
  readonly evaluation: Evaluation
  /** Makes the error for this place of the expression. */
  fail(reason: string): TuttiError
}

interface ExpressionFunction {
  readonly min: number
  readonly max: number
  call(call: FunctionCall): JsonValue
}

const INTEGER_TEXT = /^[+-]?\d{1,400}$/
const NUMBER_TEXT = /^[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,3})?$/
const BOOLEANS = new Map<JsonValue, boolean>([
  [true, true],
  [false, false],
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

function textArg(call: FunctionCall, i: number): string {
  const value = call.args[i]
  if (typeof value === 'string') {
    spendScan(call.evaluation, value.length)
    return value
  }
  throw call.fail(`A text is needed here, not ${describeKind(value ?? null)}. string(x) turns a value into text.`)
}

function numberArg(call: FunctionCall, i: number): number | bigint {
  const value = call.args[i] ?? null
  if (isNumber(value)) return value
  throw call.fail(`A number is needed here, not ${describeKind(value)}.`)
}

function listArg(call: FunctionCall, i: number): readonly JsonValue[] {
  const value = call.args[i] ?? null
  if (!isJsonList(value)) throw call.fail(`A list is needed here, not ${describeKind(value)}.`)
  spendSteps(call.evaluation, value.length)
  return value
}

const made = (call: FunctionCall, text: string): string => {
  spendText(call.evaluation, text.length)
  return text
}

function sizeOf(call: FunctionCall): number {
  const value = call.args[0] ?? null
  if (isJsonList(value)) return value.length
  if (isJsonObject(value)) return Object.keys(value).length
  if (typeof value !== 'string')
    throw call.fail(`size() needs a text, a list or an object, not ${describeKind(value)}.`)
  spendScan(call.evaluation, value.length)
  return countCharacters(value)
}

function toText(call: FunctionCall): string {
  const value = call.args[0] ?? null
  spendWritten(call.evaluation, value)
  return valueToText(value)
}

function toInteger(call: FunctionCall): number | bigint {
  const value = call.args[0] ?? null
  if (typeof value === 'bigint') return value
  if (typeof value === 'string' && INTEGER_TEXT.test(value.trim())) {
    const exact = BigInt(value.trim().replace('+', ''))
    const rounded = Number(exact)
    return Number.isSafeInteger(rounded) ? rounded : exact
  }
  const number = toDouble(call)
  // 12.7 loses its fraction as everywhere; the text "12.7" is no integer.
  if (typeof value === 'string' && !Number.isInteger(number)) throw call.fail('The text is not an integer.')
  return Math.trunc(number) || 0
}

function toDouble(call: FunctionCall): number {
  const value = call.args[0] ?? null
  if (isNumber(value)) return Number(value)
  if (typeof value !== 'string') throw call.fail(`A number or a text is needed here, not ${describeKind(value)}.`)
  const number = NUMBER_TEXT.test(value.trim()) ? Number(value) : NaN
  if (!Number.isFinite(number)) throw call.fail('The text is not a number.')
  return number
}

function toBoolean(call: FunctionCall): boolean {
  const found = BOOLEANS.get(call.args[0] ?? null)
  if (found !== undefined) return found
  throw call.fail('bool() reads only true, false and the texts "true", "false", "1" and "0".')
}

/** The arguments, or the only one when that is a list. */
function pickExtreme(call: FunctionCall, sign: 1 | -1): JsonValue {
  const first = call.args[0] ?? null
  const values = call.args.length === 1 && isJsonList(first) ? listArg(call, 0) : call.args
  const [head, ...others] = values
  if (head === undefined) throw call.fail('An empty list has no smallest and no largest value.')
  let best = head
  for (const value of values.length === 1 ? [head] : others) {
    const order = compareValues(value, best)
    if (order === undefined) throw call.fail('min() and max() need numbers only, or texts only.')
    if (order * sign > 0) best = value
  }
  return best
}

function sumOf(call: FunctionCall): number {
  let total = 0
  for (const value of listArg(call, 0)) {
    if (!isNumber(value)) throw call.fail(`sum() needs a list of numbers; it holds ${describeKind(value)}.`)
    total += Number(value)
  }
  return finite(call, total)
}

function finite(call: FunctionCall, value: number): number {
  if (!Number.isFinite(value)) throw call.fail('The result is too large for a number.')
  return value || 0
}

function roundTo(call: FunctionCall): number | bigint {
  const value = numberArg(call, 0)
  const digits = call.args.length === 1 ? 0 : Number(numberArg(call, 1))
  if (!Number.isInteger(digits) || digits < 0 || digits > 15) throw call.fail('round() takes 0 to 15 digits.')
  return typeof value === 'bigint' ? value : roundDecimal(value, digits)
}

function absolute(call: FunctionCall): number | bigint {
  const value = numberArg(call, 0)
  if (typeof value === 'number') return Math.abs(value)
  return value < 0n ? -value : value
}

function containsValue(call: FunctionCall): boolean {
  const [whole = null, part = null] = call.args
  if (!isJsonList(whole)) return textArg(call, 0).includes(textArg(call, 1))
  return listArg(call, 0).some((item) => areEqual(item, part, call.evaluation))
}

function splitText(call: FunctionCall): string[] {
  const parts = textArg(call, 0).split(textArg(call, 1), call.evaluation.elements + 1)
  spendElements(call.evaluation, parts.length)
  for (const part of parts) spendText(call.evaluation, part.length)
  return parts
}

function joinList(call: FunctionCall): string {
  const separator = call.args.length === 1 ? '' : textArg(call, 1)
  let text = ''
  for (const [i, item] of listArg(call, 0).entries()) {
    if (typeof item === 'object')
      throw call.fail(`join() needs texts, numbers or booleans; the list holds ${describeKind(item)}.`)
    const part = (i === 0 ? '' : separator) + valueToText(item)
    spendText(call.evaluation, part.length)
    text += part
  }
  return text
}

const FUNCTIONS = new Map<string, ExpressionFunction>([
  ['size', { min: 1, max: 1, call: sizeOf }],
  ['string', { min: 1, max: 1, call: toText }],
  ['int', { min: 1, max: 1, call: toInteger }],
  ['double', { min: 1, max: 1, call: toDouble }],
  ['bool', { min: 1, max: 1, call: toBoolean }],
  ['min', { min: 1, max: 32, call: (call) => pickExtreme(call, -1) }],
  ['max', { min: 1, max: 32, call: (call) => pickExtreme(call, 1) }],
  ['sum', { min: 1, max: 1, call: sumOf }],
  ['round', { min: 1, max: 2, call: roundTo }],
  ['abs', { min: 1, max: 1, call: absolute }],
  ['startsWith', { min: 2, max: 2, call: (call) => textArg(call, 0).startsWith(textArg(call, 1)) }],
  ['endsWith', { min: 2, max: 2, call: (call) => textArg(call, 0).endsWith(textArg(call, 1)) }],
  ['contains', { min: 2, max: 2, call: containsValue }],
  ['split', { min: 2, max: 2, call: splitText }],
  ['join', { min: 1, max: 2, call: joinList }],
  ['trim', { min: 1, max: 1, call: (call) => made(call, textArg(call, 0).trim()) }],
])

export const findFunction = (name: string): ExpressionFunction | undefined => FUNCTIONS.get(name)
export const FUNCTION_NAMES: readonly string[] = [...FUNCTIONS.keys()]
