// One moment of the catalog: immutable, names without regard to case, sources in the order in which they were given.
import { createHash } from 'node:crypto'
import type { Capability, Component } from '../contracts/capability.ts'
import { nameKey } from '../util/name-key.ts'
import { createPace } from '../util/pace.ts'
import type { PreparedComponent } from './prepare-component.ts'

export interface Snapshot {
  /** Of components and capabilities, in whatever order they were found; instances and health do not count. */
  readonly fingerprint: string
  readonly components: readonly Component[]
  component(name: string): Component | undefined
  find(component: string, action: string): Capability | undefined
  offering(capability: string): readonly Component[]
}

/** A component that is hidden because an earlier source has one of the same name. */
export interface Shadowed {
  readonly name: string
  readonly source: string
  readonly by: string
}

const NOTHING: readonly never[] = Object.freeze([])

interface Collected {
  readonly entries: Map<string, PreparedComponent>
  readonly shadowed: Shadowed[]
}

async function collect(lists: readonly (readonly PreparedComponent[])[]): Promise<Collected> {
  const pace = createPace(4_000)
  const entries = new Map<string, PreparedComponent>()
  const shadowed: Shadowed[] = []
  for (const list of lists) {
    for (const prepared of list) {
      const first = entries.get(prepared.key)
      if (first === undefined) entries.set(prepared.key, prepared)
      else {
        const { name, source } = prepared.component
        shadowed.push({ name, source, by: first.component.source })
      }
      const turn = pace(1)
      if (turn !== undefined) await turn
    }
  }
  return { entries, shadowed }
}

interface Grouped {
  readonly groups: Map<string, Component[]>
  readonly instanceIds: Set<string>
}

async function groupByCapability(entries: Iterable<PreparedComponent>): Promise<Grouped> {
  const pace = createPace(8_000)
  const groups = new Map<string, Component[]>()
  const instanceIds = new Set<string>()
  for (const { component } of entries) {
    for (const { id } of component.instances) instanceIds.add(id)
    for (const { name } of component.capabilities) {
      const key = nameKey(name)
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [component])
      else group.push(component)
    }
    const turn = pace(1 + component.capabilities.length + component.instances.length)
    if (turn !== undefined) await turn
  }
  return { groups, instanceIds }
}

/** Of all hashes in order, sorted in buckets by their first letter: one sort of fifty thousand would hold the event loop. */
async function fingerprintOf(entries: Iterable<PreparedComponent>): Promise<string> {
  const pace = createPace(10_000)
  const buckets = new Map<string, string[]>()
  for (const { hash: one } of entries) {
    const first = one.charAt(0)
    const bucket = buckets.get(first)
    if (bucket === undefined) buckets.set(first, [one])
    else bucket.push(one)
    const turn = pace(1)
    if (turn !== undefined) await turn
  }
  const digest = createHash('sha1')
  for (const first of [...buckets.keys()].sort()) {
    const bucket = buckets.get(first) ?? []
    digest.update(bucket.sort().join()).update(',')
    const turn = pace(2 * bucket.length)
    if (turn !== undefined) await turn
  }
  return digest.digest('hex')
}

function snapshotOf(
  fingerprint: string,
  entries: ReadonlyMap<string, PreparedComponent>,
  groups: ReadonlyMap<string, readonly Component[]>,
): Snapshot {
  const entryOf = (name: string): PreparedComponent | undefined => entries.get(name) ?? entries.get(nameKey(name))
  return {
    fingerprint,
    components: Object.freeze(Array.from(entries.values(), ({ component }) => component)),
    component: (name) => entryOf(name)?.component,
    find(component, action) {
      const capabilities = entryOf(component)?.capabilities
      return capabilities?.get(action) ?? capabilities?.get(nameKey(action))
    },
    offering: (capability) => groups.get(capability) ?? groups.get(nameKey(capability)) ?? NOTHING,
  }
}

const NO_COMPONENTS = createHash('sha1').digest('hex')

/** What a catalog holds before anything was loaded. */
export const emptySnapshot = (): Snapshot => snapshotOf(NO_COMPONENTS, new Map(), new Map())

export interface BuiltSnapshot {
  readonly snapshot: Snapshot
  readonly shadowed: readonly Shadowed[]
  /** Of all components. */
  readonly instanceIds: ReadonlySet<string>
}

/** Sources first listed win a name. Gives way to other work while it builds. */
export async function buildSnapshot(lists: readonly (readonly PreparedComponent[])[]): Promise<BuiltSnapshot> {
  const { entries, shadowed } = await collect(lists)
  const fingerprint = await fingerprintOf(entries.values())
  const { groups, instanceIds } = await groupByCapability(entries.values())
  return { snapshot: snapshotOf(fingerprint, entries, groups), shadowed, instanceIds }
}
