// Before the schema: text stays text (`version: 2.0`), empty keys count as absent, and what this release does not run is named.
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import type { Issue } from '../../contracts/plan.ts'
import { isJsonObject } from '../../util/json.ts'
import { createIssue, type Path } from '../issue.ts'
import { IDLE_DOCUMENT_KEYS, LATER_DOCUMENT_KEYS, LATER_STEP_KEYS, LATER_STEP_TYPES } from './schema.ts'

export interface Cleaned {
  readonly value: JsonObject
  readonly issues: Issue[]
}

type SourceOf = (path: Path) => string | undefined

const DOCUMENT_TEXTS = ['name', 'version', 'description', 'reason']
const STEP_TEXTS = ['name', 'description', 'component', 'tool', 'agent', 'action', 'capability', 'if', 'prompt']
const LATER_TYPES: ReadonlySet<unknown> = new Set(LATER_STEP_TYPES)
const isLaterStepKey = (key: string): boolean => Object.hasOwn(LATER_STEP_KEYS, key)

const stepName = (step: JsonObject): string | undefined => (typeof step.name === 'string' ? step.name : undefined)

export function cleanDocument(document: JsonObject, sourceOf: SourceOf): Cleaned {
  const issues: Issue[] = []
  const later = (path: Path, what: string, step?: string): void => {
    const message = `${what} is not supported yet. Leave it out, or say the same with steps and "depends_on".`
    issues.push(createIssue({ code: 'not_supported', path, message, step }))
  }

  const cleanWait = (wait: JsonValue, path: Path, step: string | undefined): JsonValue => {
    if (!isJsonObject(wait) || wait.signal === undefined) return wait
    later([...path, 'signal'], 'Waiting for a "signal"', step)
    return omit(wait, ['signal'])
  }
  const cleanStep = (given: JsonObject, path: Path): JsonObject => {
    const step = keepTexts(given, STEP_TEXTS, path, sourceOf)
    const name = stepName(step)
    const entries: [string, JsonValue][] = []
    for (const [key, value] of Object.entries(step)) {
      if (key === 'if' && isEmptyIf(value, sourceOf([...path, key]))) {
        const message = 'The "if" is empty. Write an expression in quotes, or leave the key out.'
        issues.push(createIssue({ code: 'bad_expression', path: [...path, key], message, step: name }))
      } else if (value === null) continue
      else if (isLaterStepKey(key)) later([...path, key], `"${key}"`, name)
      else if (key === 'type' && LATER_TYPES.has(value)) {
        later([...path, key], `The step type ${JSON.stringify(value)}`, name)
        entries.push([key, 'gate'])
      } else if (key === 'wait') entries.push([key, cleanWait(value, [...path, key], name)])
      else if (key === 'retry' && isJsonObject(value)) entries.push([key, withoutNulls(value)])
      else entries.push([key, value])
    }
    const isLater = LATER_TYPES.has(step.type) || Object.keys(step).some(isLaterStepKey)
    // Its other keys belong to what is not supported; they would only be told a second time.
    if (!isLater) return Object.fromEntries(entries)
    const known = entries.filter(([key]) => key !== 'prompt' && key !== 'set' && key !== 'output_schema')
    return Object.fromEntries(known)
  }

  const cleaned: [string, JsonValue][] = []
  for (const [key, value] of Object.entries(keepTexts(document, DOCUMENT_TEXTS, [], sourceOf))) {
    if (value === null && key !== 'steps') continue
    if (Object.hasOwn(LATER_DOCUMENT_KEYS, key)) later([key], `"${key}"`)
    else if (key === 'steps' && Array.isArray(value)) {
      const steps: readonly JsonValue[] = value
      cleaned.push([key, steps.map((step, i) => (isJsonObject(step) ? cleanStep(step, ['steps', i]) : step))])
    } else {
      cleaned.push([key, key === 'budget' && isJsonObject(value) ? withoutNulls(value) : value])
      if (!Object.hasOwn(IDLE_DOCUMENT_KEYS, key)) continue
      const message = `"${key}" is read, but has no effect yet.`
      issues.push(createIssue({ code: 'not_supported', severity: 'warning', path: [key], message }))
    }
  }
  return { value: Object.fromEntries(cleaned), issues }
}

/** YAML reads `if:` as null; `null` written out, and null in JSON, is how models say "none". */
const isEmptyIf = (value: JsonValue, source: string | undefined): boolean =>
  (value === null && source === '') || (typeof value === 'string' && /^\s*(?:\$\{\s*\})?\s*$/.test(value))

const omit = (object: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))

const withoutNulls = (object: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null))

const isBareScalar = (value: unknown): value is number | boolean | bigint =>
  typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'

/** Numbers and booleans where text is due, as they were written. */
function keepTexts(object: JsonObject, keys: readonly string[], path: Path, sourceOf: SourceOf): JsonObject {
  let copy: Record<string, JsonValue> | undefined
  const keep = (key: string, value: JsonValue): void => {
    copy ??= { ...object }
    copy[key] = value
  }
  for (const key of keys) {
    const value = Object.hasOwn(object, key) ? object[key] : undefined
    if (isBareScalar(value)) keep(key, sourceOf([...path, key]) ?? String(value))
  }
  const names = Object.hasOwn(object, 'depends_on') ? object.depends_on : undefined
  if (isBareScalar(names)) keep('depends_on', sourceOf([...path, 'depends_on']) ?? String(names))
  else if (Array.isArray(names) && names.some(isBareScalar)) {
    const list: readonly JsonValue[] = names
    const texts = list.map((name, i) =>
      isBareScalar(name) ? (sourceOf([...path, 'depends_on', i]) ?? String(name)) : name,
    )
    keep('depends_on', texts)
  }
  return copy ?? object
}
