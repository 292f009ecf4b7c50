// A value from code copied into plain JSON, so that what a document holds can be walked, compared and written without surprises.
import type { JsonValue } from '../../contracts/json.ts'
import type { Issue } from '../../contracts/plan.ts'
import { createIssue, type Path } from '../issue.ts'

/** Deeper documents are refused; walks over them are recursive. */
export const MAX_DOCUMENT_DEPTH = 100
/** More values than this are refused, however they were written. */
const MAX_DOCUMENT_NODES = 2_000_000

/** @returns the copy and what was wrong; `value` is undefined when the input as a whole is not JSON */
export function copyJsonTree(input: unknown): { readonly value: JsonValue | undefined; readonly issues: Issue[] } {
  const issues: Issue[] = []
  let nodes = 0
  let isFull = false
  const refuse = (path: Path, code: 'schema' | 'limit', message: string): undefined => {
    issues.push(createIssue({ code, path, message }))
    return undefined
  }
  const copyList = (list: readonly unknown[], path: Path): JsonValue[] =>
    list.map((item, i) => copy(item, [...path, i]) ?? null)
  const copyObject = (object: object, path: Path): JsonValue | undefined => {
    const prototype: unknown = Object.getPrototypeOf(object)
    if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null) {
      return refuse(path, 'schema', `The value here is an object of a class (${className(object)}), not plain JSON.`)
    }
    const entries: [string, JsonValue][] = []
    for (const [key, item] of Object.entries(object)) {
      if (item === undefined) continue
      if (key === '__proto__') {
        refuse([...path, key], 'schema', 'The key "__proto__" is not allowed.')
        continue
      }
      const value = copy(item, [...path, key])
      if (value !== undefined) entries.push([key, value])
    }
    return Object.fromEntries(entries)
  }
  const copy = (value: unknown, path: Path): JsonValue | undefined => {
    if (isFull) return undefined
    if (++nodes > MAX_DOCUMENT_NODES) {
      isFull = true
      return refuse([], 'limit', `The document holds more than ${MAX_DOCUMENT_NODES} values.`)
    }
    if (path.length > MAX_DOCUMENT_DEPTH) {
      return refuse(
        path.slice(0, 4),
        'limit',
        `The document is nested deeper than ${MAX_DOCUMENT_DEPTH} levels, or contains itself.`,
      )
    }
    switch (typeof value) {
      case 'string':
      case 'boolean':
      case 'bigint':
        return value
      case 'number':
        return Number.isFinite(value) ? value : refuse(path, 'schema', `${value} is not a number that JSON knows.`)
      case 'object':
        if (value === null) return null
        return Array.isArray(value) ? copyList(value, path) : copyObject(value, path)
      default:
        return refuse(path, 'schema', `A value of type ${typeof value} cannot stand in a document.`)
    }
  }
  try {
    return { value: copy(input, []), issues }
  } catch {
    // A getter or a proxy that throws: code of others, run by looking at it.
    const message = 'The document cannot be read: something in it throws when it is looked at.'
    return { value: undefined, issues: [createIssue({ code: 'schema', path: [], message })] }
  }
}

function className(object: object): string {
  const { constructor } = object as { readonly constructor?: unknown }
  return typeof constructor === 'function' ? constructor.name : 'unknown'
}
