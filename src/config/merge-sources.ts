// Lays the sources of settings over each other, the strongest last, and remembers where each value came from.
import type { Config, ConfigInput } from '../contracts/config.ts'
import type { FoundValue } from './read-variables.ts'
import { resolveConfig } from './resolve-config.ts'

/**
 * @param found from weak to strong: files, then variables
 * @param options stronger than all of them; what is undefined in it leaves the weaker value
 * @throws TuttiError `invalid_config`
 */
export function mergeSources(found: readonly FoundValue[], options: ConfigInput): Config {
  const origins = new Map<string, string>()
  const merged: Record<string, unknown> = {}
  for (const { setting, value, origin } of found) {
    if (value === undefined || value === null) continue
    if (setting.section === undefined) merged[setting.key] = value
    else merged[setting.section] = { ...sectionOf(merged, setting.section), [setting.key]: value }
    origins.set(setting.path, origin)
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    if (typeof value !== 'object' || value === null) {
      merged[name] = value
      origins.delete(name)
      continue
    }
    const given = Object.entries(value).filter(([, inner]) => inner !== undefined)
    merged[name] = { ...sectionOf(merged, name), ...Object.fromEntries(given) }
    for (const [key] of given) origins.delete(`${name}.${key}`)
  }
  return resolveConfig(merged, origins)
}

function sectionOf(merged: Readonly<Record<string, unknown>>, name: string): object {
  const section = merged[name]
  return typeof section === 'object' && section !== null ? section : {}
}
