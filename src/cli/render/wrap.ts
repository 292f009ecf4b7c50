// Words wrapped at the width of a terminal, also while the text still streams: no word is cut, continued lines keep their indent.
import { displayWidth, fitText } from './text.ts'

export interface WordWrap {
  /** What can be shown already; the last word is held back until it is whole. */
  push(text: string): string
  /** What was held back. */
  end(): string
}

const BULLET = /^([-*•]|\d{1,3}[.)])$/

export function createWordWrap(columns: number): WordWrap {
  let column = 0
  let indent = 0
  let isLineStart = true
  let spaces = 0
  let word = ''
  const flush = (): string => {
    if (word === '') return ''
    const width = displayWidth(word)
    const breaks = column + spaces + width > columns && column > indent
    const out = breaks ? `\n${' '.repeat(indent)}${word}` : `${' '.repeat(spaces)}${word}`
    column = breaks ? indent + width : column + spaces + width
    if (isLineStart && BULLET.test(word)) indent += width + 1
    isLineStart = false
    spaces = 0
    word = ''
    return out
  }
  const put = (character: string): string => {
    if (character === '\n') {
      const out = `${flush()}\n`
      column = indent = spaces = 0
      isLineStart = true
      return out
    }
    if (character === ' ') {
      const out = flush()
      if (!isLineStart) spaces++
      else {
        column++
        indent = Math.min(column, columns >> 1)
        return ' '
      }
      return out
    }
    // Between wide characters, such as Chinese ones, a line may end.
    if (displayWidth(character) === 2) {
      const before = flush()
      word = character
      return before + flush()
    }
    word += character
    return ''
  }
  return {
    push: (text) => [...text].map(put).join(''),
    end: flush,
  }
}

/** The text as lines of at most `columns` columns; what goes beyond `maxLines` is cut with an ellipsis. */
export function wrapText(text: string, columns: number, maxLines: number): string[] {
  const wrap = createWordWrap(columns)
  const lines = `${wrap.push(text)}${wrap.end()}`.split('\n')
  if (lines.length <= maxLines) return lines.map((line) => fitText(line, columns))
  const last = fitText(lines[maxLines - 1] ?? '', columns - 2).replace(/…$/, '')
  return [...lines.slice(0, maxLines - 1).map((line) => fitText(line, columns)), `${last.trimEnd()} …`]
}
