// Lines out of a stream of bytes, each up to a limit. Of a longer one only its beginning and its end are kept, which is enough
// to tell whose answer it was; memory stays bounded whatever is written.

/** One line, or what is left of one that was too long. */
export type Line = { readonly text: string } | { readonly head: string; readonly tail: string }

const KEPT_BYTES = 1_024
const LINE_FEED = 10

export interface LineReader {
  /** The lines that this chunk ends. */
  push(chunk: Buffer): Line[]
  /** Of the line that has not ended, bytes. */
  readonly pendingBytes: number
}

/** @param limit longest line, bytes */
export function createLineReader(limit: number): LineReader {
  let parts: Buffer[] = []
  let bytes = 0
  let head: string | undefined
  let tail: Buffer = Buffer.alloc(0)

  const add = (part: Buffer): void => {
    bytes += part.length
    if (bytes <= limit) {
      parts.push(part)
      return
    }
    if (head === undefined) {
      const first = Buffer.concat([...parts, part].map((one) => one.subarray(0, KEPT_BYTES)))
      head = first.subarray(0, KEPT_BYTES).toString('utf8')
      parts = []
    }
    tail = Buffer.concat([tail.subarray(-KEPT_BYTES), part.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES)
  }

  const end = (): Line => {
    const line: Line =
      head === undefined
        ? {
            text: (parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, bytes)).toString(
              'utf8',
            ),
          }
        : { head, tail: tail.toString('utf8') }
    parts = []
    bytes = 0
    head = undefined
    tail = Buffer.alloc(0)
    return line
  }

  return {
    push(chunk) {
      const lines: Line[] = []
      let from = 0
      for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, from)) {
        add(chunk.subarray(from, at))
        lines.push(end())
        from = at + 1
      }
      if (from < chunk.length) add(chunk.subarray(from))
      return lines
    },
    get pendingBytes() {
      return bytes
    },
  }
}
