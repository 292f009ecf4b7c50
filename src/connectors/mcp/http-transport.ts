// MCP over HTTP: the library's transports with what they lack. A stream that ends without the answer fails the call at once, a
// flood is dropped, and large integers keep their digits on the way in.
import type { JSONRPCMessage, Transport, TransportSendOptions } from '@modelcontextprotocol/client'
import { TuttiError } from '../../contracts/errors.ts'
import type { DigitKeeper } from '../http/keep-digits.ts'
import { answerWith, createOpenRequests } from './admit-message.ts'

export interface HttpTransportOptions {
  /** Of the server, for messages. */
  readonly name: string
  readonly inner: Transport
  readonly digits: DigitKeeper
  /** What broke the last stream that broke, if anything did. */
  readonly takeFailure: () => TuttiError | undefined
}

/** Over one of the library's transports for HTTP. */
export class HttpTransport implements Transport {
  onclose?: (() => void) | undefined
  onerror?: ((error: Error) => void) | undefined
  onmessage?: ((message: JSONRPCMessage) => void) | undefined
  readonly #options: HttpTransportOptions
  readonly #requests = createOpenRequests()

  constructor(options: HttpTransportOptions) {
    this.#options = options
    const { inner, digits } = options
    inner.onclose = () => this.onclose?.()
    inner.onerror = (error) => this.onerror?.(error)
    inner.onmessage = (message: JSONRPCMessage) => {
      if (this.#requests.admits(message)) this.onmessage?.(digits.restore(message))
    }
  }

  get sessionId(): string | undefined {
    return this.#options.inner.sessionId
  }

  get hasPerRequestStream(): boolean {
    return this.#options.inner.hasPerRequestStream === true
  }

  setProtocolVersion(version: string): void {
    this.#options.inner.setProtocolVersion?.(version)
  }

  start(): Promise<void> {
    return this.#options.inner.start()
  }

  async send(message: JSONRPCMessage, options: TransportSendOptions = {}): Promise<void> {
    const { inner } = this.#options
    this.#requests.sent(message)
    if (!('method' in message && 'id' in message)) {
      await inner.send(message, options)
      return
    }
    const { id } = message
    options.requestSignal?.addEventListener('abort', () => this.#requests.close(id), { once: true })
    try {
      await inner.send(message, {
        ...options,
        onRequestStreamEnd: () => {
          options.onRequestStreamEnd?.()
          this.#streamEnded(id)
        },
      })
    } catch (thrown) {
      this.#requests.close(id)
      throw thrown
    }
  }

  close(): Promise<void> {
    return this.#options.inner.close()
  }

  #streamEnded(id: string | number): void {
    if (!this.#requests.has(id)) return
    this.#requests.close(id)
    const { name, takeFailure } = this.#options
    const error =
      takeFailure() ??
      new TuttiError('component_unavailable', `"${name}" closed the stream without an answer.`, {
        details: { sent: true },
      })
    this.onmessage?.(answerWith(id, error))
  }
}
