// The environment as a source of settings: known variables become values, unknown ones of ours are reported with the nearest name.
import { TuttiError } from '../contracts/errors.ts'
import { parseDuration } from '../util/duration.ts'
import { nearest, resembles } from '../util/text.ts'
import type { FoundValue } from './merge-sources.ts'
import { listSettings, type Setting, type SettingKind } from './settings.ts'
import { wrongValue } from './wrong-value.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Accepted today and without effect, since the part they belong to comes later. The values that change nothing are named. */
const LATER_VARIABLES: Readonly<Record<string, readonly string[] | undefined>> = {
  TUTTI_WORKFLOWS_DIR: undefined,
  TUTTI_ENGINE: ['in-process'],
}

/** What Kubernetes puts into every container for each service; a service named "tutti-server" makes TUTTI_SERVER_PORT. */
function isInjectedByKubernetes(name: string, value: string): boolean {
  return (
    /_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (/_PORT$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value))
  )
}

/**
 * Reads the settings that the environment holds. Empty variables count as unset.
 * @returns the values, and a sentence for each unknown `TUTTI_` variable
 * @throws TuttiError `invalid_config` when a variable cannot be read as its setting's type
 */
export function readVariables(env: Environment): { found: FoundValue[]; unknown: string[] } {
  const given = new Map<string, string>()
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && value.trim() !== '' && !isInjectedByKubernetes(name, value))
      given.set(name, value.trim())
  }
  const settings = listSettings()
  const found: FoundValue[] = []
  for (const setting of settings) {
    const name = setting.variables.find((variable) => given.has(variable))
    const text = name === undefined ? undefined : given.get(name)
    if (name === undefined || text === undefined) continue
    const origin = `variable "${name}"`
    const value = parseVariable(setting, text)
    if (value === undefined) throw new TuttiError('invalid_config', wrongValue(setting.keys, text, origin))
    found.push({ path: setting.keys, value, origin })
  }
  refuseUnsupported(given)
  return { found, unknown: findUnknown(given, settings) }
}

function parseVariable(setting: Setting, text: string): unknown {
  if (setting.kind !== 'list') return parseScalar(setting.kind, setting, text)
  const items = splitList(text)?.map((item) => parseScalar(setting.items ?? 'text', setting, item))
  return items?.includes(undefined) === true ? undefined : items
}

function parseScalar(kind: SettingKind, { choices }: Setting, text: string): unknown {
  switch (kind) {
    case 'duration':
      return parseDuration(text)
    case 'integer':
    case 'number':
      return parseNumber(text, kind)
    case 'boolean':
      return parseBoolean(text)
    case 'choice':
      return choices.find((choice) => choice === text.toLowerCase())
    case 'text':
      return text
    case 'list':
    case 'texts':
    case 'json':
      return undefined
  }
}

function parseNumber(text: string, kind: 'integer' | 'number'): number | undefined {
  if (!(kind === 'integer' ? /^-?\d{1,15}$/ : /^-?\d{1,15}(\.\d{1,15})?$/).test(text)) return undefined
  return Number(text)
}

function parseBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase()
  if (word === 'true' || word === '1') return true
  return word === 'false' || word === '0' ? false : undefined
}

function splitList(text: string): string[] | undefined {
  const items = text.split(',').map((item) => item.trim())
  return items.every((item) => item !== '') ? items : undefined
}

function findUnknown(given: ReadonlyMap<string, string>, settings: readonly Setting[]): string[] {
  const known = new Set(settings.flatMap((setting) => setting.variables))
  for (const name of Object.keys(LATER_VARIABLES)) known.add(name)
  const ours = [...known].filter((name) => name.startsWith('TUTTI_'))
  return [...given.keys()]
    .filter((name) => name.startsWith('TUTTI_') && !known.has(name))
    .map((name) => {
      const [best] = nearest(name, ours, 1)
      // What all of them begin with would make any two alike.
      const isNear = best !== undefined && resembles(name.slice('TUTTI_'.length), best.slice('TUTTI_'.length))
      return `Unknown variable "${name}".${isNear ? ` Did you mean "${best}"?` : ''}`
    })
}

function refuseUnsupported(given: ReadonlyMap<string, string>): void {
  for (const [name, allowed] of Object.entries(LATER_VARIABLES)) {
    const value = given.get(name)
    if (value !== undefined && allowed !== undefined && !allowed.includes(value)) {
      throw new TuttiError(
        'invalid_config',
        `The variable "${name}" is "${value}", which is not supported yet; it may be ${allowed.join(', ')}.`,
      )
    }
  }
}
