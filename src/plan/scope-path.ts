// Plain paths such as `steps.quote.output.items[0].price`: read from text, checked, and turned into a walk over the live scope.
// Only own keys exist: what a prototype lends is absent.
import type { Absent, Reference, Scope, StepView } from '../contracts/compiled.ts'
import { ABSENT } from '../contracts/compiled.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { JsonValue } from '../contracts/json.ts'
import { isJsonList } from '../util/json.ts'

export type Root = Reference['root']
export type Segment = string | number
export type PathReader = (scope: Scope) => JsonValue | Absent

export const ROOTS: ReadonlySet<string> = new Set<Root>([
  'inputs',
  'steps',
  'state',
  'run',
  'item',
  'index',
  'components',
  'secrets',
])
export const isRoot = (name: string): name is Root => ROOTS.has(name)
/** Roots whose first key is a name and may hold hyphens. */
export const hasNames = (root: string): boolean => root === 'steps' || root === 'components'

const STEP_FIELDS = ['output', 'status', 'success', 'error', 'response'] as const
const RUN_FIELDS = ['id', 'request', 'started_at'] as const

const ROOT = /^[a-z]+/
const NAME = /\.([\p{L}\p{N}_$][\p{L}\p{N}_$-]*)/uy
const SEGMENT = /\.([\p{L}\p{N}_$]+)|\[(\d+)\]|\["([^"\\\n]*)"\]|\['([^'\\\n]*)'\]/uy
const PLACE_IN_LIST = /^(?:0|[1-9]\d{0,8})$/
const SIMPLE_KEY = /^[\p{L}_$][\p{L}\p{N}_$]*$/u
const SIMPLE_NAME = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u

/** `.0` is `[0]`. */
export const toSegment = (key: string): Segment => (PLACE_IN_LIST.test(key) ? Number(key) : key)

/** @returns undefined when the text is no plain path: then it is an expression, or nothing */
export function parsePath(text: string): Reference | undefined {
  const source = text.trim()
  const root = ROOT.exec(source)?.[0]
  if (root === undefined || !isRoot(root)) return undefined
  const segments: Segment[] = []
  let at = root.length
  while (at < source.length) {
    const pattern = at === root.length && hasNames(root) && source[at] === '.' ? NAME : SEGMENT
    pattern.lastIndex = at
    const match = pattern.exec(source)
    if (match === null) return undefined
    const key = match[1] ?? match[2]
    const isName = segments.length === 0 && hasNames(root)
    if (key === undefined) segments.push(match[3] ?? match[4] ?? '')
    else segments.push(isName ? key : toSegment(key))
    at = pattern.lastIndex
  }
  if (segments.length === 0 && root !== 'inputs' && root !== 'item' && root !== 'index') return undefined
  return createReference(root, segments, source)
}

export function createReference(root: Root, segments: readonly Segment[], text: string): Reference {
  const [first, ...rest] = segments
  return typeof first === 'string' ? { root, name: first, path: rest, text } : { root, path: segments, text }
}

const segmentsOf = (reference: Reference): readonly Segment[] =>
  reference.name === undefined ? reference.path : [reference.name, ...reference.path]

/** The path in the shortest spelling that {@link parsePath} reads back. */
export function formatPath(root: Root, segments: readonly Segment[]): string {
  const parts = segments.map((segment, i) => {
    if (typeof segment === 'number') return `[${segment}]`
    const isSimple = i === 0 && hasNames(root) ? SIMPLE_NAME : SIMPLE_KEY
    if (isSimple.test(segment)) return `.${segment}`
    return segment.includes('"') && !segment.includes("'") ? `['${segment}']` : `["${segment}"]`
  })
  return root + parts.join('')
}

const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')

/** What is wrong with the path whatever the scope holds; undefined when nothing is. */
export function checkReference(reference: Reference): string | undefined {
  const { root, name, path, text } = reference
  const [field] = path
  switch (root) {
    case 'steps':
      if (name === undefined) return `"${text}" names no step. Write "steps.NAME.output".`
      if (STEP_FIELDS.some((known) => known === field)) return undefined
      return `"${text}": after the step's name comes one of ${list(STEP_FIELDS)}.`
    case 'components':
      if (name !== undefined && path.length === 1 && field === 'healthy') return undefined
      return `"${text}": of a component only "components.NAME.healthy" can be read.`
    case 'secrets':
      return name !== undefined && path.length === 0 ? undefined : `"${text}" names no secret. Write "secrets.NAME".`
    case 'run':
      if (path.length === 0 && RUN_FIELDS.some((known) => known === name)) return undefined
      return `"${text}": of the run can be read ${list(RUN_FIELDS)}.`
    case 'index':
      return name === undefined && path.length === 0 ? undefined : `"${text}": "index" is a number and has no fields.`
    case 'inputs':
    case 'item':
    case 'state':
      return undefined
  }
}

