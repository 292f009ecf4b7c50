// tutti.config.{ts,js,yaml,json} as a source of settings: snake_case with durations as text, or as in code.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { TuttiError } from '../contracts/errors.ts'
import { parseDuration } from '../util/duration.ts'
import { nearest } from '../util/text.ts'
import type { FoundValue } from './read-variables.ts'
import { wrongValue } from './resolve-config.ts'
import { listSections, listSettings, type Setting } from './settings.ts'

const FILE_NAMES = ['tutti.config.ts', 'tutti.config.js', 'tutti.config.yaml', 'tutti.config.json'] as const

/**
 * Reads the first configuration file of the folder, if there is one.
 * @throws TuttiError `invalid_config` naming file, key and the nearest known key
 */
export async function readConfigFile(cwd: string): Promise<{ found: FoundValue[]; warnings: string[] }> {
  const [name, ...others] = FILE_NAMES.filter((file) => existsSync(join(cwd, file)))
  if (name === undefined) return { found: [], warnings: [] }
  const found = readSettings(await loadFile(join(cwd, name), name), name)
  const warnings = others.map((other) => `The file "${other}" is not read: "${name}" comes before it.`)
  return { found, warnings }
}

async function loadFile(path: string, name: string): Promise<unknown> {
  if (name.endsWith('.ts') || name.endsWith('.js')) return loadModule(path, name)
  const { parseDocument } = await import('yaml')
  // JSON is read as YAML, which it is: the parser names the place without quoting the line, that may hold a secret.
  const document = parseDocument(await readFile(path, 'utf8'), { prettyErrors: false })
  const [problem] = document.errors
  if (problem !== undefined) {
    throw new TuttiError(
      'invalid_config',
      `The file "${name}" cannot be read: ${problem.code} at character ${problem.pos[0] + 1}.`,
    )
  }
  const value: unknown = document.toJS({ maxAliasCount: 20 })
  return value ?? {}
}

async function loadModule(path: string, name: string): Promise<unknown> {
  let loaded: unknown
  try {
    loaded = await import(pathToFileURL(path).href)
  } catch (error) {
    throw new TuttiError('invalid_config', `The file "${name}" failed while it was loaded.`, { cause: error })
  }
  for (const key of ['default', 'config']) {
    if (typeof loaded === 'object' && loaded !== null && key in loaded) return Reflect.get(loaded, key)
  }
  throw new TuttiError('invalid_config', `The file "${name}" must export its settings as "config" or as its default.`)
}

function readSettings(content: unknown, name: string): FoundValue[] {
  const settings = listSettings()
  const sections = listSections()
  const found: FoundValue[] = []
  for (const [key, value] of entriesOf(content, `The file "${name}"`)) {
    const top = settings.find((setting) => setting.section === undefined && setting.key === key)
    if (top !== undefined) {
      found.push(take(top, value, name))
      continue
    }
    if (!sections.includes(key)) {
      throw unknownKey(name, key, [
        ...sections,
        ...settings.filter((s) => s.section === undefined).map((s) => s.fileKey),
      ])
    }
    const own = settings.filter((setting) => setting.section === key)
    for (const [inner, innerValue] of entriesOf(value, `The section "${key}" of the file "${name}"`)) {
      const setting = own.find((s) => s.fileKey === `${key}.${inner}` || s.key === inner)
      if (setting === undefined)
        throw unknownKey(
          name,
          `${key}.${inner}`,
          own.map((s) => s.fileKey),
        )
      found.push(take(setting, innerValue, name))
    }
  }
  return found
}

function take(setting: Setting, value: unknown, name: string): FoundValue {
  const origin = `"${setting.fileKey}" in the file "${name}"`
  if (setting.kind !== 'duration' || typeof value !== 'string') return { setting, value, origin }
  const parsed = parseDuration(value)
  if (parsed === undefined) throw new TuttiError('invalid_config', wrongValue(setting, value, origin))
  return { setting, value: parsed, origin }
}

function entriesOf(value: unknown, what: string): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value)
  throw new TuttiError('invalid_config', `${what} must hold settings by name.`)
}

function unknownKey(file: string, key: string, candidates: readonly string[]): TuttiError {
  const [best] = nearest(key, candidates, 1)
  const hint = best === undefined ? '' : ` Did you mean "${best}"?`
  return new TuttiError('invalid_config', `Unknown key "${key}" in the file "${file}".${hint}`)
}
