// Integers beyond 2^53 through a library that reads JSON as doubles. On the way in they are marked as texts in the bytes of an
// answer, and turned back once the library has parsed it; on the way out they are written by `JSON.rawJSON`. Answers without
// such a number, which is nearly all of them, are not touched.
import { randomUUID } from 'node:crypto'
import { TransformStream } from 'node:stream/web'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import { isDeeperThan, isJsonList, isJsonObject, MAX_JSON_DEPTH, parseJson, stringifyJson } from '../../util/json.ts'

export interface DigitKeeper {
  /** The answer with large integers marked, and without keys that would set a prototype. */
  mark(answer: Response): Response
  /** A parsed message with the marked integers as bigint. */
  restore<T>(message: T): T
}

/** What makes a text worth a second look; also spelled with escapes. */
const SUSPECT = /\d{16}|__proto__|\\u00[5-7]/

function mapValues(value: JsonValue, change: (leaf: JsonValue) => unknown): unknown {
  if (isJsonList(value)) return value.map((item) => mapValues(item, change))
  if (!isJsonObject(value)) return change(value)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapValues(inner, change)]))
}

function hasBigint(value: JsonValue): boolean {
  if (typeof value === 'bigint') return true
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((inner: JsonValue) => hasBigint(inner))
}

/** Inputs as `JSON.stringify` writes them with every digit; the same object when there is nothing to keep. */
export function writableInputs(inputs: JsonObject): Record<string, unknown> {
  if (!hasBigint(inputs)) return { ...inputs }
  const kept = mapValues(inputs, (leaf) => (typeof leaf === 'bigint' ? JSON.rawJSON(leaf.toString()) : leaf))
  return kept as Record<string, unknown>
}

/** A keeper with a mark of its own, which no server can guess. */
export function createDigitKeeper(): DigitKeeper {
  const prefix = `integer ${randomUUID()} `
  let hasMarked = false

  const markText = (text: string): string => {
    // The library, and every walk over what it gives, is recursive.
    if (isDeeperThan(text, MAX_JSON_DEPTH))
      throw new TuttiError('bad_response', `The answer is nested deeper than ${MAX_JSON_DEPTH} levels.`, {
        details: { sent: true },
      })
    if (!SUSPECT.test(text)) return text
    let value: JsonValue
    try {
      value = parseJson(text)
    } catch {
      return text
    }
    if (!hasBigint(value)) return stringifyJson(value)
    hasMarked = true
    return stringifyJson(mapValues(value, (leaf) => (typeof leaf === 'bigint' ? prefix + leaf.toString() : leaf)))
  }

  const markLine = (line: string): string =>
    line.startsWith('data:') ? `data: ${markText(line.slice(5).trim())}` : line

  /** Events come in lines; a chunk may end within one. */
  const markEvents = (): TransformStream<string, string> => {
    let rest = ''
    return new TransformStream<string, string>({
      transform(chunk, controller) {
        const end = chunk.lastIndexOf('\n')
        if (end === -1) {
          rest += chunk
          return
        }
        const lines = (rest + chunk.slice(0, end)).split('\n')
        rest = chunk.slice(end + 1)
        controller.enqueue(`${lines.map(markLine).join('\n')}\n`)
      },
      flush(controller) {
        if (rest !== '') controller.enqueue(markLine(rest))
      },
    })
  }

  return {
    mark(answer) {
      const type = answer.headers.get('content-type') ?? ''
      const { status, statusText, headers, body } = answer
      if (body === null) return answer
      const kept = { status, statusText, headers }
      if (/^text\/event-stream\b/i.test(type)) {
        const marked = body.pipeThrough(new TextDecoderStream()).pipeThrough(markEvents())
        return new Response(marked.pipeThrough(new TextEncoderStream()), kept)
      }
      if (!/[/+]json\b/i.test(type)) return answer
      const marked = new ReadableStream<Uint8Array>({
        async start(controller) {
          try {
            controller.enqueue(new TextEncoder().encode(markText(await answer.text())))
            controller.close()
          } catch (thrown) {
            controller.error(thrown)
          }
        },
      })
      return new Response(marked, kept)
    },
    restore<T>(message: T): T {
      if (!hasMarked) return message
      const back = (leaf: JsonValue): JsonValue =>
        typeof leaf === 'string' && leaf.startsWith(prefix) ? BigInt(leaf.slice(prefix.length)) : leaf
      return mapValues(message as JsonValue, back) as T
    },
  }
}
