// Options that several commands share, and how their words are read.
import { InvalidArgumentError } from 'commander'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import { parseJson } from '../util/json.ts'

/** `k=v`, any number of times. Objects and lists are JSON; other values are text, which the input's type turns into what it should be. */
export function collectInput(text: string, inputs: JsonObject = {}): JsonObject {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write it as NAME=VALUE.')
  return Object.fromEntries([...Object.entries(inputs), [text.slice(0, at).trim(), readValue(text.slice(at + 1))]])
}

function readValue(text: string): JsonValue {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return parseJson(text)
  } catch {
    throw new InvalidArgumentError('The value begins like JSON and is none.')
  }
}

/** A whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}
