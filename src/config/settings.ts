// Every setting as the schema describes it: its key in code, in files and in the environment, and what it may be.
import { z } from 'zod'
import { configSchema } from '../contracts/config.ts'
import { isJsonObject } from '../util/json.ts'
import { toSnakeCase } from '../util/snake-case.ts'

export type SettingKind = 'text' | 'integer' | 'number' | 'boolean' | 'duration' | 'list' | 'choice'

/** One leaf of the configuration schema. */
export interface Setting {
  /** Section and key as in code: `executor.stepTimeoutMs`; top-level settings have no section. */
  readonly path: string
  readonly section: string | undefined
  readonly key: string
  /** As written in a file: `executor.step_timeout`. */
  readonly fileKey: string
  /** Names in the environment, the strongest first. */
  readonly variables: readonly string[]
  readonly kind: SettingKind
  /** For people: "a whole number of at least 1". */
  readonly allowed: string
  readonly choices: readonly string[]
  readonly secret: boolean
  readonly description: string
}

/** Names besides the derived one. Before it: shorter names of the contract; after it: names that other programs share. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  'model.default': 'TUTTI_MODEL',
  'redis.namespaces': 'TUTTI_REDIS_NAMESPACE',
}
const SHARED_NAMES: Readonly<Record<string, string>> = {
  'redis.url': 'REDIS_URL',
  'openai.apiKey': 'OPENAI_API_KEY',
  'openai.baseUrl': 'OPENAI_BASE_URL',
  'anthropic.apiKey': 'ANTHROPIC_API_KEY',
  'anthropic.baseUrl': 'ANTHROPIC_BASE_URL',
}
/** What deployments of GoMind already set (its orchestration guide, "Environment Variables"). */
const GOMIND_NAMES: Readonly<Record<string, string>> = {
  'planner.cacheEnabled': 'GOMIND_ORCHESTRATOR_CACHE_ENABLED',
  'planner.cacheTtlMs': 'GOMIND_ORCHESTRATOR_CACHE_TTL',
  'executor.maxConcurrency': 'GOMIND_ORCHESTRATOR_MAX_CONCURRENCY',
  'executor.stepTimeoutMs': 'GOMIND_ORCHESTRATOR_STEP_TIMEOUT',
  'recovery.semanticEnabled': 'GOMIND_SEMANTIC_RETRY_ENABLED',
  'recovery.semanticAttempts': 'GOMIND_SEMANTIC_RETRY_MAX_ATTEMPTS',
  'capabilities.topK': 'GOMIND_CAPABILITY_TOP_K',
}
const SECRET_PATHS: ReadonlySet<string> = new Set(['openai.apiKey', 'anthropic.apiKey', 'server.apiKeys'])
/** Addresses may carry a password; they are never quoted whole. */
const ADDRESS_PATHS: ReadonlySet<string> = new Set(['redis.url', 'openai.baseUrl', 'anthropic.baseUrl', 'journal'])

const withoutUnit = (key: string): string => (key.endsWith('Ms') ? key.slice(0, -2) : key)

function allowedOf(kind: SettingKind, schema: Readonly<Record<string, unknown>>, choices: readonly string[]): string {
  const { minimum, maximum } = schema
  const least = typeof minimum === 'number' ? ` of at least ${minimum}` : ''
  const most =
    typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER
      ? `${least === '' ? ' of' : ' and'} at most ${maximum}`
      : ''
  switch (kind) {
    case 'duration':
      return 'a duration such as 500ms, 30s or 5m (at most 24 days)'
    case 'integer':
      return `a whole number${least}${most}`
    case 'number':
      return `a number${least}${most}`
    case 'boolean':
      return 'true or false'
    case 'list':
      return 'a list of names, separated by commas in a variable'
    case 'choice':
      return `one of ${choices.join(', ')}`
    case 'text':
      return 'text'
  }
}

function kindOf(key: string, schema: Readonly<Record<string, unknown>>): SettingKind {
  if (Array.isArray(schema.enum)) return 'choice'
  if (schema.type === 'array') return 'list'
  if (schema.type === 'boolean') return 'boolean'
  if (schema.type === 'integer') return key.endsWith('Ms') ? 'duration' : 'integer'
  return schema.type === 'number' ? 'number' : 'text'
}

function describeSetting(section: string | undefined, key: string, schema: Readonly<Record<string, unknown>>): Setting {
  const path = section === undefined ? key : `${section}.${key}`
  const fileKey = [...(section === undefined ? [] : [toSnakeCase(section)]), toSnakeCase(withoutUnit(key))].join('.')
  const kind = kindOf(key, schema)
  const choices = Array.isArray(schema.enum) ? schema.enum.filter((c) => typeof c === 'string') : []
  const names = [
    SHORT_NAMES[path],
    `TUTTI_${fileKey.replace('.', '_').toUpperCase()}`,
    SHARED_NAMES[path],
    GOMIND_NAMES[path],
  ]
  return {
    path,
    section,
    key,
    fileKey,
    variables: names.filter((name) => name !== undefined),
    kind,
    allowed: allowedOf(kind, schema, choices),
    choices,
    secret: SECRET_PATHS.has(path) || ADDRESS_PATHS.has(path),
    description: typeof schema.description === 'string' ? schema.description : '',
  }
}

let listed: readonly Setting[] | undefined

/** All settings, in the order of the schema. */
export function listSettings(): readonly Setting[] {
  if (listed !== undefined) return listed
  const settings: Setting[] = []
  const properties: unknown = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }).properties
  for (const [name, schema] of entriesOf(properties)) {
    if (schema.type === 'object') {
      for (const [key, leaf] of entriesOf(schema.properties)) settings.push(describeSetting(name, key, leaf))
    } else settings.push(describeSetting(undefined, name, schema))
  }
  listed = settings
  return settings
}

function* entriesOf(properties: unknown): Generator<[string, Readonly<Record<string, unknown>>]> {
  if (!isJsonObject(properties)) return
  for (const [key, value] of Object.entries(properties)) if (isJsonObject(value)) yield [key, value]
}

/** Names of the sections: `executor`, `server`, ... */
export const listSections = (): readonly string[] => [
  ...new Set(listSettings().flatMap((setting) => (setting.section === undefined ? [] : [setting.section]))),
]
