// All operations of a document: named, chosen by the configuration, and read one by one. What cannot be called is left out with
// its reason, and never takes the others with it.
import { setImmediate } from 'node:timers/promises'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import type { CapabilityOverride, OpenapiSpec } from '../../contracts/sources.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import { nameKey } from '../../util/name-key.ts'
import { didYouMean, truncateText } from '../../util/text.ts'
import type { HttpMethod } from '../http/http-client.ts'
import { NotCallable } from './not-callable.ts'
import type { Operation } from './operation.ts'
import { follow, type OpenapiDocument } from './read-document.ts'
import { readOperation } from './read-operation.ts'
import { createSchemaReader } from './read-schema.ts'
import type { Security } from './read-security.ts'
import { readServer, type Server, type ServerContext } from './read-server.ts'

/** An operation that cannot be called. */
export interface SkippedOperation {
  /** `GET /path`, with its id where it has one. */
  readonly operation: string
  readonly reason: string
}

export interface ReadOperations {
  readonly operations: readonly Operation[]
  readonly skipped: readonly SkippedOperation[]
  readonly warnings: readonly string[]
}

export interface OperationsContext {
  readonly security: Security
  /** Of the document. */
  readonly server: Server
  /** For operations with servers of their own: all calls stay on one origin. */
  readonly servers: ServerContext
}

const METHODS: readonly HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
/** They ask about the server, or have it repeat what it was sent. */
const UNCALLED = ['options', 'trace']
const MAX_OPERATIONS = 20_000
const MAX_NAME = 64
/** Others have their turn in between. */
const OPERATIONS_PER_TURN = 25
const MAX_REASON = 300

interface Found {
  readonly method: HttpMethod
  readonly path: string
  readonly pathItem: JsonObject
  readonly operation: JsonObject
  /** `operationId`, or method and path. */
  readonly id: string
}

const labelOf = ({ method, path, id }: Found): string =>
  truncateText(id === `${method} ${path}` ? id : `${method} ${path} (${id})`, 200)

/** @throws TuttiError `source_failed` for a document of too many operations */
export async function readOperations(
  document: OpenapiDocument,
  spec: OpenapiSpec,
  context: OperationsContext,
): Promise<ReadOperations> {
  const skipped: SkippedOperation[] = []
  const found = listOperations(document, skipped)
  const choice = createChoice(spec, found)
  const names = nameAll(found)
  const schemas = createSchemaReader(document)
  const operations: Operation[] = []
  let turn = 0
  for (const one of found) {
    const name = names.get(one) ?? ''
    const override = choice.overrideOf(one, name)
    if (!choice.isWanted(one, name) || override.hidden === true) continue
    try {
      const server = serverOf(one, context)
      const schemes = context.security.choose(one.operation)
      if (typeof schemes === 'string') throw new NotCallable(schemes)
      const { security } = context
      const timeoutMs = spec.timeoutMs
      operations.push(
        readOperation({ ...one, document, schemas, security, server, schemes, name, override, timeoutMs }),
      )
    } catch (thrown) {
      if (!(thrown instanceof NotCallable)) throw thrown
      skipped.push({ operation: labelOf(one), reason: truncateText(thrown.message, MAX_REASON) })
    }
    if (++turn % OPERATIONS_PER_TURN === 0) await setImmediate()
  }
  return { operations, skipped, warnings: choice.warnings(names) }
}

function listOperations(document: OpenapiDocument, skipped: SkippedOperation[]): Found[] {
  const paths = document.root['paths']
  const found: Found[] = []
  for (const [path, entry] of Object.entries(isJsonObject(paths) ? paths : {})) {
    if (path.startsWith('x-')) continue
    const pathItem = follow(document, entry)
    const why = pathItem === undefined ? 'it refers to nothing' : whyNoPath(path)
    if (pathItem === undefined || why !== undefined) {
      skipped.push({ operation: truncateText(path, 200), reason: why ?? '' })
      continue
    }
    for (const method of METHODS) {
      const operation = pathItem[method.toLowerCase()]
      if (operation === undefined) continue
      if (!isJsonObject(operation)) skipped.push({ operation: `${method} ${path}`, reason: 'it is no object' })
      else found.push({ method, path, pathItem, operation, id: idOf(operation) ?? `${method} ${path}` })
    }
    for (const method of UNCALLED) {
      if (pathItem[method] === undefined) continue
      skipped.push({ operation: `${method.toUpperCase()} ${path}`, reason: 'such operations are not called' })
    }
    if (found.length > MAX_OPERATIONS) {
      throw new TuttiError('source_failed', `The OpenAPI document has more than ${MAX_OPERATIONS} operations.`)
    }
  }
  return found
}

