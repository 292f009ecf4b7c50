// An OpenAPI document as a source: one component, whose capabilities are the operations that can be called.
import { hash } from 'node:crypto'
import type { Capability, Component } from '../../contracts/capability.ts'
import { TuttiError, toTuttiError } from '../../contracts/errors.ts'
import type { JsonObject } from '../../contracts/json.ts'
import type { Clock, Logger, Source } from '../../contracts/parts.ts'
import type { ComponentPolicy } from '../../contracts/policy.ts'
import type { OpenapiSpec } from '../../contracts/sources.ts'
import { createClock } from '../../util/clock.ts'
import { isFreeHeaderName, isHeaderValue } from '../../util/header-text.ts'
import { isJsonObject } from '../../util/json.ts'
import { truncateText } from '../../util/text.ts'
import { readOrigin, writtenPrivate } from '../http/addresses.ts'
import { createHttpClient } from '../http/http-client.ts'
import { createFilePlace, createUrlPlace, type DocumentPlace, MAX_DOCUMENT_BYTES } from './document-place.ts'
import { createOpenapiInvoker } from './openapi-invoker.ts'
import type { Operation } from './operation.ts'
import { type OpenapiDocument, readDocument } from './read-document.ts'
import { type ReadOperations, readOperations, type SkippedOperation } from './read-operations.ts'
import { readSecurity } from './read-security.ts'
import { readOwnServer, readServer, type Server, type ServerContext } from './read-server.ts'

/** One OpenAPI document, and what its calls are bounded by. */
export interface OpenapiSourceOptions {
  /** Name of the source, and of its component. */
  readonly name: string
  readonly spec: OpenapiSpec
  /** Largest answer of an operation, bytes. Default 10,000,000. */
  readonly maxResponseBytes?: number
  readonly clock?: Clock
  readonly log?: Logger
}

/** What was made of the document at the last load. */
export interface OpenapiReport {
  /** Operations that became capabilities. */
  readonly operations: number
  /** Operations that cannot be called, each with the reason. What the configuration leaves out is not among them. */
  readonly skipped: readonly SkippedOperation[]
  /** What in the configuration fits nothing in the document. */
  readonly warnings: readonly string[]
}

/** A source that also tells what it made of its document. */
export interface OpenapiSource extends Source {
  report(): OpenapiReport
}

interface Loaded extends ReadOperations {
  readonly components: readonly Component[]
  readonly byName: ReadonlyMap<string, Operation>
}

const NOTHING_YET: OpenapiReport = { operations: 0, skipped: [], warnings: [] }
const MAX_TOLD = 20

/**
 * The operations of an OpenAPI 3.0 or 3.1 document.
 *
 * `load` throws TuttiError `source_failed` when the document cannot be had or read, refers to other documents, or holds nothing
 * that can be called.
 * @throws TuttiError `invalid_config`
 * @example createOpenapiSource({ name: 'petstore', spec: { url: 'https://petstore.example/openapi.json' } })
 */
