// Circuit breakers, one per instance of a component, shared by all runs, and told of by other processes.
import { EventEmitter } from 'node:events'
import type { BreakerReport } from '../contracts/api.ts'
import type { Config } from '../contracts/config.ts'
import type { Coordination } from '../contracts/coordination.ts'
import type { Clock } from '../contracts/parts.ts'
import type { BreakerPolicy } from '../contracts/policy.ts'
import { createBreakerNotes } from './breaker-notes.ts'
import { type BreakerSettings, BUCKETS, type CircuitBreaker, InstanceBreaker } from './instance-breaker.ts'

export interface Breakers {
  /** Nothing is open, recovering or has just failed: every instance may be called. */
  readonly isCalm: boolean
  /**
   * The breaker of `component/instance`, made when it is first asked for. Use it at once: idle ones are put away. `component` is
   * needed where its name holds a slash.
   */
  of(key: string, component?: string): CircuitBreaker
  /** {@link of}, without making one. */
  find(key: string): CircuitBreaker | undefined
  /** Those that are not closed, or not yet back at full traffic. */
  reports(): BreakerReport[]
  close(): void
}

export interface BreakerParts {
  readonly clock: Pick<Clock, 'now'>
  /** What is declared for a component, laid over the settings. */
  readonly policyOf?: (component: string) => BreakerPolicy | undefined
  /** Where processes tell each other what is open. */
  readonly coordination?: Coordination
  /** Hears every change of a breaker. What it throws is dropped. */
  readonly onChange?: (report: BreakerReport) => void
  /** Hears of each that is forgotten before it was well again. What it throws is dropped. */
  readonly onForget?: (report: BreakerReport) => void
}

/** How long an instance that failed is avoided, while another is there. */
export const AVOID_MS = 5_000

const MAX_BREAKERS = 2_000
/** An instance that recovers and that nobody calls for so long has gone: what was known of it is forgotten, ms. */
const FORGET_MS = 600_000
const alwaysClosed: CircuitBreaker = {
  state: 'closed',
  share: 1,
  admits: 1,
  lastFaultAt: 0,
  run: (work) => work(),
  enter: () => 0,
  leave: () => undefined,
}

function reportOf(breaker: InstanceBreaker): BreakerReport {
  const { key, component, state, share } = breaker
  const openedAt = new Date(breaker.openedAt).toISOString()
  const report = { component, instance: key.slice(component.length + 1), state, share, openedAt }
  return breaker.isHeard ? { ...report, heard: true } : report
}

function tell(listener: ((report: BreakerReport) => void) | undefined, report: BreakerReport): void {
  try {
    listener?.(report)
  } catch {
    // Who listens must not decide whether a component is called.
  }
}

/** One timer for each length of window moves the windows of all breakers that have it. */
function createRotations() {
  const rotations = new Map<number, { readonly emitter: EventEmitter; readonly timer: NodeJS.Timeout }>()
  return {
    of(windowMs: number): EventEmitter {
      const everyMs = Math.max(1, Math.floor(windowMs / BUCKETS))
      let rotation = rotations.get(everyMs)
      if (rotation === undefined) {
        const emitter = new EventEmitter().setMaxListeners(0)
        rotation = { emitter, timer: setInterval(() => emitter.emit('rotate'), everyMs).unref() }
        rotations.set(everyMs, rotation)
      }
      return rotation.emitter
    },
    close(): void {
      for (const { timer } of rotations.values()) clearInterval(timer)
      rotations.clear()
    },
  }
}

/**
 * Breakers by `component/instance`. At most 2,000 idle ones are kept; one that is open, recovering or in use is never put
 * away. The states run on the machine's timers.
 */
export function createBreakers(settings: Config['breaker'], parts: BreakerParts): Breakers {
  const { clock, policyOf, onChange, onForget } = parts
  const breakers = new Map<string, InstanceBreaker>()
  const unwell = new Set<InstanceBreaker>()
  const settingsByComponent = new Map<string, BreakerSettings>()
  const rotations = createRotations()
  const now = (): number => clock.now()
  let lastFaultAt = 0
  let sweptAt = 0

  const notes = createBreakerNotes({
    coordination: settings.shared ? parts.coordination : undefined,
    now,
    find: (key) => breakers.get(key),
  })

  const settingsOf = (component: string): BreakerSettings => {
    let own = settingsByComponent.get(component)
    if (own === undefined) {
      const declared = Object.entries(policyOf?.(component) ?? {}).filter(([, value]) => value !== undefined)
      own = { ...settings, ...Object.fromEntries(declared) }
      settingsByComponent.set(component, own)
    }
    return own
  }
  const onFault = (at: number): void => {
    lastFaultAt = at
  }
  const onBreakerChange = (breaker: InstanceBreaker, untilMs?: number): void => {
    if (breaker.share < 1) unwell.add(breaker)
    else unwell.delete(breaker)
    if (untilMs !== undefined) notes.tell(breaker.key, untilMs)
    tell(onChange, reportOf(breaker))
  }
  const putAway = (key: string, breaker: InstanceBreaker): void => {
    breakers.delete(key)
    unwell.delete(breaker)
    breaker.shutdown()
  }
  /** Looked at when there is trouble, at most every so often. */
  const forgetForsaken = (at: number): void => {
    if (unwell.size === 0 || at - sweptAt < FORGET_MS) return
    sweptAt = at
    for (const breaker of [...unwell]) {
      if (!breaker.isForsaken(at, FORGET_MS)) continue
      putAway(breaker.key, breaker)
      tell(onForget, { ...reportOf(breaker), state: 'closed', share: 1 })
    }
  }
  /** Second chance: who was asked for since the last sweep stays once more. */
  const putAwayOne = (): void => {
    for (const [key, breaker] of breakers) {
      if (breaker.isIdle && !breaker.isFresh) return putAway(key, breaker)
      breaker.isFresh = false
    }
  }
  const make = (key: string, component: string): CircuitBreaker => {
    const own = settingsOf(component)
    if (!own.enabled) return alwaysClosed
    if (breakers.size - unwell.size >= MAX_BREAKERS) putAwayOne()
    const rotation = rotations.of(own.windowMs)
    const breaker = new InstanceBreaker(key, component, own, { rotation, now, onFault, onChange: onBreakerChange })
    breakers.set(key, breaker)
    breaker.openUntil(notes.takeHeld(key))
    return breaker
  }

  return {
    get isCalm() {
      if (unwell.size === 0 && lastFaultAt === 0) return true
      const at = clock.now()
      if (at - lastFaultAt >= AVOID_MS) lastFaultAt = 0
      forgetForsaken(at)
      return unwell.size === 0 && lastFaultAt === 0
    },
    of(key, component) {
      const breaker = breakers.get(key)
      if (breaker === undefined) return make(key, component ?? key.slice(0, key.indexOf('/')))
      breaker.isFresh = true
      return breaker
    },
    find: (key) => breakers.get(key),
    reports() {
      forgetForsaken(clock.now())
      return Array.from(unwell, reportOf)
    },
    close() {
      notes.close()
      rotations.close()
      for (const breaker of breakers.values()) breaker.shutdown()
      breakers.clear()
      unwell.clear()
    },
  }
}
