// What a tool answered, as the output of a step: structured content as it is, text that is JSON as JSON, several parts as a
// list; a reported failure as an envelope that the executor can judge.
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import type { InvokerResult } from '../../contracts/parts.ts'
import { isJsonList, isJsonObject, parseJson } from '../../util/json.ts'

/** Plain text such as "42" stays text: only what can be nothing else is read as JSON. */
function readText(text: string): JsonValue {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return parseJson(text)
  } catch {
    return text
  }
}

function withoutNothing(fields: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined),
  )
}

/** One part of an answer: its content, or where it is. Notes to a client, such as `_meta`, are left out. */
function readPart(part: JsonValue): JsonValue {
  if (!isJsonObject(part)) return part
  const { type, text, data, mimeType, uri, name, description, resource } = part
  if (type === 'text' && typeof text === 'string') return readText(text)
  if (type === 'image' || type === 'audio') return withoutNothing({ type, mime_type: mimeType, data })
  if (type === 'resource_link') return withoutNothing({ type, uri, name, description, mime_type: mimeType })
  if (type === 'resource' && isJsonObject(resource)) {
    const { blob } = resource
    return withoutNothing({
      type,
      uri: resource['uri'],
      mime_type: resource['mimeType'],
      text: resource['text'],
      data: blob,
    })
  }
  const { _meta, annotations: _annotations, ...rest } = part
  return rest
}

/** The texts of an answer. */
function wordsOf(content: readonly JsonValue[]): string {
  const texts = content.map((part) => (isJsonObject(part) && typeof part['text'] === 'string' ? part['text'] : ''))
  return texts.filter((text) => text !== '').join('\n')
}

/**
 * A failure that the tool reports is meant to be corrected by whoever called it: without a word to the contrary it blames the
 * inputs. What it says of itself (`code`, `category`, `retryable`) is left to the executor's judgement.
 */
function readFailure(content: readonly JsonValue[], structured: JsonValue | undefined): InvokerResult {
  const words = wordsOf(content)
  const said = structured ?? (words === '' ? null : readText(words))
  if (!isJsonObject(said)) {
    const message = words === '' ? 'The tool reported a failure without a reason.' : words
    return { status: 422, body: { success: false, error: { message } } }
  }
  const inner = isJsonObject(said['error']) ? said['error'] : said
  const saysKind = [inner['code'], inner['category'], inner['retryable']].some((fact) => fact !== undefined)
  const body = { ...said, success: false }
  return saysKind ? { body } : { status: 422, body }
}

/**
 * @param who the tool, for messages
 * @throws TuttiError `bad_response` for what is no answer of a tool
 */
export function readResult(result: unknown, who: string): InvokerResult {
  const fields = isJsonObject(result) ? result : {}
  const { content = [], structuredContent: structured, isError } = fields
  if (!isJsonObject(result) || !isJsonList(content)) {
    throw new TuttiError('bad_response', `${who} answered with something that is no result of a tool.`, {
      details: { sent: true },
    })
  }
  if (isError === true) return readFailure(content, structured)
  if (structured !== undefined) return { body: structured }
  const parts = content.map(readPart)
  return { body: parts.length === 0 ? null : parts.length === 1 ? (parts[0] ?? null) : parts }
}
