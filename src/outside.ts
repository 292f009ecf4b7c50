// What leaves a process beside its answers: notices to people, and hints to the processes that share its Redis. A run waits for
// neither. Nothing connects before there is something to tell or to share.
import { createWebhookPoster } from './connectors/http/post-webhook.ts'
import { createRedisCoordination } from './connectors/redis/coordination.ts'
import type { BreakerReport, MetricsSnapshot, NoticeListener } from './contracts/api.ts'
import type { Config } from './contracts/config.ts'
import type { Coordination } from './contracts/coordination.ts'
import type { RunEvent } from './contracts/events.ts'
import type { Clock, Logger, Random } from './contracts/parts.ts'
import { createBreakerLog } from './telemetry/log.ts'
import { createNotices } from './telemetry/notices.ts'

export interface Outside {
  /** Absent without a Redis, or when nothing is to be shared. */
  readonly coordination: Coordination | undefined
  /** Reads the events of every run; absent when nobody wants notices. */
  readonly observe: ((event: RunEvent) => void) | undefined
  readonly onBreaker: (report: BreakerReport) => void
  notices(): MetricsSnapshot['notices']
  /** What is on its way to webhooks gets two seconds. */
  closeNotices(): Promise<void>
  closeCoordination(): Promise<void>
}

export interface OutsideParts {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly random: Random
  readonly onNotice?: NoticeListener | undefined
}

/** @throws TuttiError `invalid_config` for a target or a Redis whose URL cannot be used */
export function createOutside({ config, clock, log, random, onNotice }: OutsideParts): Outside {
  const { notify } = config
  const poster = createWebhookPoster()
  const notices = createNotices({
    targets: notify.targets,
    settings: notify,
    post: (request) => poster.post(request),
    clock,
    log,
    random,
    ...(onNotice !== undefined && { listener: onNotice }),
  })
  const logBreaker = createBreakerLog(log)
  const coordination = openCoordination(config, { clock, log })
  const isAnybodyTold = onNotice !== undefined || Object.keys(notify.targets).length > 0
  return {
    coordination,
    observe: isAnybodyTold ? (event) => notices.observe(event) : undefined,
    onBreaker(report) {
      logBreaker(report)
      notices.observeBreaker(report)
    },
    notices: () => notices.snapshot(),
    async closeNotices() {
      await notices.close()
      await poster.close()
    },
    closeCoordination: async () => await coordination?.close(),
  }
}

function openCoordination(config: Config, parts: { clock: Clock; log: Logger }): Coordination | undefined {
  const { redis, breaker, components, models } = config
  const isLimited = [...Object.values(components), ...Object.values(models)].some(
    (policy) => policy.rateLimit !== undefined || ('tokensPerMinute' in policy && policy.tokensPerMinute !== undefined),
  )
  if (redis.url === undefined || !((breaker.enabled && breaker.shared) || isLimited)) return undefined
  return createRedisCoordination({ url: redis.url, namespace: redis.namespaces[0] ?? 'tutti', ...parts })
}
