// Lays the sources of settings over each other, the strongest last, and remembers where each value came from.
import type { Config, ConfigInput } from '../contracts/config.ts'
import { isEntries, membersOf, type Shape, stepInto } from '../util/shape.ts'
import { resolveConfig } from './resolve-config.ts'
import { pathKey, type SettingPath } from './setting-path.ts'
import { CONFIG_SHAPE } from './settings.ts'

/** One value of a source: a leaf, or a list as a whole. */
export interface FoundValue {
  readonly path: SettingPath
  readonly value: unknown
  /** For messages: `variable "TUTTI_EXECUTOR_STEP_TIMEOUT"`. */
  readonly origin: string
}

/**
 * @param found from weak to strong: files, then variables
 * @param options stronger than all of them; what is undefined in it leaves the weaker value
 * @throws TuttiError `invalid_config`
 */
export function mergeSources(found: readonly FoundValue[], options: ConfigInput): Config {
  const origins = new Map<string, string>()
  let merged: unknown = {}
  for (const { path, value, origin } of found) {
    if (value === undefined) continue
    merged = setAt(merged, path, value)
    origins.set(pathKey(path), origin)
  }
  const given = layOver(CONFIG_SHAPE, merged, options, (path) => origins.delete(pathKey(path)), [])
  return resolveConfig(isEntries(given) ? given : {}, origins)
}

function setAt(node: unknown, [key, ...rest]: SettingPath, value: unknown): unknown {
  if (key === undefined) return value
  const own = isEntries(node) ? node : {}
  const inner = Object.hasOwn(own, key) ? own[key] : undefined
  return { ...own, [key]: setAt(inner, rest, value) }
}

/** Objects of ours and sections by name are merged key by key; lists and values are replaced. */
function layOver(
  shape: Shape | undefined,
  weak: unknown,
  strong: unknown,
  replaced: (path: SettingPath) => void,
  path: SettingPath,
): unknown {
  if (strong === undefined) return weak
  const isMerged = shape?.kind === 'names' || membersOf(shape).length > 0
  if (!isMerged || !isEntries(strong)) {
    replaced(path)
    return strong
  }
  const base = isEntries(weak) ? weak : {}
  // One kind of credentials does not complete another.
  if (shape?.kind === 'variants' && strong[shape.by] !== undefined && strong[shape.by] !== base[shape.by]) return strong
  const result = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(strong)) {
    const inner = layOver(stepInto(shape, key), result.get(key), value, replaced, [...path, key])
    if (inner !== undefined) result.set(key, inner)
  }
  return Object.fromEntries(result)
}
