// YAML 1.2 (core) as JSON values with places. Whatever YAML can say and JSON cannot is refused in words.
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  type YAMLMap,
} from 'yaml'
import type { JsonValue } from '../../contracts/json.ts'
import type { Issue } from '../../contracts/plan.ts'
import { createIssue, type Path } from '../issue.ts'
import { MAX_DOCUMENT_DEPTH } from './json-tree.ts'
import { brokenText, type Place, type TextDocument } from './text-document.ts'

/** What an alias stands for: the anchor before it. The library would walk through the whole document for each. */
type Targets = ReadonlyMap<Alias, Node>

/** Values that a document may stand for when its aliases are followed. */
const MAX_EXPANDED = 100_000
const MAX_SYNTAX_ISSUES = 20

/** @throws nothing; what is wrong is in `issues`, with its place */
export function readYaml(text: string): TextDocument {
  const lines = new LineCounter()
  let document: Document.Parsed
  try {
    document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      intAsBigInt: true,
      prettyErrors: false,
      // The library compares each key with every other one; the reader below knows them by name.
      uniqueKeys: false,
      lineCounter: lines,
    })
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown
    return brokenText(tooDeep())
  }
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  if (document.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) return brokenText(tooDeep())
  const errors = document.errors.slice(0, MAX_SYNTAX_ISSUES)
  if (errors.length > 0) {
    const issues = errors.map((error) => {
      const place = placeOf(error.pos[0])
      return {
        ...createIssue({ code: 'syntax', path: [], message: explainError(error, lineAt(text, place.line)) }),
        ...place,
      }
    })
    return { value: undefined, issues, locate: () => placeOf(0), sourceOf: () => undefined }
  }
  const reader = createReader(document, placeOf)
  const value = document.contents === null ? undefined : reader.read(document.contents, [])
  if (reader.twins.length > 0)
    return { value: undefined, issues: reader.twins, locate: () => placeOf(0), sourceOf: () => undefined }
  const finder = createFinder(document, reader.targets)
  return {
    value: value ?? undefined,
    issues: reader.issues,
    locate(path, at) {
      const { node, key } = finder(path)
      const target = at === 'key' && key !== undefined ? key : node
      return placeOf(target?.range?.[0] ?? 0)
    },
    sourceOf(path) {
      const { node, isExact } = finder(path)
      return isExact && isScalar(node) && node.tag === undefined && typeof node.source === 'string'
        ? node.source
        : undefined
    },
  }
}

const tooDeep = (): Issue =>
  createIssue({ code: 'limit', path: [], message: `The document is nested deeper than ${MAX_DOCUMENT_DEPTH} levels.` })

const lineAt = (text: string, line: number): string => text.split(/\r?\n/)[line - 1] ?? ''

