// Values that stand in nearly-JSON without quotes: numbers, words of JavaScript and Python, references, and arithmetic.
import type { JsonValue } from '../contracts/json.ts'

const WORDS = new Map<string, JsonValue>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['null', null],
  ['None', null],
  ['undefined', null],
])
const NUMBER = /^[+-]?(?:0|[1-9]\d{0,308}|(?=\.\d))(?:\.\d{0,400})?(?:[eE][+-]?\d{1,3})?$/
const INTEGER = /^[+-]?\d+$/
// A reference that stands without quotes is meant as a value; its text is kept as the string it should have been.
const REFERENCE = /^(?:\$\{[^{}"'\n]+\}|\{\{[^{}"':\n]+\}\})$/

/** @returns undefined for text that is no value, such as `100 * 468.28`, `NaN` or `get_price()` */
export function readBareValue(raw: string): JsonValue | undefined {
  const word = WORDS.get(raw)
  if (word !== undefined) return word
  if (REFERENCE.test(raw)) return raw
  if (!NUMBER.test(raw)) return undefined
  const value = Number(raw)
  if (INTEGER.test(raw) && !Number.isSafeInteger(value)) return BigInt(raw.replace('+', ''))
  return Number.isFinite(value) ? value : undefined
}

/** The place of the comma, bracket, comment or line end behind a bare value; undefined when the text ends first. */
export function endOfBareValue(text: string, start: number): number | undefined {
  let open = 0
  let newline = -1
  for (let i = start; i < text.length; i++) {
    const char = text[i] ?? ''
    if (char === '"' || char === "'") {
      // An apostrophe in prose is no quote: a string ends on its line.
      if (newline < i) newline = indexOrEnd(text, '\n', i)
      const close = text.indexOf(char, i + 1)
      if (close !== -1 && close < newline) i = close
    } else if (char === '(' || char === '[' || char === '{') {
      open++
    } else if (char === ')' || char === ']' || char === '}') {
      if (open-- === 0) return i
    } else if (open === 0) {
      if (char === ',' || char === '\n') return i
      if (char === '/' && /[/*]/.test(text[i + 1] ?? '')) return i
    }
  }
  return undefined
}

function indexOrEnd(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  return found === -1 ? text.length : found
}
