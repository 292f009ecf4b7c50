// One delivery to a webhook: a POST whose status is all that counts. The operator named the address, so private ones may be
// called; link-local and metadata addresses never are, and redirects are not followed.
import { createHttpClient, type HttpClient } from './http-client.ts'

/** What a webhook answers beyond its status is not kept; an answer larger than this is broken off. */
const MAX_ANSWER_BYTES = 100_000

export interface WebhookRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
}

export interface WebhookAnswer {
  readonly status: number
  /** As it was sent: seconds or a date. */
  readonly retryAfter?: string
}

export interface WebhookPoster {
  /** @throws TuttiError as {@link HttpClient.request}; never with the path or the query of the URL in it */
  post(request: WebhookRequest): Promise<WebhookAnswer>
  close(): Promise<void>
}

/** Connects on first use. */
export function createWebhookPoster(): WebhookPoster {
  let client: HttpClient | undefined
  return {
    async post({ url, headers, body, signal }) {
      client ??= createHttpClient({ privateAddresses: true, maxResponseBytes: MAX_ANSWER_BYTES, connections: 2 })
      const { origin, pathname, search } = new URL(url)
      const answer = await client.request({
        origin,
        path: pathname + search,
        method: 'POST',
        headers: Object.entries(headers).flat(),
        body,
        signal,
      })
      const retryAfter = answer.headers['retry-after']
      return { status: answer.status, ...(retryAfter !== undefined && { retryAfter }) }
    },
    async close() {
      await client?.close()
    },
  }
}
