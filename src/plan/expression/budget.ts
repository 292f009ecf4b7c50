// What one evaluation may use. Expressions come from models and strangers; a few hundred characters must not exhaust the process.
import type { Scope } from '../../contracts/compiled.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'
import { isJsonList } from '../../util/json.ts'

export const MAX_STEPS = 100_000
export const MAX_ELEMENTS = 200_000
/** UTF-16 units of text that an evaluation may make. */
export const MAX_TEXT = 1_048_576
/** Characters that a result may have when written out; see {@link writtenSize}. */
export const MAX_RESULT = 16 * 1_048_576
/** Scanning text is cheap; so many characters count as one step. */
const CHARS_PER_STEP = 1000
/** What a number, a bracket or a comma counts for beside text. */
const NODE_SIZE = 8

/** One evaluation under way: what it reads, what it has left, and the variables of its macros by slot. */
export interface Evaluation {
  readonly scope: Scope
  readonly text: string
  readonly locals: JsonValue[]
  steps: number
  elements: number
  chars: number
}

export const startEvaluation = (scope: Scope, text: string): Evaluation => ({
  scope,
  text,
  locals: [],
  steps: MAX_STEPS,
  elements: MAX_ELEMENTS,
  chars: MAX_TEXT,
})

function tooExpensive(text: string, limit: string): TuttiError {
  const start = text.length > 80 ? `${text.slice(0, 79)}…` : text
  return new TuttiError(
    'expression_too_expensive',
    `The expression "${start}" needs more than ${limit}. Let a component compute this, or work on less data.`,
  )
}

export function spendSteps(evaluation: Evaluation, count: number): void {
  evaluation.steps -= count
  if (evaluation.steps < 0) throw tooExpensive(evaluation.text, `${MAX_STEPS} steps`)
}

/** For elements of lists that the evaluation makes without a step for each: literals and loops have paid one. */
export function spendElements(evaluation: Evaluation, count: number): void {
  evaluation.elements -= count
  if (evaluation.elements < 0) throw tooExpensive(evaluation.text, `${MAX_ELEMENTS} list elements`)
}

/** For text that the evaluation makes. */
export function spendText(evaluation: Evaluation, length: number): void {
  evaluation.chars -= length
  if (evaluation.chars < 0) throw tooExpensive(evaluation.text, `${MAX_TEXT} characters of text`)
}

/** For text that is read through. */
export function spendScan(evaluation: Evaluation, length: number): void {
  if (length > CHARS_PER_STEP) spendSteps(evaluation, Math.ceil(length / CHARS_PER_STEP))
}

/**
 * About how many characters the value has as JSON. A part that stands in several places counts each time: a few lists within
 * lists, all of the same object, take little memory here and all of it where they are written out. Stops above `limit`.
 */
function writtenSize(value: JsonValue, limit: number): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return NODE_SIZE
  let size = NODE_SIZE
  if (isJsonList(value)) {
    for (const item of value) {
      size += writtenSize(item, limit - size) + 1
      if (size > limit) return size
    }
    return size
  }
  for (const [key, item] of Object.entries(value)) {
    size += key.length + writtenSize(item, limit - size) + 1
    if (size > limit) return size
  }
  return size
}

/** For a value that is about to become text. */
export function spendWritten(evaluation: Evaluation, value: JsonValue): void {
  spendText(evaluation, writtenSize(value, evaluation.chars))
}

/** Refuses a result that would be too much for whoever takes it. */
export function checkResult(evaluation: Evaluation, value: JsonValue): void {
  if (typeof value !== 'object' || value === null) return
  if (writtenSize(value, MAX_RESULT) > MAX_RESULT)
    throw tooExpensive(evaluation.text, `${MAX_RESULT} characters of result`)
}
