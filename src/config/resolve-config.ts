// From what a caller wrote to a whole configuration, or an error that says which setting is wrong and what it may be.
import { type Config, type ConfigInput, configSchema } from '../contracts/config.ts'
import { TuttiError } from '../contracts/errors.ts'
import { nearest } from '../util/text.ts'
import { listSections, listSettings, type Setting } from './settings.ts'

/** Where a value came from, by the setting's path, for messages: `variable "TUTTI_EXECUTOR_STEP_TIMEOUT"`. */
export type Origins = ReadonlyMap<string, string>

interface SchemaProblem {
  readonly code?: string | undefined
  readonly path: readonly PropertyKey[]
  readonly keys?: readonly string[]
}

/**
 * Applies the defaults and checks every value.
 * @throws TuttiError `invalid_config` naming the setting, its value (never a secret one), and what is allowed
 */
export function resolveConfig(input: ConfigInput, origins: Origins = new Map()): Config {
  const result = configSchema.safeParse(input)
  if (!result.success) {
    const messages = result.error.issues.flatMap((problem) => explainProblem(problem, input, origins))
    throw new TuttiError('invalid_config', messages.join(' '), { details: { problems: messages } })
  }
  if (result.data.journal !== 'memory:') {
    throw new TuttiError(
      'invalid_config',
      `The journal ${describeOrigin('journal', origins)}is not supported yet: only "memory:" is. Runs are then kept in memory and end with the process.`,
    )
  }
  return result.data
}

const describeOrigin = (path: string, origins: Origins): string => {
  const origin = origins.get(path)
  return origin === undefined ? '' : `(from ${origin}) `
}

function explainProblem(problem: SchemaProblem, input: unknown, origins: Origins): string[] {
  if (problem.code === 'unrecognized_keys') {
    const section = problem.path[0]
    return (problem.keys ?? []).map((key) => unknownSetting(typeof section === 'string' ? section : undefined, key))
  }
  const path = problem.path.slice(0, 2).map(String).join('.')
  const setting = listSettings().find((known) => known.path === path)
  const value = valueAt(input, problem.path.slice(0, 2))
  if (setting === undefined) return [`The section "${path}" is ${show(value)}; it must be an object of settings.`]
  return [wrongValue(setting, value, origins.get(path))]
}

/** "The setting "x" (from ...) is 5; it must be ...". The value of a secret setting is left out. */
export function wrongValue(setting: Setting, value: unknown, origin: string | undefined): string {
  const where =
    origin === undefined ? `The setting "${setting.path}"` : `The setting "${setting.path}" (from ${origin})`
  return setting.secret
    ? `${where} has a value that cannot be used; it must be ${setting.allowed}.`
    : `${where} is ${show(value)}; it must be ${setting.allowed}.`
}

/** Names the settings that were probably meant, as they are written in code. */
function unknownSetting(section: string | undefined, key: string): string {
  const name = section === undefined ? key : `${section}.${key}`
  const settings = listSettings()
  const candidates =
    section === undefined
      ? [...listSections(), ...settings.filter((s) => s.section === undefined).map((s) => s.path)]
      : settings.filter((s) => s.section === section).map((s) => s.path)
  const [best] = nearest(name, candidates, 1)
  return `Unknown setting "${name}".${best === undefined ? '' : ` Did you mean "${best}"?`}`
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = Reflect.get(value, key)
  }
  return value
}

function show(value: unknown): string {
  if (typeof value === 'string') return `"${value.length > 80 ? `${value.slice(0, 79)}…` : value}"`
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value === null || value === undefined) return String(value)
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`
}
