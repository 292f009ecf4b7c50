// Reads the steps of a plan out of an answer that is still being written: each as soon as its last bracket is there. Only plain
// JSON is read here; an answer that needs any lenience tells no early steps, and is read as a whole once it has ended.
import type { JsonValue } from '../contracts/json.ts'
import { isJsonList, isJsonObject } from '../util/json.ts'

/** What an answer has told so far. */
export interface StepStream {
  /** The next piece of the answer; gives the steps that it completed, as they were written. */
  write(text: string): JsonValue[]
}

/** Prose and thoughts before a plan; after more of it nothing is told early. */
const MAX_PREAMBLE_CHARS = 200_000

/** The parser is loaded on first use. */
export async function createStepStream(): Promise<StepStream> {
  const { JSONParser } = await import('@streamparser/json')
  const parser = new JSONParser({ paths: ['$.steps.*'], keepStack: false })
  let complete: JsonValue[] = []
  let isOff = false
  parser.onValue = ({ value, parent }) => {
    // `steps` may be an object in an answer that is no plan.
    if (Array.isArray(parent)) complete.push(value as JsonValue)
  }
  parser.onError = () => {
    isOff = true
  }
  const preamble = createPreamble()
  return {
    write(text) {
      if (isOff || parser.isEnded) return []
      const json = preamble.skip(text)
      if (json === undefined) isOff = true
      else if (json !== '') parser.write(json)
      if (complete.length === 0) return complete
      const told = complete.filter(isExact)
      complete = []
      return told
    },
  }
}

const OPENING = /^<(think|thinking|thought|reasoning)>/i
const LONGEST_TAG = '</reasoning>'.length

/** Leaves out what stands before the first brace: thoughts in tags, prose, the line that opens a fence. Linear in the text. */
function createPreamble(): { skip(text: string): string | undefined } {
  let state: 'start' | 'thoughts' | 'prose' | 'json' = 'start'
  let closing = ''
  /** Not looked at yet, or perhaps the beginning of a tag. */
  let rest = ''
  let length = 0
  return {
    skip(text) {
      if (state === 'json') return text
      length += text.length
      if (length > MAX_PREAMBLE_CHARS) return undefined
      rest += text
      if (state === 'start') {
        rest = rest.trimStart()
        const tag = OPENING.exec(rest)?.[1]
        if (tag === undefined && rest.startsWith('<') && rest.length < LONGEST_TAG) return ''
        if (rest === '') return ''
        state = tag === undefined ? 'prose' : 'thoughts'
        closing = `</${tag ?? ''}>`.toLowerCase()
      }
      if (state === 'thoughts') {
        const end = rest.toLowerCase().indexOf(closing)
        rest = end === -1 ? rest.slice(-LONGEST_TAG) : rest.slice(end + closing.length)
        if (end === -1) return ''
        state = 'prose'
      }
      const start = rest.indexOf('{')
      const json = start === -1 ? '' : rest.slice(start)
      if (start !== -1) state = 'json'
      rest = ''
      return json
    },
  }
}

/** Whether the parser cannot have changed it: integers beyond 2^53 lose digits here, and are read again with the whole answer. */
function isExact(value: JsonValue): boolean {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value)
  if (isJsonList(value)) return value.every(isExact)
  if (!isJsonObject(value)) return true
  return Object.entries(value).every(([key, inner]) => key !== '__proto__' && isExact(inner))
}
