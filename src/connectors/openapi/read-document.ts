// The text of a document as a value that the other files may walk: JSON or YAML, OpenAPI 3.0 or 3.1, in which every reference
// stays inside. A document may come from anywhere, so it is bounded before it is believed, and nothing in it is ever fetched.
import { setImmediate } from 'node:timers/promises'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import { isJsonList, isJsonObject, MAX_JSON_DEPTH } from '../../util/json.ts'
import { truncateText } from '../../util/text.ts'

export interface OpenapiDocument {
  readonly root: JsonObject
  /** In 3.0 schemas are a dialect of their own; from 3.1 on they are JSON Schema 2020-12. */
  readonly is30: boolean
}

const NO_DOCUMENT =
  'does not begin with "openapi: 3.0.x" or "3.1.x". Is it the document itself, and not a page about it?'
const MAX_NODES = 4_000_000
/** Longer chains of references are circles. */
const MAX_HOPS = 32

const refuse = (where: string, why: string, cause?: unknown): TuttiError =>
  new TuttiError('source_failed', `The OpenAPI document "${where}" ${why}`, cause === undefined ? {} : { cause })

/**
 * @param where what messages call the document
 * @throws TuttiError `source_failed` for what is no OpenAPI 3.x document, or refers to other documents
 */
export async function readDocument(text: string, where: string, signal: AbortSignal): Promise<OpenapiDocument> {
  const root = await parseText(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, where, signal)
  if (!isJsonObject(root)) throw refuse(where, NO_DOCUMENT)
  const version = versionOf(root, where)
  const paths = root['paths']
  if (paths !== undefined && !isJsonObject(paths)) throw refuse(where, 'has "paths" that are no object.')
  // Others have their turn between two long pieces of work.
  await setImmediate()
  const foreign = findForeign(root, where)
  await setImmediate()
  if (foreign !== undefined) {
    throw refuse(
      where,
      `refers to another document at ${foreign.at}: "${truncateText(foreign.reference, 200)}". Such references are not followed. Bundle it into one document first.`,
    )
  }
  return { root, is30: /^3\.0(\.|$)/.test(version) }
}

function versionOf(root: JsonObject, where: string): string {
  if (root['swagger'] !== undefined) throw refuse(where, 'is Swagger 2.0. Convert it to OpenAPI 3.0 or 3.1 first.')
  const { openapi: version } = root
  if (typeof version === 'string' && /^3\.\d/.test(version)) return version
  throw refuse(where, NO_DOCUMENT)
}

async function parseText(text: string, where: string, signal: AbortSignal): Promise<unknown> {
  // JSON is YAML too, but is read a hundred times faster as what it is.
  if (/^\s*\{/.test(text)) {
    try {
      // Large integers need not be exact in a schema, where only doubles can be compared with; and this is four times faster.
      return JSON.parse(text) as unknown
    } catch (cause) {
      if (/^\s*\{\s*"/.test(text)) throw refuse(where, `is not JSON: ${messageOf(cause)}`, cause)
    }
  }
  // It brings the YAML library along.
  const { parseYaml } = await import('./parse-yaml.ts')
  try {
    return await parseYaml(text, signal)
  } catch (cause) {
    throw refuse(where, `cannot be read: ${messageOf(cause)}`, cause)
  }
}

const messageOf = (thrown: unknown): string =>
  truncateText(thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : '', 300)

// ---- references -----------------------------------------------------------------------------------------------------

/** What stands here is data, not a part of the document: a `$ref` in it is nobody's reference. */
const DATA_KEYS: ReadonlySet<string> = new Set(['example', 'examples', 'default', 'enum', 'const', 'value'])
/** The keys of these objects are names, and mean nothing. */
const NAME_KEYS: ReadonlySet<string> = new Set([
  ...['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions', 'schemas', 'responses', 'headers'],
  ...['parameters', 'requestBodies', 'securitySchemes', 'links', 'callbacks', 'pathItems', 'paths', 'webhooks'],
  ...['content', 'encoding', 'variables', 'mapping', 'scopes'],
])

interface Foreign {
  readonly reference: string
  readonly at: string
}

interface Walk {
  nodes: number
  readonly where: string
}

function findForeign(root: JsonObject, where: string): Foreign | undefined {
  const found = walk(root, false, 0, { nodes: 0, where })
  return found && { reference: found.reference, at: `#/${found.path.reverse().map(escapePart).join('/')}` }
}

function walk(
  value: unknown,
  areNames: boolean,
  depth: number,
  state: Walk,
): { readonly reference: string; readonly path: string[] } | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (depth > MAX_JSON_DEPTH || ++state.nodes > MAX_NODES)
    throw refuse(state.where, 'is nested too deeply or too large.')
  const isList = Array.isArray(value)
  for (const [key, child] of Object.entries(value) as [string, unknown][]) {
    if (key === '$ref' && typeof child === 'string' && !isList) {
      if (!child.startsWith('#')) return { reference: child, path: [key] }
    } else if (typeof child === 'object' && (areNames || !(DATA_KEYS.has(key) || key.startsWith('x-')))) {
      const found = walk(child, !areNames && NAME_KEYS.has(key), depth + 1, state)
      if (found !== undefined) {
        found.path.push(key)
        return found
      }
    }
  }
  return undefined
}

const escapePart = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1')

/** The place that a reference names, such as `#/components/schemas/Pet`. */
export function placeOf({ root }: OpenapiDocument, reference: string): JsonValue | undefined {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) return undefined
  let value: JsonValue | undefined = root
  for (const raw of reference.slice(2).split('/')) {
    const part = decode(raw).replaceAll('~1', '/').replaceAll('~0', '~')
    if (isJsonList(value)) value = /^\d{1,9}$/.test(part) ? value[Number(part)] : undefined
    else if (isJsonObject(value)) value = Object.hasOwn(value, part) ? value[part] : undefined
    else return undefined
  }
  return value
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** An object, or the one that it refers to; undefined for references to nowhere and in circles. */
export function follow(document: OpenapiDocument, value: JsonValue | undefined): JsonObject | undefined {
  let current = value
  for (let hops = 0; hops < MAX_HOPS; hops++) {
    if (!isJsonObject(current)) return undefined
    const reference: JsonValue | undefined = current['$ref']
    if (typeof reference !== 'string') return current
    current = placeOf(document, reference)
  }
  return undefined
}
