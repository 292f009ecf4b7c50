// One connection to one server: made when it is first needed, shared by all who call, made again after it was lost, with growing
// pauses while that fails. Whoever waits for it may stop waiting; the connecting goes on for the others.
import { type ErrorCode, TuttiError } from '../../contracts/errors.ts'
import { raceAbort } from '../../util/abort.ts'
import { formatDuration } from '../../util/duration.ts'
import { hideSecrets } from '../../util/secrets.ts'
import { truncateText } from '../../util/text.ts'
import { VERSION } from '../../util/version.ts'
import { hintAtHeaders } from '../http/exchange-errors.ts'
import { ownError } from './admit-message.ts'
import type { McpLink, McpSdk } from './link.ts'
import { httpStatusOf } from './mcp-errors.ts'
import { type McpWay, type OpenTransport, openTransport, secretsOf, type TransportParts } from './open-transport.ts'

/** Includes the time in which a package is fetched to be run, ms. */
const CONNECT_MS = 30_000
/** How long a server is asked whether it speaks the current protocol before it is spoken to in the old one, ms. */
const PROBE_MS = 5_000
/** A connection that held so long was a good one, ms. */
const STEADY_MS = 10_000
const FIRST_PAUSE_MS = 1_000
/** To start a process costs more than to knock at a port, ms. */
const LONGEST_PAUSE_MS = { stdio: 30_000, http: 5_000, sse: 5_000 }

export interface ConnectionParts extends TransportParts {
  readonly way: McpWay
  /** The server says that its tools changed, or a connection was made or lost. */
  readonly onChange: () => void
}

export interface McpConnection {
  /** @throws TuttiError `component_unavailable`, `component_unauthorized`, `blocked_address`, ..., with `details.sent` false */
  open(signal: AbortSignal): Promise<McpLink>
  /** Lets go of a connection that does not serve any more; the next call makes a new one. */
  drop(link: McpLink): void
  close(): Promise<void>
}

interface Opened {
  readonly link: McpLink
  readonly way: OpenTransport
  readonly since: number
}

class SharedConnection implements McpConnection {
  readonly #parts: ConnectionParts
  #opened: Opened | undefined
  #opening: Promise<McpLink> | undefined
  #underway: OpenTransport | undefined
  readonly #closings = new Set<Promise<void>>()
  #isClosed = false
  /** Known from an earlier connection: it does not understand the question whether it speaks the current protocol. */
  #isLegacy = false
  #failures = 0
  #notBefore = -Infinity

  constructor(parts: ConnectionParts) {
    this.#parts = parts
  }

  async open(signal: AbortSignal): Promise<McpLink> {
    const opened = this.#opened
    if (opened !== undefined && !opened.link.isClosed) return opened.link
    return await raceAbort(this.#begin(), signal)
  }

  drop(link: McpLink): void {
    const opened = this.#opened
    if (opened?.link !== link) return
    this.#opened = undefined
    link.isClosed = true
    this.#letGo(opened.way)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const opened = this.#opened
    if (opened !== undefined) this.drop(opened.link)
    // Ends a connecting under way, which then closes what it had opened.
    await this.#underway?.close()
    await this.#opening?.catch(() => undefined)
    await Promise.all(this.#closings)
  }

  #letGo(way: OpenTransport): void {
    const closing = way
      .close()
      .catch(() => undefined)
      .finally(() => this.#closings.delete(closing))
    this.#closings.add(closing)
  }

  #begin(): Promise<McpLink> {
    const { name, clock } = this.#parts
    if (this.#isClosed) {
      return Promise.reject(
        new TuttiError('closed', `The source of "${name}" is closed.`, { details: { sent: false } }),
      )
    }
    if (this.#opening !== undefined) return this.#opening
    const waitMs = this.#notBefore - clock.now()
    if (waitMs > 0) {
      const text = `"${name}" was lost ${this.#failures} times in a row; it is tried again in ${formatDuration(Math.ceil(waitMs))}.`
      const details = { sent: false, retry_after_ms: Math.ceil(waitMs) }
      return Promise.reject(new TuttiError('component_unavailable', text, { details }))
    }
    this.#opening = this.#connect().finally(() => {
      this.#opening = undefined
    })
    // A caller that stopped waiting hears nothing of it.
    this.#opening.catch(() => undefined)
    return this.#opening
  }

