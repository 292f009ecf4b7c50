// Puts drawings on the terminal: erases the old block, prints what stays, draws the block anew.
import type { Drawing } from './render/renderer.ts'
import { wrapText } from './render/wrap.ts'
import { lineWidth, type Output, type Terminal } from './terminal.ts'

export interface LiveOutput {
  show(drawing: Drawing): void
  /** Draws only the block again. */
  redraw(block: readonly string[]): void
}

export function createLiveOutput({ stdout, stderr }: Pick<Terminal, 'stdout' | 'stderr'>): LiveOutput {
  let drawn = 0
  // Standard output stands in the middle of a line: the next line of progress begins below.
  let isMidLine = false
  // From the first column: the terminal writes `^C` for Ctrl-C, and the cursor stands behind it.
  const erase = (): string => (drawn === 0 ? '' : `\r\u001b[${drawn}A\u001b[0J`)
  return {
    show({ print = [], answer = '', after = [], block = [] }) {
      const below = isMidLine && print.length + block.length > 0 ? '\n' : ''
      if (below !== '') isMidLine = false
      const lines = [...print, ...(answer === '' ? block : [])]
      const text = erase() + below + lines.map((line) => `${line}\n`).join('')
      drawn = answer === '' ? block.length : 0
      if (text !== '') stderr.write(text)
      if (answer !== '') {
        stdout.write(answer)
        isMidLine = !answer.endsWith('\n')
      }
      for (const line of after) stderr.write(`${line}\n`)
    },
    redraw(block) {
      if (block.length === 0 && drawn === 0) return
      stderr.write(erase() + block.map((line) => `${line}\n`).join(''))
      drawn = block.length
    },
  }
}

/** Where log lines go: to a stream, or, while something is drawn there, through whoever draws. */
export interface Aside {
  write(text: string): void
  through: ((text: string) => void) | undefined
}

export const createAside = (stream: Output): Aside => ({
  through: undefined,
  write(text) {
    const lines = stream.isTTY === true ? wrapText(text.trimEnd(), lineWidth(stream), MAX_LINES) : [text.trimEnd()]
    const shown = lines.map((line) => `${line}\n`).join('')
    if (this.through === undefined) stream.write(shown)
    else this.through(shown)
  },
})

/** Of one entry of the log. */
const MAX_LINES = 10
