// Every setting as the schema describes it: its key in code, in files and in the environment, and what it may be.
// Sections by name (`components.NAME`) have settings too, with a placeholder for the name and without variables.
import { z } from 'zod'
import { configSchema } from '../contracts/config.ts'
import { type Leaf, membersOf, type Shape, shapeOf, stepInto, unwrapSchema } from '../util/shape.ts'

export type SettingKind = 'text' | 'integer' | 'number' | 'boolean' | 'duration' | 'list' | 'texts' | 'choice' | 'json'

/** One leaf of the configuration schema. */
export interface Setting {
  /** Section and key as in code: `executor.stepTimeoutMs`, `components.NAME.rateLimit.perMs`. */
  readonly path: string
  /** As written in a file: `executor.step_timeout`. */
  readonly fileKey: string
  /** The keys of `path`; names are the placeholder in upper case. */
  readonly keys: readonly string[]
  /** Whether a name or a place in a list is in the path: such a setting has no variable. */
  readonly isByName: boolean
  /** Names in the environment, the strongest first. */
  readonly variables: readonly string[]
  readonly kind: SettingKind
  /** For lists: what the items are. */
  readonly items: SettingKind | undefined
  readonly choices: readonly string[]
  readonly secret: boolean
  readonly schema: z.ZodType
  readonly description: string
}

export const CONFIG_SHAPE: Shape = shapeOf(configSchema)

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
  'capabilities.serviceUrl': 'GOMIND_CAPABILITY_SERVICE_URL',
  'capabilities.topK': 'GOMIND_CAPABILITY_TOP_K',
  'capabilities.threshold': 'GOMIND_CAPABILITY_THRESHOLD',
}
/** Their values are shown nowhere. In files they may be `{env: NAME}`. */
const SECRET_PATHS: ReadonlySet<string> = new Set([
  'openai.apiKey',
  'anthropic.apiKey',
  'server.apiKeys',
  'components.NAME.credentials.token',
  'components.NAME.credentials.value',
  'components.NAME.credentials.clientSecret',
  'notify.targets.NAME.secret',
  'sources.mcpServers.NAME.env.NAME',
  'sources.mcpServers.NAME.headers.NAME',
  // Programs are often given a key as an argument.
  'sources.mcpServers.NAME.args',
  'sources.openapi.NAME.headers.NAME',
  'sources.openapi.NAME.auth.NAME.value',
  'sources.openapi.NAME.auth.NAME.token',
  'sources.openapi.NAME.auth.NAME.password',
  'sources.openapi.NAME.auth.NAME.clientSecret',
  'sources.a2a.NAME.headers.NAME',
])
/** Addresses may carry a password; they are never quoted whole. */
const ADDRESS_PATHS: ReadonlySet<string> = new Set([
  'redis.url',
  'openai.baseUrl',
  'anthropic.baseUrl',
  'capabilities.serviceUrl',
  'journal',
  'components.NAME.credentials.tokenUrl',
  'notify.targets.NAME.url',
  'sources.mcpServers.NAME.url',
  'sources.openapi.NAME.url',
  'sources.openapi.NAME.server',
  'sources.openapi.NAME.auth.NAME.tokenUrl',
  'sources.a2a.NAME.url',
  'sources.http.NAME.url',
])
/** In a file they begin at its own folder. */
const LOCAL_PATHS: ReadonlySet<string> = new Set([
  'capabilities.embeddingsFile',
  'sources.openapi.NAME.file',
  'sources.files',
  'sources.mcpServers.NAME.cwd',
])
export const isLocalPath = (path: string): boolean => LOCAL_PATHS.has(path)
export const isSecretPath = (path: string): boolean => SECRET_PATHS.has(path)
export const isAddressPath = (path: string): boolean => ADDRESS_PATHS.has(path)

/** What stands for the name in a path; `NAME` where nothing better is known. */
const PLACEHOLDERS: Readonly<Record<string, string>> = { models: 'MODEL', quotas: 'KEY', classes: 'CLASS' }
const placeholderOf = (key: string | undefined): string => PLACEHOLDERS[key ?? ''] ?? 'NAME'

/** The path of the setting behind a concrete path: names become placeholders, places in lists of objects `[]`. */
export function toSettingPath(path: readonly PropertyKey[]): string {
  const keys: string[] = []
  let shape: Shape | undefined = CONFIG_SHAPE
  for (const [i, key] of path.entries()) {
    if (shape === undefined) break
    if (shape.kind === 'names') keys.push(placeholderOf(String(path[i - 1])))
    else if (shape.kind !== 'list') keys.push(String(key))
    else if (shape.of.kind !== 'leaf') keys.push(`${keys.pop() ?? ''}[]`)
    shape =
      shape.kind === 'names' || shape.kind === 'list' ? shape.of : membersOf(shape).find((m) => m.code === key)?.shape
  }
  return keys.join('.')
}

function kindOf(schema: z.ZodType, isDuration: boolean): SettingKind {
  const inner = unwrapSchema(schema)
  if (inner instanceof z.ZodEnum || inner instanceof z.ZodLiteral) return 'choice'
  if (inner instanceof z.ZodArray) return 'list'
  if (inner instanceof z.ZodBoolean) return 'boolean'
  if (inner instanceof z.ZodNumber) return isDuration ? 'duration' : inner.isInt ? 'integer' : 'number'
  if (
    inner instanceof z.ZodUnion &&
    inner.options.every((one) => one instanceof z.ZodString || one instanceof z.ZodArray)
  )
    return 'texts'
  return inner instanceof z.ZodString ? 'text' : 'json'
}

function choicesOf(schema: z.ZodType): readonly string[] {
  const inner = unwrapSchema(schema)
  if (inner instanceof z.ZodEnum) return inner.options.map(String)
  return inner instanceof z.ZodLiteral ? [...inner.values].map(String) : []
}

