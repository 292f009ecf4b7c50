// What this process has learnt from runs that went well: which words of a request led to which capability. Only weights are
// kept, so nobody's text is ever shown; one run counts for little, and what is not confirmed fades.
import type { RequestWords } from './request-words.ts'

export interface UsedCapability {
  readonly component: string
  readonly action: string
}

export interface LearntHit extends UsedCapability {
  /** Of 1: how much of the request these words explain. */
  readonly score: number
}

export interface LearntWords {
  /** Words that lead somewhere. */
  readonly size: number
  learn(words: RequestWords, principal: string, used: readonly UsedCapability[]): void
  find(words: RequestWords): LearntHit[]
}

interface Link extends UsedCapability {
  weight: number
  /** When it was last confirmed, as a count of runs, and by whom. */
  run: number
  principal: string
}

const MAX_STEMS = 20_000
const MAX_LINKS_PER_STEM = 16
/** Of one run. */
const MAX_WORDS = 32
const MAX_USED = 16
/** What a run adds, of what is missing to 1; less when the same principal says it again, so that none can shout. */
const STEP = 0.25
const REPEATED_STEP = 0.05
/** A principal alone gets no further. */
const MAX_ALONE = 0.4
/** Runs after which half of a weight is left. */
const HALF_LIFE = 5_000

export function createLearntWords(): LearntWords {
  // The stem that was confirmed longest ago stands first.
  const links = new Map<string, Map<string, Link>>()
  let run = 0
  const strengthOf = (link: Link): number => link.weight * 0.5 ** ((run - link.run) / HALF_LIFE)

  const confirm = (of: Map<string, Link>, principal: string, { component, action }: UsedCapability): void => {
    const id = JSON.stringify([component, action])
    const link = of.get(id)
    if (link === undefined) {
      of.set(id, { component, action, weight: STEP, run, principal })
    } else {
      const before = strengthOf(link)
      const isRepeated = link.principal === principal
      const after = before + (1 - before) * (isRepeated ? REPEATED_STEP : STEP)
      link.weight = isRepeated ? Math.max(before, Math.min(after, MAX_ALONE)) : after
      link.run = run
      link.principal = principal
    }
    if (of.size <= MAX_LINKS_PER_STEM) return
    const [weakest] = [...of].reduce((a, b) => (strengthOf(b[1]) < strengthOf(a[1]) ? b : a))
    of.delete(weakest)
  }

  return {
    get size() {
      return links.size
    },
    learn({ words }, principal, used) {
      run++
      for (const { stem } of words.slice(0, MAX_WORDS)) {
        const of = links.get(stem) ?? new Map<string, Link>()
        links.delete(stem)
        links.set(stem, of)
        for (const capability of used.slice(0, MAX_USED)) confirm(of, principal, capability)
      }
      for (const stem of links.keys()) {
        if (links.size <= MAX_STEMS) break
        links.delete(stem)
      }
    },
    find({ words }) {
      const found = new Map<string, { link: Link; sum: number }>()
      let total = 0
      for (const { stem } of words) {
        const of = links.get(stem)
        // A word that led to many capabilities tells little of each.
        const share = 1 / Math.sqrt(of?.size ?? 1)
        total += share
        for (const [id, link] of of ?? []) {
          const entry = found.get(id)
          if (entry === undefined) found.set(id, { link, sum: share * strengthOf(link) })
          else entry.sum += share * strengthOf(link)
        }
      }
      return Array.from(found.values(), ({ link: { component, action }, sum }) => ({
        component,
        action,
        score: sum / total,
      }))
    },
  }
}
