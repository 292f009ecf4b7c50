// From what a caller wrote to a whole configuration, or an error that says which setting is wrong and what it may be.
import { type Config, type ConfigInput, configSchema } from '../contracts/config.ts'
import { TuttiError } from '../contracts/errors.ts'
import { isEntries, membersOf } from '../util/shape.ts'
import { checkSettings } from './check-settings.ts'
import { pathKey, showPath } from './setting-path.ts'
import { shapeAt } from './settings.ts'
import { hintFor, placeOf, wrongValue } from './wrong-value.ts'

/** Where a value came from, by `pathKey` of its path, for messages: `variable "TUTTI_EXECUTOR_STEP_TIMEOUT"`. */
export type Origins = ReadonlyMap<string, string>

interface SchemaProblem {
  readonly code?: string | undefined
  readonly path: readonly PropertyKey[]
  readonly keys?: readonly string[]
}

/**
 * Applies the defaults, checks every value, and what settings say together.
 * @throws TuttiError `invalid_config` naming the setting, its value (never a secret one), and what is allowed
 */
export function resolveConfig(input: ConfigInput, origins: Origins = new Map()): Config {
  const result = configSchema.safeParse(input)
  if (!result.success) refuse(result.error.issues.flatMap((problem) => explainProblem(problem, input, origins)))
  const config = result.data
  const faults = checkSettings(config)
  if (faults.length > 0) {
    refuse(faults.map(({ path, message }) => `${placeOf(path, originOf(path, origins))} ${message}`))
  }
  if (config.journal !== 'memory:') {
    const origin = origins.get(pathKey(['journal']))
    throw new TuttiError(
      'invalid_config',
      `The journal ${origin === undefined ? '' : `(from ${origin}) `}is not supported yet: only "memory:" is. Runs are then kept in memory and end with the process.`,
    )
  }
  return config
}

function refuse(messages: readonly string[]): never {
  throw new TuttiError('invalid_config', messages.join(' '), { details: { problems: messages } })
}

/** A value within a list came from where the list came from. */
function originOf(path: readonly PropertyKey[], origins: Origins): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(pathKey(path.slice(0, length)))
    if (origin !== undefined) return origin
  }
  return undefined
}

function explainProblem(problem: SchemaProblem, input: unknown, origins: Origins): string[] {
  const { path, keys } = problem
  const value = valueAt(input, path)
  const shape = shapeAt(path)
  if (problem.code === 'unrecognized_keys' && keys !== undefined) {
    const siblings = shape?.kind === 'names' ? (shape.legal ?? []) : membersOf(shape, value).map(({ code }) => code)
    return keys.map((key) => `Unknown setting "${showPath([...path, key])}".${hintFor([...path, key], siblings)}`)
  }
  return [wrongValue(path, value, originOf(path, origins))]
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const key of path) {
    if (Array.isArray(value)) value = value[Number(key)]
    else value = isEntries(value) && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
  }
  return value
}
