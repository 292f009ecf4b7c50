// Processes that share a Redis act as one: one count for a rate limit, and what one finds out the others hear. All of it is a
// hint: nobody waits longer than a second for it, nothing here throws into a run, and what Redis says is checked like any
// other text from outside.
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Coordination, SharedNote } from '../../contracts/coordination.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'
import type { Clock, Logger } from '../../contracts/parts.ts'
import type { RateLimitSpec } from '../../contracts/policy.ts'
import { createId } from '../../util/ids.ts'
import { isJsonObject, parseJson } from '../../util/json.ts'
import { KEEP_NOTE, READ_NOTES, TAKE_TOKENS } from './coordination-scripts.ts'
import { createLazyConnection } from './lazy-connection.ts'

/** What holds longer is not believed, ms. */
const LONGEST_NOTE_MS = 3_600_000
const MAX_NOTES = 1_000
const MAX_NOTE_CHARS = 1_000

export interface RedisCoordinationParts {
  /** `redis://[:password@]host:port[/db]` */
  readonly url: string
  /** First part of every key. Default `tutti`. */
  readonly namespace?: string
  readonly clock: Clock
  readonly log: Logger
}

/** A name of any length and alphabet as the end of a key; one that is already plain can be read there. */
const keyPart = (name: string): string =>
  /^[\w.:/-]{1,200}$/.test(name) ? name : createHash('sha256').update(name).digest('hex')

const isCount = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most

/** A note and for how long it holds: clocks of machines differ, durations do not. */
interface Told {
  readonly note: { readonly kind: SharedNote['kind']; readonly key: string }
  readonly from: string
  readonly forMs: number
}

function readTold(text: unknown, forMs?: number): Told | undefined {
  if (typeof text !== 'string' || text.length > MAX_NOTE_CHARS) return undefined
  let value: JsonValue
  try {
    value = parseJson(text)
  } catch {
    return undefined
  }
  if (!isJsonObject(value)) return undefined
  const { kind, key, from, for_ms: told } = value
  const holds = forMs ?? told
  if ((kind !== 'breaker' && kind !== 'pause') || typeof key !== 'string' || typeof from !== 'string') return undefined
  return isCount(holds, LONGEST_NOTE_MS) ? { note: { kind, key }, from, forMs: holds } : undefined
}

