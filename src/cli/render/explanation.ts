// An explanation on a terminal: its own text, with lines that are too long continued under themselves.
import { cleanText, displayWidth, type Paint, type Style } from './text.ts'
import { wrapText } from './wrap.ts'

const TREE = /^[│├└─ ]*/u
/** `side effects: ` and the like, below the tree. */
const LABEL = /^[a-z][a-z ]{2,20}: /
const MAX_LINES_EACH = 40

/** @param columns width of a line; nothing is wider */
export function renderExplanation(text: string, paint: Paint, columns: number): string[] {
  const [title = '', ...lines] = cleanText(text).trimEnd().split('\n')
  return [
    ...wrapText(title, columns, 3).map((line) => paint('bold', line)),
    ...lines.flatMap((line) => renderLine(line, paint, columns)),
  ]
}

function renderLine(line: string, paint: Paint, columns: number): string[] {
  const [tree = ''] = TREE.exec(line) ?? []
  if (tree !== '') return renderUnder(tree, line.slice(tree.length), { paint, columns })
  const [label = ''] = LABEL.exec(line) ?? []
  const style = STYLES.get(label)
  const [first = '', ...rest] = wrapText(line.slice(label.length), columns - label.length, MAX_LINES_EACH)
  const painted = style === undefined ? first : paint(style, first)
  return [
    paint('bold', label) + painted,
    ...rest.map((more) => ' '.repeat(label.length) + (style === undefined ? more : paint(style, more))),
  ]
}

const STYLES: ReadonlyMap<string, Style> = new Map([
  ['trouble: ', 'red'],
  ['error: ', 'red'],
  ['warning: ', 'yellow'],
  ['drift: ', 'yellow'],
])

/** The branches go on below a step whose line is continued. */
function renderUnder(
  tree: string,
  rest: string,
  { paint, columns }: { readonly paint: Paint; readonly columns: number },
): string[] {
  const below = `${tree.replaceAll('├', '│').replaceAll(/[└─]/g, ' ')}  `
  const [first = '', ...more] = wrapText(rest, Math.max(10, columns - displayWidth(below)), MAX_LINES_EACH)
  const isStage = /^stage \d+$/.test(first)
  return [
    paint('dim', tree) + (isStage ? paint('dim', first) : first),
    ...more.map((line) => paint('dim', below) + line),
  ]
}