/** An own key of an object, or a place in a list. */
export function readKey(value: JsonValue, key: Segment): JsonValue | Absent {
  if (typeof value !== 'object' || value === null) return ABSENT
  if (isJsonList(value)) {
    return typeof key === 'number' ? (value[key] ?? (value[key] === null ? null : ABSENT)) : ABSENT
  }
  if (!Object.hasOwn(value, key)) return ABSENT
  const found = value[key]
  return found === undefined ? ABSENT : found
}

export function readPath(value: JsonValue, path: readonly Segment[], from = 0): JsonValue | Absent {
  let current: JsonValue | Absent = value
  for (let i = from; i < path.length; i++) {
    current = readKey(current, path[i] ?? '')
    if (current === ABSENT) return ABSENT
  }
  return current
}

const hasKey = (value: JsonValue, key: string): boolean => readKey(value, key) !== ABSENT

/**
 * `path[0]` is the field of the step. Below `output` and `response` a key `data` or `response` that is not there stands for the
 * envelope that was unwrapped, so `output.data.x` also finds `output.x`.
 */
function readStep(view: StepView, path: readonly Segment[], isContinued: boolean): JsonValue | Absent {
  const field = path[0]
  if (field === 'status') return path.length === 1 ? view.status : ABSENT
  if (field === 'success') return path.length === 1 ? view.success : ABSENT
  if (field === 'error') return readPath(view.error, path, 1)
  // A step that was skipped gave nothing, and whatever is read of it is null.
  if (view.status === 'skipped') return null
  let from = 1
  let value = field === 'response' ? view.response : view.output
  if (field === 'output' && path[1] === 'response' && !hasKey(value, 'response')) {
    value = view.response
    from = 2
  }
  if (path[from] === 'data' && !hasKey(value, 'data')) {
    const isWhole = path.length === from + 1 && !isContinued
    if (!isWhole || view.response !== view.output) from++
  }
  return readPath(value, path, from)
}

/**
 * A walk over the scope; it gives ABSENT for what is not there.
 * @param isContinued more is read behind the path, by an index that is computed
 */
export function compilePath(reference: Reference, isContinued = false): PathReader {
  const { root, path } = reference
  const name = reference.name ?? ''
  const segments = segmentsOf(reference)
  switch (root) {
    case 'inputs':
      if (segments.length === 1) return (scope) => readKey(scope.inputs, name)
      return (scope) => readPath(scope.inputs, segments)
    case 'steps':
      return (scope) => {
        const view = scope.step(name)
        return view === undefined ? ABSENT : readStep(view, path, isContinued)
      }
    case 'components':
      return (scope) => scope.component(name)?.healthy ?? ABSENT
    case 'secrets':
      return (scope) => scope.secret(name) ?? ABSENT
    case 'run':
      return (scope) => readKey({ ...scope.run }, name)
    case 'item':
      return (scope) => (scope.item === undefined ? ABSENT : readPath(scope.item, segments))
    case 'index':
      return (scope) => scope.index ?? ABSENT
    case 'state':
      return () => ABSENT
  }
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'object' ? 'an object without keys' : `a ${typeof value}`
}

/** `binding_failed` for a path that is not there: how far it leads, and the names that are there. Never a value. */
export function createAbsentError(reference: Reference, scope: Scope): TuttiError {
  const segments = segmentsOf(reference)
  let reached = segments.length
  let value: JsonValue | Absent = ABSENT
  const fixed = reference.root === 'steps' ? 2 : reference.root === 'inputs' || reference.root === 'item' ? 0 : Infinity
  while (reached > fixed && value === ABSENT) {
    reached--
    value = compilePath(createReference(reference.root, segments.slice(0, reached), ''))(scope)
  }
  const details: Record<string, unknown> = { path: reference.text }
  let message = `"${reference.text}" is not there.`
  if (value !== ABSENT) {
    const place = formatPath(reference.root, segments.slice(0, reached))
    const keys = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : []
    if (keys.length > 0) details['available'] = keys.slice(0, 20)
    message +=
      keys.length > 0
        ? ` "${place}" has ${list(keys.slice(0, 10))}${keys.length > 10 ? ', …' : ''}.`
        : ` "${place}" is ${kindOf(value)}.`
  } else if (reference.root === 'steps' && scope.step(reference.name ?? '') === undefined) {
    message = `"${reference.text}" is not there: no step is called "${reference.name ?? ''}".`
  }
  return new TuttiError('binding_failed', message, { details })
}
