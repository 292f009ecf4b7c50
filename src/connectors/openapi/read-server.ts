// Where a document says that its operations are served. What a document says is believed only for origins that were meant:
// one that was fetched speaks for its own origin, one from a file for whichever it names.
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'
import { isJsonList, isJsonObject } from '../../util/json.ts'
import { truncateText } from '../../util/text.ts'

export interface Server {
  readonly origin: string
  /** Without its last slash: where paths begin. */
  readonly basePath: string
}

export interface ServerContext {
  /** What relative addresses are relative to. */
  readonly base: URL | undefined
  readonly variables: Readonly<Record<string, string>>
  /** Why calls may not go there; undefined when they may. */
  readonly refuses: (origin: string) => string | undefined
}

/** The first of a list of servers that may be called, or why none may. */
export function readServer(list: JsonValue | undefined, context: ServerContext): Server | string {
  // Without any, a document is served where it stands.
  const servers = isJsonList(list) && list.length > 0 ? list : [{ url: '/' }]
  let why: string | undefined
  for (const entry of servers.slice(0, 50)) {
    const server = readOne(entry, context)
    if (typeof server !== 'string') return server
    why ??= server
  }
  return why ?? 'it names no server'
}

function readOne(entry: JsonValue, { base, variables, refuses }: ServerContext): Server | string {
  if (!isJsonObject(entry) || typeof entry['url'] !== 'string') return 'its server has no URL'
  const text = fillVariables(entry['url'], entry['variables'], variables)
  const shown = JSON.stringify(truncateText(text.split('?')[0] ?? '', 200))
  if (base === undefined && !/^[a-z][a-z0-9+.-]*:/i.test(text)) return `its server ${shown} is relative to nothing`
  const server = toServer(text, base)
  if (server === undefined) return `its server ${shown} is no usable address`
  const reason = refuses(server.origin)
  return reason === undefined ? server : `its server "${server.origin}" ${reason}`
}

/** An address that paths can be put behind; undefined for what is none, and for one with credentials, a query or a fragment. */
function toServer(text: string, base?: URL): Server | undefined {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined
  const basePath = url.pathname.replace(/\/+$/, '')
  return basePath.startsWith('//') ? undefined : { origin: url.origin, basePath }
}

function fillVariables(url: string, declared: JsonValue | undefined, given: Readonly<Record<string, string>>): string {
  return url.replace(/\{([^{}]*)\}/g, (whole, name: string) => {
    if (Object.hasOwn(given, name)) return given[name] ?? whole
    const variable = isJsonObject(declared) && Object.hasOwn(declared, name) ? declared[name] : undefined
    const usual = isJsonObject(variable) ? variable['default'] : undefined
    return typeof usual === 'string' || typeof usual === 'number' ? String(usual) : whole
  })
}

/** @throws TuttiError `invalid_config` */
export function readOwnServer(name: string, text: string): Server {
  const server = toServer(text)
  if (server !== undefined) return server
  throw new TuttiError('invalid_config', `sources.openapi.${name}.server must be like "https://api.example/v1".`)
}
