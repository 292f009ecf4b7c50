// Plans written as calls, which many models were trained to write: lists of `{name, arguments}` in its dialects, `<tool_call>`
// tags, and calls as code, `[search(query="x"), book(id=1)]`. They become steps; what they name is found by the one validation.
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import { isJsonList, isJsonObject } from '../util/json.ts'
import { parseLenientJson } from '../util/lenient-json.ts'
import { readTolerantly } from '../util/tolerant-json.ts'

const NAME_KEYS = ['name', 'tool', 'tool_name', 'api', 'api_name', 'function', 'function_name', 'task'] as const
/** What others call the inputs of a call. */
export const INPUT_KEYS = ['arguments', 'args', 'parameters', 'params', 'input', 'inputs', 'kwargs'] as const
/** Keys that stand beside a call in some dialects and say nothing of what is called. */
const ENVELOPE_KEYS: ReadonlySet<string> = new Set(['id', 'index', 'type', 'call_id', 'responses'])
const MAX_CALLS = 1_000

interface Call {
  readonly name: string
  readonly inputs: JsonObject
}

/** The steps of a list of calls; undefined when it is none, so that nothing else is taken for one. */
export function stepsFromCalls(value: JsonValue): JsonObject[] | undefined {
  const list = isJsonList(value) ? value : undefined
  if (list === undefined || list.length === 0 || list.length > MAX_CALLS) return undefined
  const calls: Call[] = []
  for (const item of list) {
    const call = readCall(item)
    if (call === undefined) return undefined
    calls.push(call)
  }
  return toSteps(calls)
}

/** The calls in `<tool_call>` tags, or as lines of code; undefined when the answer holds anything else beside them. */
export function stepsFromText(answer: string): JsonObject[] | undefined {
  const tagged = readTags(answer)
  const calls = tagged ?? readLines(answer)
  return calls === undefined || calls.length === 0 ? undefined : toSteps(calls)
}

function toSteps(calls: readonly Call[]): JsonObject[] {
  const taken = new Set<string>()
  return calls.map(({ name, inputs }) => ({ name: uniqueName(name, taken), action: name, inputs }))
}

function uniqueName(action: string, taken: Set<string>): string {
  const plain = action.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^[^A-Za-z_]+/, '')
  const base = plain === '' ? 'step' : plain.slice(0, 60)
  let name = base
  for (let n = 2; taken.has(name); n++) name = `${base}_${n}`
  taken.add(name)
  return name
}

function readCall(item: JsonValue): Call | undefined {
  if (!isJsonObject(item)) return undefined
  const { expression } = item
  if (typeof expression === 'string') return Object.keys(item).length === 1 ? readCode(expression) : undefined
  const { function: inner } = item
  if (inner !== undefined && isJsonObject(inner)) return readCall(inner)
  const nameKey = NAME_KEYS.find((key) => typeof item[key] === 'string')
  const inputKey = INPUT_KEYS.find((key) => item[key] !== undefined)
  if (nameKey === undefined) return inputKey === undefined ? readNamed(item) : undefined
  const others = Object.keys(item).filter((key) => key !== nameKey && key !== inputKey && !ENVELOPE_KEYS.has(key))
  const inputs = inputKey === undefined ? {} : readInputs(item[inputKey])
  // A step of ours has a name and inputs too; only where nothing else is said is it a call.
  if (others.length > 0 || inputs === undefined || inputKey === undefined) return undefined
  const name = item[nameKey]
  return typeof name === 'string' ? { name, inputs } : undefined
}

/** `{"search": {"query": "x"}}`: the name as the only key. */
function readNamed(item: JsonObject): Call | undefined {
  const [entry, ...others] = Object.entries(item)
  if (entry === undefined || others.length > 0) return undefined
  const [name, inputs] = entry
  return isJsonObject(inputs) ? { name, inputs } : undefined
}

/** Inputs may come as the JSON text that some vendors carry them in. */
function readInputs(value: JsonValue | undefined): JsonObject | undefined {
  if (value === null || value === undefined) return {}
  const read = typeof value === 'string' ? parseLenientJson(value)?.value : value
  return read !== undefined && isJsonObject(read) ? read : undefined
}

// ---- tags and code --------------------------------------------------------------------------------------------------

const TAG = /<(tool_call|function_call|tool_use|function)(?:=([\w./:-]+))?>/g

function readTags(answer: string): Call[] | undefined {
  const calls: Call[] = []
  TAG.lastIndex = 0
  for (let open = TAG.exec(answer); open !== null; open = TAG.exec(answer)) {
    const from = TAG.lastIndex
    const to = answer.indexOf(`</${open[1]}>`, from)
    const call = to === -1 || calls.length >= MAX_CALLS ? undefined : readTagged(answer.slice(from, to), open[2])
    if (call === undefined) return undefined
    calls.push(call)
    TAG.lastIndex = to
  }
  return calls.length === 0 ? undefined : calls
}

function readTagged(inner: string, name: string | undefined): Call | undefined {
  const read = parseLenientJson(inner)
  const value = read === undefined || read.truncated === true ? undefined : read.value
  if (name !== undefined) return value !== undefined && isJsonObject(value) ? { name, inputs: value } : undefined
  return (value === undefined ? undefined : readCall(value)) ?? readCode(inner.trim())
}

/** Only when every line is a call: prose that mentions one is no plan. */
function readLines(answer: string): Call[] | undefined {
  const lines = answer
    .split('\n')
    .map((line) => line.trim().replace(/;$/, ''))
    .filter((line) => line !== '' && !line.startsWith('```') && !line.startsWith('#'))
  if (lines.length === 0 || lines.length > MAX_CALLS) return undefined
  const calls = lines.map(readCode)
  return calls.every((call) => call !== undefined) ? calls : undefined
}

const CODE = /^(?:[A-Za-z_]\w*\s*=\s*)?([A-Za-z_][\w.:/-]*)\s*\(([\s\S]*)\)$/
const KEYWORD = /\s*([A-Za-z_]\w*)\s*=(?!=)/y

/** One call with named arguments, as Python and its kin write it; undefined when an argument has no name. */
function readCode(code: string): Call | undefined {
  const [, name, text] = CODE.exec(code.trim()) ?? []
  if (name === undefined || text === undefined) return undefined
  const inputs: Record<string, JsonValue> = {}
  let at = 0
  while (text.slice(at).trim() !== '') {
    KEYWORD.lastIndex = at
    const key = KEYWORD.exec(text)
    if (key?.[1] === undefined || key[1] === '__proto__') return undefined
    // Read as the only item of a list: it ends at the comma before the next name.
    const end = endOfValue(text, KEYWORD.lastIndex)
    const read = readTolerantly(`[${text.slice(KEYWORD.lastIndex, end)}]`, 0)
    const [value, ...others] = read !== undefined && isJsonList(read.value) ? read.value : []
    if (value === undefined || others.length > 0 || read?.truncated === true) return undefined
    inputs[key[1]] = value
    at = end + 1
  }
  return { name, inputs }
}

/** The comma behind a value, outside of its brackets and strings. */
function endOfValue(text: string, from: number): number {
  let depth = 0
  for (let i = from; i < text.length; i++) {
    const char = text[i] ?? ''
    if (char === '"' || char === "'") {
      for (i++; i < text.length && text[i] !== char; i++) if (text[i] === '\\') i++
    } else if ('([{'.includes(char)) depth++
    else if (')]}'.includes(char)) depth--
    else if (char === ',' && depth === 0) return i
  }
  return text.length
}
