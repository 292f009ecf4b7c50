// Search over the catalog in force. The index is built when first asked for, and changed when the fingerprint has: only what
// is new is read. Health and instances may change under it, so hits are looked up in the snapshot of the moment.
import type { Component, OfferedCapability } from '../contracts/capability.ts'
import { createPace } from '../util/pace.ts'
import { type FusedHit, fuseHits, type ViewRanking } from './fuse-hits.ts'
import { createLearntWords, type UsedCapability } from './learnt-words.ts'
import { readRequest } from './request-words.ts'
import { documentOf, type SearchDocument } from './search-document.ts'
import type { ChangingIndex, SearchIndex } from './search-index.ts'
import type { SearchView, ViewFeed } from './search-view.ts'
import type { Snapshot } from './snapshot.ts'

export interface CatalogSearch {
  /** The capabilities nearest to the words, best first; internal ones are never among them. */
  readonly search: (query: string, limit: number, signal?: AbortSignal) => Promise<readonly OfferedCapability[]>
  /** Brings the index up to date in the background, so that the next search need not wait for it. Other views are not asked. */
  readonly warm: () => void
  /** Told which capabilities served a request; they are found a little sooner by its words. */
  readonly learn: (outcome: {
    readonly request: string
    readonly principal: string
    readonly used: readonly UsedCapability[]
  }) => void
}

export interface CatalogSearchParts {
  readonly current: () => Snapshot
  /** Other ways of seeing, fused with the index by rank. */
  readonly feeds?: readonly ViewFeed[]
}

/** Places of each order that are looked at when several are fused. */
const MIN_FUSED = 100

/** What the index has of a component. */
interface Held {
  /** The very list, as long as nothing about it has changed. */
  readonly capabilities: Component['capabilities']
  readonly ids: readonly string[]
  /** Kept for the feeds alone. */
  readonly documents: readonly SearchDocument[]
  round: number
}

/** All that belongs to one version of the catalog; replaced whole. */
interface Ready {
  readonly fingerprint: string
  readonly index: SearchIndex
  /** Made at the first search: what they do may cost money. */
  readonly views: () => readonly View[]
}

interface View {
  readonly view: SearchView
  readonly documents: readonly SearchDocument[]
}

const readComponent = (component: Component): SearchDocument[] =>
  component.capabilities
    .filter(({ internal }) => internal !== true)
    .map((capability) => documentOf(component, capability))

/** Brings an index from one snapshot to the next. */
function createFollower(index: ChangingIndex, feeds: readonly ViewFeed[]) {
  const held = new Map<string, Held>()
  let round = 0

  /** What changed; yields the new documents one by one, so that they are not all there at once. */
  async function findChanges(snapshot: Snapshot): Promise<{ changed: Component[]; removed: string[] }> {
    const pace = createPace(10_000)
    const changed: Component[] = []
    const removed: string[] = []
    round++
    for (const component of snapshot.components) {
      const before = held.get(component.name)
      if (before?.capabilities === component.capabilities) before.round = round
      else {
        if (before !== undefined) removed.push(...before.ids)
        changed.push(component)
      }
      const turn = pace(1)
      if (turn !== undefined) await turn
    }
    const kept = new Set(changed.map(({ name }) => name))
    for (const [name, { ids, round: seen }] of held) {
      if (seen !== round && !kept.has(name)) {
        removed.push(...ids)
        held.delete(name)
      }
      const turn = pace(1)
      if (turn !== undefined) await turn
    }
    return { changed, removed }
  }

  function* read(changed: readonly Component[]): Generator<SearchDocument> {
    for (const component of changed) {
      const documents = readComponent(component)
      const ids = documents.map(({ id }) => id)
      const { capabilities } = component
      held.set(component.name, { capabilities, ids, documents: feeds.length > 0 ? documents : [], round })
      yield* documents
    }
  }

  return async (snapshot: Snapshot): Promise<Ready> => {
    const { changed, removed } = await findChanges(snapshot)
    if (changed.length > 0 || removed.length > 0) await index.change({ added: read(changed), removed })
    const documents = feeds.length > 0 ? Array.from(held.values(), (one) => one.documents).flat() : []
    let views: readonly View[] | undefined
    return {
      fingerprint: snapshot.fingerprint,
      index: index.current,
      views: () => (views ??= feeds.map((feed) => ({ view: feed.viewOf(documents), documents }))),
    }
  }
}

/** What a view says, or nothing when it fails: words alone must do then. */
async function askView(
  { view, documents }: View,
  query: string,
  limit: number,
  signal?: AbortSignal,
): Promise<ViewRanking> {
  try {
    const hits = await view.rank(query, limit, signal)
    return { name: view.name, keys: hits.flatMap(({ position }) => documents[position] ?? []) }
  } catch {
    return { name: view.name, keys: [] }
  }
}

function lookUp(snapshot: Snapshot, hits: readonly FusedHit[]): OfferedCapability[] {
  const offered: OfferedCapability[] = []
  for (const { component: name, action, score, why } of hits) {
    const component = snapshot.component(name)
    const capability = snapshot.find(name, action)
    if (component === undefined || capability === undefined || capability.internal === true) continue
    offered.push({ component, capability, score, why: why() })
  }
  return offered
}

export function createCatalogSearch({ current, feeds = [] }: CatalogSearchParts): CatalogSearch {
  const learnt = createLearntWords()
  let follow: ((snapshot: Snapshot) => Promise<Ready>) | undefined
  let ready: Ready | undefined
  let following: Promise<void> | undefined

  const catchUp = async (): Promise<void> => {
    try {
      const { createSearchIndex } = await import('./search-index.ts')
      follow ??= createFollower(createSearchIndex(), feeds)
      ready = await follow(current())
    } catch (thrown) {
      // Half of a change is worth nothing: the next search begins anew.
      follow = undefined
      throw thrown
    } finally {
      following = undefined
    }
  }
  /** As of now or later. */
  const readyIndex = async (): Promise<Ready> => {
    const isBehind = (): boolean => ready?.fingerprint !== current().fingerprint
    // One that is under way may have begun before the last change.
    if (isBehind() && following !== undefined) await following
    if (isBehind()) {
      following ??= catchUp()
      await following
    }
    return ready ?? readyIndex()
  }

  return {
    async search(query, limit, signal) {
      const ready = await readyIndex()
      const [index, views] = [ready.index, ready.views()]
      const isAlone = views.length === 0 && learnt.size === 0
      const depth = isAlone ? limit : Math.max(limit, MIN_FUSED)
      const ranked = index.search(query, depth)
      const rankings = await Promise.all(views.map((view) => askView(view, query, depth, signal)))
      const heard = rankings.filter(({ keys }) => keys.length > 0)
      const known = learnt.size === 0 ? [] : learnt.find(readRequest(query))
      return lookUp(current(), fuseHits({ ranked, learnt: known, rankings: heard, limit }))
    },
    // What fails here fails again in the next search, where somebody hears of it.
    warm: () => void readyIndex().catch(() => undefined),
    learn: ({ request, principal, used }) => learnt.learn(readRequest(request), principal, used),
  }
}
