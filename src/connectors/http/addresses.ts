// Which addresses may be called. Decided on the address that a name resolved to, at the moment of connecting, so that no
// name can be checked as one thing and called as another.

import type { LookupAddress, LookupOptions } from 'node:dns'
import { lookup as systemLookup } from 'node:dns'
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { TuttiError } from '../../contracts/errors.ts'

/** `never`: link-local, metadata services, multicast, reserved. `private`: loopback and the ranges of inner networks. */
export type AddressClass = 'public' | 'private' | 'never'

/** True: private addresses may be called. A list: only for these host names, addresses and CIDR ranges. */
export type PrivateAddresses = boolean | readonly string[]

interface Range4 {
  readonly base: number
  readonly bits: number
}

const range4 = (cidr: string): Range4 => {
  const [address = '', bits = '32'] = cidr.split('/')
  return { base: toNumber4(address), bits: Number(bits) }
}

function toNumber4(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

const isIn4 = (address: number, { base, bits }: Range4): boolean =>
  Math.floor(address / 2 ** (32 - bits)) === Math.floor(base / 2 ** (32 - bits))

// 100.100.100.200, 168.63.129.16 and 192.0.0.192 are metadata services outside of the link-local range.
const NEVER_4 = ['169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4', '100.100.100.200', '168.63.129.16', '192.0.0.192'].map(
  range4,
)
const PRIVATE_4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
].map(range4)
const METADATA_6 = ['fd00:ec2::254', 'fd20:ce::254'].map((address) => groupsOf6(address).join(':'))

function class4(address: number): AddressClass {
  if (NEVER_4.some((range) => isIn4(address, range))) return 'never'
  return PRIVATE_4.some((range) => isIn4(address, range)) ? 'private' : 'public'
}

/** The eight groups of an IPv6 address; a zone (`%eth0`) is dropped, a dotted tail is read. */
function groupsOf6(address: string): number[] {
  const text = (address.split('%')[0] ?? '').replace(/[\d.]+$/, (tail) => {
    if (!tail.includes('.')) return tail
    const value = toNumber4(tail)
    return `${Math.floor(value / 65_536).toString(16)}:${(value % 65_536).toString(16)}`
  })
  const [head = '', tail] = text.split('::')
  const read = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const left = read(head)
  if (tail === undefined) return left
  const right = read(tail)
  return [...left, ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => 0), ...right]
}

/** The IPv4 address that an IPv6 address carries: mapped, compatible, NAT64 or 6to4. */
function embedded4(groups: readonly number[]): number | undefined {
  const at = (index: number): number => (groups[index] ?? 0) * 65_536 + (groups[index + 1] ?? 0)
  const zeros = (from: number, to: number): boolean => groups.slice(from, to).every((group) => group === 0)
  if (zeros(0, 5) && groups[5] === 0xffff) return at(6)
  if (zeros(0, 4) && groups[4] === 0xffff && groups[5] === 0) return at(6)
  if (zeros(0, 6) && at(6) > 1) return at(6)
  if (groups[0] === 0x64 && groups[1] === 0xff9b) return at(6)
  if (groups[0] === 0x2002) return at(1)
  return undefined
}

