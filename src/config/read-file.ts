// tutti.config.{ts,js,yaml,json} as a source of settings: snake_case with durations as text, or as in code.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { TuttiError } from '../contracts/errors.ts'
import { parseDuration } from '../util/duration.ts'
import { isEntries, type Leaf, type Member, membersOf, type Shape } from '../util/shape.ts'
import type { FoundValue } from './merge-sources.ts'
import type { Environment } from './read-variables.ts'
import { type SettingPath, showPath } from './setting-path.ts'
import { CONFIG_SHAPE, isAddressPath, isLocalPath, settingAt, toSettingPath } from './settings.ts'
import { hintFor, wrongValue } from './wrong-value.ts'

const FILE_NAMES = ['tutti.config.ts', 'tutti.config.js', 'tutti.config.yaml', 'tutti.config.json'] as const

/**
 * Reads the first configuration file of the folder, if there is one.
 * @param env what a secret of the form `{env: NAME}` is taken from
 * @throws TuttiError `invalid_config` naming file, key and the nearest known key
 */
export async function readConfigFile(
  cwd: string,
  env: Environment,
): Promise<{ found: FoundValue[]; warnings: string[] }> {
  const [name, ...others] = FILE_NAMES.filter((file) => existsSync(join(cwd, file)))
  if (name === undefined) return { found: [], warnings: [] }
  const reading: Reading = { name, cwd, env, found: [] }
  readNode(CONFIG_SHAPE, await loadFile(join(cwd, name), name), { code: [], file: [] }, reading)
  const warnings = others.map((other) => `The file "${other}" is not read: "${name}" comes before it.`)
  return { found: reading.found, warnings }
}

