// What models write when they were asked for JSON: fences, prose, thoughts, tags, and JSON that is nearly right. The value is
// found and read; the inside of its strings is never changed.
import type { JsonValue } from '../contracts/json.ts'
import { isJsonObject, parseJson } from './json.ts'
import { readTolerantly } from './tolerant-json.ts'

export interface LenientJson {
  readonly value: JsonValue
  /** Set when the text broke off. Members that were not finished are left out. */
  readonly truncated?: true
}

interface Candidate extends LenientJson {
  readonly length: number
  readonly foreign: number
}

/** Brackets that begin nothing; prose full of them must not take quadratic time. */
const MAX_FAILURES = 64

const END_OF_THOUGHTS = /<\/(?:think|thinking|thought|reasoning)>/i
// Where something begins that decides how to go on: a value, thoughts, or the end of thoughts whose beginning was cut.
const LANDMARK = /[{[]|<(think|thinking|thought|reasoning)>|<\/(?:think|thinking|thought|reasoning)>/gi

/**
 * Reads the JSON value in a model's answer. When several stand there, it takes an object with `steps`, else the longest.
 * @returns undefined when there is nothing like JSON
 */
export function parseLenientJson(text: string): LenientJson | undefined {
  const trimmed = text.trim()
  const whole = parseStrictly(trimmed)
  if (whole !== undefined) return { value: whole }
  const best = findCandidates(trimmed).reduce<Candidate | undefined>(
    (a, b) => (a === undefined || isBetter(b, a) ? b : a),
    undefined,
  )
  if (best === undefined) return undefined
  return best.truncated ? { value: best.value, truncated: true } : { value: best.value }
}

function parseStrictly(text: string): JsonValue | undefined {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function findCandidates(text: string): Candidate[] {
  let found: Candidate[] = []
  let thoughts: Candidate[] = []
  let isClosed = true
  let at = 0
  for (let failures = 0; failures < MAX_FAILURES; ) {
    LANDMARK.lastIndex = at
    const mark = LANDMARK.exec(text)
    if (mark === null) break
    at = mark.index + mark[0].length
    if (mark[1] !== undefined) {
      // Without a closing tag the answer may still stand in the thoughts, so only the tag is skipped.
      const close: number = isClosed ? text.slice(at).search(END_OF_THOUGHTS) : -1
      isClosed = close !== -1
      if (isClosed) at = text.indexOf('>', at + close) + 1
    } else if (mark[0].startsWith('</')) {
      // The opening tag was part of the prompt: everything so far was thought, unless nothing follows.
      if (found.length > 0) thoughts = found
      found = []
    } else {
      const candidate = readCandidate(text, mark.index)
      if (candidate === undefined) {
        failures++
        continue
      }
      found.push(candidate)
      at = mark.index + candidate.length
    }
  }
  return found.length > 0 ? found : thoughts
}

function readCandidate(text: string, start: number): Candidate | undefined {
  const end = endOfBrackets(text, start)
  if (end !== undefined) {
    const value = parseStrictly(text.slice(start, end))
    if (value !== undefined) return { value, length: end - start, foreign: 0 }
  }
  const read = readTolerantly(text, start)
  if (read === undefined) return undefined
  const { value, truncated, foreign } = read
  const candidate = { value, length: read.end - start, foreign }
  return truncated ? { ...candidate, truncated } : candidate
}

/** Behind the bracket that closes the one at `start`, with JSON's strings skipped; undefined when none does. */
function endOfBrackets(text: string, start: number): number | undefined {
  let depth = 0
  let inString = false
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === 92) i++
      else if (code === 34) inString = false
    } else if (code === 34) {
      inString = true
    } else if (code === 123 || code === 91) {
      depth++
    } else if (code === 125 || code === 93) {
      depth--
      if (depth === 0) return i + 1
    }
  }
  return undefined
}

/** A plan before anything else; then what is mostly JSON rather than bracketed prose; then the longer. */
function isBetter(a: Candidate, b: Candidate): boolean {
  const rank = (c: Candidate): number[] => [
    isJsonObject(c.value) && Object.hasOwn(c.value, 'steps') ? 1 : 0,
    c.foreign === 0 || c.foreign * 20 < c.length ? 1 : 0,
    c.length,
  ]
  const ranksOfB = rank(b)
  for (const [i, rankOfA] of rank(a).entries()) {
    const difference = rankOfA - (ranksOfB[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return false
}