function class6(address: string): AddressClass {
  const groups = groupsOf6(address)
  const inner = embedded4(groups)
  if (inner !== undefined) return class4(inner)
  const first = groups[0] ?? 0
  // fe80::/10 is link-local, ff00::/8 multicast.
  if ((first & 0xffc0) === 0xfe80 || (first & 0xff00) === 0xff00) return 'never'
  if (METADATA_6.includes(groups.join(':'))) return 'never'
  // ::, ::1, fc00::/7 (unique local), fec0::/10 (site local).
  const isLoopback = groups.slice(0, 7).every((group) => group === 0)
  return isLoopback || (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfec0 ? 'private' : 'public'
}

/** What an IP address (not a name) may be used for. What is no address is `never`. */
export function classifyAddress(address: string): AddressClass {
  if (isIPv4(address)) return class4(toNumber4(address))
  return isIPv6(address) ? class6(address) : 'never'
}

const plainHost = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')

/** Whether an address that `host` stands for may be called. */
export function isCallable(host: string, address: string, allowed: PrivateAddresses): boolean {
  const kind = classifyAddress(address)
  if (kind !== 'private') return kind === 'public'
  if (typeof allowed === 'boolean') return allowed
  return allowed.some((entry) => {
    if (entry.includes('/')) return isIPv4(address) && isIn4(toNumber4(address), range4(entry))
    return plainHost(entry) === plainHost(host) || plainHost(entry) === address
  })
}

/** The error for an address that may not be called; `host` is shown, nothing else of the URL. */
function blockedAddress(host: string, address?: string): TuttiError {
  const isNever = classifyAddress(address ?? plainHost(host)) === 'never'
  const why = isNever
    ? 'it is link-local, a metadata service or reserved, and such addresses are never called'
    : 'it is private; allow it with the "privateAddresses" option of its source if that is meant'
  const shown = address === undefined || address === host ? `"${host}"` : `"${host}" (${address})`
  return new TuttiError('blocked_address', `The address ${shown} may not be called: ${why}.`, {
    details: { host, sent: false },
  })
}

/** Resolves like `dns.lookup` with `all: true`. */
export type Resolve = (
  host: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

type LookupCallback = (
  error: NodeJS.ErrnoException | TuttiError | null,
  address: string | LookupAddress[],
  family?: number,
) => void

/** A `lookup` for sockets that yields only addresses which may be called. */
export function createGuardedLookup(allowed: PrivateAddresses, resolve: Resolve = systemLookup) {
  return (host: string, options: LookupOptions, callback: LookupCallback): void => {
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, '')
        return
      }
      const usable = found.filter(({ address }) => isCallable(host, address, allowed))
      const first = usable[0]
      if (first === undefined) callback(blockedAddress(host, found[0]?.address), '')
      else if (options.all === true) callback(null, usable)
      else callback(null, first.address, first.family)
    })
  }
}

/**
 * Reads an origin, `http://host:port`. Literal addresses are checked here, since no lookup is made for them.
 * @throws TuttiError `blocked_address`
 */
export function readOrigin(address: string, allowed: PrivateAddresses): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '') {
    throw new TuttiError('blocked_address', 'An address must be an origin such as "http://host:8080".', {
      details: { sent: false },
    })
  }
  const host = plainHost(url.hostname)
  if (isIP(host) !== 0 && !isCallable(host, host, allowed)) throw blockedAddress(host)
  return url.origin
}

/**
 * A path that stays on its origin, as it is sent. Dot segments, backslashes, other hosts and fragments are refused.
 * @throws TuttiError `blocked_address`
 */
export function readEndpoint(endpoint: string): string {
  const origin = 'http://origin.invalid'
  const isPath = endpoint.startsWith('/') && !endpoint.startsWith('//') && !/[\\#\s\p{Cc}]/u.test(endpoint)
  const url = isPath && URL.canParse(endpoint, origin) ? new URL(endpoint, origin) : undefined
  const hasDots = (endpoint.split('?')[0] ?? '').split('/').some((part) => /^(?:\.|%2e){1,2}$/i.test(part))
  if (url === undefined || url.origin !== origin || hasDots) {
    throw new TuttiError(
      'blocked_address',
      `The endpoint ${JSON.stringify(endpoint.slice(0, 200).split('?')[0])} is not a path on the component's own origin. It must begin with one "/".`,
      { details: { sent: false } },
    )
  }
  return url.pathname + url.search
}

/**
 * The hosts of these URLs that are written as `localhost` or as a private address, so that their being private is meant: what to
 * allow where nothing else is said.
 */
export function writtenPrivate(urls: readonly string[]): string[] {
  const hosts = urls.filter((url) => URL.canParse(url)).map((url) => plainHost(new URL(url).hostname))
  return hosts.filter((host) => host === 'localhost' || classifyAddress(host) === 'private')
}