  async #connect(): Promise<McpLink> {
    const sdk = await import('@modelcontextprotocol/client')
    try {
      return await this.#attempt(sdk, this.#isLegacy)
    } catch (thrown) {
      const wasAsked = thrown instanceof sdk.SdkError && thrown.code === sdk.SdkErrorCode.EraNegotiationFailed
      // Some old servers end at the first word that they do not know; they get a second life, and the old greeting.
      if (this.#parts.way.type === 'stdio' && wasAsked && !this.#isLegacy && !this.#isClosed) {
        try {
          return await this.#attempt(sdk, true)
        } catch (again) {
          throw this.#failed(again, sdk)
        }
      }
      throw this.#failed(thrown, sdk)
    }
  }

  async #attempt(sdk: McpSdk, isLegacy: boolean): Promise<McpLink> {
    const { clock, onChange } = this.#parts
    const way = await openTransport(this.#parts.way, this.#parts, sdk)
    if (this.#isClosed) throw new TuttiError('closed', `The source of "${this.#parts.name}" is closed.`)
    this.#underway = way
    const client = new sdk.Client(
      { name: 'tutti', version: VERSION },
      {
        // Nothing is offered to servers: no sampling, no questions to the user, no roots.
        capabilities: {},
        versionNegotiation: { mode: 'auto', probe: { timeoutMs: PROBE_MS } },
        inputRequired: { autoFulfill: false },
        listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: onChange } },
      },
    )
    const cancel = clock.after(CONNECT_MS, () => void way.close().catch(() => undefined))
    try {
      await client.connect(way.transport, {
        timeout: CONNECT_MS,
        ...(isLegacy && { prior: { kind: 'legacy' as const } }),
      })
    } catch (thrown) {
      await way.close().catch(() => undefined)
      const words = way.lastWords()
      throw words === '' || ownError(thrown) !== undefined ? thrown : new LastWords(words, thrown)
    } finally {
      cancel()
      this.#underway = undefined
    }
    if (this.#isClosed) {
      this.#letGo(way)
      throw new TuttiError('closed', `The source of "${this.#parts.name}" is closed.`, { details: { sent: false } })
    }
    return this.#keep(sdk, client, way)
  }

  #keep(sdk: McpSdk, client: InstanceType<McpSdk['Client']>, way: OpenTransport): McpLink {
    const { clock, onChange } = this.#parts
    const isModern = client.getProtocolEra() === 'modern'
    this.#isLegacy = !isModern
    let isListening = client.autoOpenedSubscription !== undefined
    const link: McpLink = {
      sdk,
      client,
      isClosed: false,
      hasServed: false,
      hasSession: () => way.transport.sessionId !== undefined,
      announcesChanges: () => (isModern ? isListening : client.getServerCapabilities()?.tools?.listChanged === true),
    }
    void client.autoOpenedSubscription?.closed.then(() => {
      isListening = false
    })
    const since = clock.now()
    client.onclose = () => {
      if (link.isClosed) return
      link.isClosed = true
      this.#opened = undefined
      if (clock.now() - since >= STEADY_MS) this.#failures = 0
      this.#pause()
      this.#letGo(way)
      if (!this.#isClosed) onChange()
    }
    this.#opened = { link, way, since }
    onChange()
    return link
  }

  /** The first loss is mended at once; whoever keeps failing is tried less and less. */
  #pause(): void {
    this.#failures++
    if (this.#failures === 1) return
    const pauseMs = Math.min(LONGEST_PAUSE_MS[this.#parts.way.type], FIRST_PAUSE_MS * 2 ** (this.#failures - 2))
    this.#notBefore = this.#parts.clock.now() + pauseMs
  }

  #failed(thrown: unknown, sdk: McpSdk): TuttiError {
    this.#pause()
    const { name, spec, prover } = this.#parts
    const secrets = new Map([...secretsOf(spec), ...prover.secrets()])
    const own = ownError(thrown)
    if (own !== undefined)
      return new TuttiError(own.code, own.message, { details: { ...own.details, sent: false }, cause: own })
    const words = thrown instanceof LastWords ? thrown.words : ''
    const cause: unknown = thrown instanceof LastWords ? thrown.cause : thrown
    const status = httpStatusOf(cause, sdk)
    const isRefused = status === 401 || status === 403
    const code: ErrorCode = isRefused ? 'component_unauthorized' : 'component_unavailable'
    const reason =
      words !== '' ? words : cause instanceof Error ? hideSecrets(truncateText(cause.message, 400), secrets) : ''
    const said = `The MCP server "${name}" could not be connected: ${reason || 'no reason was given'}`
    const text = isRefused ? `${said}.${hintAtHeaders(status)}` : said
    return new TuttiError(code, text, {
      details: { sent: false, ...(status !== undefined && { status }) },
      cause,
    })
  }
}

/** A connecting that failed, with what the process wrote before it ended. */
class LastWords extends Error {
  readonly words: string

  constructor(words: string, cause: unknown) {
    super('', { cause })
    this.words = words
  }
}

/** Connects to nothing before it is asked. */
export const createMcpConnection = (parts: ConnectionParts): McpConnection => new SharedConnection(parts)
