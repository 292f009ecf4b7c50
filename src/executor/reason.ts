// Why a component failed, read from whatever it answered: envelopes, problem documents, plain text, HTML, numbers, nothing.
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { InvokerResult } from '../contracts/parts.ts'
import { parseRetryAfter } from '../resilience/retry.ts'
import { parseDuration } from '../util/duration.ts'
import { isJsonObject, stringifyJson } from '../util/json.ts'
import { truncateText } from '../util/text.ts'

export interface Reason {
  /** Never empty when present. */
  readonly message?: string
  readonly code?: string
  readonly category?: string
  /** What the component says; absent is "unknown", not "no". */
  readonly retryable?: boolean
  readonly retryAfterMs?: number
  /** `hint`, `field` and `original_*` of its details: what it made of the inputs. */
  readonly hints: Readonly<Record<string, string>>
}

const MAX_MESSAGE = 500
const MAX_BODY = 4_000
const MAX_HINT = 300
/** Nested errors are followed this far. */
const MAX_NESTING = 4
const MESSAGE_KEYS = ['message', 'detail', 'error_description', 'description', 'reason', 'msg', 'title', 'faultstring']
const NESTED_KEYS = ['error', 'errors', 'detail', 'fault', 'data', 'result']

const isHint = (key: string): boolean => key === 'hint' || key === 'field' || key.startsWith('original_')
export const hasHints = (details: Readonly<Record<string, unknown>>): boolean => Object.keys(details).some(isHint)

/** @param nowMs for a `Retry-After` that is a date */
export function readReason(result: InvokerResult, nowMs: number): Reason {
  const body = result.body ?? null
  const error = isJsonObject(body) && isJsonObject(body['error']) ? body['error'] : body
  const fields = isJsonObject(error) ? error : {}
  const outer = isJsonObject(body) ? body : {}
  const details = isJsonObject(fields['details']) ? fields['details'] : {}
  const reason: { -readonly [K in keyof Reason]: Reason[K] } = { hints: readHints(fields, details) }
  const message = findMessage(body, MAX_NESTING)
  if (message !== undefined) reason.message = message
  const code = shortText(fields['code']) ?? shortText(outer['code'])
  if (code !== undefined) reason.code = code
  const category = shortText(fields['category']) ?? shortText(outer['category'])
  if (category !== undefined) reason.category = category
  const retryable = fields['retryable'] ?? outer['retryable']
  if (typeof retryable === 'boolean') reason.retryable = retryable
  const header = result.headers?.['retry-after']
  const retryAfterMs =
    (header === undefined ? undefined : parseRetryAfter(header, nowMs)) ??
    waitIn(details, nowMs) ??
    waitIn(fields, nowMs) ??
    waitIn(outer, nowMs)
  if (retryAfterMs !== undefined) reason.retryAfterMs = retryAfterMs
  return reason
}

/** A body as error details keep it: small JSON as it is, larger as the beginning of its text, HTML in words. */
export function showBody(body: JsonValue | undefined): JsonValue | undefined {
  if (body === undefined || body === null || body === '') return undefined
  if (typeof body === 'string') return isHtml(body) ? textOfHtml(body) : truncateText(body, MAX_BODY)
  const text = stringifyJson(body)
  return text.length <= MAX_BODY ? body : truncateText(text, MAX_BODY)
}

function readHints(...places: JsonObject[]): Record<string, string> {
  const hints: [string, string][] = []
  for (const place of places) {
    for (const [key, value] of Object.entries(place)) {
      if (!isHint(key) || value === null || value === '') continue
      hints.push([key, truncateText(typeof value === 'string' ? value : stringifyJson(value), MAX_HINT)])
    }
  }
  return Object.fromEntries(hints)
}

function waitIn(place: JsonObject, nowMs: number): number | undefined {
  const ms = place['retry_after_ms'] ?? place['retryAfterMs']
  if (typeof ms === 'number' && ms >= 0) return ms
  const after = place['retry_after'] ?? place['retryAfter'] ?? place['retry_after_seconds']
  if (typeof after === 'number') return parseRetryAfter(String(after), nowMs)
  return typeof after === 'string' ? (parseDuration(after.trim()) ?? parseRetryAfter(after, nowMs)) : undefined
}

function shortText(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (typeof value !== 'string' || value.trim() === '') return undefined
  return truncateText(value.trim(), 100)
}

/** The first text that says something, from the outside in. */
function findMessage(value: JsonValue | undefined, depth: number): string | undefined {
  if (value === undefined || value === null || typeof value === 'boolean' || depth === 0) return undefined
  if (typeof value === 'string') return sentence(value)
  if (typeof value === 'number' || typeof value === 'bigint') return `the answer was ${value}`
  if (Array.isArray(value)) return joinMessages(value as readonly JsonValue[], depth)
  if (!isJsonObject(value)) return undefined
  for (const key of ['error', ...MESSAGE_KEYS]) {
    const own = Object.hasOwn(value, key) ? value[key] : undefined
    if (typeof own === 'string' && own.trim() !== '') return sentence(own)
  }
  for (const key of NESTED_KEYS) {
    const inner = Object.hasOwn(value, key) ? findMessage(value[key], depth - 1) : undefined
    if (inner !== undefined) return inner
  }
  return undefined
}

function joinMessages(values: readonly JsonValue[], depth: number): string | undefined {
  const found = values
    .slice(0, 5)
    .map((value) => findMessage(value, depth - 1))
    .filter((text) => text !== undefined)
  return found.length === 0 ? undefined : truncateText(found.join('; '), MAX_MESSAGE)
}

function sentence(text: string): string | undefined {
  const plain = isHtml(text) ? textOfHtml(text) : text.trim()
  return plain === '' ? undefined : truncateText(plain, MAX_MESSAGE)
}

const isHtml = (text: string): boolean => /^\s*<(!doctype|html|head|body|h1|center)\b/i.test(text)

/** The title of a page, else its words. */
function textOfHtml(html: string): string {
  const head = html.slice(0, 20_000)
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(head)?.[1]?.trim()
  const words = head
    .replace(/<(script|style)\b[^]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return truncateText(`an HTML page: ${title === undefined || title === '' ? words : title}`, 200)
}
