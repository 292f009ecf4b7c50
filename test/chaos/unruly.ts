// The other end of an unruly component: its process, what it is told, and what it has seen, also after it was killed.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Mode, Order, SeenCall, Word } from './unruly-component.ts'

const SOCKETS = 200

export class Unruly {
  readonly name: string
  readonly #id: string
  readonly #redisUrl: string
  readonly #buried: SeenCall[] = []
  #process: ChildProcess | undefined
  #port = 0

  constructor(id: string, name: string, redisUrl: string) {
    this.#id = id
    this.name = name
    this.#redisUrl = redisUrl
  }

  async start(): Promise<void> {
    const file = new URL('unruly-component.ts', import.meta.url)
    const child = fork(file, [this.#id, this.name, this.#redisUrl], { stdio: 'inherit' })
    this.#process = child
    child.on('message', (word: Word) => {
      if ('port' in word) this.#port = word.port
    })
    await once(child, 'message')
  }
  be(mode: Mode): void {
    this.#tell({ mode })
  }
  /** Leaves the registry and comes back at another port. */
  move(): void {
    this.#tell({ move: true })
  }
  /** Neither dead nor alive: its sockets take what is sent, and nobody reads it. */
  async freeze(ms: number): Promise<void> {
    this.#process?.kill('SIGSTOP')
    await sleep(ms)
    this.#process?.kill('SIGCONT')
  }
  /** Connections that say nothing. */
  async flood(ms: number): Promise<void> {
    const sockets = Array.from({ length: SOCKETS }, () => connect(this.#port, '127.0.0.1').on('error', () => undefined))
    await sleep(ms)
    for (const socket of sockets) socket.destroy()
  }
  /** What it noted goes with it, so it is asked first. */
  async kill(): Promise<void> {
    const seen = await this.#ask()
    // With it ends what it was at.
    this.#buried.push(...seen.map((call) => ({ ...call, endedAt: Math.min(call.endedAt, Date.now()) })))
    const child = this.#process
    if (child === undefined) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  /** Since it was asked last. */
  async calls(): Promise<readonly SeenCall[]> {
    return [...(await this.#ask()), ...this.#buried.splice(0)]
  }
  stop(): void {
    this.#process?.kill('SIGKILL')
  }

  #ask(): Promise<readonly SeenCall[]> {
    const child = this.#process as ChildProcess
    return new Promise((resolve) => {
      const listen = (word: Word): void => {
        if (!('calls' in word)) return
        child.off('message', listen)
        // Infinity does not survive the way between processes.
        resolve(word.calls.map((call) => ({ ...call, endedAt: call.endedAt ?? Infinity })))
      }
      child.on('message', listen)
      this.#tell({ report: true })
    })
  }
  #tell(order: Order): void {
    this.#process?.send(order)
  }
}
