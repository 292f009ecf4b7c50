// An MCP server as a source: one component whose capabilities are the server's tools. Nothing is started, and no protocol
// library loaded, before the first load.
import type { Component } from '../../contracts/capability.ts'
import { TuttiError, toTuttiError } from '../../contracts/errors.ts'
import type { Clock, Discovery, Logger, SkippedEntry, Source } from '../../contracts/parts.ts'
import type { McpServerSpec } from '../../contracts/sources.ts'
import { createClock } from '../../util/clock.ts'
import { nameKey } from '../../util/name-key.ts'
import { hideSecrets } from '../../util/secrets.ts'
import { truncateText } from '../../util/text.ts'
import type { McpLink } from './link.ts'
import { listTools, type ToolList } from './list-tools.ts'
import { createMcpConnection } from './mcp-connection.ts'
import { createMcpInvoker } from './mcp-invoker.ts'
import { givenOf, readWay } from './open-transport.ts'
import { createRequestProver } from './prove-requests.ts'
import type { McpTool } from './read-tool.ts'

/** One MCP server, and what its calls are bounded by. */
export interface McpSourceOptions {
  /** Of the component; the key in `mcpServers`. */
  readonly name: string
  /** One entry of the usual `mcpServers` block. */
  readonly server: McpServerSpec
  /** Longest answer, bytes. Default 10,000,000. */
  readonly maxResponseBytes?: number
  readonly clock?: Clock
  readonly log?: Logger
}

const MAX_INSTRUCTIONS = 2_000
const MAX_VERSION = 100
const MAX_TROUBLE = 1_000
/** How long a list is believed where notices of changes may get lost on the way, ms. */
const HTTP_LIST_MS = 60_000
const PAGE_MS = 30_000

/** What is known of the server, and until when. */
interface Known {
  readonly link: McpLink
  readonly components: readonly Component[]
  readonly tools: ReadonlyMap<string, McpTool>
  readonly skipped: readonly SkippedEntry[]
  readonly until: number
}

/** What does not change about the component. */
interface Identity {
  readonly name: string
  readonly source: string
  /** Origin of a server that is reached over HTTP. */
  readonly address: string | undefined
}

function describe(link: McpLink, { name, source, address }: Identity, { tools }: ToolList): Component {
  const { client } = link
  const instructions = client.getInstructions()?.trim()
  const version = client.getServerVersion()?.version
  return Object.freeze<Component>({
    name,
    kind: 'tool',
    ...(instructions !== undefined &&
      instructions !== '' && { description: truncateText(instructions, MAX_INSTRUCTIONS) }),
    ...(version !== undefined && version !== '' && { version: truncateText(version, MAX_VERSION) }),
    source,
    trust: 'configured',
    capabilities: Object.freeze(tools.map(({ capability }) => capability)),
    instances: Object.freeze([
      Object.freeze({ id: name, ...(address !== undefined && { address }), health: 'healthy' as const }),
    ]),
  })
}

/**
 * The tools of an MCP server, over stdio, Streamable HTTP or (`type: 'sse'`) its forerunner.
 *
 * @throws TuttiError `invalid_config` for an entry that does not say how the server is reached; `load` throws `source_failed`
 * while it is away
 * @example createMcpSource({ name: 'files', server: { command: 'mcp-server-filesystem', args: ['/data'] } })
 */
export function createMcpSource(options: McpSourceOptions): Source {
  const { name, server, maxResponseBytes = 10_000_000, log } = options
  const clock = options.clock ?? createClock()
  const way = readWay(name, server)
  const source = `mcp:${name}`
  const identity = { name, source, address: way.type === 'stdio' ? undefined : way.url.origin }
  const watchers = new Set<() => void>()
  const warned = new Set<string>()
  let known: Known | undefined
  /** Whether what is known may be old; told once until it is looked at. */
  let isStale = true

  const given = [...givenOf(server), ...(way.type === 'stdio' ? [] : way.url.searchParams)]
  const prover = createRequestProver({ name, origin: identity.address, given, clock, log })
  const connection = createMcpConnection({
    name,
    prover,
    spec: server,
    way,
    maxResponseBytes,
    clock,
    log,
    onChange: () => {
      if (isStale) return
      isStale = true
      for (const changed of watchers) changed()
    },
  })

  const readList = async (link: McpLink, signal: AbortSignal): Promise<Known> => {
    const list = await listTools(link, {
      overrides: server.tools ?? {},
      timeoutMs: server.timeoutMs,
      signal,
      timeoutPerPageMs: PAGE_MS,
    })
    link.hasServed = true
    for (const text of list.warnings.slice(0, 100)) {
      if (warned.has(text) || warned.size >= 1_000) continue
      warned.add(text)
      log?.warn(`MCP server "${name}": ${text}${/[.?]$/.test(text) ? '' : '.'}`, { server: name })
    }
    const announcedMs = way.type === 'stdio' ? Infinity : HTTP_LIST_MS
    const heldMs = list.ttlMs ?? (link.announcesChanges() ? announcedMs : 0)
    return {
      link,
      components: Object.freeze([describe(link, identity, list)]),
      skipped: list.skipped,
      tools: new Map(list.tools.map((tool) => [nameKey(tool.capability.name), tool])),
      until: clock.now() + heldMs,
    }
  }

  const load = async (signal: AbortSignal): Promise<readonly Component[]> => {
    let link: McpLink | undefined
    try {
      link = await connection.open(signal)
      if (known !== undefined && known.link === link && !isStale && clock.now() < known.until) return known.components
      // What changes from here on is news.
      isStale = false
      known = await readList(link, signal)
      return known.components
    } catch (thrown) {
      isStale = false
      // A connection over which no answer comes is made anew; one that is slow, or answers that it cannot, keeps its calls.
      if (link !== undefined && !signal.aborted && !(thrown instanceof link.sdk.ProtocolError)) connection.drop(link)
      // A server may say back what it was given, at any length.
      const said = hideSecrets(toTuttiError(thrown, 'source_failed').message, prover.secrets())
      const message = said.includes(`"${name}"`) ? said : `MCP server "${name}": ${said}`
      throw new TuttiError('source_failed', truncateText(message, MAX_TROUBLE), { cause: thrown })
    }
  }

  const discovery: Discovery = {
    name: source,
    load,
    watch(changed) {
      watchers.add(changed)
      return () => void watchers.delete(changed)
    },
    skipped: () => known?.skipped ?? [],
    async close() {
      await connection.close()
      await prover.close()
    },
  }
  const invoker = createMcpInvoker({
    name,
    connection,
    prover,
    toolOf: (key) => known?.tools.get(key),
    ownHeaders: new Set(Object.keys(server.headers ?? {}).map((header) => header.toLowerCase())),
  })
  return { discovery, invoker }
}
