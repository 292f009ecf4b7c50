// Reading: paths from the roots, keys and places of computed values, and the forms that allow for what is not there.
import type { Reference } from '../../contracts/compiled.ts'
import { ABSENT } from '../../contracts/compiled.ts'
import type { JsonValue } from '../../contracts/json.ts'
import { isJsonList } from '../../util/json.ts'
import { nearest } from '../../util/text.ts'
import type { Root, Segment } from '../scope-path.ts'
import {
  checkReference,
  compilePath,
  createAbsentError,
  createReference,
  formatPath,
  isRoot,
  ROOTS,
  readKey,
} from '../scope-path.ts'
import type { Compilation, NodeOf, Probe, Run, SyntaxTree } from './node.ts'
import { describeKind, toPlace } from './values.ts'

type AccessNode = NodeOf<'.'> | NodeOf<'.?'> | NodeOf<'[]'> | NodeOf<'[?]'>

const isAccess = (node: SyntaxTree): node is AccessNode =>
  node.op === '.' || node.op === '.?' || node.op === '[]' || node.op === '[?]'

/** Whether the node may be absent without being an error: `.?key`, what is read of that, and `or`. */
export function isOptional(node: SyntaxTree): boolean {
  if (node.op === '.?' || node.op === '[?]') return true
  if (node.op === '.' || node.op === '[]') return isOptional(node.args[0])
  return node.op === 'rcall' && node.args[0] === 'or'
}

interface StaticPath {
  readonly root: Root
  readonly segments: readonly Segment[]
}

function literalSegment(node: SyntaxTree): Segment | undefined {
  if (node.op !== 'value') return undefined
  if (typeof node.args === 'string') return node.args
  return typeof node.args === 'bigint' ? toPlace(node.args) : undefined
}

/** A chain of fixed keys that begins at a root. */
function findStaticPath(compilation: Compilation, node: SyntaxTree): StaticPath | undefined {
  const segments: Segment[] = []
  let at = node
  while (at.op === '.' || at.op === '[]') {
    const segment = at.op === '.' ? at.args[1] : literalSegment(at.args[1])
    if (segment === undefined) return undefined
    segments.unshift(segment)
    at = at.args[0]
  }
  if (at.op !== 'id' || !isRoot(at.args) || compilation.locals.includes(at.args)) return undefined
  return { root: at.args, segments }
}

/** A node that reads; what is not there gives ABSENT. */
export function compileAccess(compilation: Compilation, node: SyntaxTree, isContinued = false): Probe | undefined {
  const path = findStaticPath(compilation, node)
  if (path !== undefined) return compileStatic(compilation, node, path, isContinued)
  if (node.op === 'id') return compileVariable(compilation, node)
  if (!isAccess(node)) return undefined
  const [base, key] = node.args
  if (base.op === 'id' && (base.args === 'steps' || base.args === 'components')) {
    if (!compilation.locals.includes(base.args)) return compileComputedName(compilation, node, base.args)
  }
  const readBase = compileBase(compilation, node)
  if (typeof key === 'string') {
    return (evaluation) => {
      const value = readBase(evaluation)
      return value === ABSENT ? ABSENT : readKey(value, key)
    }
  }
  const readIndex = compilation.run(key)
  return (evaluation) => {
    const value = readBase(evaluation)
    if (value === ABSENT) return ABSENT
    return readKey(value, toSegmentOf(compilation, node, value, readIndex(evaluation)))
  }
}

/** What `.?` reads from must be there itself, unless that is optional too. */
function compileBase(compilation: Compilation, node: AccessNode): Probe {
  const [base] = node.args
  const isStrict = (node.op === '.?' || node.op === '[?]') && !isOptional(base)
  if (isStrict) return compilation.run(base)
  return compileAccess(compilation, base, true) ?? compilation.probe(base)
}

function toSegmentOf(compilation: Compilation, node: SyntaxTree, value: JsonValue, index: JsonValue): Segment {
  if (isJsonList(value)) {
    const place = toPlace(index)
    if (place !== undefined) return place
    throw compilation.fail(node, `A list is read by a whole number from 0, not by ${describePlace(index)}.`)
  }
  if (typeof index === 'string') return index
  if (typeof index === 'number' || typeof index === 'bigint') return String(index)
  throw compilation.fail(node, `A key is a text or a number, not ${describeKind(index)}.`)
}

