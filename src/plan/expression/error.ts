// How an expression fails: the reason, the line it stands in and a caret below the place. Values are never shown, they may be secret.
import { TuttiError } from '../../contracts/errors.ts'

const WINDOW = 60

function pointAt(text: string, offset: number): string {
  const lineStart = text.slice(0, offset).lastIndexOf('\n') + 1
  const newline = text.indexOf('\n', offset)
  const from = Math.max(lineStart, offset - WINDOW)
  const to = Math.min(newline === -1 ? text.length : newline, offset + WINDOW)
  return `  ${text.slice(from, to)}\n  ${' '.repeat(offset - from)}^`
}

/** `expression_failed` with the place in the expression's text, from 0, in `details.offset`. */
export function createExpressionError(
  text: string,
  offset: number,
  reason: string,
  details: Readonly<Record<string, unknown>> = {},
): TuttiError {
  const at = Math.min(Math.max(0, offset), text.length)
  return new TuttiError('expression_failed', `${reason}\n${pointAt(text, at)}`, { details: { ...details, offset: at } })
}
