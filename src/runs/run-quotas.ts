// How many runs each key may have at work and waiting. A key such as `payments/alice` takes of the quota of `payments` too.
import type { LimitUsage } from '../contracts/api.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { QuotaSpec } from '../contracts/policy.ts'

export interface RunQuotas {
  /** @throws TuttiError `quota_exceeded` when so many runs of the key wait already */
  refuse(key: string): void
  /** A run of the key waits from now on. */
  wait(key: string): void
  /** It waits no more: it has begun, or will never. */
  waited(key: string): void
  /** Takes a place at work. @returns the name of the quota that has none left */
  enter(key: string): string | undefined
  leave(key: string): void
  usage(): LimitUsage[]
}

interface Share {
  readonly name: string
  readonly maxRuns: number
  readonly maxQueued: number
  running: number
  waiting: number
}

/** `payments/alice` is `payments`, then `payments/alice`. */
export function keyPath(key: string): string[] {
  const parts = key.split('/')
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'))
}

/** `concurrency`: runs at work in all. undefined when no quota speaks of runs: then nothing is counted. */
export function createRunQuotas(
  quotas: Readonly<Record<string, QuotaSpec>>,
  concurrency: number,
): RunQuotas | undefined {
  const specs = new Map(Object.entries(quotas))
  const bounds = ({ maxRuns, maxQueued }: QuotaSpec): boolean => maxRuns !== undefined || maxQueued !== undefined
  if (![...specs.values()].some(bounds)) return undefined
  // Only keys with runs are here: there may be as many keys as there are callers.
  const shares = new Map<string, Share>()
  let running = 0

  const sharesOf = (key: string): Share[] => {
    const found: Share[] = []
    for (const name of keyPath(key)) {
      const known = shares.get(name)
      if (known !== undefined) found.push(known)
      else {
        const spec = specs.get(name) ?? specs.get('default')
        if (spec === undefined || !bounds(spec)) continue
        const { maxRuns = Infinity, maxQueued = Infinity } = spec
        found.push({ name, maxRuns, maxQueued, running: 0, waiting: 0 })
      }
    }
    return found
  }
  const change = (key: string, apply: (share: Share) => void): void => {
    for (const share of sharesOf(key)) {
      apply(share)
      if (share.running > 0 || share.waiting > 0) shares.set(share.name, share)
      else shares.delete(share.name)
    }
  }

  return {
    refuse(key) {
      for (const { name, maxRuns, maxQueued, running: atWork, waiting } of sharesOf(key)) {
        // Those that will begin at once are on their way, and do not wait.
        const free = Math.max(0, Math.min(maxRuns - atWork, concurrency - running))
        if (waiting < maxQueued + free) continue
        throw new TuttiError(
          'quota_exceeded',
          `${maxQueued} runs of "${name}" wait, which is the limit of its quota. Try again later, or raise quotas.${name}.max_queued.`,
          { details: { key: name, retry_after_ms: 1_000 } },
        )
      }
    },
    wait: (key) => change(key, (share) => share.waiting++),
    waited: (key) => change(key, (share) => share.waiting--),
    enter(key) {
      const full = sharesOf(key).find((share) => share.running >= share.maxRuns)
      if (full !== undefined) return full.name
      running++
      change(key, (share) => share.running++)
      return undefined
    },
    leave(key) {
      running--
      change(key, (share) => share.running--)
    },
    usage: () =>
      [...shares.values()]
        .filter(({ maxRuns }) => maxRuns !== Infinity)
        .map((share) => ({
          kind: 'runs',
          name: share.name,
          inUse: share.running,
          limit: share.maxRuns,
          waiting: share.waiting,
        })),
  }
}
