// Making issues, and speaking of places in a document: paths as lists of keys, JSON pointers as text.
import type { Issue, IssueCode } from '../contracts/plan.ts'
import { isJsonList, isJsonObject } from '../util/json.ts'
import { nearest } from '../util/text.ts'

export type Path = readonly (string | number)[]

/** A JSON pointer (RFC 6901). */
export const pointerOf = (path: Path): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** The path of a pointer; numbers stay text. */
export const pathOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))

/** What stands at a path; undefined where it breaks off. */
export function valueAt(root: unknown, path: Path): unknown {
  let node = root
  for (const part of path) {
    if (isJsonList(node)) node = node[Number(part)]
    else node = isJsonObject(node) && Object.hasOwn(node, part) ? node[part] : undefined
  }
  return node
}

export interface IssueParts {
  readonly code: IssueCode
  readonly path: Path
  readonly message: string
  readonly severity?: Issue['severity']
  readonly step?: string | undefined
  readonly alternatives?: readonly string[]
}

export function createIssue({ code, path, message, severity = 'error', step, alternatives = [] }: IssueParts): Issue {
  return {
    code,
    severity,
    ...(step !== undefined && { step }),
    pointer: pointerOf(path),
    message,
    alternatives: alternatives.slice(0, 5),
  }
}

export const hasErrors = (issues: readonly Issue[]): boolean => issues.some(({ severity }) => severity === 'error')

/** Among more candidates only those that begin alike are compared. */
const MANY_CANDIDATES = 1_000
/** A document with more faults than this gets no further suggestions: comparing words is what costs. */
const MAX_SUGGESTED = 50

/** The legal names nearest to a word, nearest first; none when many faults were found already. */
export function suggest(word: string, candidates: Iterable<string>, faultsSoFar = 0): string[] {
  if (faultsSoFar > MAX_SUGGESTED) return []
  const all = [...candidates]
  if (all.length <= MANY_CANDIDATES) return nearest(word, all)
  const start = word.slice(0, 2).toLowerCase()
  return nearest(word, all.filter((name) => name.toLowerCase().startsWith(start)).slice(0, MANY_CANDIDATES))
}