function idOf({ operationId }: JsonObject): string | undefined {
  return typeof operationId === 'string' && operationId.trim() !== '' ? operationId.trim() : undefined
}

function whyNoPath(path: string): string | undefined {
  if (!path.startsWith('/') || path.startsWith('//')) return 'a path begins with one "/"'
  if (/[\\#?\s\p{Cc}]/u.test(path)) return 'its path has characters that no path has'
  return path.split('/').some((part) => /^(?:\.|%2e){1,2}$/i.test(part)) ? 'its path leads out of itself' : undefined
}

/** @throws NotCallable when it is served on another origin */
function serverOf({ operation, pathItem }: Found, { server, servers }: OperationsContext): Server {
  const own = operation['servers'] ?? pathItem['servers']
  if (!isJsonList(own) || own.length === 0) return server
  const read = readServer(own, servers)
  if (typeof read === 'string') throw new NotCallable(read)
  return read
}

// ---- names ----------------------------------------------------------------------------------------------------------

/** As models and vendors take them: letters, digits, `_` and `-`. */
function safeName(id: string): string {
  const safe = id.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^_+|_+$/g, '')
  return safe.slice(0, MAX_NAME) || 'operation'
}

function nameAll(found: readonly Found[]): Map<Found, string> {
  const taken = new Set<string>()
  const names = new Map<Found, string>()
  for (const one of found) {
    const own = idOf(one.operation)
    const base = safeName(own ?? `${one.method.toLowerCase()} ${one.path}`)
    let name = base
    for (let n = 2; taken.has(nameKey(name)); n++) name = `${base.slice(0, MAX_NAME - 6)}_${n}`
    taken.add(nameKey(name))
    names.set(one, name)
  }
  return names
}

// ---- what the configuration says of them -----------------------------------------------------------------------------

interface Choice {
  isWanted(one: Found, name: string): boolean
  overrideOf(one: Found, name: string): CapabilityOverride
  warnings(names: ReadonlyMap<Found, string>): string[]
}

function createChoice({ include, exclude = [], operations = {} }: OpenapiSpec, found: readonly Found[]): Choice {
  const used = new Set<string>()
  const fits = (entry: string, one: Found, name: string): boolean => {
    const { id, path, method, operation } = one
    const isIt =
      entry === id ||
      entry === name ||
      entry === `${method} ${path}` ||
      (entry.startsWith('/') && (path === entry || path.startsWith(entry.endsWith('/') ? entry : `${entry}/`))) ||
      hasTag(operation['tags'], entry)
    if (isIt) used.add(entry)
    return isIt
  }
  const matches = (list: readonly string[], one: Found, name: string): boolean =>
    list.filter((entry) => fits(entry, one, name)).length > 0
  return {
    isWanted(one, name) {
      // Both are looked at, so that what is left out twice is not told as unknown.
      const isExcluded = matches(exclude, one, name)
      return (include === undefined || matches(include, one, name)) && !isExcluded
    },
    overrideOf(one, name) {
      const key = [one.id, name, `${one.method} ${one.path}`].find((known) => Object.hasOwn(operations, known))
      if (key !== undefined) used.add(key)
      return (key === undefined ? undefined : operations[key]) ?? {}
    },
    warnings(names) {
      const entries = [...(include ?? []), ...exclude, ...Object.keys(operations)].filter((entry) => !used.has(entry))
      if (entries.length === 0) return []
      const known = [...found.map(({ id }) => id), ...names.values()]
      return entries.slice(0, 20).map((entry) => `Nothing in the document is "${entry}".${didYouMean(entry, known)}`)
    },
  }
}

const hasTag = (tags: JsonValue | undefined, wanted: string): boolean => isJsonList(tags) && tags.includes(wanted)
