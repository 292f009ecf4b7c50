// Options that several commands share, and how their words are read.
import { InvalidArgumentError } from 'commander'
import type { RequestOptions } from '../contracts/api.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import { type BudgetSpec, budgetSchema, type Priority } from '../contracts/policy.ts'
import { parseDuration } from '../util/duration.ts'
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

/** How a run stands among others, and what it may use up. */
export interface TermsOptions {
  readonly priority?: Priority
  readonly budget?: BudgetSpec
  /** ms */
  readonly dueIn?: number
  readonly maxReplans?: number
}

export const termsOf = ({ priority, budget, dueIn, maxReplans }: TermsOptions): RequestOptions => ({
  ...(priority !== undefined && { priority }),
  ...(budget !== undefined && { budget }),
  ...(dueIn !== undefined && { dueInMs: dueIn }),
  ...(maxReplans !== undefined && { maxReplans }),
})

/** `30s`, `5m`: ms. */
export function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined && ms > 0) return ms
  throw new InvalidArgumentError('It must be a duration such as 30s or 5m.')
}

const BUDGET_KEYS: ReadonlyMap<string, keyof BudgetSpec> = new Map([
  ['model_calls', 'modelCalls'],
  ['tokens', 'tokens'],
  ['cost', 'cost'],
  ['wall_time', 'wallTimeMs'],
  ['component_calls', 'componentCalls'],
])

/** `model_calls=5,tokens=10000,cost=0.5,wall_time=2m,component_calls=20`, any of them. */
export function readBudget(text: string): BudgetSpec {
  const given = text.split(',').map((part): [keyof BudgetSpec, number] => {
    const at = part.indexOf('=')
    const name = part.slice(0, Math.max(0, at)).trim()
    const key = BUDGET_KEYS.get(name)
    if (key === undefined)
      throw new InvalidArgumentError(`Write it as ${[...BUDGET_KEYS.keys()].join('=N,')}=N; "${part.trim()}" is none.`)
    const value = part.slice(at + 1).trim()
    return [key, key === 'wallTimeMs' ? duration(value) : value === '' ? Number.NaN : Number(value)]
  })
  const read = budgetSchema.safeParse(Object.fromEntries(given))
  if (read.success && new Set(given.map(([key]) => key)).size === given.length) return read.data
  throw new InvalidArgumentError('Each limit must be given once, as a number above 0 (whole, but for the cost).')
}
