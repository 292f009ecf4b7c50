// What the schema found, in the words and codes of issues; and the document without it, so that the rest can be checked too.
import type { z } from 'zod'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import type { Issue } from '../../contracts/plan.ts'
import { isJsonList, isJsonObject, stringifyJson } from '../../util/json.ts'
import { kindInWords } from '../../util/schema-words.ts'
import { didYouMean, nearest, truncateText } from '../../util/text.ts'
import { createIssue, type Path, valueAt } from '../issue.ts'
import { legalKeysAt } from './schema.ts'
import { CODE_SPELLINGS } from './table.ts'

type ZodIssue = z.core.$ZodIssue

interface Finding {
  readonly issue: Issue
  readonly path: Path
}

const toPath = (path: readonly PropertyKey[]): Path =>
  path.map((part) => (typeof part === 'number' ? part : String(part)))

/** The step's name where the path leads into a step that has one. */
function stepAt(document: JsonObject, path: Path): string | undefined {
  if (path[0] !== 'steps' || !isJsonList(document.steps)) return undefined
  const step = document.steps[Number(path[1])]
  return isJsonObject(step) && typeof step.name === 'string' && step.name !== '' ? step.name : undefined
}

/** Nobody reads more at once, and each costs a search for what was meant. */
const MAX_FINDINGS = 200

/** The first findings, and how many there are beside them. */
export function describeFindings(
  document: JsonObject,
  issues: readonly ZodIssue[],
): { readonly findings: Finding[]; readonly more: number } {
  const findings: Finding[] = []
  let more = 0
  for (const issue of issues) {
    const room = MAX_FINDINGS - findings.length
    const keys = issue.code === 'unrecognized_keys' ? issue.keys.length : 1
    more += Math.max(0, keys - room)
    if (room > 0) findings.push(...describe(document, shorten(issue, room), []))
  }
  return { findings, more }
}

const shorten = (issue: ZodIssue, room: number): ZodIssue =>
  issue.code === 'unrecognized_keys' && issue.keys.length > room ? { ...issue, keys: issue.keys.slice(0, room) } : issue

function describe(document: JsonObject, issue: ZodIssue, parent: Path): Finding[] {
  const path = [...parent, ...toPath(issue.path)]
  const step = stepAt(document, path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => describeUnknownKey(document, [...path, key]))
    case 'invalid_union':
      return describeUnion(document, issue.errors, path)
    case 'invalid_value': {
      const allowed = issue.values.map(String)
      const value = valueAt(document, path)
      const alternatives = nearest(String(value), allowed)
      const message = `${quoteKey(path)} is ${quote(value)}; allowed are ${allowed.join(', ')}.`
      return [{ path, issue: createIssue({ code: 'schema', path, message, step, alternatives }) }]
    }
    case 'invalid_type': {
      const value = valueAt(document, path)
      const message =
        value === undefined
          ? `${quoteKey(path)} is missing.`
          : `${quoteKey(path)} is ${quote(value)}; it ${issue.message}.`
      return [{ path, issue: createIssue({ code: 'schema', path, message, step }) }]
    }
    default: {
      const message = `${quoteKey(path)} is ${quote(valueAt(document, path))}; it ${issue.message}.`
      return [{ path, issue: createIssue({ code: 'schema', path, message, step }) }]
    }
  }
}

function describeUnknownKey(document: JsonObject, path: Path): Finding {
  const key = String(path.at(-1))
  const legal = legalKeysAt(path.slice(0, -1))
  const spelled = CODE_SPELLINGS.get(key)
  const alternatives = spelled !== undefined && legal.includes(spelled) ? [spelled] : nearest(key, legal, 3)
  const message = `The key "${key}" is not known here.${homeOf(key, path) ?? didYouMean(key, alternatives)}`
  return {
    path,
    issue: createIssue({ code: 'unknown_key', path, message, step: stepAt(document, path), alternatives }),
  }
}

/** Keys of documents are often written into a step, and keys of steps into the document. */
function homeOf(key: string, path: Path): string | undefined {
  if (path.length === 1 && legalKeysAt(['steps', 0]).includes(key)) return ' It belongs to a step.'
  const isOfStep = path.length === 3 && path[0] === 'steps'
  return isOfStep && legalKeysAt([]).includes(key) ? ' It belongs to the top of the document.' : undefined
}

/** Of the alternatives, the one that the value was most likely meant as: right kind of value, fewest faults. */
function describeUnion(document: JsonObject, branches: readonly (readonly ZodIssue[])[], path: Path): Finding[] {
  const cost = (issues: readonly ZodIssue[]): number =>
    issues.reduce((sum, { code, path: at }) => sum + (at.length === 0 && code === 'invalid_type' ? 1_000 : 1), 0)
  const [best] = [...branches].sort((a, b) => cost(a) - cost(b))
  if (best !== undefined && cost(best) < 1_000) return best.flatMap((issue) => describe(document, issue, path))
  const kinds = branches.flatMap((issues) =>
    issues.flatMap((issue) => (issue.code === 'invalid_type' ? [kindInWords(issue.expected)] : [])),
  )
  const wanted = [...new Set(kinds)].join(' or ') || 'something else'
  const message = `${quoteKey(path)} is ${quote(valueAt(document, path))}; ${wanted} is wanted.`
  return [{ path, issue: createIssue({ code: 'schema', path, message, step: stepAt(document, path) }) }]
}

const quote = (value: unknown): string => truncateText(stringifyJson(value), 60)

function quoteKey(path: Path): string {
  const key = path.at(-1)
  if (key === undefined) return 'The document'
  return typeof key === 'number' ? `Item ${key + 1} of "${String(path.at(-2) ?? '')}"` : `"${key}"`
}

/** The document without what stands at these paths; a step that is no object becomes an empty one, so that the others keep their place. */
export function prune(document: JsonObject, paths: readonly Path[]): JsonObject {
  let result: JsonValue = document
  for (const path of paths) result = pruneAt(result, path)
  return isJsonObject(result) ? result : document
}

function pruneAt(node: JsonValue, [part, ...rest]: Path): JsonValue {
  if (part === undefined) return node
  if (isJsonList(node)) {
    const at = Number(part)
    const item = node[at]
    if (item === undefined) return node
    const replaced = rest.length > 0 ? pruneAt(item, rest) : isJsonObject(item) ? item : {}
    return node.map((other, i): JsonValue => (i === at ? replaced : other))
  }
  if (!isJsonObject(node) || !Object.hasOwn(node, part)) return node
  const entries = Object.entries(node)
  return Object.fromEntries(
    rest.length === 0
      ? entries.filter(([key]) => key !== String(part))
      : entries.map(([key, value]) => [key, key === String(part) ? pruneAt(value, rest) : value]),
  )
}