/** What is known to hold, so that who listens later hears it too. */
class HeldNotes {
  readonly #notes = new Map<string, SharedNote>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(note: SharedNote): void {
    const name = `${note.kind} ${note.key}`
    this.#notes.delete(name)
    this.#notes.set(name, note)
    if (this.#notes.size <= MAX_NOTES) return
    this.current()
    const [oldest] = this.#notes.keys()
    if (this.#notes.size > MAX_NOTES && oldest !== undefined) this.#notes.delete(oldest)
  }

  current(): SharedNote[] {
    const now = this.#clock.now()
    for (const [name, { untilMs }] of this.#notes) if (untilMs <= now) this.#notes.delete(name)
    return [...this.#notes.values()]
  }
}

/**
 * Connects on first use: one connection for commands, and one that listens once somebody does.
 * @throws TuttiError `invalid_config` for an unusable URL
 */
export function createRedisCoordination(parts: RedisCoordinationParts): Coordination {
  const { url, namespace = 'tutti', clock, log } = parts
  const prefix = `${namespace}:tutti`
  const channel = `${prefix}:notes`
  const own = createId('proc')
  const heard = new HeldNotes(clock)
  const told = new HeldNotes(clock)
  const listeners = new Set<(note: SharedNote) => void>()
  let isListening = false

  const evaluate = createEvaluator()
  const tell = (note: SharedNote): void => {
    const forMs = Math.min(Math.ceil(note.untilMs - clock.now()), LONGEST_NOTE_MS)
    if (!(forMs > 0)) return
    const member = JSON.stringify({ kind: note.kind, key: note.key, from: own })
    const message = JSON.stringify({ kind: note.kind, key: note.key, from: own, for_ms: forMs })
    if (message.length > MAX_NOTE_CHARS) return
    commands
      .use((client) =>
        Promise.all([
          client.publish(channel, message),
          evaluate(client, KEEP_NOTE, channel, [member, forMs, MAX_NOTES]),
        ]),
      )
      .catch(ignore)
  }
  const hear = (found: Told | undefined): void => {
    if (found === undefined || found.from === own) return
    const note: SharedNote = { ...found.note, untilMs: clock.now() + found.forMs }
    heard.add(note)
    for (const listener of [...listeners]) hand(note, listener)
  }
  const hand = (note: SharedNote, listener: (note: SharedNote) => void): void => {
    try {
      listener(note)
    } catch (thrown) {
      log.error('a listener of shared notes failed', { error: thrown instanceof Error ? thrown.message : 'unknown' })
    }
  }
  const readNotes = async (client: Redis): Promise<void> => {
    const found = await evaluate(client, READ_NOTES, channel, [MAX_NOTES])
    if (!Array.isArray(found)) return
    for (let i = 0; i + 1 < found.length; i += 2) hear(readTold(found[i], Number(found[i + 1])))
  }
  const subscribe = async (client: Redis): Promise<void> => {
    client.removeAllListeners('message')
    client.on('message', (_channel, text) => hear(readTold(text)))
    await client.subscribe(channel)
    // After it listens, so that nothing falls between.
    await commands.use(readNotes)
  }

  const commands = createLazyConnection({
    url,
    name: 'tutti-commands',
    clock,
    onReady() {
      log.info('Redis is shared with other processes', {})
      for (const note of told.current()) tell(note)
    },
    onAway: () => log.warn('Redis is away: limits and breakers are kept by this process alone until it is back', {}),
  })
  const hearing = createLazyConnection({
    url,
    name: 'tutti-hearing',
    clock,
    onReady: (client) => void subscribe(client).catch(ignore),
    onAway: ignore,
  })

  return {
    async takeTokens(bucket, spec: RateLimitSpec, wanted) {
      const burst = spec.burst ?? spec.requests
      const key = `${prefix}:limit:${keyPart(bucket)}`
      const most = Math.min(wanted, burst)
      const answer = await commands.use((client) =>
        evaluate(client, TAKE_TOKENS, key, [spec.requests, spec.perMs, burst, most]),
      )
      const [granted, retryInMs] = Array.isArray(answer) ? (answer as readonly unknown[]) : []
      if (!isCount(granted, most) || !isCount(retryInMs, LONGEST_NOTE_MS))
        throw new TuttiError('source_failed', `Redis gave no usable answer for the rate limit "${bucket}".`)
      return { granted, retryInMs }
    },
    announce(note) {
      told.add(note)
      tell(note)
    },
    listen(listener) {
      listeners.add(listener)
      for (const note of heard.current()) hand(note, listener)
      if (!isListening) {
        isListening = true
        hearing.use(() => Promise.resolve()).catch(ignore)
      }
      return () => listeners.delete(listener)
    },
    async close() {
      listeners.clear()
      await Promise.all([commands.close(), hearing.close()])
    },
  }
}

/** Runs scripts by their digest; Redis gets the text when it does not know it (also after a restart). */
function createEvaluator() {
  const digests = new Map<string, string>()
  return async (client: Redis, script: string, key: string, args: readonly (string | number)[]): Promise<unknown> => {
    let digest = digests.get(script)
    if (digest === undefined) {
      digest = createHash('sha1').update(script).digest('hex')
      digests.set(script, digest)
    }
    try {
      return await client.evalsha(digest, 1, key, ...args)
    } catch (thrown) {
      if (!(thrown instanceof Error) || !thrown.message.startsWith('NOSCRIPT')) throw thrown
      return await client.eval(script, 1, key, ...args)
    }
  }
}

function ignore(): void {
  // A hint that got lost.
}
