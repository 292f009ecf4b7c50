// Notices on their way to one webhook: a bounded queue, two at a time, signed, repeated with patience, given up in the end.
import { createHmac } from 'node:crypto'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { Clock, Logger, Random } from '../contracts/parts.ts'
import type { Notice, NotifyTarget } from '../contracts/policy.ts'
import { backoffMs, parseRetryAfter } from '../resilience/retry.ts'
import { raceAbort, whenAborted } from '../util/abort.ts'
import { toSnakeCase } from '../util/snake-case.ts'

const IN_FLIGHT = 2
const BACKOFF = { initialWaitMs: 500, factor: 2, maxWaitMs: 30_000 } as const
/** A target that asks for more is asked again after this, ms. */
const LONGEST_WAIT_MS = 300_000

/** Sends one body; the status of the answer is all that counts. Throws when there is no answer. */
export type PostNotice = (request: {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
}) => Promise<{ readonly status: number; readonly retryAfter?: string }>

export interface DeliveryParts {
  readonly settings: { readonly timeoutMs: number; readonly maxAttempts: number; readonly maxQueued: number }
  readonly post: PostNotice
  readonly clock: Clock
  readonly log: Logger
  readonly random?: Random
}

export interface DeliveryCounts {
  readonly sent: number
  /** Given up. */
  readonly failed: number
  /** Never tried to the end: too many waited, or everything was closed. */
  readonly dropped: number
}

export interface Delivery {
  /** Never throws, never waits. Of too many the oldest is dropped. */
  add(notice: Notice): void
  readonly counts: DeliveryCounts
  /** Resolves when nothing is left, after `waitMs` at the latest. */
  close(waitMs: number): Promise<void>
}

/** The body of the webhook: names in snake_case, without the routing. */
function bodyOf({ targets: _targets, ...notice }: Notice): string {
  return JSON.stringify(Object.fromEntries(Object.entries(notice).map(([name, value]) => [toSnakeCase(name), value])))
}

/** `t=UNIX,v1=HEX`: HMAC-SHA256 of `UNIX.BODY`, so that neither the body nor the time can be changed. */
function signatureOf(body: string, secret: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1_000)
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`
}

const mayRepeat = (status: number): boolean => status === 408 || status === 429 || status >= 500

/** What one attempt came to: done, or why not and when again. */
type Attempt =
  | { readonly isDone: true }
  | { readonly isDone: false; readonly why: string; readonly retryAfterMs?: number; readonly isFinal: boolean }

export function createDelivery(name: string, target: NotifyTarget, parts: DeliveryParts): Delivery {
  const { settings, post, clock, log, random = Math.random } = parts
  const queue: Notice[] = []
  const counts = { sent: 0, failed: 0, dropped: 0 }
  const stop = new AbortController()
  let inFlight = 0
  let isClosed = false
  let whenEmpty: (() => void) | undefined

  const attempt = async (notice: Notice, body: string): Promise<Attempt> => {
    const abort = new AbortController()
    const endTimer = clock.after(settings.timeoutMs, () =>
      abort.abort(new TuttiError('component_timeout', 'The target did not answer in time.')),
    )
    const ignore = whenAborted(stop.signal, () => abort.abort(stop.signal.reason))
    const headers: Record<string, string> = { 'content-type': 'application/json', 'x-tutti-notice-id': notice.id }
    if (target.secret !== undefined) headers['x-tutti-signature'] = signatureOf(body, target.secret, clock.now())
    try {
      const { status, retryAfter } = await raceAbort(
        post({ url: target.url, headers, body, signal: abort.signal }),
        abort.signal,
      )
      if (status >= 200 && status < 300) return { isDone: true }
      const retryAfterMs = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, clock.now())
      return {
        isDone: false,
        why: `status ${status}`,
        isFinal: !mayRepeat(status),
        ...(retryAfterMs !== undefined && { retryAfterMs: Math.min(retryAfterMs, LONGEST_WAIT_MS) }),
      }
    } catch (thrown) {
      const { code, retryable } = toTuttiError(thrown)
      return { isDone: false, why: code, isFinal: !retryable }
    } finally {
      endTimer()
      ignore()
    }
  }
  const deliver = async (notice: Notice): Promise<void> => {
    const body = bodyOf(notice)
    for (let n = 1; ; n++) {
      const result = await attempt(notice, body)
      if (result.isDone) {
        counts.sent++
        return
      }
      if (stop.signal.aborted) throw new TuttiError('closed', 'Closed.')
      if (result.isFinal || n >= settings.maxAttempts) {
        counts.failed++
        log.warn('a notice was not taken', {
          target: name,
          noticeId: notice.id,
          kind: notice.kind,
          attempts: n,
          why: result.why,
        })
        return
      }
      await clock.sleep(backoffMs(BACKOFF, n, random, result.retryAfterMs), stop.signal)
    }
  }
  const work = (): void => {
    while (inFlight < IN_FLIGHT) {
      const notice = queue.shift()
      if (notice === undefined) break
      inFlight++
      // What is thrown here is that everything was closed.
      deliver(notice)
        .catch(() => void counts.dropped++)
        .finally(() => {
          inFlight--
          work()
        })
    }
    if (inFlight === 0) whenEmpty?.()
  }

  return {
    counts,
    add(notice) {
      if (isClosed) return
      queue.push(notice)
      if (queue.length > settings.maxQueued) {
        queue.shift()
        counts.dropped++
        // Told at the first and then rarely: a target that is away must not fill the log.
        if (Math.log10(counts.dropped) % 1 === 0)
          log.warn('notices are dropped: too many wait for the target', { target: name, dropped: counts.dropped })
      }
      work()
    },
    async close(waitMs) {
      isClosed = true
      if (inFlight === 0) return
      const droppedBefore = counts.dropped
      await new Promise<void>((resolve) => {
        const endTimer = clock.after(waitMs, () => {
          counts.dropped += queue.length
          queue.length = 0
          stop.abort(new TuttiError('closed', 'Closed.'))
        })
        whenEmpty = () => {
          endTimer()
          resolve()
        }
      })
      const dropped = counts.dropped - droppedBefore
      if (dropped > 0) log.warn('notices were dropped when everything was closed', { target: name, dropped })
    },
  }
}