async function loadFile(path: string, name: string): Promise<unknown> {
  if (name.endsWith('.ts') || name.endsWith('.js')) return loadModule(path, name)
  const { LineCounter, parseDocument } = await import('yaml')
  const lineCounter = new LineCounter()
  // JSON is read as YAML, which it is: the parser names the place without quoting the line, that may hold a secret.
  const document = parseDocument(await readFile(path, 'utf8'), { prettyErrors: false, lineCounter })
  const [problem] = document.errors
  if (problem !== undefined) {
    const { line, col } = lineCounter.linePos(problem.pos[0])
    const what = problem.code.toLowerCase().replaceAll('_', ' ')
    throw refusal(
      `The file "${name}" cannot be read: line ${line}, column ${col}: ${what}. Look at the indentation, the quotes and the colons there.`,
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

/** A place in both spellings. */
interface Place {
  readonly code: SettingPath
  readonly file: SettingPath
}

interface Reading {
  readonly name: string
  /** The folder of the file. */
  readonly cwd: string
  readonly env: Environment
  readonly found: FoundValue[]
}

const within = ({ code, file }: Place, codeKey: string | number, fileKey = codeKey): Place => ({
  code: [...code, codeKey],
  file: [...file, fileKey],
})
const originOf = ({ file }: Place, name: string): string => `"${showPath(file)}" in the file "${name}"`

/** Finds every value below a node; lists are one value. A key without a value (null in YAML) counts as absent. */
function readNode(shape: Shape, value: unknown, place: Place, reading: Reading): void {
  if (value === undefined || (value === null && place.code.length > 0 && !isAnything(shape, place))) return
  const { name, found } = reading
  if (shape.kind === 'leaf' || shape.kind === 'list') {
    found.push({ path: place.code, value: toCode(shape, value, place, reading), origin: originOf(place, name) })
    return
  }
  const members = [...membersIn(shape, value, place, reading)]
  for (const { inner, at } of members) readNode(inner.shape, inner.value, at, reading)
}

/** `null` is a value where any JSON may stand. */
const isAnything = (shape: Shape, { code }: Place): boolean => shape.kind === 'leaf' && settingAt(code)?.kind === 'json'

/** The value of a leaf or list, as code has it. */
function toCode(shape: Shape, value: unknown, place: Place, reading: Reading): unknown {
  if (shape.kind === 'leaf') return takeLeaf(shape, value, place, reading)
  if (shape.kind === 'list')
    return Array.isArray(value) ? value.map((item, i) => toCode(shape.of, item, within(place, i), reading)) : value
  if (!isEntries(value)) return value
  return Object.fromEntries(
    [...membersIn(shape, value, place, reading)].map(({ key, inner, at }) => [
      key,
      toCode(inner.shape, inner.value, at, reading),
    ]),
  )
}

interface Found {
  readonly key: string
  readonly inner: { readonly shape: Shape; readonly value: unknown }
  readonly at: Place
}

/** Each key, as code has it, with its value. */
function* membersIn(shape: Shape, value: unknown, place: Place, { name }: Reading): Generator<Found> {
  const members = membersOf(shape)
  const taken = new Set<string>()
  for (const [key, inner] of entriesOf(value, members, place, name)) {
    if (shape.kind === 'names') {
      if (FOREIGN_NAMES.has(key))
        throw refusal(`"${key}" cannot be a name: it stands in "${showPath(place.file)}" in the file "${name}".`)
      yield { key, inner: { shape: shape.of, value: inner }, at: within(place, key) }
      continue
    }
    const member = members.find(({ code, wire }) => wire === key || code === key)
    const at = within(place, member?.code ?? key, key)
    if (member === undefined) {
      throw refusal(`Unknown key "${showPath(at.file)}" in the file "${name}".${hintAt(at, members)}`)
    }
    if (taken.has(member.code))
      throw refusal(`The key ${originOf(at, name)} stands there twice, in both spellings. Keep one.`)
    taken.add(member.code)
    yield { key: member.code, inner: { shape: member.shape, value: inner }, at }
  }
}

/** The nearest key, in the spelling of the unknown one, or the section that has just this key: `mcpServers` stands in `sources`. */
function hintAt({ file }: Place, members: readonly Member[]): string {
  const key = String(file.at(-1))
  const section = members.find(({ shape }) => membersOf(shape).some(({ code, wire }) => code === key || wire === key))
  if (section !== undefined) return ` Write it as "${showPath([...file.slice(0, -1), section.wire, key])}".`
  const isCode = /\p{Lu}/u.test(key)
  return hintFor(
    file,
    members.map(({ code, wire }) => (isCode ? code : wire)),
  )
}

/** They would reach the objects that everything is made of. */
const FOREIGN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

function takeLeaf({ isDuration }: Leaf, value: unknown, place: Place, reading: Reading): unknown {
  if (mayComeFromOutside(place)) {
    if (isEntries(value)) return takeSecret(value, place, reading)
    const [, variable] = typeof value === 'string' ? (/^\$\{?(\w+)\}?$/.exec(value) ?? []) : []
    if (variable !== undefined)
      throw refusal(
        `The setting ${originOf(place, reading.name)} looks like the name of a variable. Write {env: ${variable}}.`,
      )
  }
  if (typeof value === 'string' && isLocalPath(toSettingPath(place.code))) return resolve(reading.cwd, value)
  if (!isDuration) return value
  // `stepTimeoutMs: 30` says its unit; `step_timeout: 30` could be meant as seconds.
  const lacksUnit = typeof value === 'number' && value !== 0 && place.file.at(-1) !== place.code.at(-1)
  if (typeof value !== 'string' && !lacksUnit) return value
  const parsed = typeof value === 'string' ? parseDuration(value) : undefined
  if (parsed === undefined) throw refusal(wrongValue(place.code, value, originOf(place, reading.name)))
  return parsed
}

/** Secrets, and addresses: they often hold one. */
const mayComeFromOutside = ({ code }: Place): boolean =>
  settingAt(code)?.secret === true || isAddressPath(toSettingPath(code))

/** `{env: NAME}`: a file is often shared, what must not be shared stays outside of it. */
function takeSecret(value: Readonly<Record<string, unknown>>, place: Place, { name, env }: Reading): string {
  const { env: variable, ...others } = value
  if (typeof variable !== 'string' || variable === '' || Object.keys(others).length > 0) {
    throw refusal(`The setting ${originOf(place, name)} must be text, or {env: NAME} with the name of a variable.`)
  }
  const found = env[variable]?.trim() ?? ''
  if (found !== '') return found
  throw refusal(`The setting ${originOf(place, name)} is to come from the variable "${variable}", which is not set.`)
}

function entriesOf(value: unknown, members: readonly Member[], { file }: Place, name: string): [string, unknown][] {
  if (isEntries(value)) return Object.entries(value)
  const what = file.length === 0 ? `The file "${name}"` : `The section "${showPath(file)}" of the file "${name}"`
  const known = members.length === 0 ? '' : ` There are: ${members.map(({ wire }) => wire).join(', ')}.`
  throw refusal(`${what} must hold settings by name.${known}`)
}

const refusal = (message: string): TuttiError => new TuttiError('invalid_config', message)
