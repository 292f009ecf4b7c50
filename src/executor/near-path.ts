// A path that is nearly right against an output that is known: written in another case (`Latitude` for `latitude`), or one
// wrapping too many or too few (`output.x` for `output.data.x`). Unique, or it is not found at all.
import { ABSENT, type CompiledValue, type Reference, type Scope } from '../contracts/compiled.ts'
import type { JsonValue } from '../contracts/json.ts'
import { formatPath, parsePath, readKey, type Segment } from '../plan/scope-path.ts'
import { isJsonList, isJsonObject } from '../util/json.ts'

export interface NearPath {
  readonly value: JsonValue
  /** As the plan has it. */
  readonly written: string
  /** As it should be. */
  readonly found: string
}

const WHOLE = /^\s*\$\{([^{}]+)\}\s*$/

/** Only for a value that is exactly one path into the output of a step that succeeded, and that is not there. */
export function findNearPath(value: CompiledValue, scope: Scope): NearPath | undefined {
  const reference = wholePathOf(value)
  if (reference === undefined) return undefined
  const { name = '', path } = reference
  const [field, ...wanted] = path
  const view = reference.root === 'steps' ? scope.step(name) : undefined
  if (view?.success !== true || wanted.length === 0 || (field !== 'output' && field !== 'response')) return undefined
  const found = spelledOtherwise(view[field], wanted) ?? wrappedOtherwise(view[field], wanted)
  const there = found === undefined ? ABSENT : follow(view[field], found)
  if (found === undefined || there === ABSENT) return undefined
  return { value: there, written: reference.text, found: formatPath('steps', [name, field, ...found]) }
}

function wholePathOf({ source, references }: CompiledValue): Reference | undefined {
  const inner = typeof source === 'string' && references.length === 1 ? WHOLE.exec(source)?.[1] : undefined
  return inner === undefined ? undefined : parsePath(inner)
}

const fold = (key: string): string => key.toLowerCase().replace(/[_-]/g, '')

/** The same keys without regard to case, `_` and `-`. */
function spelledOtherwise(root: JsonValue, wanted: readonly Segment[]): readonly Segment[] | undefined {
  const found: Segment[] = []
  let at: JsonValue = root
  for (const segment of wanted) {
    const key = keyLike(at, segment)
    const next = key === undefined ? ABSENT : readKey(at, key)
    if (key === undefined || next === ABSENT) return undefined
    found.push(key)
    at = next
  }
  return found
}

function keyLike(value: JsonValue, segment: Segment): Segment | undefined {
  if (readKey(value, segment) !== ABSENT) return segment
  if (typeof segment === 'number' || !isJsonObject(value)) return undefined
  const alike = Object.keys(value).filter((key) => fold(key) === fold(segment))
  return alike.length === 1 ? alike[0] : undefined
}

/** The last key one level further down (in the only object or item that has it), or one level further up. */
function wrappedOtherwise(root: JsonValue, wanted: readonly Segment[]): readonly Segment[] | undefined {
  const last = wanted.at(-1)
  if (last === undefined) return undefined
  const places = [...below(root, wanted.slice(0, -1), last)]
  if (wanted.length > 1) {
    const above = spelledOtherwise(root, wanted.slice(0, -2))
    const key = above === undefined ? undefined : keyAt(root, above, last)
    if (above !== undefined && key !== undefined) places.push([...above, key])
  }
  return places.length === 1 ? places[0] : undefined
}

function* below(root: JsonValue, parent: readonly Segment[], last: Segment): Generator<readonly Segment[]> {
  const path = spelledOtherwise(root, parent)
  const value = path === undefined ? ABSENT : follow(root, path)
  if (path === undefined || value === ABSENT || typeof value !== 'object' || value === null) return
  // Which item of several is meant is not ours to say.
  if (isJsonList(value) && value.length !== 1) return
  for (const step of isJsonList(value) ? [0] : Object.keys(value)) {
    const key = keyAt(root, [...path, step], last)
    if (key !== undefined) yield [...path, step, key]
  }
}

function keyAt(root: JsonValue, path: readonly Segment[], last: Segment): Segment | undefined {
  const value = follow(root, path)
  // An index is right in one list only.
  return value === ABSENT || typeof last === 'number' ? undefined : keyLike(value, last)
}

function follow(root: JsonValue, path: readonly Segment[]): JsonValue | typeof ABSENT {
  let at: JsonValue | typeof ABSENT = root
  for (const segment of path) {
    if (at === ABSENT) return ABSENT
    at = readKey(at, segment)
  }
  return at
}
