// The configuration of a program that uses the library: its options, completed from the environment. No file is read.
import type { Config, ConfigInput } from '../contracts/config.ts'
import { mergeSources } from './merge-sources.ts'
import { type Environment, readVariables } from './read-variables.ts'

/**
 * Option > environment > default. Unknown `TUTTI_` variables are ignored here; CLI and server report them.
 * @throws TuttiError `invalid_config`
 */
export function resolveOptions(options: ConfigInput, env: Environment = process.env): Config {
  return mergeSources(readVariables(env).found, options)
}
