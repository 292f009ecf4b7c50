// The one table between the two spellings of a document: snake_case with durations as text, camelCase with milliseconds.
// Only the document's own keys are in it; inputs, outputs and names belong to the user and are never renamed.
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import { isJsonObject } from '../../util/json.ts'
import { respelledKeys, toWireValue } from '../../util/shape.ts'
import { BUDGET_SHAPE, POLICIES_SHAPE } from './policies.ts'

interface Spelling {
  readonly wire: string
  readonly code: string
  readonly isDuration?: true
}

const STEP: readonly Spelling[] = [
  { wire: 'depends_on', code: 'dependsOn' },
  { wire: 'timeout', code: 'timeoutMs', isDuration: true },
  { wire: 'deadline', code: 'deadlineMs', isDuration: true },
  { wire: 'on_error', code: 'onError' },
  { wire: 'output_schema', code: 'outputSchema' },
  { wire: 'replan_if', code: 'replanIf' },
]
const RETRY: readonly Spelling[] = [
  { wire: 'max_attempts', code: 'maxAttempts' },
  { wire: 'initial_wait', code: 'initialWaitMs', isDuration: true },
  { wire: 'max_wait', code: 'maxWaitMs', isDuration: true },
]
const WAIT: readonly Spelling[] = [
  { wire: 'for', code: 'forMs', isDuration: true },
  { wire: 'timeout', code: 'timeoutMs', isDuration: true },
]
const DOCUMENT: readonly Spelling[] = [
  { wire: 'api_version', code: 'apiVersion' },
  { wire: 'timeout', code: 'timeoutMs', isDuration: true },
  { wire: 'on_error', code: 'onError' },
]

/** Every key of code that is spelled differently on the wire. */
export const CODE_SPELLINGS: ReadonlyMap<string, string> = new Map([
  ...respelledKeys(BUDGET_SHAPE),
  ...respelledKeys(POLICIES_SHAPE),
  ...[...DOCUMENT, ...STEP, ...RETRY, ...WAIT].map(({ wire, code }) => [code, wire] as const),
])

/** A key that stands there in both spellings stays, and is then an unknown key. */
function renameKeys(object: JsonObject, table: readonly Spelling[]): JsonObject {
  const present = table.filter(({ wire, code }) => Object.hasOwn(object, code) && !Object.hasOwn(object, wire))
  if (present.length === 0) return object
  const renamed = new Map(present.map((spelling) => [spelling.code, spelling]))
  return Object.fromEntries(
    Object.entries(object).map(([key, value]): [string, JsonValue] => {
      const spelling = renamed.get(key)
      if (spelling === undefined) return [key, value]
      return [spelling.wire, spelling.isDuration === true && typeof value === 'number' ? `${value}ms` : value]
    }),
  )
}

function renameAt(object: JsonObject, key: string, table: readonly Spelling[]): JsonObject {
  const value = Object.hasOwn(object, key) ? object[key] : undefined
  if (!isJsonObject(value)) return object
  const renamed = renameKeys(value, table)
  return renamed === value ? object : { ...object, [key]: renamed }
}

/** A step as code has it also says `kind` beside `component`, where the wire says `tool` or `agent`. */
function renameKind(step: JsonObject): JsonObject {
  const { kind, component, ...rest } = step
  if ((kind !== 'tool' && kind !== 'agent') || component === undefined) return step
  if (rest.tool !== undefined || rest.agent !== undefined) return step
  return { ...rest, [kind]: component }
}

function renameStep(step: JsonValue): JsonValue {
  if (!isJsonObject(step)) return step
  const named = renameKind(renameKeys(step, STEP))
  return renameAt(renameAt(named, 'retry', RETRY), 'wait', WAIT)
}

/** Budgets and policies are spelled by their schema. */
function renamePolicies(document: JsonObject): JsonObject {
  let renamed = document
  for (const [key, shape] of [
    ['budget', BUDGET_SHAPE],
    ['recovery', POLICIES_SHAPE],
  ] as const) {
    if (!Object.hasOwn(document, key)) continue
    const value = toWireValue(shape, document[key])
    if (isJsonObject(value)) renamed = { ...renamed, [key]: value }
  }
  return renamed
}

/** A document as code has it, in the spelling of the wire; one that is in that spelling already stays as it is. */
export function respellAsWire(document: JsonObject): JsonObject {
  const renamed = renamePolicies(renameKeys(document, DOCUMENT))
  return Array.isArray(renamed.steps) ? { ...renamed, steps: renamed.steps.map(renameStep) } : renamed
}
