// A client that can do what clients should not: raw bodies, half sent ones, any method and header.
import { request } from 'node:http'
import type { JsonObject } from '../../src/contracts/json.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  readonly json: JsonObject
}

/** The id of the run that was accepted; throws when none was. */
export function runIdOf({ json, status }: Answer): string {
  if (typeof json.run_id === 'string') return json.run_id
  throw new Error(`no run was accepted: ${status}`)
}

export interface Ask {
  readonly headers?: Record<string, string>
  /** Sent as it is; without a content-length when it is a list of chunks. */
  readonly raw?: string | readonly string[]
}

export function send(port: number, method: string, path: string, body?: unknown, ask: Ask = {}): Promise<Answer> {
  const payload = ask.raw ?? (body === undefined ? undefined : JSON.stringify(body))
  return new Promise((resolve, reject) => {
    const headers: Record<string, string | number> = {
      ...(payload !== undefined && { 'content-type': 'application/json' }),
      ...(typeof payload === 'string' && { 'content-length': Buffer.byteLength(payload) }),
      ...ask.headers,
    }
    const req = request({ host: '127.0.0.1', port, method, path, agent: false, headers }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('error', reject)
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        let json: JsonObject = {}
        try {
          json = JSON.parse(text) as JsonObject
        } catch {
          // Not every answer is JSON; the test looks at the text then.
        }
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text, json })
      })
    })
    req.on('error', reject)
    if (typeof payload === 'object') {
      for (const chunk of payload) req.write(chunk)
      req.end()
    } else req.end(payload)
  })
}

export interface OpenStream {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Resolves with all text so far as soon as it satisfies the test. */
  until(test: (text: string) => boolean): Promise<string>
  /** Resolves with all text when the server has ended the stream. */
  readonly ended: Promise<string>
  /** Goes away without a word. */
  leave(): void
}

export function openStream(
  port: number,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<OpenStream> {
  const payload = body === undefined ? undefined : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const type =
      payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
    const req = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent: false,
        headers: { accept: 'text/event-stream', ...type, ...headers },
      },
      (res) => {
        let text = ''
        const waiting = new Set<() => void>()
        res.setEncoding('utf8')
        res.on('data', (chunk: string) => {
          text += chunk
          for (const check of waiting) check()
        })
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          until: (test) =>
            new Promise((found) => {
              const check = (): void => {
                if (!test(text)) return
                waiting.delete(check)
                found(text)
              }
              waiting.add(check)
              check()
            }),
          ended: new Promise((done) => {
            res.on('end', () => done(text))
          }),
          leave: () => req.destroy(),
        })
      },
    )
    req.on('error', reject)
    req.end(payload)
  })
}
