// `${...}` in the values of a document: found once, compiled once, resolved against the live scope at each use. What a reference
// brings in is data: it is never read for further references, and the document itself is never written to.
import type { Absent, CompiledValue, Reference, Scope } from '../contracts/compiled.ts'
import { ABSENT } from '../contracts/compiled.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { JsonValue } from '../contracts/json.ts'
import { isJsonObject } from '../util/json.ts'
import { endOfReference } from './expression/bare-expression.ts'
import { MAX_RESULT } from './expression/budget.ts'
import { createExpressionError } from './expression/error.ts'
import { valueToText } from './expression/values.ts'
import { compileExpression } from './expression.ts'
import { createAbsentError, parsePath } from './scope-path.ts'

export { parsePath }

/** A piece of a text: as it stands, or the inside of `${...}` with its place. */
type Piece = string | { readonly inner: string; readonly offset: number }

/**
 * Splits a text at its references. A dollar sign before one is a dollar sign (`$${inputs.price}` is `$5`); the text `${x}`
 * itself is written as a reference to a text: `${"${x}"}`.
 */
function splitText(text: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (let start = text.indexOf('${'); start !== -1; start = text.indexOf('${', at)) {
    const end = endOfReference(text, start)
    if (end === undefined) {
      throw createExpressionError(text, start, 'This "${" is never closed. Add "}", or write "${" as ${"${"}.')
    }
    if (start > at) pieces.push(text.slice(at, start))
    pieces.push({ inner: text.slice(start + 2, end - 1), offset: start + 2 })
    at = end
  }
  if (at < text.length) pieces.push(text.slice(at))
  return pieces
}

/** A text as documents write it when it is to stand for itself, whatever is in it. */
export const quoteText = (text: string): string => (text.includes('${') ? `\${${JSON.stringify(text)}}` : text)

/** A value without references: it stands for itself. */
export const literal = (source: JsonValue): CompiledValue => ({
  source,
  references: [],
  isLiteral: true,
  evaluate: () => source,
})

/**
 * Compiles a value of a document. Exactly one `${...}` keeps its type and may be ABSENT; inside text it becomes text. In an
 * object a key whose value is absent is left out, in a list it is an error. {@link loadExpressions} first if {@link usesExpressions}.
 * @throws TuttiError `expression_failed` for an unclosed reference or one that cannot be read
 */
export function compileValue(source: JsonValue): CompiledValue {
  if (typeof source === 'string') return compileText(source)
  if (Array.isArray(source)) return compileList(source, source)
  if (isJsonObject(source)) return compileObject(source)
  return literal(source)
}

function compileText(source: string): CompiledValue {
  if (!source.includes('${')) return literal(source)
  const pieces = splitText(source).map((piece) => (typeof piece === 'string' ? piece : compileInner(source, piece)))
  const [first] = pieces
  if (pieces.length === 1 && first !== undefined && typeof first !== 'string') {
    return { ...first, source }
  }
  return {
    source,
    references: pieces.flatMap((piece) => (typeof piece === 'string' ? [] : piece.references)),
    isLiteral: false,
    evaluate: (scope) => joinPieces(source, pieces, scope),
  }
}

/** Places in errors count from the start of the whole text. */
function compileInner(source: string, piece: { readonly inner: string; readonly offset: number }): CompiledValue {
  try {
    return compileExpression(piece.inner)
  } catch (error) {
    const offset = error instanceof TuttiError ? error.details['offset'] : undefined
    if (!(error instanceof TuttiError) || typeof offset !== 'number' || source === piece.inner) throw error
    const details = { ...error.details, offset: offset + piece.offset }
    throw new TuttiError(error.code, error.message, { cause: error.cause, details })
  }
}

function joinPieces(source: string, pieces: readonly (string | CompiledValue)[], scope: Scope): string {
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      text += piece
      continue
    }
    const value = piece.evaluate(scope)
    if (value === ABSENT) throw absentIn(piece, scope, 'Text needs a value here.')
    text += valueToText(value)
    if (text.length > MAX_RESULT) {
      throw new TuttiError(
        'expression_too_expensive',
        `The text "${source.slice(0, 60)}…" grows beyond ${MAX_RESULT} characters. Refer to less data.`,
      )
    }
  }
  return text
}

function absentIn(value: CompiledValue, scope: Scope, why: string): TuttiError {
  const [reference] = value.references
  if (reference === undefined) return new TuttiError('binding_failed', `A value is not there. ${why}`)
  const { message, details } = createAbsentError(reference, scope)
  return new TuttiError('binding_failed', `${message} ${why}`, { details })
}

function compileList(source: JsonValue, list: readonly JsonValue[]): CompiledValue {
  const items = list.map(compileValue)
  if (items.every((item) => item.isLiteral)) return literal(source)
  return {
    source,
    references: collectReferences(items),
    isLiteral: false,
    evaluate: (scope) =>
      items.map((item) => {
        const value = item.evaluate(scope)
        if (value === ABSENT) throw absentIn(item, scope, 'A list cannot have a gap.')
        return value
      }),
  }
}

function compileObject(source: Readonly<Record<string, JsonValue>>): CompiledValue {
  const members = Object.keys(source)
    .filter((key) => key !== '__proto__')
    .map((key) => ({ key, value: compileValue(source[key] ?? null) }))
  if (members.every(({ value }) => value.isLiteral)) return literal(source)
  return {
    source,
    references: collectReferences(members.map(({ value }) => value)),
    isLiteral: false,
    evaluate(scope): JsonValue | Absent {
      const result: Record<string, JsonValue> = {}
      for (const { key, value } of members) {
        const found = value.evaluate(scope)
        if (found !== ABSENT) result[key] = found
      }
      return result
    },
  }
}

const collectReferences = (values: readonly CompiledValue[]): readonly Reference[] =>
  values.flatMap((value) => value.references)

/** Whether {@link loadExpressions} is needed before compiling: some `${...}` in the value is more than a plain path. */
export function usesExpressions(source: JsonValue): boolean {
  if (typeof source === 'string') return source.includes('${') && textUsesExpressions(source)
  if (Array.isArray(source)) return source.some(usesExpressions)
  return isJsonObject(source) && Object.values(source).some(usesExpressions)
}

function textUsesExpressions(text: string): boolean {
  try {
    return splitText(text).some((piece) => typeof piece !== 'string' && parsePath(piece.inner) === undefined)
  } catch {
    // An unclosed reference is compileValue's to report; it needs no parser for that.
    return false
  }
}

const DOUBLE_BRACES = /\{\{\s*[\p{L}_][^{}\n]*\}\}/u
const SINGLE_BRACES =
  /(?<!\$)\{\s*(?:(?:inputs|steps|run|secrets)\.[\w.[\]-]+|[A-Za-z_][\w-]*\.(?:response|output|outputs|result|data)(?:[.[][\w.[\]-]*)?)\s*\}/
const NODE_MARK = /<node-\d+>/

/** Whether a text holds what other systems write for a reference: `{{step-1.response.x}}`, `{step-1.response.x}`, `<node-0>`. */
export const looksLikeForeignReference = (text: string): boolean =>
  DOUBLE_BRACES.test(text) || SINGLE_BRACES.test(text) || NODE_MARK.test(text)