/** The library's sentence, and what to do in the cases that our documents invite. */
function explainError(error: { readonly code: string; readonly message: string }, line: string): string {
  if (error.code === 'TAB_AS_INDENT') return 'A tab indents this line; YAML wants spaces.'
  if (error.code === 'MULTIPLE_DOCS') return 'There is more than one document in the text; a file holds one.'
  const sentence = error.message.replace(/\.?$/, '.')
  if (/^\s*(?:-\s*)?(?:if|until):/.test(line)) return `${sentence} Put the whole expression in quotes.`
  if (/[{[,].*\$\{/.test(line)) return `${sentence} Inside { } and [ ] a reference needs quotes: "\${...}".`
  return sentence
}

interface Reader {
  readonly issues: Issue[]
  /** Keys that stand twice: what the document means is then anybody's guess. */
  readonly twins: readonly Issue[]
  readonly targets: Targets
  read(node: unknown, path: Path): JsonValue
}

function createReader(document: Document.Parsed, placeOf: (offset: number) => Place): Reader {
  const issues: Issue[] = []
  const twins: Issue[] = []
  const open = new Set<unknown>()
  let expanded = 0
  let isFull = false
  const anchored = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  const anchor = (node: Node): void => {
    const name = isAlias(node) ? undefined : node.anchor
    // Read again behind an alias it is no new anchor.
    if (name !== undefined && !known.has(node)) {
      known.add(node)
      anchored.set(name, node)
    }
  }
  const known = new Set<Node>()
  const refuse = (node: Node, path: Path, code: 'syntax' | 'limit' | 'schema', message: string): null => {
    // A node begins behind its tag.
    const start = node.range?.[0] ?? 0
    const tag = document.warnings.findLast(({ pos }) => node.tag !== undefined && pos[1] <= start)
    issues.push({ ...createIssue({ code, path, message }), ...placeOf(tag?.pos[0] ?? start) })
    return null
  }
  const readScalar = (value: unknown, node: Node, path: Path): JsonValue => {
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
    if (typeof value === 'number' && !Number.isFinite(value)) {
      return refuse(node, path, 'schema', 'Infinity and NaN are not numbers that JSON knows.')
    }
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null)
      return value
    return refuse(node, path, 'schema', 'This kind of value cannot stand in a document.')
  }
  const readEntry = (pair: Pair, map: YAMLMap, path: Path, names: Set<string>): [string, JsonValue] | undefined => {
    const { key } = pair
    if (isNode(key)) anchor(key)
    if (!isScalar(key)) {
      refuse(map, path, 'schema', 'A key must be a plain word.')
      return undefined
    }
    const name = typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
    if (name === '__proto__') {
      refuse(key, [...path, name], 'schema', 'The key "__proto__" is not allowed.')
      return undefined
    }
    if (names.has(name) && twins.length < MAX_SYNTAX_ISSUES) {
      const message = 'This key stands here twice; keep one of the two.'
      twins.push({ ...createIssue({ code: 'syntax', path: [], message }), ...placeOf(key.range?.[0] ?? 0) })
    }
    names.add(name)
    return [name, read(pair.value, [...path, name])]
  }
  const read = (node: unknown, path: Path): JsonValue => {
    if (isFull || node === null || node === undefined) return null
    if (!isAlias(node) && !isScalar(node) && !isMap(node) && !isSeq(node)) return null
    if (++expanded > MAX_EXPANDED) {
      isFull = true
      return refuse(
        node,
        [],
        'limit',
        `The document stands for more than ${MAX_EXPANDED} values when its aliases are followed.`,
      )
    }
    if (path.length > MAX_DOCUMENT_DEPTH) {
      return refuse(node, path.slice(0, 4), 'limit', `The document is nested deeper than ${MAX_DOCUMENT_DEPTH} levels.`)
    }
    anchor(node)
    if (isAlias(node)) {
      const target = targets.get(node) ?? anchored.get(node.source)
      if (target === undefined)
        return refuse(node, path, 'syntax', `The alias "*${node.source}" has no anchor "&${node.source}".`)
      targets.set(node, target)
      if (open.has(target)) return refuse(node, path, 'syntax', `The alias "*${node.source}" contains itself.`)
      return read(target, path)
    }
    if (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:')) {
      return refuse(node, path, 'syntax', explainTag(node.tag, path))
    }
    if (isScalar(node)) return readScalar(node.value, node, path)
    open.add(node)
    const names = new Set<string>()
    const value: JsonValue = isSeq(node)
      ? node.items.map((item, i) => read(item, [...path, i]))
      : Object.fromEntries(
          node.items.map((pair) => readEntry(pair, node, path, names)).filter((entry) => entry !== undefined),
        )
    open.delete(node)
    return value
  }
  return { issues, twins, targets, read }
}

function explainTag(tag: string, path: Path): string {
  const key = path.at(-1)
  return key === 'if' || key === 'until'
    ? `YAML reads "${tag}" as a tag, so the expression would be lost. Put it in quotes: ${key}: "${tag}...".`
    : `YAML reads "${tag}" as a tag; tags are not supported. Put the text in quotes if it is meant as text.`
}

interface FoundNode {
  readonly node: Node | undefined
  readonly key: Node | undefined
  readonly isExact: boolean
}

const asNode = (value: unknown): Node | undefined =>
  isAlias(value) || isScalar(value) || isMap(value) || isSeq(value) ? value : undefined

/** Each map is indexed once: a broken document asks for many places. */
function createFinder(document: Document.Parsed, targets: Targets): (path: Path) => FoundNode {
  const indexes = new Map<YAMLMap, ReadonlyMap<string, Pair>>()
  const pairOf = (map: YAMLMap, key: string): Pair | undefined => {
    let index = indexes.get(map)
    if (index === undefined) {
      // The last of two equal keys does not exist: that was an error.
      index = new Map(
        map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.source ?? pair.key.value) : '', pair]),
      )
      indexes.set(map, index)
    }
    return index.get(key)
  }
  return (path) => findNode(asNode(document.contents), path, { targets, pairOf })
}

interface Search {
  readonly targets: Targets
  readonly pairOf: (map: YAMLMap, key: string) => Pair | undefined
}

function findNode(root: Node | undefined, path: Path, { targets, pairOf }: Search): FoundNode {
  let node = root
  let key: Node | undefined
  for (const part of path) {
    const parent = isAlias(node) ? targets.get(node) : node
    let next: Node | undefined
    if (isSeq(parent)) next = asNode(parent.items[Number(part)])
    else if (isMap(parent)) {
      const pair = pairOf(parent, String(part))
      next = asNode(pair?.value)
      if (pair !== undefined && isScalar(pair.key)) {
        key = pair.key
        next ??= pair.key
      }
    }
    if (next === undefined) return { node, key, isExact: false }
    if (isSeq(parent)) key = undefined
    node = next
  }
  return { node, key, isExact: true }
}

/** Plain YAML 1.2; long texts stay on their line, so that references are not broken up. */
export const writeYaml = (value: JsonValue): string =>
  stringify(value, { version: '1.2', schema: 'core', lineWidth: 0 })
