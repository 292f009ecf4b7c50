// The way to one server, as its entry in the configuration says: a child process, or HTTP to one origin.
import type { Transport } from '@modelcontextprotocol/client'
import { TuttiError } from '../../contracts/errors.ts'
import type { Clock, Logger } from '../../contracts/parts.ts'
import type { McpServerSpec } from '../../contracts/sources.ts'
import { SHORTEST_SECRET, secretsAmong } from '../../util/secrets.ts'
import { writtenPrivate } from '../http/addresses.ts'
import { createGuardedFetch } from '../http/guarded-fetch.ts'
import { createDigitKeeper } from '../http/keep-digits.ts'
import { createErrorLog } from './error-log.ts'
import { HttpTransport } from './http-transport.ts'
import type { McpSdk } from './link.ts'
import type { RequestProver } from './prove-requests.ts'
import { StdioTransport } from './stdio-transport.ts'

export interface TransportParts {
  readonly name: string
  readonly spec: McpServerSpec
  readonly maxResponseBytes: number
  readonly prover: RequestProver
  readonly clock: Clock
  readonly log: Logger | undefined
}

export interface OpenTransport {
  readonly transport: Transport
  /** What the server said last, beside the protocol. */
  lastWords(): string
  /** Ends what the server holds for us, and the connections. */
  close(): Promise<void>
}

/** How a server is reached. `http` is Streamable HTTP. */
export type McpWay =
  | { readonly type: 'stdio'; readonly command: string }
  | { readonly type: 'http' | 'sse'; readonly url: URL }

/** Longest that a server is waited for when it is told to forget a session, ms. */
const FORGET_MS = 1_000

/** @throws TuttiError `invalid_config` for an entry that says neither or both, or a URL that is none */
export function readWay(name: string, { type, command, url }: McpServerSpec): McpWay {
  const refuse = (what: string): never => {
    throw new TuttiError('invalid_config', `The MCP server "${name}" ${what}`)
  }
  if (command !== undefined && url !== undefined) return refuse('has both "command" and "url". Leave one of them out.')
  if (command !== undefined) {
    return type === undefined || type === 'stdio'
      ? { type: 'stdio', command }
      : refuse(`has a "command", but the type "${type}". Leave "type" out, or say "stdio".`)
  }
  if (url === undefined) return refuse('has neither "command" nor "url". Say how it is started, or where it is.')
  if (type === 'stdio') return refuse('is of type "stdio", but has a "url". Say its "command".')
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.username !== '') {
    return refuse('needs a URL such as "https://host/mcp", without a user name in it.')
  }
  return { type: type === 'sse' ? 'sse' : 'http', url: parsed }
}

/** What the entry hands to the server, by name; of arguments those that have one: `--api-key=abc`, `--api-key abc`. */
export function givenOf({ env = {}, headers = {}, args = [] }: McpServerSpec): (readonly [string, string])[] {
  const named = args.flatMap((arg, i): [string, string][] => {
    const [, name = /^--?([\w-]+)$/.exec(args[i - 1] ?? '')?.[1], value = arg] = /^--?([\w-]+)=(.+)$/s.exec(arg) ?? []
    return name === undefined ? [] : [[name, value]]
  })
  return [...Object.entries(env), ...Object.entries(headers), ...named]
}

/** What of it nobody else should see: in what is only told, such as last words, rather too much than too little. */
export function secretsOf({ env = {}, headers = {}, args = [] }: McpServerSpec): ReadonlyMap<string, string> {
  const all = givenOf({ env, headers }).filter(([, value]) => value.length >= SHORTEST_SECRET)
  return new Map([...all, ...secretsAmong(givenOf({ args }))])
}

async function openProcess(command: string, parts: TransportParts): Promise<OpenTransport> {
  const { name, spec, maxResponseBytes, clock, log } = parts
  // The few variables that every program needs; nothing of ours is handed on.
  const { getDefaultEnvironment } = await import('@modelcontextprotocol/client/stdio')
  const errors = createErrorLog({ name, clock, log, secrets: secretsOf(spec) })
  const transport = new StdioTransport({
    name,
    process: { command, args: spec.args ?? [], env: { ...getDefaultEnvironment(), ...spec.env }, cwd: spec.cwd },
    maxMessageBytes: maxResponseBytes,
    clock,
    onErrorText: (text) => errors.write(text),
  })
  return { transport, lastWords: () => errors.lastWords(), close: () => transport.close() }
}

function openHttp(
  way: { readonly type: 'http' | 'sse'; readonly url: URL },
  parts: TransportParts,
  sdk: McpSdk,
): OpenTransport {
  const { name, spec, maxResponseBytes, prover, clock } = parts
  const { url, type } = way
  const digits = createDigitKeeper()
  let failure: TuttiError | undefined
  const guarded = createGuardedFetch({
    origin: url.origin,
    privateAddresses: spec.privateAddresses ?? writtenPrivate([url.href]),
    maxResponseBytes,
    onBroken: (error) => {
      failure = error
    },
  })
  const takeFailure = (): TuttiError | undefined => {
    const taken = failure
    failure = undefined
    return taken
  }
  const fetch = prover.over((target, init) => guarded.fetch(target, init))
  const options = {
    requestInit: { headers: { ...spec.headers } },
    fetch: async (target: string | URL, init?: RequestInit) => digits.mark(await fetch(target, init)),
  }
  const streamable = type === 'http' ? new sdk.StreamableHTTPClientTransport(url, options) : undefined
  const inner: Transport = streamable ?? new sdk.SSEClientTransport(url, options)
  const forget = async (): Promise<void> => {
    const late = Promise.withResolvers<void>()
    const cancel = clock.after(FORGET_MS, late.resolve)
    await Promise.race([streamable?.terminateSession().catch(() => undefined), late.promise])
    cancel()
  }
  return {
    transport: new HttpTransport({ name, inner, digits, takeFailure }),
    lastWords: () => '',
    async close() {
      if (streamable?.sessionId !== undefined) await forget()
      await inner.close().catch(() => undefined)
      await guarded.close()
    },
  }
}

/** Not started yet: the protocol library does that. */
export async function openTransport(way: McpWay, parts: TransportParts, sdk: McpSdk): Promise<OpenTransport> {
  return way.type === 'stdio' ? await openProcess(way.command, parts) : openHttp(way, parts, sdk)
}
