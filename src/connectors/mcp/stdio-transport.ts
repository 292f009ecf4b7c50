// MCP over the pipes of a child process. Our own instead of the library's: messages keep every digit, a line that is too long
// fails the call it answers and nothing else, and what the child started ends with it.
import type { ChildProcess } from 'node:child_process'
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client'
import { TuttiError } from '../../contracts/errors.ts'
import type { Clock } from '../../contracts/parts.ts'
import { parseJson, stringifyJson } from '../../util/json.ts'
import { answerWith, createOpenRequests } from './admit-message.ts'
import { createLineReader, type Line } from './line-reader.ts'
import { endProcess, killGroup, type ProcessSpec, startProcess } from './process-group.ts'

export interface StdioTransportOptions {
  /** Of the server, for messages. */
  readonly name: string
  readonly process: ProcessSpec
  /** Longest message, bytes. */
  readonly maxMessageBytes: number
  readonly clock: Clock
  /** What the child writes to its standard error. */
  readonly onErrorText: (text: string) => void
}

/** A message of many times the limit is no mistake any more. */
const RUNAWAY = 20
/** Of an answer that cannot be read, at either end. */
const KEPT_CHARS = 1_024
/** What may lie unread in the child's input, in messages of the longest kind. */
const UNREAD = 4
/** How long output is still read after the child has ended: something it started may hold the pipe open, ms. */
const DRAIN_MS = 200

/** The id stands at the beginning or the end of an answer; nothing inside the answer can stand there. */
function idOfAnswer(head: string, tail: string): number | undefined {
  const found =
    /^\s*\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*(\d{1,15})\s*,/.exec(head) ??
    /,\s*"id"\s*:\s*(\d{1,15})\s*\}\s*$/.exec(tail) ??
    /,\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*(\d{1,15})\s*\}\s*$/.exec(tail) ??
    /,\s*"id"\s*:\s*(\d{1,15})\s*,\s*"jsonrpc"\s*:\s*"2\.0"\s*\}\s*$/.exec(tail)
  return found?.[1] === undefined ? undefined : Number(found[1])
}

/** A transport whose `stderr` and `pid` tell the library that it speaks to a process. */
export class StdioTransport implements Transport {
  onclose?: (() => void) | undefined
  onerror?: ((error: Error) => void) | undefined
  onmessage?: ((message: JSONRPCMessage) => void) | undefined
  readonly stderr = null
  readonly #options: StdioTransportOptions
  readonly #requests = createOpenRequests()
  #child: ChildProcess | undefined
  #isClosed = false

  constructor(options: StdioTransportOptions) {
    this.#options = options
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  start(): Promise<void> {
    const { name, process: spec, maxMessageBytes, clock, onErrorText } = this.#options
    return new Promise((resolve, reject) => {
      const child = startProcess(spec)
      this.#child = child
      const lines = createLineReader(maxMessageBytes)
      child.once('spawn', resolve)
      child.once('error', (cause) => {
        const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
        reject(
          new TuttiError(
            'component_unavailable',
            `The command "${spec.command}" of "${name}" cannot be run (${code}).`,
            {
              details: { sent: false, reason: code },
              cause,
            },
          ),
        )
        this.#end()
      })
      child.stdout?.on('data', (chunk: Buffer) => {
        for (const line of lines.push(chunk)) this.#read(line)
        if (lines.pendingBytes > RUNAWAY * maxMessageBytes) this.#abandon('writes without end')
      })
      child.stderr?.setEncoding('utf8').on('data', onErrorText)
      // A pipe breaks when the child ends, which is told below.
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.on('error', () => undefined)
      child.once('exit', () => {
        const cancel = clock.after(DRAIN_MS, () => this.#end())
        child.once('close', () => {
          cancel()
          this.#end()
        })
      })
    })
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const { name, maxMessageBytes } = this.#options
    const stdin = this.#child?.stdin
    if (this.#isClosed || stdin === undefined || stdin === null || !stdin.writable) {
      throw new TuttiError('component_unavailable', `"${name}" is not running.`, { details: { sent: false } })
    }
    if (stdin.writableLength > UNREAD * maxMessageBytes) {
      throw new TuttiError('component_unavailable', `"${name}" does not read what it is sent.`, {
        details: { sent: false },
      })
    }
    this.#requests.sent(message)
    stdin.write(`${stringifyJson(message)}\n`)
  }

  async close(): Promise<void> {
    const child = this.#child
    if (child !== undefined) await endProcess(child, this.#options.clock)
    this.#end()
  }

  #read(line: Line): void {
    if (this.#isClosed) return
    if ('head' in line) {
      const { maxMessageBytes: limit } = this.#options
      const what = `answered with more than ${limit} bytes. Raise executor.max_response_bytes, or ask it for less.`
      this.#refuse(
        line,
        new TuttiError('response_too_large', this.#says(what), { details: { sent: true, limit_bytes: limit } }),
      )
      return
    }
    if (line.text.trim() === '') return
    let message: unknown
    try {
      message = parseJson(line.text)
    } catch (cause) {
      // Servers print things; what is no message is none of ours, unless somebody waits for it.
      const ends = { head: line.text.slice(0, KEPT_CHARS), tail: line.text.slice(-KEPT_CHARS) }
      const what = 'answered with something that cannot be read as JSON, or is nested too deeply.'
      this.#refuse(ends, new TuttiError('bad_response', this.#says(what), { details: { sent: true }, cause }))
      return
    }
    for (const one of Array.isArray(message) ? message : [message]) {
      if (this.#requests.admits(one)) this.onmessage?.(one)
    }
  }

  readonly #says = (what: string): string => `"${this.#options.name}" ${what}`

  /** An answer that is not taken as it is, known by its ends. */
  #refuse({ head, tail }: { readonly head: string; readonly tail: string }, error: TuttiError): void {
    const id = idOfAnswer(head, tail)
    if (id === undefined || !this.#requests.has(id)) return
    this.#requests.close(id)
    this.onmessage?.(answerWith(id, error))
  }

  #abandon(why: string): void {
    const child = this.#child
    if (this.#isClosed || child === undefined) return
    this.onerror?.(new TuttiError('component_unavailable', `"${this.#options.name}" ${why}; it was ended.`))
    killGroup(child, 'SIGKILL')
    this.#end()
  }

  #end(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const child = this.#child
    child?.stdout?.destroy()
    child?.stderr?.destroy()
    child?.stdin?.destroy()
    this.onclose?.()
  }
}
