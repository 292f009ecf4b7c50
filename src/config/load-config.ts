// The whole configuration from its four sources: option, environment, file, default, in this order.
import type { Config, ConfigInput } from '../contracts/config.ts'
import { TuttiError } from '../contracts/errors.ts'
import { checkPolicyConditions } from './check-settings.ts'
import { mergeSources } from './merge-sources.ts'
import { readConfigFile } from './read-file.ts'
import { type Environment, readVariables } from './read-variables.ts'

export interface LoadOptions {
  /** Stronger than every other source. */
  readonly options?: ConfigInput
  /** Default: the environment of this process. */
  readonly env?: Environment
  /** Where a configuration file is looked for. */
  readonly cwd: string
  /** An unknown `TUTTI_` variable is an error; else a warning. */
  readonly strictVariables: boolean
}

/** @throws TuttiError `invalid_config` naming the setting, where its value came from, and what it may be */
export async function loadConfig(load: LoadOptions): Promise<{ config: Config; warnings: string[] }> {
  const env = load.env ?? process.env
  const variables = readVariables(env)
  if (load.strictVariables && variables.unknown.length > 0) {
    throw new TuttiError('invalid_config', variables.unknown.join(' '))
  }
  const file = await readConfigFile(load.cwd, env)
  const config = mergeSources([...file.found, ...variables.found], load.options ?? {})
  await checkPolicyConditions(config)
  return {
    config,
    warnings: [...file.warnings, ...variables.unknown],
  }
}

/** What a terminal program asks of the environment besides settings. */
export function readTerminalWishes(env: Environment = process.env): { readonly noColor: boolean } {
  return { noColor: (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb' }
}
