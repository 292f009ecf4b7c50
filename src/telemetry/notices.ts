// What people should know of, made from the events of runs and the changes of breakers, and told to a listener and to webhooks.
// A reader of events like any other: a run never waits for it, and never notices what becomes of a notice.
import type { BreakerReport, NoticeListener } from '../contracts/api.ts'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { RunEvent } from '../contracts/events.ts'
import type { Clock, Logger, Random } from '../contracts/parts.ts'
import { type Notice, type NoticeKind, type NotifyTarget } from '../contracts/policy.ts'
import { createId } from '../util/ids.ts'
import { createDelivery, type Delivery, type DeliveryCounts, type PostNotice } from './notice-delivery.ts'
import { breakerNoticeOf, type NoticeFacts, noticeOf } from './notice-facts.ts'

/** What a target hears that does not say what. */
const USUAL_KINDS: readonly NoticeKind[] = ['escalation', 'recovery-failed', 'breaker']
/** How long deliveries may still take when everything is closed, ms. */
const CLOSE_WAIT_MS = 2_000
const MAX_OPEN_BREAKERS = 2_000

export interface NoticeParts {
  readonly targets: Readonly<Record<string, NotifyTarget>>
  readonly settings: { readonly timeoutMs: number; readonly maxAttempts: number; readonly maxQueued: number }
  readonly post: PostNotice
  readonly clock: Clock
  readonly log: Logger
  readonly random?: Random
  /** Hears every notice, whatever the targets hear. What it throws is dropped. */
  readonly listener?: NoticeListener
}

export interface Notices {
  /** Reads one event. Never throws; costs nothing for events that nobody must know of. */
  observe(event: RunEvent): void
  /** Tells when a breaker opens by what was seen here, and when it is closed again at full traffic; not what lies between. */
  observeBreaker(report: BreakerReport): void
  tell(facts: NoticeFacts): void
  snapshot(): DeliveryCounts
  /** What is queued gets two seconds; then it is dropped, and the log says so. */
  close(): Promise<void>
}

interface Target {
  readonly name: string
  readonly kinds: ReadonlySet<NoticeKind>
  readonly components: ReadonlySet<string> | undefined
  readonly delivery: Delivery
}

const hears = ({ name, kinds, components }: Target, { kind, component, targets }: Notice): boolean =>
  targets?.includes(name) === true ||
  (kinds.has(kind) &&
    (components === undefined || (component !== undefined && components.has(component.toLowerCase()))))

/** @throws TuttiError `invalid_config` for a target whose URL cannot be used */
export function createNotices(parts: NoticeParts): Notices {
  const { clock, log, listener } = parts
  const targets = Object.entries(parts.targets).map(([name, target]): Target => {
    checkUrl(name, target.url)
    return {
      name,
      kinds: new Set(target.on ?? USUAL_KINDS),
      components: target.components && new Set(target.components.map((component) => component.toLowerCase())),
      delivery: createDelivery(name, target, parts),
    }
  })
  const open = new Set<string>()
  let isClosed = false

  const complain = (thrown: unknown): void =>
    log.warn('a notice listener threw', { error: toTuttiError(thrown).message })
  const hand = (notice: Notice): void => {
    try {
      // A listener may be an async function, and fail later.
      const result: unknown = listener?.(notice)
      if (result instanceof Promise) result.catch(complain)
    } catch (thrown) {
      complain(thrown)
    }
  }
  const tell = (facts: NoticeFacts): void => {
    if (isClosed) return
    const notice: Notice = { id: createId('notice'), at: clock.timestamp(), ...facts }
    hand(notice)
    for (const target of targets) if (hears(target, notice)) target.delivery.add(notice)
  }

  return {
    tell,
    observe(event) {
      const facts = noticeOf(event)
      if (facts !== undefined) tell(facts)
    },
    observeBreaker(report) {
      const key = `${report.component}/${report.instance}`
      if (report.state === 'open') {
        // Whoever saw it fail tells.
        if (report.heard === true || open.has(key)) return
        if (open.size < MAX_OPEN_BREAKERS) open.add(key)
      } else if (report.share < 1 || !open.delete(key)) return
      tell(breakerNoticeOf(report))
    },
    snapshot() {
      const sum = { sent: 0, failed: 0, dropped: 0 }
      for (const { delivery } of targets) {
        sum.sent += delivery.counts.sent
        sum.failed += delivery.counts.failed
        sum.dropped += delivery.counts.dropped
      }
      return sum
    },
    async close() {
      isClosed = true
      await Promise.all(targets.map(({ delivery }) => delivery.close(CLOSE_WAIT_MS)))
    },
  }
}

/** The URL may hold a secret, so it is not shown. */
function checkUrl(name: string, text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '')
    throw new TuttiError(
      'invalid_config',
      `notify.targets.${name}.url must be like "https://host/path", without user name and password.`,
      { details: { path: `notify.targets.${name}.url` } },
    )
}
