// Which running copy of a component gets the next call: a healthy one, the least busy, in turn among equals (trap B56).
import type { Instance } from '../contracts/capability.ts'

interface Load {
  calls: number
  /** When it was last picked, as a count; the smallest has waited longest. */
  lastTurn: number
}

export interface InstancePicker {
  pick(instances: readonly Instance[], avoid?: ReadonlySet<string>): Instance | undefined
  /** A call begins; the result tells that it has ended, and may be called more than once. */
  busy(instance: Instance): () => void
  /** Forgets idle instances that are gone. */
  keepOnly(ids: ReadonlySet<string>): void
}

/**
 * Smaller is better. An instance to avoid comes after every other that may work; an unhealthy one comes last, but is
 * picked rather than none: health is a report of the past, and a call that may fail beats a step that surely does.
 */
function rankOf(instance: Instance, avoid: ReadonlySet<string> | undefined): number {
  const avoided = avoid !== undefined && avoid.has(instance.id) ? 2 : 0
  if (instance.health === 'unhealthy') return 4 + avoided
  return avoided + (instance.health === 'healthy' ? 0 : 1)
}

export function createInstancePicker(): InstancePicker {
  const loads = new Map<string, Load>()
  let turns = 0

  const loadOf = (id: string): Load => {
    let load = loads.get(id)
    if (load === undefined) {
      load = { calls: 0, lastTurn: 0 }
      loads.set(id, load)
    }
    return load
  }

  return {
    pick(instances, avoid) {
      if (instances.length <= 1) return instances[0]
      let best: Instance | undefined
      let bestLoad: Load | undefined
      let bestRank = Infinity
      for (const instance of instances) {
        const rank = rankOf(instance, avoid)
        if (rank > bestRank) continue
        const load = loadOf(instance.id)
        const isBetter =
          bestLoad === undefined ||
          rank < bestRank ||
          load.calls < bestLoad.calls ||
          (load.calls === bestLoad.calls && load.lastTurn < bestLoad.lastTurn)
        if (!isBetter) continue
        best = instance
        bestLoad = load
        bestRank = rank
      }
      if (bestLoad !== undefined) bestLoad.lastTurn = ++turns
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
