// What a source found, checked at the door and made ready once: frozen, hashed, capabilities by name. An entry that was
// seen before costs nothing, one that only says the same again keeps its earlier identity (and what is cached by it).
import { hash } from 'node:crypto'
import type { Capability, Component, Instance } from '../contracts/capability.ts'
import { canonicalJson } from '../util/canonical-json.ts'
import { isJsonObject } from '../util/json.ts'
import { nameKey } from '../util/name-key.ts'
import { compareText } from '../util/text.ts'

export interface PreparedComponent {
  readonly component: Component
  readonly key: string
  /** Of everything but instances: whether the component still is what it was. */
  readonly hash: string
  /** Length of the hashed text: what preparing it has cost. */
  readonly cost: number
  /** Entries among its capabilities that are none. */
  readonly leftOut: number
  /** By name as written and by name key. */
  readonly capabilities: ReadonlyMap<string, Capability>
}

/** Names stand in prompts, plans and messages, so they are one line and no essay. */
const isName = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= 200 && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(value)

const isCapability = (value: unknown): value is Capability =>
  isJsonObject(value) &&
  isName(value['name']) &&
  typeof value['description'] === 'string' &&
  isJsonObject(value['inputSchema'])

const isInstance = (value: unknown): value is Instance => isJsonObject(value) && isName(value['id'])

/** Sources are code of others: what they return is looked at before it is believed. */
function isComponent(value: unknown): value is Component {
  return (
    isJsonObject(value) &&
    isName(value['name']) &&
    Array.isArray(value['capabilities']) &&
    Array.isArray(value['instances']) &&
    value['instances'].every(isInstance)
  )
}

/** One bad capability costs itself; a component that has no good one is none. */
function withoutBad(component: Component): Component | undefined {
  const { capabilities } = component
  const good = capabilities.filter(isCapability)
  if (good.length === capabilities.length) return component
  return good.length === 0 ? undefined : { ...component, capabilities: good }
}

/** Instances come and go without a plan having to change, so they are left out. */
function hashedText({ instances: _instances, capabilities, ...rest }: Component): string {
  return canonicalJson({ ...rest, capabilities: capabilities.toSorted((a, b) => compareText(a.name, b.name)) })
}

/** Duplicates within one component: the first of a name is kept. */
function uniqueCapabilities(capabilities: readonly Capability[]): Map<string, Capability> {
  const byKey = new Map<string, Capability>()
  for (const capability of capabilities) {
    const key = nameKey(capability.name)
    if (!byKey.has(key)) byKey.set(key, capability)
  }
  return byKey
}

const sameInstances = (a: readonly Instance[], b: readonly Instance[]): boolean =>
  a.length === b.length &&
  a.every(({ id, address, health, region }, i) => {
    const other = b[i]
    const isSamePlace = id === other?.id && address === other.address && region === other.region
    return isSamePlace && health === other.health
  })

function finish(component: Component, prepared: Omit<PreparedComponent, 'component'>): PreparedComponent {
  Object.freeze(component.instances)
  for (const instance of component.instances) Object.freeze(instance)
  Object.freeze(component.capabilities)
  for (const capability of component.capabilities) Object.freeze(capability)
  return { ...prepared, component: Object.freeze(component) }
}

/**
 * Undefined when the entry is no component. `before` is what stood under the same name at the last load: when it says
 * the same, its capabilities (or the whole of it) are used on.
 */
export function prepareComponent(
  found: unknown,
  source: string,
  before: (key: string) => PreparedComponent | undefined,
): PreparedComponent | undefined {
  if (!isComponent(found)) return undefined
  const key = nameKey(found.name)
  const earlier = before(key)
  if (earlier?.component === found) return earlier
  const good = withoutBad(found)
  if (good === undefined) return undefined
  const leftOut = found.capabilities.length - good.capabilities.length
  // The catalog says where an entry came from, not the entry: by its source it is called.
  const own = good.source === source ? good : { ...good, source }
  const text = hashedText(own)
  const digest = hash('sha1', text, 'base64')
  if (earlier?.hash === digest) {
    if (sameInstances(earlier.component.instances, own.instances)) return earlier
    return finish({ ...earlier.component, instances: own.instances }, { ...earlier, cost: text.length, leftOut })
  }
  const unique = uniqueCapabilities(own.capabilities)
  const capabilities = new Map(unique)
  for (const capability of unique.values()) capabilities.set(capability.name, capability)
  const complete = unique.size === own.capabilities.length ? own : { ...own, capabilities: [...unique.values()] }
  return finish(complete, { key, hash: digest, cost: text.length, leftOut, capabilities })
}

/** The same component found twice (a registration per copy): one component with the instances of both. */
export function mergeInstances(a: PreparedComponent, b: PreparedComponent): PreparedComponent {
  const known = new Set(a.component.instances.map(({ id }) => id))
  const added = b.component.instances.filter(({ id }) => !known.has(id))
  if (added.length === 0) return a
  const { cost, ...rest } = a
  return finish({ ...a.component, instances: [...a.component.instances, ...added] }, { ...rest, cost })
}
