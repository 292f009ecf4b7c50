// The whole list of a server's tools, page by page, within bounds that no honest server meets.
import { TuttiError } from '../../contracts/errors.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import { ANY_RESULT, type McpLink } from './link.ts'
import { createToolReader, type ReadTools, type ToolReaderOptions } from './read-tool.ts'

const MAX_TOOLS = 10_000
const MAX_PAGES = 100
/** Longest that a server's word on how long its list holds is taken, ms. */
const MAX_TTL_MS = 3_600_000

export interface ToolList extends ReadTools {
  /** How long the list holds, as the server says; undefined when it says nothing. */
  readonly ttlMs: number | undefined
}

function readTtl(page: Readonly<Record<string, unknown>>): number | undefined {
  const ttl = page['ttlMs']
  return typeof ttl === 'number' && Number.isFinite(ttl) ? Math.min(Math.max(0, ttl), MAX_TTL_MS) : undefined
}

/** @throws TuttiError `source_failed` for an answer that is no list; what the protocol library throws when the server is away */
export async function listTools(
  link: McpLink,
  options: ToolReaderOptions & { readonly signal: AbortSignal; readonly timeoutPerPageMs: number },
): Promise<ToolList> {
  const { signal, timeoutPerPageMs: timeout } = options
  const reader = createToolReader(options)
  const notes: string[] = []
  const cursors = new Set<string>()
  let cursor: string | undefined
  let ttlMs: number | undefined
  if (link.client.getServerCapabilities()?.tools === undefined) return { ...reader.read(), ttlMs }
  for (let page = 0; ; page++) {
    const params = cursor === undefined ? {} : { cursor }
    const answer: unknown = await link.client.request({ method: 'tools/list', params }, ANY_RESULT, { signal, timeout })
    const found: unknown = isJsonObject(answer) ? answer['tools'] : undefined
    if (!isJsonObject(answer) || !isJsonList(found)) {
      throw new TuttiError('source_failed', 'The server answered tools/list with something that is no list.')
    }
    ttlMs ??= readTtl(answer)
    for (const record of found) {
      if (reader.count >= MAX_TOOLS) break
      reader.add(record)
    }
    const next = answer['nextCursor']
    if (typeof next !== 'string') break
    if (reader.count >= MAX_TOOLS || page + 1 >= MAX_PAGES) {
      notes.push(`its list goes on after ${reader.count} tools and ${page + 1} pages; the rest is left out`)
      break
    }
    if (cursors.has(next)) {
      notes.push('its list comes back to a page that was read already')
      break
    }
    cursors.add(next)
    cursor = next
  }
  const read = reader.read()
  return { ...read, warnings: [...notes, ...read.warnings], ttlMs }
}
