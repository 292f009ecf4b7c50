// Text for terminals: foreign text cannot move the cursor, columns line up also with wide characters.
import { styleText } from 'node:util'

/** Removes what a terminal would obey: control characters and escape sequences. Line ends and tabs stay. */
export function cleanText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text
    .replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
}

/** On one line: line ends become spaces. A caret below an excerpt would point at nothing there. */
export const oneLine = (text: string): string =>
  cleanText(text)
    .replace(/\n {2}(\S.*)\n *\^/g, ' In: $1')
    .replace(/\s+/g, ' ')
    .trim()

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const NO_WIDTH = /[\p{Mn}\p{Me}\u200b-\u200d\ufe00-\ufe0f]/u

const widthOf = (character: string): number => (NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1)

/** How many columns the text takes. */
export const displayWidth = (text: string): number => [...text].reduce((sum, character) => sum + widthOf(character), 0)

/** The text in at most `columns` columns; what is cut ends in `…`. */
export function fitText(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  if (columns < 1) return ''
  let out = ''
  let used = 0
  for (const character of text) {
    const width = widthOf(character)
    if (used + width > columns - 1) break
    out += character
    used += width
  }
  return `${out}…`
}

export const padText = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - displayWidth(text)))

/** `41 ms`, `1.2 s`, `12 s`, `3 min 05 s`. */
export function showDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
}

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan'
export type Paint = (style: Style, text: string) => string

/** Colours, or none at all. */
export const createPaint = (color: boolean): Paint =>
  color
    ? (style, text) => (text === '' ? '' : styleText(style, text, { validateStream: false }))
    : (_style, text) => text

/** A piece of a line and how it looks. */
export type Span = string | readonly [Style, string]

/** The spans as one line of at most `columns` columns; colours take no room. */
export function paintLine(spans: readonly Span[], paint: Paint, columns: number): string {
  let left = columns
  let line = ''
  for (const span of spans) {
    const text = typeof span === 'string' ? span : span[1]
    const fitted = fitText(text, left)
    left -= displayWidth(fitted)
    line += typeof span === 'string' ? fitted : paint(span[0], fitted)
    if (fitted !== text) break
  }
  return line.trimEnd()
}
