// A document's text as a value, with the place of everything in it. JSON is read as JSON, all else as YAML 1.2.
import type { JsonValue } from '../../contracts/json.ts'
import { byteLengthOf, parseJson } from '../../util/json.ts'
import { createIssue } from '../issue.ts'
import { createJsonMap } from './json-map.ts'
import { brokenText, type Place, type TextDocument } from './text-document.ts'

export interface TextOptions {
  /** Larger texts are refused. Default 1,000,000. */
  readonly maxBytes?: number
}

export async function readText(text: string, { maxBytes = 1_000_000 }: TextOptions = {}): Promise<TextDocument> {
  const bytes = byteLengthOf(text)
  if (bytes > maxBytes) {
    const message = `The document is ${bytes} bytes long; at most ${maxBytes} are read.`
    return brokenText(createIssue({ code: 'limit', path: [], message }))
  }
  // A byte order mark moves no column.
  const plain = text.startsWith('\uFEFF') ? text.slice(1) : text
  if (plain.trim() === '') {
    const message = 'The document is empty. It needs at least "steps".'
    return brokenText(createIssue({ code: 'syntax', path: [], message }))
  }
  if (/^\s*[{[]/.test(plain)) {
    const json = tryJson(plain)
    if (json !== undefined) return json
  }
  const { readYaml } = await import('./yaml.ts')
  return readYaml(plain)
}

/** undefined when the text is not JSON; it may still be YAML, which allows trailing commas and bare words. */
function tryJson(text: string): TextDocument | undefined {
  let value: JsonValue
  try {
    value = parseJson(text)
  } catch {
    return undefined
  }
  const map = createJsonMap(text)
  const lines = lineStarts(text)
  const issues = map.doubtful.map(({ path, kind, offset }) => ({
    ...createIssue(
      kind === 'duplicate'
        ? { code: 'syntax', path, message: `The key "${path.at(-1)}" stands here twice; keep one of the two.` }
        : { code: 'schema', path, message: 'The key "__proto__" is not allowed.' },
    ),
    ...placeOf(lines, offset),
  }))
  return {
    value,
    issues,
    locate(path, at) {
      const found = map.find(path)
      const offset = at === 'key' ? (found.keyOffset ?? found.offset) : found.offset
      return placeOf(lines, offset)
    },
    sourceOf: (path) => map.find(path).scalar,
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function placeOf(starts: readonly number[], offset: number): Place {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
}
