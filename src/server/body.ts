// The body of a request, read no further than its limit, as JSON with exact integers.
import type { z } from 'zod'
import { TuttiError } from '../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import { isJsonObject, parseJson } from '../util/json.ts'
import { inWords } from '../util/schema-words.ts'
import { didYouMean } from '../util/text.ts'

const hasBody = (request: Request): boolean =>
  request.headers.has('transfer-encoding') || Number(request.headers.get('content-length') ?? 0) > 0

/**
 * The whole text; '' when there is no body.
 * @throws TuttiError `unsupported_media_type`, `payload_too_large`, `invalid_request`
 */
export async function readText(request: Request, maxBytes: number): Promise<string> {
  if (!hasBody(request) || request.body === null) return ''
  refuseOtherTypes(request.headers.get('content-type'))
  const tooLarge = (): TuttiError =>
    new TuttiError(
      'payload_too_large',
      `The body is larger than ${maxBytes} bytes, which is the limit (server.max_body_bytes).`,
    )
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  // A body without a declared length is counted as it comes.
  for await (const chunk of request.body) {
    if (!(chunk instanceof Uint8Array)) continue
    size += chunk.byteLength
    if (size > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    throw new TuttiError('invalid_request', 'The body is not valid UTF-8.')
  }
}

function refuseOtherTypes(header: string | null): void {
  const [type = '', ...parameters] = (header ?? '').toLowerCase().split(';')
  const charset = parameters
    .map((p) => p.trim())
    .find((p) => p.startsWith('charset='))
    ?.slice('charset='.length)
    .replaceAll('"', '')
  if (type.trim() === 'application/json' && (charset === undefined || charset === 'utf-8' || charset === 'utf8')) return
  throw new TuttiError(
    'unsupported_media_type',
    'The body must be JSON in UTF-8, sent with "Content-Type: application/json".',
  )
}

/** @throws TuttiError `invalid_request` */
export function parseBody(text: string): JsonValue {
  if (text.trim() === '') throw new TuttiError('invalid_request', 'The body is empty; it must be a JSON object.')
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new TuttiError('invalid_request', `The body is not valid JSON: ${error.message}`, { cause: error })
    throw error
  }
}

/** What a schema found to be an object, as the JSON that every body is parsed as. @throws TuttiError `invalid_request` */
export function toJsonObject(value: unknown): JsonObject {
  if (isJsonObject(value)) return value
  throw new TuttiError('invalid_request', 'The body has something else where an object must be.')
}

/**
 * Checks what came from outside against a schema. `what` begins the message: "The body", "The query".
 * @throws TuttiError `invalid_request` naming the key, and the nearest known one where it is unknown
 */
export function checkShape<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const result = schema.safeParse(value, { error: inWords })
  if (result.success) return result.data
  const messages = result.error.issues.slice(0, 5).map((issue) => {
    const at = issue.path.map(String).join('.')
    if (issue.code !== 'unrecognized_keys')
      return at === '' ? `${what}: ${issue.message}.` : `${what}: "${at}": ${issue.message}.`
    const known = knownKeys(schema, issue.path)
    return issue.keys
      .slice(0, 5)
      .map((key) => {
        const name = `${at === '' ? '' : `${at}.`}${key.slice(0, 100)}`
        return `${what}: unknown key "${name}".${didYouMean(key, known)}`
      })
      .join(' ')
  })
  throw new TuttiError('invalid_request', messages.join(' '))
}

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let current: unknown = schema
  for (const key of [...path, undefined]) {
    while (isWrapper(current)) current = current.unwrap()
    const shape = shapeOf(current)
    if (key === undefined) return Object.keys(shape ?? {})
    current = shape?.[String(key)]
  }
  return []
}
const isWrapper = (schema: unknown): schema is { unwrap(): unknown } =>
  typeof schema === 'object' && schema !== null && 'unwrap' in schema && typeof schema.unwrap === 'function'
const shapeOf = (schema: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof schema === 'object' &&
  schema !== null &&
  'shape' in schema &&
  typeof schema.shape === 'object' &&
  schema.shape !== null
    ? { ...schema.shape }
    : undefined
