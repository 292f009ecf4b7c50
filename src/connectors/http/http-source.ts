// Components at addresses that the configuration names, without a registry: they are asked what they can do.
import type { Component } from '../../contracts/capability.ts'
import { TuttiError, toTuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'
import type { Clock, Logger, Source } from '../../contracts/parts.ts'
import { createClock } from '../../util/clock.ts'
import { isJsonObject, parseJson } from '../../util/json.ts'
import { groupServices } from '../gomind/group-services.ts'
import type { ReadCapability } from '../gomind/read-capability.ts'
import { isUsableName, listOf, readCapability, readText } from '../gomind/read-capability.ts'
import type { ServiceRecord } from '../gomind/read-service.ts'
import { readHealth, readRegion } from '../gomind/read-service.ts'
import { createSchemaCache } from '../gomind/schema-cache.ts'
import type { PrivateAddresses } from './addresses.ts'
import { classifyAddress } from './addresses.ts'
import type { HttpClient } from './http-client.ts'
import { createHttpClient } from './http-client.ts'
import { createHttpInvoker } from './http-invoker.ts'

/** A component at known addresses. */
export interface HttpSourceOptions {
  /** Name of the source, and of a component that does not name itself. */
  readonly name: string
  /** Where the component answers, such as `http://localhost:8096`; several are instances, or several components. */
  readonly url: string | readonly string[]
  /** Default: what the component's `/health` says, else `tool`. */
  readonly kind?: 'tool' | 'agent'
  /** Default `configured`. */
  readonly trust?: 'configured' | 'discovered'
  /** Default: only for addresses written as `localhost` or as numbers. */
  readonly privateAddresses?: PrivateAddresses
  /** Largest answer of a component, bytes. Default 10,000,000. */
  readonly maxResponseBytes?: number
  readonly schemaWaitMs?: number
  readonly clock?: Clock
  readonly log?: Logger
}

interface Place {
  readonly origin: string
  /** Path of the URL without its last slash: where `/api/capabilities` is below. */
  readonly base: string
}

function readPlace(text: string): Place {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '') {
    throw new TuttiError('invalid_config', 'The URL of a component must be like "http://localhost:8096".')
  }
  return { origin: url.origin, base: url.pathname.replace(/\/+$/, '') }
}

/** Hosts that were written as an address, so that their being private is meant. */
const writtenAddresses = (places: readonly Place[]): string[] =>
  places
    .map(({ origin }) => new URL(origin).hostname.replace(/^\[|\]$/g, ''))
    .filter((host) => host === 'localhost' || classifyAddress(host) === 'private')

/** @throws TuttiError of the HTTP client, or `source_failed` for an answer that is no JSON with status 200 */
async function getJson(client: HttpClient, { origin }: Place, path: string, signal: AbortSignal): Promise<JsonValue> {
  const answer = await client.request({ origin, path, method: 'GET', headers: ['accept', 'application/json'], signal })
  if (answer.status !== 200)
    throw new TuttiError('source_failed', `"${origin}" answered ${path} with ${answer.status}.`)
  try {
    return parseJson(answer.text)
  } catch (cause) {
    throw new TuttiError('source_failed', `"${origin}" answered ${path} with something that is not JSON.`, { cause })
  }
}

function readList(list: JsonValue, place: Place): ReadCapability[] {
  return listOf(list).flatMap((record) => {
    const read = readCapability(record)
    if (read === undefined) return []
    if (place.base === '' || read.capability.endpoint !== undefined) return [read]
    const endpoint = `${place.base}/api/capabilities/${encodeURIComponent(read.capability.name)}`
    return [{ ...read, capability: { ...read.capability, endpoint } }]
  })
}

async function readComponent(client: HttpClient, place: Place, options: HttpSourceOptions, signal: AbortSignal) {
  const [list, health] = await Promise.all([
    getJson(client, place, `${place.base}/api/capabilities`, signal),
    // Health can be switched off or be someone's own; then nothing is known of it.
    getJson(client, place, `${place.base}/health`, signal).catch(() => null),
  ])
  const facts = isJsonObject(health) ? health : {}
  const named = facts['name'] ?? facts['agent']
  const { host } = new URL(place.origin)
  const service: ServiceRecord = {
    name: isUsableName(named) ? named : options.name,
    kind: options.kind ?? (facts['type'] === 'agent' || facts['agent'] !== undefined ? 'agent' : 'tool'),
    description: readText(facts['description']),
    instance: {
      id: isUsableName(facts['id']) ? facts['id'] : host,
      address: place.origin,
      health: readHealth(facts['status']),
      ...readRegion(facts),
    },
    capabilities: readList(list, place),
    warnings: [],
  }
  return service
}

/**
 * Components at known addresses, found by `GET /api/capabilities` and `GET /health`.
 *
 * @throws TuttiError `invalid_config` for an unusable URL; `load` throws `source_failed` when no address answers
 * @example createOrchestrator({ sources: [createHttpSource({ name: 'weather', url: 'http://localhost:8096' })] })
 */
export function createHttpSource(options: HttpSourceOptions): Source {
  const { name, url, maxResponseBytes = 10_000_000, schemaWaitMs = 1500 } = options
  const places = (typeof url === 'string' ? [url] : url).map(readPlace)
  const clock = options.clock ?? createClock()
  const privateAddresses = options.privateAddresses ?? writtenAddresses(places)
  const client = createHttpClient({ maxResponseBytes, privateAddresses })
  const reader = createHttpClient({ maxResponseBytes: 5_000_000, privateAddresses, connections: 4 })
  const schemas = createSchemaCache({ client: reader, clock })

  const load = async (signal: AbortSignal): Promise<readonly Component[]> => {
    const answers = await Promise.allSettled(places.map((place) => readComponent(reader, place, options, signal)))
    const services: ServiceRecord[] = []
    let failure: TuttiError | undefined
    for (const answer of answers) {
      if (answer.status === 'fulfilled') services.push(answer.value)
      else {
        failure = toTuttiError(answer.reason, 'source_failed')
        // Of a single one the catalog tells.
        if (places.length > 1 && !signal.aborted)
          options.log?.warn(`The source "${name}" skips an address: ${failure.message}`)
      }
    }
    if (services.length === 0 && failure !== undefined) {
      throw new TuttiError('source_failed', `The source "${name}" found nothing: ${failure.message}`, {
        cause: failure,
      })
    }
    const group = (): Promise<Component[]> =>
      groupServices(services, {
        source: name,
        trust: options.trust ?? 'configured',
        describe: (read, addresses) => schemas.describe(read, addresses),
      })
    const components = await group()
    return (await schemas.settle(schemaWaitMs)) ? await group() : components
  }

  return {
    discovery: {
      name,
      load,
      async close() {
        schemas.close()
        await reader.close()
      },
    },
    invoker: createHttpInvoker({ client }),
  }
}
