// Which running copy of a component gets the next call: a healthy one, the least busy, in turn among equals (trap B56). One
// that recovers gets its share and no more.
import type { Instance } from '../contracts/capability.ts'
import type { InstanceCondition, PickOptions } from '../contracts/parts.ts'

interface Load {
  calls: number
  /** When it was last picked, as a count; the smallest has waited longest. */
  lastTurn: number
  /** While it recovers: grows by its share with each turn of the others, and one call costs 1. */
  credit: number
}

export interface InstancePicker {
  pick(instances: readonly Instance[], options?: PickOptions): Instance | undefined
  /** A call begins; the result tells that it has ended, and may be called more than once. */
  busy(instance: Instance): () => void
  /** Forgets idle instances that are gone. */
  keepOnly(ids: ReadonlySet<string>): void
}

const WELL: InstanceCondition = { share: 1, hasJustFailed: false }
/** Ten times a tenth is a little less than one. */
const WHOLE = 1 - 1e-9

/**
 * Smaller is better; each reason counts more than all below it. One whose breaker lets nothing through surely fails, so it comes
 * last. An unhealthy one is picked rather than none: health is a report of the past, and a call that may fail beats a step that
 * surely does. `avoid` is what this very step has tried.
 */
function rankOf(instance: Instance, condition: InstanceCondition, load: Load, avoid?: ReadonlySet<string>): number {
  const { share } = condition
  return (
    (share === 0 ? 32 : 0) +
    (instance.health === 'unhealthy' ? 16 : 0) +
    (avoid?.has(instance.id) === true ? 8 : 0) +
    (condition.hasJustFailed ? 4 : 0) +
    (share < 1 && load.credit < WHOLE ? 2 : 0) +
    (instance.health === 'unknown' ? 1 : 0)
  )
}

export function createInstancePicker(): InstancePicker {
  const loads = new Map<string, Load>()
  let turns = 0

  const loadOf = (id: string): Load => {
    let load = loads.get(id)
    if (load === undefined) {
      load = { calls: 0, lastTurn: 0, credit: 1 }
      loads.set(id, load)
    }
    return load
  }
  /** After a turn: what the picked one paid, and what the recovering others gained. */
  const settleCredits = (instances: readonly Instance[], picked: Instance, options: PickOptions): void => {
    for (const instance of instances) {
      const { share } = options.conditionOf?.(instance) ?? WELL
      const load = loadOf(instance.id)
      if (share === 1) load.credit = 1
      else if (instance === picked) load.credit = 0
      else load.credit = Math.min(1, load.credit + share / (instances.length - 1))
    }
  }

  return {
    pick(instances, options) {
      if (instances.length <= 1) return instances[0]
      let best: Instance | undefined
      let bestLoad: Load | undefined
      let bestRank = Infinity
      let bestCalls = Infinity
      let isUneven = false
      for (const instance of instances) {
        const load = loadOf(instance.id)
        const condition = options?.conditionOf === undefined ? WELL : options.conditionOf(instance)
        const rank = rankOf(instance, condition, load, options?.avoid)
        if (condition.share < 1) isUneven = true
        if (rank > bestRank) continue
        const calls = condition.share > 0 ? load.calls / condition.share : load.calls
        const isBetter =
          bestLoad === undefined ||
          rank < bestRank ||
          calls < bestCalls ||
          (calls === bestCalls && load.lastTurn < bestLoad.lastTurn)
        if (!isBetter) continue
        best = instance
        bestLoad = load
        bestRank = rank
        bestCalls = calls
      }
      if (bestLoad !== undefined) bestLoad.lastTurn = ++turns
      if (isUneven && best !== undefined && options !== undefined) settleCredits(instances, best, options)
      return best
    },
    busy(instance) {
      const load = loadOf(instance.id)
      load.calls++
      let released = false
      return () => {
        if (released) return
        released = true
        load.calls--
      }
    },
    keepOnly(ids) {
      for (const [id, load] of loads) if (load.calls === 0 && !ids.has(id)) loads.delete(id)
    },
  }
}