const elementOf = (schema: z.ZodType): z.ZodType | undefined => {
  const inner = unwrapSchema(schema)
  return inner instanceof z.ZodArray && inner.element instanceof z.ZodType ? inner.element : undefined
}

interface Place {
  readonly keys: readonly string[]
  readonly fileKeys: readonly string[]
  readonly isByName: boolean
}

function describeSetting({ keys, fileKeys, isByName }: Place, leaf: Leaf, choices?: readonly string[]): Setting {
  const path = keys.join('.')
  const names = [SHORT_NAMES[path], `TUTTI_${fileKeys.join('_').toUpperCase()}`, SHARED_NAMES[path], GOMIND_NAMES[path]]
  const element = elementOf(leaf.schema)
  return {
    path,
    fileKey: fileKeys.join('.'),
    keys,
    isByName,
    variables: isByName ? [] : names.filter((name) => name !== undefined),
    kind: kindOf(leaf.schema, leaf.isDuration),
    items: element && kindOf(element, false),
    choices: choices ?? choicesOf(element ?? leaf.schema),
    secret: SECRET_PATHS.has(path) || ADDRESS_PATHS.has(path),
    schema: leaf.schema,
    description: leaf.description,
  }
}

const asList = (keys: readonly string[]): string[] => [...keys.slice(0, -1), `${keys.at(-1) ?? ''}[]`]

function* settingsOf(shape: Shape, place: Place): Generator<Setting> {
  const { keys, fileKeys } = place
  switch (shape.kind) {
    case 'leaf':
      yield describeSetting(place, shape)
      return
    case 'list':
      if (shape.of.kind === 'leaf') yield describeSetting(place, shape.leaf)
      else yield* settingsOf(shape.of, { keys: asList(keys), fileKeys: asList(fileKeys), isByName: true })
      return
    case 'names': {
      const name = placeholderOf(keys.at(-1))
      const of =
        shape.of.kind === 'leaf' && shape.of.description === ''
          ? { ...shape.of, description: shape.description }
          : shape.of
      yield* settingsOf(of, { keys: [...keys, name], fileKeys: [...fileKeys, name], isByName: true })
      return
    }
    case 'object':
    case 'variants':
      for (const { code, wire, shape: inner } of membersOf(shape)) {
        const at = { ...place, keys: [...keys, code], fileKeys: [...fileKeys, wire] }
        if (shape.kind === 'variants' && code === shape.by && inner.kind === 'leaf')
          yield describeSetting(at, inner, [...shape.of.keys()])
        else yield* settingsOf(inner, at)
      }
  }
}

let listed: readonly Setting[] | undefined

/** All settings, in the order of the schema; those of sections by name with a placeholder for the name. */
export const listSettings = (): readonly Setting[] =>
  (listed ??= [...settingsOf(CONFIG_SHAPE, { keys: [], fileKeys: [], isByName: false })])

let byPath: ReadonlyMap<string, Setting> | undefined

/** The setting at a concrete path, such as `['components', 'fx', 'maxConcurrency']`. */
export function settingAt(path: readonly PropertyKey[]): Setting | undefined {
  byPath ??= new Map(listSettings().map((setting) => [setting.path, setting]))
  return byPath.get(toSettingPath(path))
}

/** Keys of the configuration's own top level: sections, and settings without one. */
export const listTopKeys = (): readonly string[] => membersOf(CONFIG_SHAPE).map(({ code }) => code)

/** What one entry of a list setting is. */
export function itemOf(setting: Setting): Setting {
  const schema = elementOf(setting.schema)
  return schema === undefined || setting.items === undefined ? setting : { ...setting, kind: setting.items, schema }
}

/** The shape behind a concrete path; undefined: there is no such setting. */
export function shapeAt(path: readonly PropertyKey[]): Shape | undefined {
  let shape: Shape | undefined = CONFIG_SHAPE
  for (const key of path) shape = stepInto(shape, key)
  return shape
}

/** For people: "a whole number of at least 1". */
export function allowedOf({ kind, items, choices, schema }: Setting): string {
  switch (kind) {
    case 'duration':
      return `a duration such as 500ms, 30s or 5m (${boundOf(schema).minimum === 1 ? 'more than 0, ' : ''}at most 24 days)`
    case 'integer':
      return `a whole number${rangeOf(schema)}`
    case 'number':
      return `a number${rangeOf(schema)}`
    case 'boolean':
      return 'true or false'
    case 'list': {
      const element = elementOf(schema)
      if (items === 'choice') return `a list of ${choices.join(', ')}`
      if (items === 'number' && element !== undefined)
        return `a list of numbers${rangeOf(element)}, separated by commas in a variable`
      return 'a list of names, separated by commas in a variable'
    }
    case 'choice':
      return `one of ${choices.join(', ')}`
    case 'text': {
      const { minLength } = boundOf(schema)
      return typeof minLength === 'number' && minLength > 1 ? `text of at least ${minLength} characters` : 'text'
    }
    case 'texts':
      return 'text, or a list of texts'
    case 'json':
      return 'any value'
  }
}

const boundOf = (schema: z.ZodType): Readonly<Record<string, unknown>> =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })

function rangeOf(schema: z.ZodType): string {
  const { minimum, exclusiveMinimum, maximum } = boundOf(schema)
  const least =
    typeof minimum === 'number'
      ? ` of at least ${minimum}`
      : typeof exclusiveMinimum === 'number'
        ? ` above ${exclusiveMinimum}`
        : ''
  const isBounded = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER
  return `${least}${isBounded ? `${least === '' ? ' of' : ' and'} at most ${maximum}` : ''}`
}
