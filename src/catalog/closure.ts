// What a hit needs beside itself: capabilities that it declares (`requires`), or whose output feeds an input that it must have.
// A plan that lacks a helper cannot be made right by any number of corrections, so helpers come along before they are missed.
import type { Capability, Component, OfferedCapability } from '../contracts/capability.ts'
import type { Config } from '../contracts/config.ts'
import type { CatalogView } from '../contracts/parts.ts'
import { nameKey } from '../util/name-key.ts'
import { createFeeders, type Feeders } from './feeders.ts'

export type ClosureView = Pick<CatalogView, 'components' | 'component' | 'find' | 'offering' | 'fingerprint'>

/** Whether a capability may be shown at all. */
export type MayOffer = (component: Component, capability: Capability) => boolean

/** One helper of one capability, or a helper of a helper. */
interface Edge {
  readonly component: Component
  readonly capability: Capability
  readonly why: string
}

export interface ClosureAsk {
  /** Best first. */
  readonly hits: readonly OfferedCapability[]
  /** Hits and helpers together. */
  readonly limit: number
  readonly mayOffer: MayOffer
}

/** Puts the helpers of each hit right behind it. */
export type Closure = (ask: ClosureAsk) => Promise<OfferedCapability[]>

/** How far helpers of helpers are followed, and how many one hit may bring. Authors are believed further than guesses. */
const BOUNDS = { declared: { depth: 8, helpers: 16 }, inferred: { depth: 2, helpers: 6 } } as const
/** One place in so many belongs to hits alone: the helpers of the first must not crowd out all the others. */
const PLACES_PER_KEPT_HIT = 8

const keyOf = (component: Component, capability: Capability): string =>
  JSON.stringify([nameKey(component.name), nameKey(capability.name)])

/** What an entry of `requires` means: of its own component first, else of the first component that offers the name. */
function resolveRequired(name: string, owner: Component, view: ClosureView): readonly [Component, Capability][] {
  const slash = name.indexOf('/')
  const own = view.find(owner.name, name)
  if (own !== undefined) return [[owner, own]]
  if (slash > 0) {
    const component = view.component(name.slice(0, slash))
    const capability = component && view.find(component.name, name.slice(slash + 1))
    if (component !== undefined && capability !== undefined) return [[component, capability]]
  }
  return view.offering(name).flatMap((component) => {
    const capability = view.find(component.name, name)
    return capability === undefined ? [] : [[component, capability] satisfies [Component, Capability]]
  })
}

function declaredEdges(owner: Component, capability: Capability, view: ClosureView, mayOffer: MayOffer): Edge[] {
  return (capability.requires ?? []).flatMap((name) => {
    const found = resolveRequired(name, owner, view).find(([component, one]) => mayOffer(component, one))
    if (found === undefined) return []
    return [{ component: found[0], capability: found[1], why: `helper of ${capability.name}: it requires it` }]
  })
}

function inferredEdges(owner: Component, capability: Capability, feeders: Feeders, mayOffer: MayOffer): Edge[] {
  return feeders(owner, capability)
    .filter((feeder) => mayOffer(feeder.component, feeder.capability))
    .map(({ component, capability: one, gives }) => ({
      component,
      capability: one,
      why: `helper of ${capability.name}: gives \`${gives}\``,
    }))
}

/** `off` gives the hits back as they are. Nothing internal or withheld comes along, whoever requires it. */
export function createClosure(view: ClosureView, mode: Config['capabilities']['dependencies']): Closure {
  let kept: { readonly fingerprint: string; readonly feeders: Promise<Feeders> } | undefined
  const feedersNow = (): Promise<Feeders> => {
    if (kept?.fingerprint !== view.fingerprint)
      kept = { fingerprint: view.fingerprint, feeders: createFeeders(view.components()) }
    return kept.feeders
  }

  return async ({ hits, limit, mayOffer }) => {
    if (mode === 'off') return hits.slice(0, limit)
    const feeders = mode === 'inferred' ? await feedersNow() : undefined
    const visible: MayOffer = (component, capability) => capability.internal !== true && mayOffer(component, capability)
    const helpersOf = (hit: OfferedCapability): Edge[] =>
      walk(hit, ({ component, capability }, isGuess) => {
        const declared = declaredEdges(component, capability, view, visible)
        // What an author declares is not added to by guesses.
        if (declared.length > 0 || feeders === undefined) return { edges: isGuess ? [] : declared, isGuess }
        return { edges: inferredEdges(component, capability, feeders, visible), isGuess: true }
      })
    return interleave(hits, limit, helpersOf)
  }
}

type EdgesOf = (
  from: Pick<Edge, 'component' | 'capability'>,
  isGuess: boolean,
) => { readonly edges: readonly Edge[]; readonly isGuess: boolean }

/** Nearest helpers first; each once. */
function walk(hit: OfferedCapability, edgesOf: EdgesOf): Edge[] {
  const seen = new Set([keyOf(hit.component, hit.capability)])
  const found: Edge[] = []
  let level: { readonly at: Pick<Edge, 'component' | 'capability'>; readonly isGuess: boolean }[] = [
    { at: hit, isGuess: false },
  ]
  for (let depth = 1; level.length > 0 && depth <= BOUNDS.declared.depth; depth++) {
    const next: typeof level = []
    for (const { at, isGuess: wasGuess } of level) {
      const { edges, isGuess } = edgesOf(at, wasGuess)
      const bounds = isGuess ? BOUNDS.inferred : BOUNDS.declared
      if (depth > bounds.depth) continue
      for (const edge of edges) {
        const key = keyOf(edge.component, edge.capability)
        if (seen.has(key) || found.length >= bounds.helpers) continue
        seen.add(key)
        found.push(edge)
        next.push({ at: edge, isGuess })
      }
    }
    level = next
  }
  return found
}

function interleave(
  hits: readonly OfferedCapability[],
  limit: number,
  helpersOf: (hit: OfferedCapability) => readonly Edge[],
): OfferedCapability[] {
  const asHit = new Map(hits.map((hit) => [keyOf(hit.component, hit.capability), hit]))
  const chosen = new Map<string, OfferedCapability>()
  // Hits that must find a place, and have none yet.
  const reserved = new Set([...asHit.keys()].slice(0, Math.floor(limit / PLACES_PER_KEPT_HIT)))
  const add = (key: string, one: OfferedCapability): void => {
    reserved.delete(key)
    chosen.set(key, one)
  }
  for (const [key, hit] of asHit) {
    if (chosen.size >= limit) break
    if (!chosen.has(key)) add(key, hit)
    for (const { component, capability, why } of helpersOf(hit)) {
      const helper = keyOf(component, capability)
      const free = limit - chosen.size - (reserved.has(helper) ? reserved.size - 1 : reserved.size)
      if (chosen.has(helper) || free <= 0) continue
      add(helper, asHit.get(helper) ?? { component, capability, why })
    }
  }
  return [...chosen.values()]
}
