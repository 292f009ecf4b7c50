// Where things stand in a JSON text, and which keys stand there twice: what JSON.parse does not tell. The text is known to be valid.
import type { Path } from '../issue.ts'

interface Found {
  readonly offset: number
  readonly keyOffset: number | undefined
  /** The scalar as written, without quotes; undefined for objects and lists, and when the path was not found. */
  readonly scalar: string | undefined
}

export interface JsonMap {
  readonly doubtful: readonly { readonly path: Path; readonly kind: 'duplicate' | 'proto'; readonly offset: number }[]
  /** The value at the path, or the nearest parent that exists. A key that stands twice: the second one. */
  find(path: Path): Found
}

interface Frame {
  readonly isObject: boolean
  readonly keys: Set<string>
  /** The key or index of the value that is read now. */
  current: string | number
}

interface Visit {
  readonly frames: readonly Frame[]
  readonly offset: number
  readonly keyOffset: number | undefined
  readonly scalar: string | undefined
}

const SCALAR = /[^\s,\]}]+/y

/** Calls `onValue` at each value, and `onKey` when a key is doubtful. No recursion: texts may be deep. */
function scan(
  text: string,
  onValue: (visit: Visit) => void,
  onDoubt: (path: Path, kind: 'duplicate' | 'proto', offset: number) => void,
): void {
  const frames: Frame[] = []
  let keyOffset: number | undefined
  let expectsKey = false
  const pathNow = (): Path => frames.map(({ current }) => current)
  for (let i = 0; i < text.length; ) {
    const char = text[i]
    const frame = frames.at(-1)
    if (char === '{' || char === '[') {
      onValue({ frames, offset: i, keyOffset, scalar: undefined })
      frames.push({ isObject: char === '{', keys: new Set(), current: char === '{' ? '' : 0 })
      expectsKey = char === '{'
      keyOffset = undefined
      i++
    } else if (char === '}' || char === ']') {
      frames.pop()
      i++
    } else if (char === ',') {
      if (frame !== undefined && !frame.isObject) frame.current = Number(frame.current) + 1
      expectsKey = frame?.isObject === true
      keyOffset = undefined
      i++
    } else if (char === '"') {
      const end = endOfString(text, i)
      if (expectsKey && frame !== undefined) {
        const raw = text.slice(i, end)
        const key = String(raw.includes('\\') ? JSON.parse(raw) : raw.slice(1, -1))
        frame.current = key
        if (frame.keys.has(key)) onDoubt(pathNow(), 'duplicate', i)
        else if (key === '__proto__') onDoubt(pathNow(), 'proto', i)
        frame.keys.add(key)
        keyOffset = i
        expectsKey = false
      } else {
        onValue({ frames, offset: i, keyOffset, scalar: text.slice(i + 1, end - 1) })
      }
      i = end
    } else if (char === ':' || char === ' ' || char === '\n' || char === '\r' || char === '\t') {
      i++
    } else {
      SCALAR.lastIndex = i
      const scalar = SCALAR.exec(text)?.[0] ?? ''
      onValue({ frames, offset: i, keyOffset, scalar })
      i += Math.max(1, scalar.length)
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') return i + 1
  }
  return text.length
}

export function createJsonMap(text: string): JsonMap {
  const doubtful: { path: Path; kind: 'duplicate' | 'proto'; offset: number }[] = []
  scan(text, ignore, (path, kind, offset) => doubtful.push({ path, kind, offset }))
  let root: Place | undefined
  return { doubtful, find: (path) => find((root ??= readPlaces(text)), path) }
}

const ignore = (): void => undefined

/** Where one value stands, and those within it: read once, since a broken document asks for many places. */
interface Place extends Found {
  inner: Map<string, Place> | undefined
}

function readPlaces(text: string): Place {
  const nowhere: Place = {
    offset: Math.max(0, text.search(/\S/)),
    keyOffset: undefined,
    scalar: undefined,
    inner: undefined,
  }
  const open: Place[] = []
  scan(
    text,
    ({ frames, offset, keyOffset, scalar }) => {
      const place: Place = { offset, keyOffset, scalar, inner: undefined }
      const parent = open[frames.length - 1]
      if (parent !== undefined) (parent.inner ??= new Map()).set(String(frames.at(-1)?.current), place)
      open.length = frames.length
      open.push(place)
    },
    ignore,
  )
  return open[0] ?? nowhere
}

function find(root: Place, path: Path): Found {
  let best = root
  for (const part of path) {
    const next = best.inner?.get(String(part))
    if (next === undefined) return { ...best, scalar: undefined }
    best = next
  }
  return best
}