const describePlace = (index: JsonValue): string =>
  typeof index === 'number' || typeof index === 'bigint' ? 'a negative number or a fraction' : describeKind(index)

function compileStatic(compilation: Compilation, node: SyntaxTree, path: StaticPath, isContinued: boolean): Probe {
  const reference = createReference(path.root, path.segments, formatPath(path.root, path.segments))
  const problem = checkReference(reference)
  if (problem !== undefined) throw compilation.fail(node, problem)
  compilation.references.push(reference)
  const read = compilePath(reference, isContinued)
  return ({ scope }) => read(scope)
}

function compileVariable(compilation: Compilation, node: NodeOf<'id'>): Probe {
  const slot = compilation.locals.lastIndexOf(node.args)
  if (slot !== -1) return ({ locals }) => locals[slot] ?? null
  const known = [...ROOTS, ...compilation.locals]
  const [near = ''] = nearest(node.args, known, 1)
  throw compilation.fail(
    node,
    `Nothing is called "${node.args}". The nearest name is "${near}"; there are ${[...ROOTS].join(', ')}. ` +
      `A text stands in quotes, and a key with a hyphen is written ["content-type"].`,
    { alternatives: nearest(node.args, known) },
  )
}

/** `steps[NAME]`: which step is read is known only at evaluation. */
function compileComputedName(compilation: Compilation, node: AccessNode, root: 'steps' | 'components'): Probe {
  const key = node.args[1]
  const fixed = typeof key === 'string' ? key : literalSegment(key)
  const reference: Reference = createReference(root, fixed === undefined ? [] : [String(fixed)], root)
  compilation.references.push(reference)
  const readName: Run = typeof key === 'string' ? () => key : compilation.run(key)
  return (evaluation) => {
    const name = readName(evaluation)
    if (typeof name !== 'string') throw compilation.fail(node, `A name is a text, not ${describeKind(name)}.`)
    const found = root === 'steps' ? evaluation.scope.step(name) : evaluation.scope.component(name)
    return found === undefined ? ABSENT : { ...found }
  }
}

/** The same node where a value is due: absent is an error that says how far the path leads. */
export function requirePresent(compilation: Compilation, node: SyntaxTree, probe: Probe): Run {
  const path = findStaticPath(compilation, node)
  const reference = path && createReference(path.root, path.segments, formatPath(path.root, path.segments))
  return (evaluation) => {
    const value = probe(evaluation)
    if (value !== ABSENT) return value
    if (reference === undefined) throw compilation.fail(node, 'What is read here is not there.')
    const { message, details } = createAbsentError(reference, evaluation.scope)
    throw compilation.fail(node, message, details)
  }
}

/** `has(PATH)`: false wherever the path breaks off. */
export function compileHas(compilation: Compilation, node: SyntaxTree, args: readonly SyntaxTree[]): Run {
  const [path] = args
  if (path === undefined || args.length !== 1 || !isAccess(path)) {
    throw compilation.fail(node, 'has() takes one path, such as has(steps.a.output.b).')
  }
  const probe = compilation.probe(path)
  return (evaluation) => probe(evaluation) !== ABSENT
}

const OPTIONAL_METHODS = new Set(['orValue', 'hasValue', 'value', 'or'])
export const isOptionalMethod = (name: string): boolean => OPTIONAL_METHODS.has(name)

/** `x.?y.orValue(z)` and its relatives. */
export function compileOptionalMethod(compilation: Compilation, node: NodeOf<'rcall'>): Probe {
  const [name, receiver, args] = node.args
  const [argument] = args
  const takesArgument = name === 'orValue' || name === 'or'
  if (!isOptional(receiver)) {
    throw compilation.fail(node, `${name}() needs a path that may be absent, such as inputs.?name.${name}(…).`)
  }
  if (args.length !== (takesArgument ? 1 : 0)) {
    throw compilation.fail(node, `${name}() takes ${takesArgument ? 'one argument' : 'no arguments'}.`)
  }
  const probe = compilation.probe(receiver)
  if (name === 'hasValue') return (evaluation) => probe(evaluation) !== ABSENT
  if (argument === undefined) return requirePresent(compilation, receiver, probe)
  const otherwise = name === 'or' ? compilation.probe(argument) : compilation.run(argument)
  return (evaluation) => {
    const value = probe(evaluation)
    return value === ABSENT ? otherwise(evaluation) : value
  }
}