export function createOpenapiSource(options: OpenapiSourceOptions): OpenapiSource {
  const { name, spec, log } = options
  const clock = options.clock ?? createClock()
  const url = readDocumentUrl(name, spec)
  const ownServer = spec.server === undefined ? undefined : readOwnServer(name, spec.server)
  const privateAddresses =
    spec.privateAddresses ?? writtenPrivate([spec.url, spec.server].filter((text) => text !== undefined))
  const headers = readHeaders(name, spec.headers ?? {})
  const reader = createHttpClient({ maxResponseBytes: MAX_DOCUMENT_BYTES, privateAddresses, connections: 2 })
  const isOwnOrigin = url !== undefined && (ownServer?.origin ?? url.origin) === url.origin
  const place: DocumentPlace =
    url === undefined
      ? createFilePlace(spec.file ?? '')
      : createUrlPlace({ url, client: reader, clock, headers: isOwnOrigin ? headers : new Map() })
  let policyOf: (component: string) => ComponentPolicy | undefined = () => undefined
  // A capability that the catalog holds on to although the document has changed since.
  const earlier = new WeakMap<Capability, Operation>()
  const loader = createLoader(place, async (text, signal) => {
    const document = await readDocument(text, place.where, signal)
    const { server, servers } = chooseServer(document, { spec, place, ownServer, privateAddresses })
    const sent = new Set([...headers.keys(), ...declaredHeader(policyOf(name))])
    const trustsTokenUrl = (address: string): boolean =>
      URL.canParse(address) && (url === undefined || [url.origin, ownServer?.origin].includes(new URL(address).origin))
    const security = readSecurity(document, { auth: spec.auth ?? {}, headers: sent, trustsTokenUrl })
    const found = await readOperations(document, spec, { security, server, servers })
    const { operations, skipped } = found
    if (operations.length === 0) throw nothingIn(place.where, skipped)
    for (const operation of operations) earlier.set(operation.capability, operation)
    const loaded: Loaded = {
      ...found,
      warnings: [...security.warnings, ...found.warnings],
      components: Object.freeze([toComponent(document, options, { server, operations })]),
      byName: new Map(operations.map((operation) => [operation.capability.name, operation])),
    }
    tell(loaded, name, log)
    return loaded
  })

  return {
    discovery: {
      name,
      load: async (signal) => (await loader.load(signal)).components,
      skipped: () => (loader.last()?.skipped ?? []).map(({ operation, reason }) => ({ name: operation, why: reason })),
      close: () => reader.close(),
    },
    invoker: {
      ...createOpenapiInvoker({
        name,
        client: createHttpClient({ maxResponseBytes: options.maxResponseBytes ?? 10_000_000, privateAddresses }),
        clock,
        headers,
        operationOf: (capability) => loader.last()?.byName.get(capability.name) ?? earlier.get(capability),
        // Who writes the configuration says where tokens come from: an inner network is meant then.
        tokenAddresses: Object.values(spec.auth ?? {}).some((auth) => 'tokenUrl' in auth) ? true : privateAddresses,
        policyOf: (component) => policyOf(component),
      }),
      usePolicies(given) {
        policyOf = given
      },
    },
    report: () => toReport(loader.last()),
  }
}

const toReport = (loaded: Loaded | undefined): OpenapiReport =>
  loaded === undefined
    ? NOTHING_YET
    : { operations: loaded.operations.length, skipped: loaded.skipped, warnings: loaded.warnings }

interface Loader {
  load(signal: AbortSignal): Promise<Loaded>
  last(): Loaded | undefined
}

/** Reads a document when its text has changed, and not again when it could not be used. */
function createLoader(place: DocumentPlace, read: (text: string, signal: AbortSignal) => Promise<Loaded>): Loader {
  let last: { readonly digest: string; readonly loaded: Loaded } | undefined
  let failed: { readonly digest: string; readonly error: TuttiError } | undefined
  // Text that a load which was told to stop has left behind: the place does not give it twice.
  let unread: string | undefined

  const load = async (signal: AbortSignal): Promise<Loaded> => {
    unread = (await place.read(signal)) ?? unread
    const digest = unread === undefined ? (failed ?? last)?.digest : hash('sha1', unread)
    if (failed !== undefined && failed.digest === digest) throw failed.error
    failed = undefined
    if (last === undefined || last.digest !== digest) {
      if (unread === undefined || digest === undefined) {
        throw new TuttiError('source_failed', `"${place.where}" did not answer with a document.`)
      }
      try {
        last = { digest, loaded: await read(unread, signal) }
      } catch (thrown) {
        if (signal.aborted) throw thrown
        unread = undefined
        failed = { digest, error: toTuttiError(thrown, 'source_failed') }
        throw failed.error
      }
    }
    unread = undefined
    return last.loaded
  }
  return { load, last: () => last?.loaded }
}

function readDocumentUrl(name: string, { url, file }: OpenapiSpec): URL | undefined {
  if ((url === undefined) === (file === undefined)) {
    throw new TuttiError('invalid_config', `sources.openapi.${name} needs either "url" or "file".`)
  }
  if (url === undefined) return undefined
  const read = URL.canParse(url) ? new URL(url) : undefined
  if (read !== undefined && /^https?:$/.test(read.protocol) && read.username === '') return read
  throw new TuttiError('invalid_config', `sources.openapi.${name}.url must be like "https://api.example/openapi.json".`)
}

