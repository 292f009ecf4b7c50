// Who may ask what: API keys with roles, or, without keys, this machine alone.
import { createHash, timingSafeEqual } from 'node:crypto'
import { TuttiError } from '../contracts/errors.ts'

const ROLES = ['read', 'run', 'approve', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Who sends a request. Runs belong to the principal. */
export interface Caller {
  readonly principal: string
  readonly role: Role
}

export interface AskedBy {
  readonly headers: Headers
  /** Address of the other end of the connection. */
  readonly peer: string | undefined
}

export interface Access {
  /** @throws TuttiError `unauthorized`, `no_api_keys`, `forbidden` (a foreign origin) */
  identify(asked: AskedBy): Caller
}

interface ApiKey {
  readonly name: string
  readonly role: Role
  readonly digest: Buffer
}

const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest()
const isRole = (text: string): text is Role => ROLES.some((role) => role === text)

/**
 * Reads `NAME:ROLE:KEY,...`; a key may hold colons.
 * @throws TuttiError `invalid_config` naming the entry by its place, never the key
 */
export function parseApiKeys(text: string | undefined): ApiKey[] {
  if (text === undefined || text.trim() === '') return []
  const keys = text.split(',').map((entry, i): ApiKey => {
    const [name = '', role = '', ...rest] = entry.trim().split(':')
    const key = rest.join(':')
    const where = `Entry ${i + 1} of "server.apiKeys"`
    if (!/^[A-Za-z0-9_.-]{1,64}$/.test(name) || key === '') {
      throw new TuttiError('invalid_config', `${where} is not of the form NAME:ROLE:KEY.`)
    }
    if (!isRole(role)) {
      throw new TuttiError('invalid_config', `${where} ("${name}") has an unknown role; it may be ${ROLES.join(', ')}.`)
    }
    return { name, role, digest: digestOf(key) }
  })
  const names = new Set(keys.map((key) => key.name))
  if (names.size < keys.length) {
    throw new TuttiError('invalid_config', 'Two entries of "server.apiKeys" have the same name; runs belong to a name.')
  }
  const [twice] = keys.filter((key, i) => keys.findIndex((other) => other.digest.equals(key.digest)) < i)
  if (twice !== undefined) {
    throw new TuttiError(
      'invalid_config',
      `Two entries of "server.apiKeys" have the same key; the second is "${twice.name}". A key must say who asks.`,
    )
  }
  return keys
}

/** `run` and `approve` include `read`; `admin` includes all. */
export const mayDo = (role: Role, needed: Role): boolean => role === needed || role === 'admin' || needed === 'read'

const isLoopback = (address: string | undefined): boolean =>
  address !== undefined && /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/.test(address)

/** A page on a foreign name that resolves to this machine still sends its own name as host. */
function isLocalHost(host: string | null): boolean {
  if (host === null || !URL.canParse(`http://${host}`)) return false
  const { hostname } = new URL(`http://${host}`)
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d+){3}$/.test(hostname)
  )
}

function givenKey(headers: Headers): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1]
  return bearer ?? headers.get('x-api-key') ?? undefined
}

function refuseForeignOrigin(headers: Headers): void {
  const origin = headers.get('origin')
  if (origin === null) return
  if (URL.canParse(origin) && new URL(origin).host === headers.get('host')) return
  throw new TuttiError(
    'forbidden',
    'Requests from pages of another origin are refused. Call the server from its own origin, or from a program.',
  )
}

/** @throws TuttiError `invalid_config` when the keys cannot be read */
export function createAccess(apiKeys: string | undefined): Access {
  const keys = parseApiKeys(apiKeys)
  const find = (key: string): ApiKey | undefined => {
    const digest = digestOf(key)
    // All are compared, each in constant time: the answer's time says nothing about the keys.
    return keys.filter((known) => timingSafeEqual(known.digest, digest))[0]
  }
  return {
    identify({ headers, peer }) {
      refuseForeignOrigin(headers)
      if (keys.length === 0) {
        if (isLoopback(peer) && isLocalHost(headers.get('host'))) return { principal: 'local', role: 'admin' }
        throw new TuttiError(
          'no_api_keys',
          'No API keys are configured, so only requests from this machine are answered. Set TUTTI_SERVER_API_KEYS to NAME:ROLE:KEY.',
        )
      }
      const key = givenKey(headers)
      const known = key === undefined ? undefined : find(key)
      if (known !== undefined) return { principal: known.name, role: known.role }
      throw new TuttiError(
        'unauthorized',
        key === undefined
          ? 'Send an API key as "Authorization: Bearer KEY" or "X-API-Key: KEY".'
          : 'The API key is not known.',
      )
    },
  }
}
