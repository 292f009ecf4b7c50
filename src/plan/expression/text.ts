// Our spelling of paths, turned into the parser's: names with hyphens after `steps.` and `components.`, keywords and letters of
// all languages as keys, `.0` for `[0]`. Strings and comments pass untouched. Refuses what would nest too deeply to parse.

import { hasNames, toSegment } from '../scope-path.ts'
import { createExpressionError } from './error.ts'

const MAX_EXPRESSION_LENGTH = 8192
const MAX_NESTING = 100

const SPACE = /\s+/y
const COMMENT = /\/\/[^\n]*/y
const STRING =
  /[rRbB]?(?:"""(?:\\[^]|[^\\])*?"""|'''(?:\\[^]|[^\\])*?'''|"(?:\\[^]|[^"\\\n\r])*"|'(?:\\[^]|[^'\\\n\r])*')/y
const NUMBER = /0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /[\p{L}_$][\p{L}\p{N}_$]*/uy
const ACCESS = /\.\s*(\?)?\s*([\p{L}\p{N}_$]+)/uy
const NAMED_ACCESS = /\.\s*(\?)?\s*([\p{L}\p{N}_$][\p{L}\p{N}_$-]*)/uy
const PLAIN_KEY = /^(?!(?:true|false|null|in)$)[A-Za-z_][A-Za-z0-9_]*$/

/** The text for the parser, with the way back to places in the source. */
export interface ParserText {
  readonly text: string
  readonly sourceOffset: (offset: number) => number
}

function spellAccess(optional: boolean, key: string, isName: boolean): string {
  if (PLAIN_KEY.test(key)) return `.${optional ? '?' : ''}${key}`
  const segment = isName ? key : toSegment(key)
  return `[${optional ? '?' : ''}${typeof segment === 'number' ? segment : JSON.stringify(segment)}]`
}

/** @throws TuttiError `expression_failed` for a text that is too long or nests too deeply */
export function toParserText(source: string): ParserText {
  if (source.length > MAX_EXPRESSION_LENGTH) {
    throw createExpressionError(source, 0, `An expression has at most ${MAX_EXPRESSION_LENGTH} characters.`)
  }
  let text = ''
  let at = 0
  let nesting = 0
  let unary = 0
  // Whether what was read last ends a value, so that a dot or bracket reads something of it.
  let isOperand = false
  let namesFollow = false
  const marks: (readonly [out: number, source: number])[] = []
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source) ?? undefined
  }
  const emit = (spelled: string, length: number): void => {
    marks.push([text.length, at])
    text += spelled
    at += length
  }
  while (at < source.length) {
    const blank = take(SPACE) ?? take(COMMENT)
    if (blank !== undefined) {
      emit(' ', blank[0].length)
      continue
    }
    const access = isOperand ? take(namesFollow ? NAMED_ACCESS : ACCESS) : undefined
    if (access !== undefined) {
      emit(spellAccess(access[1] !== undefined, access[2] ?? '', namesFollow), access[0].length)
      namesFollow = false
      continue
    }
    const value = take(STRING) ?? take(NUMBER) ?? take(WORD)
    if (value !== undefined) {
      const [word] = value
      namesFollow = hasNames(word)
      isOperand = word !== 'in'
      unary = 0
      emit(word, word.length)
      continue
    }
    const char = source[at] ?? ''
    if ('([{'.includes(char)) nesting++
    else if (')]}'.includes(char)) nesting--
    unary = char === '!' || char === '-' ? unary + 1 : 0
    if (nesting > MAX_NESTING || unary > MAX_NESTING) {
      throw createExpressionError(source, at, `An expression nests at most ${MAX_NESTING} levels deep.`)
    }
    isOperand = ')]}'.includes(char)
    namesFollow = false
    emit(char, 1)
  }
  const sourceOffset = (offset: number): number => {
    let low = 0
    let high = marks.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((marks[middle]?.[0] ?? 0) <= offset) low = middle
      else high = middle
    }
    const [out, start] = marks[low] ?? [0, 0]
    const next = marks[low + 1]?.[1] ?? source.length
    return Math.min(start + offset - out, next)
  }
  return { text, sourceOffset }
}
