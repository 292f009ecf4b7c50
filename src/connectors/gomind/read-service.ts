// A registration of GoMind's format as one running instance. Tolerant of all that its components really write: nulls, missing
// lists, empty health, zero times, ids that are names. Nothing is decided by `last_seen`, which the first seconds make a lie.
import type { Instance } from '../../contracts/capability.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import { isJsonObject, parseJson } from '../../util/json.ts'
import type { ReadCapability } from './read-capability.ts'
import { isUsableName, listOf, readCapability, readText } from './read-capability.ts'

/** A longer record is skipped, in UTF-16 units of its text. */
export const MAX_RECORD_CHARS = 1_000_000
const MAX_CAPABILITIES = 2000

export interface ServiceRecord {
  readonly name: string
  readonly kind: 'tool' | 'agent'
  readonly description: string
  readonly instance: Instance & { readonly address: string }
  readonly envelope?: 'bare' | 'data'
  readonly capabilities: readonly ReadCapability[]
  /** What could not be read and was left out, in words. */
  readonly warnings: readonly string[]
}

export type ReadService = { readonly service: ServiceRecord } | { readonly problem: string }

export function readHealth(value: unknown): Instance['health'] {
  const word = typeof value === 'string' ? value.toLowerCase() : ''
  return word === 'healthy' || word === 'unhealthy' ? word : 'unknown'
}

function readPort(value: JsonValue | undefined): number | undefined {
  if (value === undefined || value === null || value === 0 || value === '') return 80
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value
  return typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}

/** `http://host:port` of what was registered; undefined when that is no host and port. */
function readAddress(address: JsonValue | undefined, port: JsonValue | undefined): string | undefined {
  if (typeof address !== 'string' || address.length > 300) return undefined
  const scheme = /^(https?):\/\//i.exec(address)?.[1]?.toLowerCase() ?? 'http'
  const host = address
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/\/$/, '')
  const readPortNumber = readPort(port)
  if (readPortNumber === undefined || !/^[\p{L}\p{N}._:[\]%-]+$/u.test(host)) return undefined
  const isBare6 = host.split(':').length > 2 && !host.startsWith('[')
  const hasPort = /^[^:]+:\d+$/.test(host) || /\]:\d+$/.test(host)
  const text = `${scheme}://${isBare6 ? `[${host}]` : host}${hasPort ? '' : `:${readPortNumber}`}`
  return URL.canParse(text) ? new URL(text).origin : undefined
}

function readCapabilities(list: JsonValue | undefined): Pick<ServiceRecord, 'capabilities' | 'warnings'> {
  const capabilities = new Map<string, ReadCapability>()
  const warnings: string[] = []
  listOf(list)
    .slice(0, MAX_CAPABILITIES)
    .forEach((record, index) => {
      const read = readCapability(record)
      if (read === undefined) warnings.push(`its capability at place ${index + 1} has no usable name or endpoint`)
      else if (!capabilities.has(read.capability.name)) capabilities.set(read.capability.name, read)
    })
  return { capabilities: [...capabilities.values()], warnings }
}

const envelopeOf = (metadata: JsonValue | undefined): 'bare' | 'data' | undefined => {
  const envelope = isJsonObject(metadata) ? metadata['envelope'] : undefined
  return envelope === 'bare' || envelope === 'data' ? envelope : undefined
}

/** Where it runs: what the registration says, or its metadata. */
export function readRegion(record: JsonObject): { readonly region?: string } {
  const { metadata } = record
  const region = record['region'] ?? (isJsonObject(metadata) ? metadata['region'] : undefined)
  return isUsableName(region) ? { region } : {}
}

function readRecord(record: JsonObject): ReadService {
  const { name } = record
  if (!isUsableName(name)) return { problem: 'it has no usable name' }
  const address = readAddress(record['address'], record['port'])
  if (address === undefined) return { problem: 'its address or port cannot be called' }
  const type = typeof record['type'] === 'string' ? record['type'].toLowerCase() : ''
  if (type !== 'tool' && type !== 'agent') return { problem: 'its type is neither "tool" nor "agent"' }
  const envelope = envelopeOf(record['metadata'])
  return {
    service: {
      name,
      kind: type,
      description: readText(record['description']),
      // In Kubernetes all replicas share one id, which is the name; the address is then the service's.
      instance: {
        id: isUsableName(record['id']) ? record['id'] : address,
        address,
        health: readHealth(record['health']),
        ...readRegion(record),
      },
      ...(envelope === undefined ? {} : { envelope }),
      ...readCapabilities(record['capabilities']),
    },
  }
}

/** Reads the text of one registration. Never throws: what cannot be read has a `problem` that says why. */
export function readService(text: string): ReadService {
  if (text.length > MAX_RECORD_CHARS) return { problem: `it is longer than ${MAX_RECORD_CHARS} characters` }
  let value: JsonValue
  try {
    value = parseJson(text)
  } catch {
    return { problem: 'it is not JSON' }
  }
  return isJsonObject(value) ? readRecord(value) : { problem: 'it is not an object' }
}