/** @throws TuttiError `invalid_config` for what no request can carry; the values are not shown */
function readHeaders(name: string, given: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  for (const [header, value] of Object.entries(given)) {
    if (isFreeHeaderName(header) && isHeaderValue(value)) continue
    const text = `sources.openapi.${name}.headers has ${JSON.stringify(header)}, which cannot be sent as a header.`
    throw new TuttiError('invalid_config', text)
  }
  return new Map(Object.entries(given).map(([header, value]) => [header.toLowerCase(), value]))
}

const declaredHeader = (policy: ComponentPolicy | undefined): readonly string[] => {
  const spec = policy?.credentials
  return spec === undefined ? [] : [spec.type === 'header' ? spec.name.toLowerCase() : 'authorization']
}

interface ServerParts {
  readonly spec: OpenapiSpec
  readonly place: DocumentPlace
  readonly ownServer: Server | undefined
  readonly privateAddresses: boolean | readonly string[]
}

/** Calls go to one origin: the configured one, else that of the document, else the first that a file names. */
function chooseServer(
  document: OpenapiDocument,
  { spec, place, ownServer, privateAddresses }: ServerParts,
): { readonly server: Server; readonly servers: ServerContext } {
  const refuses = (origin: string): string | undefined => {
    try {
      readOrigin(origin, privateAddresses)
      return undefined
    } catch {
      return 'is an address that may not be called'
    }
  }
  const context: ServerContext = {
    base: place.url,
    variables: spec.serverVariables ?? {},
    refuses: (origin) =>
      place.url !== undefined && origin !== place.url.origin ? 'is not the origin of the document' : refuses(origin),
  }
  const server = ownServer ?? readServer(document.root['servers'], context)
  if (typeof server === 'string') {
    const text = `The OpenAPI document "${place.where}" cannot be called: ${server}. Say where in "server".`
    throw new TuttiError('source_failed', text)
  }
  const base = ownServer === undefined ? place.url : new URL(`${ownServer.origin}${ownServer.basePath}/`)
  const isElsewhere = (origin: string) => (origin === server.origin ? undefined : `is not "${server.origin}"`)
  return { server, servers: { ...context, base, refuses: isElsewhere } }
}

function nothingIn(where: string, skipped: readonly SkippedOperation[]): TuttiError {
  const [first] = skipped
  const why =
    first === undefined ? '' : ` ${skipped.length} were left out, such as ${first.operation}: ${first.reason}.`
  return new TuttiError('source_failed', `Nothing in the OpenAPI document "${where}" can be called.${why}`)
}

function toComponent(
  { root }: OpenapiDocument,
  { name }: OpenapiSourceOptions,
  { server, operations }: { readonly server: Server; readonly operations: readonly Operation[] },
): Component {
  const info: JsonObject = isJsonObject(root['info']) ? root['info'] : {}
  const { title, summary, description, version } = info
  const texts = [title, summary ?? description].filter(
    (text): text is string => typeof text === 'string' && text !== '',
  )
  return {
    name,
    kind: 'tool',
    ...(texts.length > 0 && { description: truncateText(texts.join(': '), 1_000) }),
    ...((typeof version === 'string' || typeof version === 'number') && { version: String(version).slice(0, 100) }),
    source: name,
    trust: 'configured',
    capabilities: operations.map(({ capability }) => capability),
    instances: [{ id: `${name}@${new URL(server.origin).host}`, address: server.origin, health: 'unknown' }],
  }
}

function tell({ skipped, warnings }: Loaded, source: string, log: Logger | undefined): void {
  for (const warning of warnings) log?.warn(`The OpenAPI source "${source}": ${warning}`, { source })
  for (const { operation, reason } of skipped.slice(0, MAX_TOLD)) {
    log?.info(`The OpenAPI source "${source}" leaves out ${operation}: ${reason}.`, { source })
  }
  const more = skipped.length - MAX_TOLD
  if (more > 0) log?.info(`The OpenAPI source "${source}" leaves out ${more} more operations.`, { source, more })
}
